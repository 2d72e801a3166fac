// im.recent.*: the caller's dialogs, pinned ones first, then by their last message.

#include <algorithm>

#include "modules/chat/chat_view.hpp"
#include "modules/chat/dialogs.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/messages.hpp"
#include "modules/chat/methods.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/parameters.hpp"
#include "modules/chat/pushes.hpp"
#include "modules/chat/recent_page.hpp"

namespace stoa::chat {

using api::Call;
using db::Condition;
using model::Record;

namespace {

const model::Entity& members(const Call& call) {
    return call.registry().entity(kMember);
}

/// What SKIP_* and UNREAD_ONLY leave of the caller's rows. There are no open lines, channels or assistants here: who
/// asks for them alone gets none.
Result<Condition> wanted_rows(const Call& call) {
    std::vector<Condition> all{Condition::equals("user_id", call.actor().user),
                               Condition::equals("hidden", std::int64_t{0})};
    STOA_TRY(const bool no_groups, call.params.boolean_or("SKIP_CHAT", false));
    STOA_TRY(const bool no_private, call.params.boolean_or("SKIP_DIALOG", false));
    STOA_TRY(const bool unread_only, call.params.boolean_or("UNREAD_ONLY", false));
    if (no_groups) all.push_back(Condition::compare("peer_id", Condition::Op::gt, std::int64_t{0}));
    if (no_private) all.push_back(Condition::equals("peer_id", std::int64_t{0}));
    if (unread_only) all.push_back(Condition::equals("unread", std::int64_t{1}));
    for (const char* name : {"ONLY_OPENLINES", "ONLY_COPILOT", "ONLY_CHANNEL"}) {
        STOA_TRY(const bool only, call.params.boolean_or(name, false));
        if (only) all.push_back(Condition::never());
    }
    return Condition::all(std::move(all));
}

model::Query newest(Condition where, const PageOf& page) {
    model::Query query;
    query.where = std::move(where);
    query.order = {{{"pinned", ""}, true}, {{"last_message_id", ""}, true}, {{"id", ""}, true}};
    query.limit = page.limit + 1;  // one more says whether there is more
    query.offset = page.offset;
    return query;
}

/// Pages go on by OFFSET, or behind a date: pinned ones came with the first page then, and the last second comes again,
/// so that nothing of it is lost.
Status list(Call& call) {
    STOA_TRY(const PageOf page, read_page(call, limits::page_default, limits::page_max));
    STOA_TRY(Condition where, wanted_rows(call));
    STOA_TRY(const UnixSeconds before, read_time(call, "LAST_MESSAGE_DATE"));
    if (before > 0) {
        where = Condition::all({std::move(where), Condition::equals("pinned", std::int64_t{0}),
                                Condition::compare("last_message_date", Condition::Op::le, before)});
    }
    STOA_TRY(std::vector<Record> rows, call.records.as_system().list(members(call), newest(std::move(where), page)));
    const bool more = static_cast<std::int64_t>(rows.size()) > page.limit;
    if (more) rows.pop_back();
    RecentPage recent(call);
    STOA_CHECK(recent.load(std::move(rows)));
    call.out.begin_object().key("items");
    recent.write();
    call.out.field("hasMorePages", more).field("hasMore", more).key("copilot").null();
    call.out.key("messagesAutoDeleteConfigs").begin_array().end_array().end_object();
    return {};
}

/// The short form: the newest ones as a bare list.
Status get(Call& call) {
    STOA_TRY(Condition where, wanted_rows(call));
    STOA_TRY(const UnixSeconds updated, read_time(call, "LAST_UPDATE"));
    STOA_TRY(const UnixSeconds synced, read_time(call, "LAST_SYNC_DATE"));
    const UnixSeconds since = synced > 0 ? std::max(synced, call.now() - limits::recent_changes_s_max) : updated;
    if (since > 0) {
        where = Condition::all({std::move(where), Condition::compare("last_message_date", Condition::Op::ge, since)});
    }
    STOA_TRY(std::vector<Record> rows,
             call.records.as_system().list(members(call), newest(std::move(where), {limits::page_max - 1, 0})));
    RecentPage recent(call);
    STOA_CHECK(recent.load(std::move(rows)));
    recent.write();
    return {};
}

Status save_own(Call& call, const Dialog& dialog, const char* field, bool value) {
    model::Changes changes(members(call));
    changes.set(field, std::int64_t{value});
    return call.records.as_system().update(dialog.member->id(), std::move(changes));
}

Status check_pins(Call& call) {
    const Condition pinned =
        Condition::all({Condition::equals("user_id", call.actor().user), Condition::equals("hidden", std::int64_t{0}),
                        Condition::equals("pinned", std::int64_t{1})});
    STOA_TRY(const std::int64_t count, call.tx().count(members(call).table, pinned, limits::pinned_chats_per_user_max));
    if (count < limits::pinned_chats_per_user_max) return {};
    return Error{Errc::too_large,
                 "At most " + std::to_string(limits::pinned_chats_per_user_max) + " chats are pinned: unpin one first.",
                 "PIN", "MAX_PIN"};
}

/// A pinned chat is in the list, also where it was hidden.
Status pin(Call& call) {
    STOA_TRY(const bool pinned, call.params.boolean_or("PIN", true));
    STOA_TRY(const Dialog dialog, dialog_of(call));
    if (!dialog.member) return no_access("You don't have permission to pin this chat");
    if (pinned != (dialog.member->integer("PINNED") != 0)) {
        if (pinned) STOA_CHECK(check_pins(call));
        STOA_CHECK(save_own(call, dialog, "PINNED", pinned));
        if (pinned) STOA_CHECK(save_own(call, dialog, "HIDDEN", false));
        STOA_CHECK(push_pinned(call, dialog, pinned));
    }
    call.out.boolean(true);
    return {};
}

/// Until the next message.
Status hide(Call& call) {
    STOA_TRY(const Dialog dialog, dialog_of(call));
    STOA_CHECK(check_member(dialog));
    model::Changes changes(members(call));
    changes.set("HIDDEN", std::int64_t{1});
    changes.set("PINNED", std::int64_t{0});
    STOA_CHECK(call.records.as_system().update(dialog.member->id(), std::move(changes)));
    STOA_CHECK(push_hidden(call, dialog));
    call.out.boolean(true);
    return {};
}

/// ACTION Y marks the chat for later, N takes the mark away and reads everything.
Status unread(Call& call) {
    STOA_TRY(const bool marks, call.params.boolean_or("ACTION", true));
    auto dialog = dialog_of(call);
    if (!dialog && dialog.error().code != Errc::forbidden) return dialog.error();
    if (!dialog || !dialog->member) {
        call.out.boolean(false);
        return {};
    }
    if (marks) {
        model::Changes changes(members(call));
        changes.set("MARKED", std::int64_t{1});
        changes.set("UNREAD", std::int64_t{1});
        STOA_CHECK(call.records.as_system().update(dialog->member->id(), std::move(changes)));
    } else {
        STOA_CHECK(set_read(call, *dialog, dialog->chat.integer("LAST_MESSAGE_ID")));
    }
    STOA_CHECK(push_marked(call, *dialog, marks));
    call.out.boolean(true);
    return {};
}

}  // namespace

std::vector<api::Method> recent_methods() {
    using api::Effect;
    return {
        {.name = "im.recent.list", .scope = kScope, .handler = list, .snapshot = true},
        {.name = "im.recent.get", .scope = kScope, .handler = get, .snapshot = true},
        {.name = "im.recent.pin", .scope = kScope, .effect = Effect::write, .handler = pin},
        {.name = "im.recent.hide", .scope = kScope, .effect = Effect::write, .handler = hide},
        {.name = "im.recent.unread", .scope = kScope, .effect = Effect::write, .handler = unread},
    };
}

}  // namespace stoa::chat
