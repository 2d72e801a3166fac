#pragma once
// Making users for other parts of the program that sit above the modules (pages, the command line).

#include <string>
#include <vector>

#include "model/records.hpp"

namespace stoa::people {

struct NewUser {
    std::string email, name, last_name, language, time_zone;
    std::string role = "employee";  ///< admin, employee, extranet
    std::vector<RecordId> departments;
    bool active = true;
};

/// The records' actor must be an administrator or the program. Errors carry the field.
Result<UserId> add_user(model::Records& records, const NewUser& user);

}  // namespace stoa::people
