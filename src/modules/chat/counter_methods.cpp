// im.counters.get, im.revision.get.

#include "modules/chat/dialogs.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/methods.hpp"
#include "modules/chat/names.hpp"

namespace stoa::chat {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr const char* kNotification = "notify.notification";

/// What clients check before they use a newer method of the original.
constexpr int kRestRevision = 32;
constexpr int kWebRevision = 130;
constexpr int kMobileRevision = 22;
constexpr int kDesktopRevision = 6;

using Counters = std::vector<std::pair<RecordId, std::int64_t>>;

struct Unread {
    Counters chats, muted, dialogs;  ///< muted: by chat, and in no sum
    std::vector<RecordId> marked_chats, marked_dialogs;
    std::int64_t chat_sum = 0, dialog_sum = 0;

    void add(const Record& member);
};

/// A mark counts as one message where nothing else is unread.
void Unread::add(const Record& member) {
    const RecordId chat = member.integer("CHAT_ID");
    const UserId peer = member.integer("PEER_ID");
    const bool muted_here = member.integer("MUTED") != 0;
    const std::int64_t unread = unread_of(member);
    const bool marked = member.integer("MARKED") != 0;
    std::int64_t& sum = peer > 0 ? dialog_sum : chat_sum;
    if (unread > 0 && muted_here) {
        muted.emplace_back(chat, unread);
    } else if (unread > 0) {
        (peer > 0 ? dialogs : chats).emplace_back(peer > 0 ? peer : chat, unread);
        sum += unread;
    }
    if (!marked) return;
    if (unread == 0 && !muted_here) ++sum;
    (peer > 0 ? marked_dialogs : marked_chats).push_back(peer > 0 ? peer : chat);
}

Result<Unread> read_unread(Call& call) {
    const model::Entity& members = call.registry().entity(kMember);
    model::Query query;
    query.where =
        Condition::all({Condition::equals("user_id", call.actor().user), Condition::equals("unread", std::int64_t{1})});
    query.order = {{{"chat_id", ""}, false}};
    query.limit = limits::unread_chats_max;
    STOA_TRY(const std::vector<Record> rows, call.records.as_system().list(members, query));
    Unread unread;
    for (const Record& row : rows)
        unread.add(row);
    return unread;
}

/// In a portal without notifications there are none to count.
Result<std::int64_t> unread_notifications(Call& call) {
    const model::Entity* entity = call.registry().find(kNotification);
    if (!entity) return std::int64_t{0};
    const Condition unread = Condition::all({Condition::equals(entity->field("USER_ID").column, call.actor().user),
                                             Condition::equals(entity->field("READ").column, std::int64_t{0})});
    return call.tx().count(entity->table, unread, limits::unread_chats_max);
}

/// {"5": 2}, or [] of none.
void write_counters(json::Writer& out, std::string_view key, const Counters& counters) {
    out.key(key);
    if (counters.empty()) {
        out.begin_array().end_array();
        return;
    }
    out.begin_object();
    for (const auto& [id, count] : counters)
        out.field(std::to_string(id), count);
    out.end_object();
}

void write_ids(json::Writer& out, std::string_view key, const std::vector<RecordId>& ids) {
    out.key(key).begin_array();
    for (const RecordId id : ids)
        out.integer(id);
    out.end_array();
}

Status counters(Call& call) {
    STOA_TRY(const Unread unread, read_unread(call));
    STOA_TRY(const std::int64_t notifications, unread_notifications(call));
    const std::int64_t messages = unread.chat_sum + unread.dialog_sum;
    json::Writer& out = call.out;
    out.begin_object().key("TYPE").begin_object();
    out.field("ALL", messages + notifications).field("NOTIFY", notifications).field("CHAT", unread.chat_sum);
    out.field("LINES", 0).field("DIALOG", unread.dialog_sum).field("MESSENGER", messages).end_object();
    write_counters(out, "CHAT", unread.chats);
    write_counters(out, "CHAT_MUTED", unread.muted);
    write_ids(out, "CHAT_UNREAD", unread.marked_chats);
    write_ids(out, "LINES", {});
    write_counters(out, "DIALOG", unread.dialogs);
    write_ids(out, "DIALOG_UNREAD", unread.marked_dialogs);
    out.end_object();
    return {};
}

Status revision(Call& call) {
    call.out.begin_object().field("rest", kRestRevision).field("web", kWebRevision).field("mobile", kMobileRevision);
    call.out.field("desktop", kDesktopRevision).field("im_revision_mobile", kMobileRevision).end_object();
    return {};
}

}  // namespace

std::vector<api::Method> counter_methods() {
    return {
        {.name = "im.counters.get", .scope = kScope, .handler = counters},
        {.name = "im.revision.get", .scope = kScope, .handler = revision},
    };
}

}  // namespace stoa::chat
