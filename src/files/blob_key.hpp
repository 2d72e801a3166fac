#pragma once
// Which keys there are, so that no key can leave its account's place in a store. Pure function, any thread.

#include "base/result.hpp"
#include "files/store.hpp"

namespace stoa::files {

/// Errors: invalid_argument with the field "key" or "account".
Status check_blob(const Blob& blob);

}  // namespace stoa::files
