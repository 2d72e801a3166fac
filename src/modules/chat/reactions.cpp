#include "modules/chat/reactions.hpp"

#include <algorithm>

#include "modules/chat/limits.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/pushes.hpp"

namespace stoa::chat {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr std::string_view kKinds[] = {kLike, "kiss", "laugh", "wonder", "cry", "angry", "facepalm"};

Result<std::vector<Record>> own_of(Call& call, RecordId message) {
    model::Query query;
    query.where =
        Condition::all({Condition::equals("message_id", message), Condition::equals("user_id", call.actor().user)});
    query.limit = 1;
    return call.records.as_system().list(call.registry().entity(kReaction), query);
}

Status add(Call& call, RecordId message, const std::string& kind) {
    model::Changes changes(call.registry().entity(kReaction));
    changes.set("MESSAGE_ID", message);
    changes.set("USER_ID", call.actor().user);
    changes.set("REACTION", kind);
    STOA_CHECK(call.records.as_system().add(std::move(changes)));
    return {};
}

}  // namespace

bool is_reaction(std::string_view kind) {
    return std::find(std::begin(kKinds), std::end(kKinds), kind) != std::end(kKinds);
}

Status Reactions::load(const std::vector<RecordId>& messages) {
    if (messages.empty()) return {};
    model::Query query;
    query.where = Condition::in("message_id", {messages.begin(), messages.end()});
    query.order = {{{"message_id", ""}, false}, {{"id", ""}, false}};
    query.limit = static_cast<std::int64_t>(limits::reactions_per_page_max);
    STOA_TRY(const std::vector<Record> rows, call_.records.as_system().list(call_.registry().entity(kReaction), query));
    for (const Record& row : rows)
        by_message_[row.integer("MESSAGE_ID")].push_back({row.text("REACTION"), row.integer("USER_ID")});
    return {};
}

std::vector<UserId> Reactions::users(RecordId message) const {
    std::vector<UserId> out;
    const auto found = by_message_.find(message);
    if (found == by_message_.end()) return out;
    for (const One& one : found->second)
        out.push_back(one.user);
    return out;
}

void Reactions::write(json::Writer& out, RecordId message) const {
    out.begin_object();
    const auto found = by_message_.find(message);
    for (const std::string_view kind : kKinds) {
        bool any = false;
        if (found == by_message_.end()) break;
        for (const One& one : found->second) {
            if (one.kind != kind) continue;
            if (!any) out.key(kind).begin_array();
            any = true;
            out.integer(one.user);
        }
        if (any) out.end_array();
    }
    out.end_object();
}

Result<bool> react(Call& call, const Found& found, React action, const std::string& kind) {
    const RecordId message = found.message.id();
    STOA_TRY(const std::vector<Record> own, own_of(call, message));
    const bool same = !own.empty() && own.front().text("REACTION") == kind;
    if (action == React::toggle) action = same ? React::remove : React::set;
    if (action == React::set ? same : own.empty()) return false;
    if (!own.empty()) STOA_CHECK(call.records.as_system().remove(call.registry().entity(kReaction), own.front().id()));
    if (action == React::set) STOA_CHECK(add(call, message, kind));
    Reactions after(call);
    STOA_CHECK(after.load({message}));
    STOA_CHECK(push_reactions(call, found.dialog, found.message, after.users(message), action == React::set));
    return true;
}

}  // namespace stoa::chat
