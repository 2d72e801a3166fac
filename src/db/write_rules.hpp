#pragma once
// What every driver's writer asks of a request and says when it refuses one. Pure functions, any thread.

#include "db/database.hpp"

namespace stoa::db {

Status check_request(const WriteRequest& request);
Error timed_out();
Error reused_key();
Error answer_too_long();
void count_refused(Errc reason);

}  // namespace stoa::db
