#pragma once
// What this module needs to know of a user: read through Records from the entity "user", whose owner is another module.
// Functions over a transaction; used on its thread.

#include <string>
#include <vector>

#include "model/actor.hpp"
#include "model/records.hpp"
#include "modules/accounts/services.hpp"

namespace stoa::accounts {

inline constexpr std::string_view kUserEntity = "user";
inline constexpr std::int64_t kDepartmentMembersMax = 2'000;

struct User {
    UserId id = 0;
    bool active = false;
    model::Role role = model::Role::none;
    std::string name, last_name, email, language, time_zone, gender;
    std::vector<RecordId> departments;
};

/// Role codes as the entity stores them: admin, employee, extranet.
model::Role parse_role(std::string_view code);
std::string_view role_code(model::Role role);

/// Whoever asks; not_found when there is no such user.
Result<User> load_user(const Services& services, db::Tx& tx, UserId user);
/// Who the user is for access decisions. Errors: unauthorized when dismissed or absent.
Result<model::Actor> load_actor(const Services& services, db::Tx& tx, UserId user);

}  // namespace stoa::accounts
