#pragma once
// The numbers that identify things. Plain integers with names, so that signatures say which one they mean.

#include <cstdint>

namespace stoa {

using AccountId = std::int64_t;  ///< one company's portal; 0 = none
using UserId = std::int64_t;     ///< counted per account from 1; 0 = the system itself
using RecordId = std::int64_t;   ///< counted per account and entity from 1
using UnixSeconds = std::int64_t;

}  // namespace stoa
