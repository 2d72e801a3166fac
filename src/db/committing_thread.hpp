#pragma once
// Private to src/db: lets write_and_wait() refuse to wait on the thread that would have to do the work.

namespace stoa::db {

/// Called once by a driver's committing thread, with anything but null.
void mark_committing_thread(const void* database);
bool on_committing_thread();

}  // namespace stoa::db
