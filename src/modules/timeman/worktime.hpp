#pragma once
// Person and Worktime: whose day it is and the rules it is measured by. Read in the call's transaction.

#include <memory>

#include "api/call.hpp"
#include "model/hooks.hpp"

namespace stoa::timeman {

/// Lengths and times of the day in seconds.
struct Worktime {
    bool is_flexible = false;  ///< changes need neither a reason nor an approval
    std::int64_t max_start_s = 0;
    std::int64_t min_finish_s = 0;
    std::int64_t min_duration_s = 0;
    std::int64_t allowed_delta_s = 0;
};

struct Person {
    UserId id = 0;
    bool is_self = false;
    bool is_tracked = false;  ///< work time is kept for this user
    std::shared_ptr<const TimeZone> zone;
    Worktime worktime;
};

/// The user of USER_ID, by default the caller. Workdays of others are for administrators (ACCESS_DENIED);
/// an unknown user is "User not found" without a code, as documented.
Result<Person> read_person(api::Call& call);

/// Times within a day, lengths not negative; one row for everybody, one for each employee.
std::unique_ptr<model::EntityHooks> make_worktime_hooks();

}  // namespace stoa::timeman
