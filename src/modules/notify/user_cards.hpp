#pragma once
// Users as the messenger's methods show them. On the transaction's thread.
// https://github.com/bitrix24/b24restdocs api-reference/chats/notifications/im-notify-get.md

#include <set>
#include <string>

#include "api/call.hpp"

namespace stoa::notify {

/// "First Last"; the mail address where there is no name.
std::string full_name(const model::Record& user);
/// A list of those that exist, loaded with one query.
Status write_users(api::Call& call, const std::set<UserId>& users);

}  // namespace stoa::notify
