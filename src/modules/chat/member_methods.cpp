// im.chat.user.*, im.chat.leave, im.dialog.users.list: who is in a chat.

#include <algorithm>

#include "modules/chat/dialogs.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/members.hpp"
#include "modules/chat/methods.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/parameters.hpp"
#include "modules/chat/people.hpp"

namespace stoa::chat {

using api::Call;
using db::Condition;
using model::Record;

namespace {

/// A group that the caller may look into, by CHAT_ID alone.
Result<Dialog> visible_group(Call& call) {
    const auto id = call.params.id("CHAT_ID");
    if (!id) return chat_id_empty();
    STOA_TRY(Dialog dialog, find_chat(call, *id));
    if (dialog.is_private()) return not_allowed("Action unavailable");
    return dialog;
}

/// Whoever may look into an open chat may join it; others are let in by members.
Status add(Call& call) {
    STOA_TRY(const Dialog dialog, visible_group(call));
    STOA_TRY(const bool hides_history, call.params.boolean_or("HIDE_HISTORY", true));
    STOA_TRY(const std::vector<UserId> users, read_users(call, "USERS"));
    if (users.empty()) return invalid("USERS must name somebody.", "USERS", "USERS_EMPTY");
    const bool joins = users.size() == 1 && users.front() == call.actor().user;
    if (!dialog.member && !joins) {
        return forbidden("Insufficient permissions to add participants to the chat", "ACCESS_DENIED_EXTEND");
    }
    // What everybody may read anyway is not hidden from those who join.
    STOA_CHECK(invite(call, dialog, users, hides_history && dialog.chat.text("TYPE") != kOpen));
    call.out.boolean(true);
    return {};
}

Status remove(Call& call) {
    STOA_TRY(const Dialog dialog, visible_group(call));
    const auto user = call.params.id("USER_ID");
    if (!user) return user_id_empty();
    const bool himself = *user == call.actor().user;
    if (!dialog.member || (!himself && (!dialog.manages() || dialog.is_owner(*user)))) {
        return forbidden("Insufficient rights to exclude participants from the chat", "ACCESS_DENIED_KICK");
    }
    STOA_CHECK(let_go(call, dialog, *user));
    call.out.boolean(true);
    return {};
}

Status leave(Call& call) {
    STOA_TRY(const Dialog dialog, visible_group(call));
    if (!dialog.member) return forbidden("Access denied to kick user from chat", "ACCESS_DENIED_KICK");
    STOA_CHECK(let_go(call, dialog, call.actor().user));
    call.out.boolean(true);
    return {};
}

Status list_ids(Call& call) {
    const auto id = call.params.id("CHAT_ID");
    if (!id) return chat_id_empty();
    STOA_TRY(const Dialog dialog, find_chat(call, *id));
    STOA_TRY(const std::vector<Record> members, members_of(call, dialog.id()));
    call.out.begin_array();
    for (const UserId user : users_of(members))
        call.out.integer(user);
    call.out.end_array();
    return {};
}

/// A page of cards, by user.
Status list_cards(Call& call) {
    STOA_TRY(const Dialog dialog, dialog_of(call));
    STOA_TRY(const PageOf page, read_page(call, limits::page_default, limits::page_max));
    STOA_TRY(const std::int64_t last, call.params.integer_or("LAST_ID", 0));
    const model::Entity& entity = call.registry().entity(kMember);
    model::Query query;
    query.where = Condition::all(
        {Condition::equals("chat_id", dialog.id()), Condition::compare("user_id", Condition::Op::gt, last)});
    query.order = {{{"user_id", ""}, false}};
    query.limit = page.limit;
    query.offset = page.offset;
    STOA_TRY(const std::vector<Record> members, call.records.as_system().list(entity, query));
    STOA_TRY(call.total, call.tx().count(entity.table, Condition::equals("chat_id", dialog.id())));
    STOA_TRY(const std::int64_t from_here, call.tx().count(entity.table, query.where));
    if (page.offset + page.limit < from_here) call.next = page.offset + page.limit;
    People people(call);
    STOA_CHECK(people.load(users_of(members)));
    people.write_all();
    return {};
}

}  // namespace

std::vector<api::Method> member_methods() {
    using api::Effect;
    return {
        {.name = "im.chat.user.add", .scope = kScope, .effect = Effect::write, .handler = add},
        {.name = "im.chat.user.delete", .scope = kScope, .effect = Effect::write, .handler = remove},
        {.name = "im.chat.user.list", .scope = kScope, .handler = list_ids},
        {.name = "im.chat.leave", .scope = kScope, .effect = Effect::write, .handler = leave},
        {.name = "im.dialog.users.list", .scope = kScope, .handler = list_cards},
    };
}

}  // namespace stoa::chat
