// im.dialog.get, read, unread, writing: one dialog and how far it was read.

#include <algorithm>

#include "modules/chat/chat_view.hpp"
#include "modules/chat/dialogs.hpp"
#include "modules/chat/members.hpp"
#include "modules/chat/messages.hpp"
#include "modules/chat/methods.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/people.hpp"
#include "modules/chat/pushes.hpp"

namespace stoa::chat {

using api::Call;
using model::Record;

namespace {

constexpr std::size_t kFirstViewersMax = 3;

/// How far the others have read.
void write_readers(Call& call, const ChatView& view, const std::vector<Record>& members) {
    call.out.key("readed_list").begin_array();
    for (const Record& member : members) {
        const UserId user = member.integer("USER_ID");
        if (user == call.actor().user) continue;
        call.out.begin_object().field("user_id", user).field("user_name", view.people().name(user));
        call.out.field("message_id", member.integer("LAST_READ_ID"));
        if (member.is_null("LAST_READ_DATE")) {
            call.out.key("date").null();
        } else {
            write_time(call, call.out, "date", member.integer("LAST_READ_DATE"));
        }
        call.out.end_object();
    }
    call.out.end_array();
}

/// Who has seen the last message, in the order they did; its author has anyway.
Status write_viewers(Call& call, const Dialog& dialog, const ChatView& view, const std::vector<Record>& members) {
    const RecordId last = dialog.chat.integer("LAST_MESSAGE_ID");
    UserId author = 0;
    if (last > 0) {
        STOA_TRY(const Record message, call.records.as_system().get(call.registry().entity(kMessage), last));
        author = message.integer("AUTHOR_ID");
    }
    std::vector<const Record*> viewers;
    for (const Record& member : members) {
        const bool seen = last > 0 && !member.is_null("LAST_READ_DATE") && member.integer("LAST_READ_ID") >= last;
        if (seen && member.integer("USER_ID") != author) viewers.push_back(&member);
    }
    std::stable_sort(viewers.begin(), viewers.end(), [](const Record* a, const Record* b) {
        return a->integer("LAST_READ_DATE") < b->integer("LAST_READ_DATE");
    });
    call.out.key("last_message_views").begin_object().field("message_id", last).key("first_viewers").begin_array();
    for (std::size_t i = 0; i < std::min(viewers.size(), kFirstViewersMax); ++i) {
        const UserId user = viewers[i]->integer("USER_ID");
        call.out.begin_object().field("user_id", user).field("user_name", view.people().name(user));
        write_time(call, call.out, "date", viewers[i]->integer("LAST_READ_DATE"));
        call.out.end_object();
    }
    call.out.end_array().field("count_of_viewers", static_cast<std::int64_t>(viewers.size())).end_object();
    return {};
}

Status get(Call& call) {
    STOA_TRY(const Dialog dialog, dialog_of(call));
    STOA_TRY(const std::vector<Record> members, members_of(call, dialog.id()));
    ChatView view(call);
    STOA_CHECK(view.load({dialog}, users_of(members)));
    std::vector<UserId> muted;
    for (const Record& member : members) {
        if (member.integer("MUTED") != 0) muted.push_back(member.integer("USER_ID"));
    }
    view.begin_full(dialog, muted);
    write_readers(call, view, members);
    view.write_managers(dialog);
    STOA_CHECK(write_viewers(call, dialog, view, members));
    call.out.end_object();
    return {};
}

/// A dialog for methods that answer false where the caller has none.
Result<std::optional<Dialog>> own_dialog(Call& call) {
    auto dialog = dialog_of(call);
    if (!dialog) {
        if (dialog.error().code == Errc::forbidden) return std::optional<Dialog>();
        return dialog.error();
    }
    if (!dialog->member) return std::optional<Dialog>();
    return std::optional<Dialog>(std::move(*dialog));
}

/// Never backwards: a client that is behind must not undo what another one has read.
Status read(Call& call) {
    STOA_TRY(const std::int64_t wanted, call.params.integer_or("MESSAGE_ID", 0));
    STOA_TRY(std::optional<Dialog> dialog, own_dialog(call));
    if (!dialog) {
        call.out.boolean(false);
        return {};
    }
    const RecordId last = dialog->chat.integer("LAST_MESSAGE_ID");
    const RecordId before = dialog->member->integer("LAST_READ_ID");
    const RecordId until = std::max(before, wanted > 0 ? std::min<RecordId>(wanted, last) : last);
    const bool changes = until > before || dialog->member->integer("UNREAD") != 0;
    if (changes) {
        STOA_CHECK(set_read(call, *dialog, until));
        STOA_CHECK(push_read(call, *dialog));
        if (until > before) STOA_CHECK(push_read_by(call, *dialog));
    }
    call.out.begin_object().field("dialogId", dialog->name()).field("chatId", dialog->id());
    call.out.field("lastId", dialog->member->integer("LAST_READ_ID")).field("counter", dialog->unread()).end_object();
    return {};
}

Status unread(Call& call) {
    const auto message = call.params.id("MESSAGE_ID");
    if (!message) {
        return invalid("First unread message id can't be empty", "MESSAGE_ID", "MESSAGE_ID_ERROR");
    }
    STOA_TRY(std::optional<Dialog> dialog, own_dialog(call));
    if (!dialog) {
        call.out.boolean(false);
        return {};
    }
    const RecordId last = dialog->chat.integer("LAST_MESSAGE_ID");
    STOA_CHECK(set_unread_from(call, *dialog, std::min<RecordId>(*message, last + 1)));
    STOA_CHECK(push_unread(call, *dialog));
    call.out.boolean(true);
    return {};
}

Status writing(Call& call) {
    STOA_TRY(const Dialog dialog, dialog_of(call));
    STOA_CHECK(check_member(dialog));
    STOA_CHECK(push_writing(call, dialog));
    call.out.boolean(true);
    return {};
}

}  // namespace

std::vector<api::Method> dialog_methods() {
    using api::Effect;
    return {
        {.name = "im.dialog.get", .scope = kScope, .handler = get, .snapshot = true},
        {.name = "im.dialog.read", .scope = kScope, .effect = Effect::write, .handler = read},
        {.name = "im.dialog.unread", .scope = kScope, .effect = Effect::write, .handler = unread},
        {.name = "im.dialog.writing", .scope = kScope, .effect = Effect::write, .handler = writing},
    };
}

}  // namespace stoa::chat
