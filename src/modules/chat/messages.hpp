#pragma once
// Messages: the one way by which they are written, changed and deleted, with everything that follows from it: the
// chat's and its members' counters, and pushes. On the transaction's thread.
//
// Messages of a chat are ordered by id: ids are handed out one writer at a time per account, so a smaller one is never
// seen later than a greater one.

#include <memory>
#include <string>
#include <vector>

#include "api/call.hpp"
#include "model/hooks.hpp"
#include "modules/chat/dialogs.hpp"

namespace stoa::chat {

struct NewMessage {
    std::string text;
    std::string client_id;  ///< the sender's own: the same one again writes nothing
    bool system = false;    ///< shown without an author
    bool silent = false;    ///< raises no counter
    std::string code;       ///< of what the program itself says: CHAT_JOIN, …
    RecordId reply_to = 0;
    std::vector<RecordId> files;  ///< of the drive
    std::string attach_json, keyboard_json, menu_json;
    bool url_preview = true;
};

/// The caller's message; what it holds has been checked. The id of the earlier one when the client id is known.
Result<RecordId> post(api::Call& call, RecordId chat, const NewMessage& message);
/// What the program says in a group on behalf of the caller.
Result<RecordId> post_notice(api::Call& call, RecordId chat, const std::string& text, const char* code);

/// Saves changes of a message and tells the members.
Status change_message(api::Call& call, const Found& found, model::Changes changes);
/// The row stays, so that replies and reading marks keep their place; what it said is gone.
Status delete_message(api::Call& call, const Found& found);

std::unique_ptr<model::EntityHooks> make_message_hooks();

/// The caller has read up to this message. Never backwards: a client that is behind must not undo what another one
/// has read.
Status set_read(api::Call& call, Dialog& dialog, RecordId last_read);
/// The caller wants this message and those behind it to be unread again.
Status set_unread_from(api::Call& call, Dialog& dialog, RecordId first_unread);

}  // namespace stoa::chat
