#pragma once
// Dialogs: the door to a chat. Whoever reads or writes in a chat comes through here; the entities of this module have
// no access section, so nobody, administrators included, gets at them any other way. A chat opens to its members, an
// open one to all employees. On the transaction's thread.
//
// A dialog is named as its user sees it: "17" is the private chat with user 17 (made when it is first named), "chat5"
// a chat, "sg3" the chat of workgroup 3.

#include <optional>
#include <string>
#include <string_view>

#include "api/call.hpp"
#include "model/record.hpp"

namespace stoa::chat {

/// A chat and the caller's place in it.
struct Dialog {
    model::Record chat;
    std::optional<model::Record> member{};  ///< none: an open chat that the caller has not joined

    RecordId id() const { return chat.id(); }
    bool is_private() const;
    UserId peer() const { return member ? member->integer("PEER_ID") : 0; }
    std::string name() const;        ///< its DIALOG_ID
    RecordId first_visible() const;  ///< older messages were written before the caller came
    bool is_owner(UserId user) const { return chat.integer("OWNER_ID") == user; }
    bool manages() const { return member && member->integer("MANAGER") != 0; }
    std::int64_t unread() const;  ///< messages the caller has not read, up to limits::counter_max
    bool sees(const model::Record& message) const;
};

std::string chat_dialog_id(RecordId chat);  ///< "chat5"
std::int64_t unread_of(const model::Record& member);

/// Errors: ACCESS_ERROR (absent or closed).
Result<Dialog> find_chat(api::Call& call, RecordId chat);
/// Errors: DIALOG_ID_EMPTY, USER_NOT_FOUND, ACCESS_ERROR; needs_write() when a private chat must be made first.
Result<Dialog> find_dialog(api::Call& call, std::string_view dialog_id);

/// The chat that the call's parameters name.
Result<Dialog> dialog_of(api::Call& call);          ///< DIALOG_ID
Result<Dialog> group_of(api::Call& call);           ///< CHAT_ID, or DIALOG_ID of a group; the caller is a member
Result<Dialog> chat_or_dialog_of(api::Call& call);  ///< CHAT_ID or DIALOG_ID, of any chat
Status check_member(const Dialog& dialog);          ///< ACCESS_ERROR for somebody who only may look

/// A message and the chat it is in. Errors: not_found.
struct Found {
    Dialog dialog;
    model::Record message;
};
Result<Found> find_message(api::Call& call, RecordId id);

}  // namespace stoa::chat
