#pragma once
// What a failed call on a directory store means: one table from errno to an Error, a log line with what to do, and
// whether the whole store is down. Any thread.

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "files/beat.hpp"

namespace stoa::files {

/// Logs and gives the Error; reports to `beat` what concerns the whole store. `what` as in "write", `path` for the log.
Error directory_fault(std::string_view what, const std::string& path, int code, Beat& beat);

/// The folder is there, but not the store in it: most likely the share is not mounted.
Error store_missing(const std::string& root, Beat& beat);

/// The caller was answered already; this Error is seen by nobody.
Error abandoned();

}  // namespace stoa::files
