#pragma once
// Pushes: what clients of a chat's members are told, with the commands that clients of the original know. Written in
// the transaction of the change itself (model/push_outbox.hpp). Small: who wants all of it reads it.
// On the transaction's thread.

#include <vector>

#include "api/call.hpp"
#include "model/record.hpp"

namespace stoa::chat {

struct Dialog;

/// message, messageChat: to all members, also the author's other clients; `mentions` concern the receiver most.
Status push_message(api::Call& call, const model::Record& chat, const std::vector<model::Record>& members,
                    const model::Record& message, RecordId previous);
/// messageUpdate, messageDelete.
Status push_change(api::Call& call, const model::Record& chat, const std::vector<model::Record>& members,
                   const model::Record& message);
/// messageLike, with those who react after the change.
Status push_reactions(api::Call& call, const Dialog& dialog, const model::Record& message,
                      const std::vector<UserId>& users, bool set);

/// readMessage, readMessageChat to the reader's own clients; unreadMessage, unreadMessageChat likewise.
Status push_read(api::Call& call, const Dialog& dialog);
Status push_unread(api::Call& call, const Dialog& dialog);
/// readMessageOpponent, readMessageChatOpponent to the others; in large chats to nobody.
Status push_read_by(api::Call& call, const Dialog& dialog);
/// startWriting to the others; in large chats to nobody.
Status push_writing(api::Call& call, const Dialog& dialog);

/// chatUserAdd, chatUserLeave, chatRename, chatOwner.
Status push_joined(api::Call& call, const model::Record& chat, const std::vector<UserId>& members,
                   const std::vector<UserId>& joined);
Status push_left(api::Call& call, const model::Record& chat, const std::vector<UserId>& members, UserId user);
Status push_renamed(api::Call& call, const Dialog& dialog, const std::string& title);
Status push_owner(api::Call& call, const Dialog& dialog, UserId owner);

/// chatMuteNotify, chatPin, chatUnread, chatHide to the caller's own clients.
Status push_muted(api::Call& call, const Dialog& dialog, bool muted);
Status push_pinned(api::Call& call, const Dialog& dialog, bool pinned);
Status push_marked(api::Call& call, const Dialog& dialog, bool marked);
Status push_hidden(api::Call& call, const Dialog& dialog);

}  // namespace stoa::chat
