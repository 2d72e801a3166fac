// im.message.*, im.disk.file.commit: writing, changing, deleting messages, and reacting to them.

#include "modules/chat/chat_files.hpp"
#include "modules/chat/dialogs.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/messages.hpp"
#include "modules/chat/methods.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/parameters.hpp"
#include "modules/chat/people.hpp"
#include "modules/chat/reactions.hpp"

namespace stoa::chat {

using api::Call;
using model::Changes;
using model::Record;

namespace {

/// The client's own id of a message, under either of its names.
Result<std::string> read_client_id(const Call& call) {
    const char* name = is_given(call, "TEMPLATE_ID") ? "TEMPLATE_ID" : "templateId";
    STOA_TRY(const std::string id, read_text(call, name, limits::client_id_bytes_max));
    if (id.size() > limits::client_id_bytes_max) return over_limit(name, limits::client_id_bytes_max, "bytes");
    return id;
}

Result<RecordId> read_reply(Call& call, const Dialog& dialog) {
    STOA_TRY(const RecordId id, call.params.integer_or("REPLY_ID", 0));
    if (id == 0) return id;
    const auto found = find_message(call, id);
    if (!found && found.error().code != Errc::not_found) return found.error();
    if (!found) return Error{Errc::invalid_argument, "Action unavailable", "REPLY_ID", "REPLY_ACCESS_ERROR"};
    if (found->dialog.id() != dialog.id()) {
        return invalid("You can only reply to a message within the same chat", "REPLY_ID",
                       "REPLY_FROM_OTHER_CHAT_ERROR");
    }
    return id;
}

/// What nobody seems to have written is for those who run the chat.
Result<bool> read_system(const Call& call, const Dialog& dialog) {
    STOA_TRY(const bool system, call.params.boolean_or("SYSTEM", false));
    if (system && (dialog.is_private() || !dialog.manages())) return not_allowed("Action unavailable");
    return system;
}

Result<Dialog> receiver_of(Call& call) {
    auto dialog = is_given(call, "DIALOG_ID") || !is_given(call, "CHAT_ID") ? dialog_of(call) : chat_or_dialog_of(call);
    if (!dialog) {
        if (dialog.error().api_code != "DIALOG_ID_EMPTY") return dialog.error();
        return invalid("User ID can't be empty", "DIALOG_ID", "USER_ID_EMPTY");
    }
    STOA_CHECK(check_member(*dialog));
    return dialog;
}

/// Everything but the files.
Result<NewMessage> read_message(Call& call, const Dialog& dialog) {
    NewMessage message;
    STOA_TRY(message.text, read_text(call, "MESSAGE", limits::message_characters_max));
    STOA_TRY(message.client_id, read_client_id(call));
    STOA_TRY(message.system, read_system(call, dialog));
    STOA_TRY(message.reply_to, read_reply(call, dialog));
    STOA_TRY(message.attach_json, read_json(call, "ATTACH"));
    STOA_TRY(message.keyboard_json, read_json(call, "KEYBOARD"));
    STOA_TRY(message.menu_json, read_json(call, "MENU"));
    STOA_TRY(message.url_preview, call.params.boolean_or("URL_PREVIEW", true));
    return message;
}

Status add(Call& call) {
    STOA_TRY(const Dialog dialog, receiver_of(call));
    STOA_TRY(NewMessage message, read_message(call, dialog));
    STOA_TRY(message.files, read_files(call, "FILES"));
    if (trimmed(message.text).empty() && message.attach_json.empty() && message.files.empty()) {
        return invalid("Message can't be empty", "MESSAGE", "MESSAGE_EMPTY");
    }
    STOA_TRY(const RecordId id, post(call, dialog.id(), message));
    call.out.integer(id);
    return {};
}

Error cannot_edit() {
    return forbidden("Time has expired for modification or you don't have access", "CANT_EDIT_MESSAGE");
}

/// The message that MESSAGE_ID names, in a chat that the caller is in.
Result<Found> message_of(Call& call) {
    const auto id = call.params.id("MESSAGE_ID");
    if (!id) return message_id_error();
    auto found = find_message(call, *id);
    if (!found) return found.error().code == Errc::not_found ? cannot_edit() : found.error();
    if (!found->dialog.member) return cannot_edit();
    return found;
}

bool is_authors_turn(const Call& call, const Record& message) {
    const bool own = message.integer("AUTHOR_ID") == call.actor().user && message.is_null("CODE");
    return own && call.now() - message.integer("DATE_CREATE") <= limits::message_edit_window_s;
}

Status read_changes(Call& call, Changes& changes) {
    if (is_given(call, "MESSAGE")) {
        STOA_TRY(const std::string text, read_text(call, "MESSAGE", limits::message_characters_max));
        changes.set("TEXT", text);
    }
    for (const char* name : {"ATTACH", "KEYBOARD", "MENU"}) {
        if (!call.params.find(name)) continue;
        STOA_TRY(std::string json, read_json(call, name));
        changes.set(name, json.empty() ? db::Value() : db::Value(std::move(json)));
    }
    if (call.params.find("URL_PREVIEW")) {
        STOA_TRY(const bool preview, call.params.boolean_or("URL_PREVIEW", true));
        changes.set("URL_PREVIEW", std::int64_t{preview});
    }
    STOA_TRY(const bool marks, call.params.boolean_or("IS_EDITED", true));
    if (marks) changes.set("EDITED", std::int64_t{1});
    return {};
}

/// An empty MESSAGE deletes, as clients know it.
Status update(Call& call) {
    STOA_TRY(const Found found, message_of(call));
    if (!is_authors_turn(call, found.message) || found.message.integer("DELETED") != 0) return cannot_edit();
    const json::Value* text = call.params.find("MESSAGE");
    if (text && trimmed(text->as_text().value_or("")).empty()) {
        STOA_CHECK(delete_message(call, found));
    } else {
        Changes changes(found.message.entity());
        STOA_CHECK(read_changes(call, changes));
        STOA_CHECK(change_message(call, found, std::move(changes)));
    }
    call.out.boolean(true);
    return {};
}

/// In a group its managers may delete what others wrote, at any time.
Status remove(Call& call) {
    STOA_TRY(const Found found, message_of(call));
    const bool manages = !found.dialog.is_private() && found.dialog.manages();
    if (!manages && !is_authors_turn(call, found.message)) return cannot_edit();
    if (found.message.integer("DELETED") == 0) STOA_CHECK(delete_message(call, found));
    call.out.boolean(true);
    return {};
}

/// REACTION is Stoa's own: another kind than "like".
Status like(Call& call) {
    const auto id = call.params.id("MESSAGE_ID");
    if (!id) return message_id_error();
    STOA_TRY(const std::string action, call.params.text_or("ACTION", "auto"));
    STOA_TRY(const std::string kind, call.params.text_or("REACTION", kLike));
    if (action != "auto" && action != "plus" && action != "minus") {
        return invalid("ACTION must be auto, plus or minus.", "ACTION");
    }
    if (!is_reaction(kind)) return invalid("There is no such reaction.", "REACTION");
    const auto found = find_message(call, *id);
    if (!found) return found.error().code == Errc::not_found ? message_id_error() : found.error();
    STOA_CHECK(check_member(found->dialog));
    if (found->message.integer("DELETED") != 0) return message_id_error();
    const React wanted = action == "auto" ? React::toggle : action == "plus" ? React::set : React::remove;
    STOA_TRY(const bool changed, react(call, *found, wanted, kind));
    if (!changed) return invalid("Action completed without changes", "ACTION", "WITHOUT_CHANGES");
    call.out.boolean(true);
    return {};
}

Status write_committed(Call& call, const Dialog& dialog, const std::vector<RecordId>& files, RecordId message) {
    ChatFiles stored(call);
    STOA_CHECK(stored.load(files));
    People people(call);
    STOA_CHECK(people.load(stored.authors()));
    call.out.begin_object().key("FILES").begin_object();
    for (const RecordId file : files) {
        if (!stored.has(file)) continue;
        call.out.key("upload" + std::to_string(file));
        STOA_CHECK(stored.write(file, dialog.id(), people));
    }
    call.out.end_object().key("DISK_ID").begin_array();
    for (const RecordId file : files)
        call.out.integer_text(file);
    call.out.end_array().field("MESSAGE_ID", message).end_object();
    return {};
}

/// Files of the drive become a message of their own.
Status commit_files(Call& call) {
    STOA_TRY(const Dialog dialog, chat_or_dialog_of(call));
    STOA_CHECK(check_member(dialog));
    const char* parameter = is_given(call, "FILE_ID") ? "FILE_ID" : "UPLOAD_ID";
    if (!is_given(call, parameter)) return invalid("List of files is not specified", "FILE_ID", "FILES_ERROR");
    NewMessage message;
    STOA_TRY(message.text, read_text(call, "MESSAGE", limits::message_characters_max));
    STOA_TRY(message.client_id, read_client_id(call));
    STOA_TRY(message.files, read_files(call, parameter));
    if (message.files.empty()) return invalid("Error during saving file to chat", parameter, "SAVE_ERROR");
    STOA_TRY(const RecordId id, post(call, dialog.id(), message));
    return write_committed(call, dialog, message.files, id);
}

}  // namespace

std::vector<api::Method> message_methods() {
    using api::Effect;
    return {
        {.name = "im.message.add", .scope = kScope, .effect = Effect::write, .handler = add},
        {.name = "im.message.update", .scope = kScope, .effect = Effect::write, .handler = update},
        {.name = "im.message.delete", .scope = kScope, .effect = Effect::write, .handler = remove},
        {.name = "im.message.like", .scope = kScope, .effect = Effect::write, .handler = like},
        {.name = "im.disk.file.commit", .scope = kScope, .effect = Effect::write, .handler = commit_files},
    };
}

}  // namespace stoa::chat
