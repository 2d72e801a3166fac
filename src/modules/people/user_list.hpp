#pragma once
// Writes users as user.get shows them: upper-case keys, ids as text, ACTIVE as a truth, departments as numbers,
// fields without a value left out unless every client expects them.

#include "api/call.hpp"

namespace stoa::people {

/// The page that sort, order, select and start of the call ask for, as a bare list; sets total and next.
Status write_user_page(api::Call& call, const model::Entity& users, db::Condition where);
/// One user as an object; not_found when hidden or absent.
Status write_user(api::Call& call, const model::Entity& users, UserId id);

}  // namespace stoa::people
