#pragma once
// Members of chats: who is in, who comes and goes, who is told of changes. On the transaction's thread.

#include <span>
#include <vector>

#include "api/call.hpp"
#include "model/record.hpp"

namespace stoa::chat {

struct Dialog;

struct NewMember {
    RecordId chat = 0;
    UserId user = 0;
    UserId peer = 0;  ///< the other one of a private chat
    bool manager = false;
    bool hidden = false;         ///< not in the recent list before the first message
    bool hides_history = false;  ///< sees only what is written from now on
};

/// With everything read that is there. Errors: already_exists.
Status add_member(api::Call& call, const NewMember& member);

/// All of a chat, by user.
Result<std::vector<model::Record>> members_of(api::Call& call, RecordId chat);
std::vector<UserId> users_of(std::span<const model::Record> members);

/// The parameter as ids of users the caller may see, each once; none when it is not given. Errors name the
/// parameter: wrong form, no such user, limits::users_per_request_max.
Result<std::vector<UserId>> read_users(api::Call& call, std::string_view parameter);

/// Lets users into a group; whoever is in already is left alone. Says so in the chat and to its members.
/// Errors: limits::members_per_chat_max, limits::group_chats_per_user_max.
Status invite(api::Call& call, const Dialog& dialog, const std::vector<UserId>& users, bool hides_history);
/// Puts a member out of a group (or lets the caller go). An owner who goes hands the chat over.
Status let_go(api::Call& call, const Dialog& dialog, UserId user);

/// Errors: limits::group_chats_per_user_max for one of them.
Status check_group_chats(api::Call& call, const std::vector<UserId>& users);

}  // namespace stoa::chat
