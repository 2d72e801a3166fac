#pragma once
// Access levels of the drive and the rows that give them to somebody. What they open is decided in src/access.
// https://github.com/bitrix24/b24restdocs api-reference/disk/rights/disk-rights-get-tasks.md

#include <string>
#include <string_view>
#include <vector>

#include "api/call.hpp"

namespace stoa::drive {

struct Level {
    int task_id;
    std::string_view name;
    std::string_view title;
    int level;  ///< as src/access knows it: 1 read, 2 add, 3 edit, 4 full
};
extern const Level kLevels[4];

struct Right {
    std::string access_code;
    int level = 0;
};

/// The parameter `rights`: a list of {TASK_ID, ACCESS_CODE}. Errors: "Invalid rights format".
Result<std::vector<Right>> read_rights(const api::Call& call);
/// Errors: too_large (limits::disk_rights_per_object_max).
Status give_rights(api::Call& call, RecordId object, const std::vector<Right>& rights);

}  // namespace stoa::drive
