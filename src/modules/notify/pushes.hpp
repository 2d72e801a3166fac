#pragma once
// What the receiver's clients are told, in the transaction that changes his notifications. Each message carries his
// new number of unread ones. https://github.com/bitrix24/b24restdocs api-reference/chats/notifications
// On the transaction's thread.

#include <string_view>
#include <vector>

#include "model/records.hpp"

namespace stoa::notify {

Status push_added(model::Records& records, const model::Record& notification, bool silent);
Status push_marked(model::Records& records, UserId user, const std::vector<RecordId>& ids, bool read);
Status push_read_all(model::Records& records, UserId user);
/// All of one receiver.
Status push_deleted(model::Records& records, UserId user, const std::vector<const model::Record*>& rows);
Status push_confirmed(model::Records& records, const model::Record& notification, std::string_view value);

}  // namespace stoa::notify
