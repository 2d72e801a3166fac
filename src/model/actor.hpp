#pragma once
// Actor: on whose behalf something is done. A plain value made by the authenticator, read by access.

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.hpp"

namespace stoa::model {

enum class Role : std::uint8_t { none, extranet, employee, admin };

struct Actor {
    AccountId account = 0;
    UserId user = 0;  ///< 0 with system = true: the program itself
    Role role = Role::none;
    std::vector<RecordId> departments;        ///< the user's
    std::vector<RecordId> departments_above;  ///< in which those lie
    std::vector<UserId> department_members;   ///< users of those departments (row filter "department")
    bool system = false;  ///< seeding, imports, repair: everything allowed, read_only fields may be set

    bool is_admin() const { return system || role == Role::admin; }
    static Actor make_system(AccountId account) {
        Actor actor;
        actor.account = account;
        actor.role = Role::admin;
        actor.system = true;
        return actor;
    }
};

}  // namespace stoa::model
