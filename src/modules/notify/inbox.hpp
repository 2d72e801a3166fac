#pragma once
// The notifications of one user as a set: what he has, how many are unread, reading and removing many at once.
// On the transaction's thread. Rows are changed by one statement and not one by one: nobody else hears of them.

#include <vector>

#include "model/records.hpp"

namespace stoa::notify {

/// What the user sees in his list.
db::Condition shown_to(UserId user);
/// At most limits::notify_unread_max, as there are no more.
Result<std::int64_t> unread_count(model::Records& records, UserId user);

/// Marks those of the user's that fit and are not so yet, newest first; returns which. As unread: only as many as leave
/// the number of unread ones within its limit.
Result<std::vector<RecordId>> mark(model::Records& records, UserId user, const db::Condition& which, bool read);
/// Rows that were read before.
Status remove_rows(model::Records& records, const std::vector<model::Record>& rows);
/// One more unread one has its place afterwards.
Status make_room(model::Records& records, UserId user);

}  // namespace stoa::notify
