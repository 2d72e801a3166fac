#pragma once
// Tests only: users as plain rows; the people module is not needed for tasks.

namespace stoa::tasks::testing {

inline constexpr const char* kUserEntity = R"({
  "name": "user", "table": "users", "access": "people", "owner": "ID",
  "fields": [{"name": "ID", "type": "id"}, {"name": "NAME"}, {"name": "LAST_NAME"}, {"name": "EMAIL"},
             {"name": "WORK_POSITION"}]
})";

}  // namespace stoa::tasks::testing
