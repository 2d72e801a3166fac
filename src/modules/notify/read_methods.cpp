// im.notify.read, .read.list, .read.all, .delete.
// https://github.com/bitrix24/b24restdocs api-reference/chats/notifications/im-notify-read.md

#include "modules/notify/app_tags.hpp"
#include "modules/notify/inbox.hpp"
#include "modules/notify/limits.hpp"
#include "modules/notify/methods.hpp"
#include "modules/notify/names.hpp"
#include "modules/notify/notify.hpp"
#include "modules/notify/pushes.hpp"

namespace stoa::notify {

using api::Call;
using db::Condition;

namespace {

/// ACTION: Y reads, anything else takes it back.
Result<bool> reads(const Call& call) {
    STOA_TRY(const std::string action, call.params.text_or("ACTION", "Y"));
    return action == "Y";
}

Status mark_and_tell(Call& call, const Condition& which, bool read) {
    const UserId user = call.actor().user;
    STOA_TRY(const std::vector<RecordId> ids, mark(call.records, user, which, read));
    return push_marked(call.records, user, ids, read);
}

Status read(Call& call) {
    STOA_TRY(const RecordId id, call.params.integer_or("ID", -1));
    STOA_TRY(const bool reading, reads(call));
    STOA_TRY(const std::string only, call.params.text_or("ONLY_CURRENT", "N"));
    if (id >= 0) {
        const auto op = only == "Y" ? Condition::Op::eq : Condition::Op::ge;
        STOA_CHECK(mark_and_tell(call, Condition::compare("id", op, id), reading));
    }
    call.out.boolean(true);
    return {};
}

Status read_list(Call& call) {
    const json::Value* given = call.params.find("IDS");
    if (!given || (!given->is_array() && !given->is_object())) {
        return invalid("No IDS param or it is not an array", "IDS", "PARAMS_ERROR");
    }
    STOA_TRY(const bool reading, reads(call));
    std::vector<db::Value> ids;
    for (const json::Value* item : given->items()) {
        const auto id = item->as_integer();
        if (!id) return invalid("IDS must be numbers of notifications.", "IDS", "PARAMS_ERROR");
        ids.emplace_back(*id);
    }
    if (ids.size() > limits::notify_read_list_ids_max) {
        return Error{Errc::too_large,
                     "IDS has at most " + std::to_string(limits::notify_read_list_ids_max) + " numbers.", "IDS"};
    }
    STOA_CHECK(mark_and_tell(call, Condition::in("id", std::move(ids)), reading));
    call.out.boolean(true);
    return {};
}

Status read_all(Call& call) {
    const UserId user = call.actor().user;
    STOA_TRY(const std::vector<RecordId> ids, mark(call.records, user, Condition::always(), true));
    if (!ids.empty()) STOA_CHECK(push_read_all(call.records, user));
    STOA_TRY(const std::int64_t unread, unread_count(call.records, user));
    call.out.begin_object().field("result", true).field("newCounter", unread).end_object();
    return {};
}

/// One of the caller's own. Returns whether it was there.
Result<bool> remove_own(Call& call, RecordId id) {
    const UserId user = call.actor().user;
    model::Query query;
    query.where = Condition::all({shown_to(user), Condition::equals("id", id)});
    query.limit = 1;
    STOA_TRY(const std::vector<model::Record> rows, call.records.list(call.registry().entity(kNotification), query));
    if (rows.empty()) return false;
    STOA_CHECK(remove_rows(call.records, rows));
    STOA_CHECK(push_deleted(call.records, user, {&rows.front()}));
    return true;
}

Status remove(Call& call) {
    STOA_TRY(const RecordId id, call.params.integer_or("ID", 0));
    if (id > 0) {
        STOA_TRY(const bool removed, remove_own(call, id));
        call.out.boolean(removed);
        return {};
    }
    const bool names_tag = call.params.find("TAG") || call.params.find("SUB_TAG");
    if (!names_tag || call.identity.through == api::Through::session) {
        return invalid("Incorrect params", "ID", "PARAMS_ERROR");
    }
    STOA_TRY(const std::string tag, app_tag(call, "TAG"));
    STOA_TRY(const std::string sub_tag, app_tag(call, "SUB_TAG"));
    if (tag.empty() && sub_tag.empty()) return invalid("Incorrect params", "TAG", "PARAMS_ERROR");
    STOA_TRY(const std::int64_t removed, withdraw(call.records, tag, sub_tag));
    call.out.boolean(removed > 0);
    return {};
}

}  // namespace

std::vector<api::Method> read_methods() {
    using api::Effect;
    return {
        {.name = "im.notify.read", .scope = kScope, .effect = Effect::write, .handler = read},
        {.name = "im.notify.read.list", .scope = kScope, .effect = Effect::write, .handler = read_list},
        {.name = "im.notify.read.all", .scope = kScope, .effect = Effect::write, .handler = read_all},
        {.name = "im.notify.delete", .scope = kScope, .effect = Effect::write, .handler = remove},
    };
}

}  // namespace stoa::notify
