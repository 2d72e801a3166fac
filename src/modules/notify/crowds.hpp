#pragma once
// Many notifications of one kind by one author in a short time, as an import makes them: the first ones come singly,
// the rest as one that counts on. On the transaction's thread.

#include <optional>
#include <string>

#include "model/records.hpp"
#include "modules/notify/notify.hpp"

namespace stoa::notify {

/// What the one has in common with those that went before it. Only for notifications that have a crowd_title.
std::string crowd_tag(const Notification& given);
/// The unread one that counts at this moment; nothing when there is none, or the last one came too long ago.
Result<std::optional<model::Record>> running_crowd(model::Records& records, const Notification& given);
/// Whether the receiver has limits::notify_singly_max unread single ones of the last limits::notify_crowd_window_s.
Result<bool> is_crowded(model::Records& records, const Notification& given);
/// The first of the rest.
Notification as_crowd(const Notification& given);
/// One more, in its place. Clients are told once a second at most: the counter stays as it is.
Status count_on(model::Records& records, const model::Record& crowd, const Notification& given,
                std::optional<UnixSeconds> mail_due);

}  // namespace stoa::notify
