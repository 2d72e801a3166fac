#pragma once
// Unpredictable bytes from the kernel (getrandom through libsodium), fit for keys and tokens. Any thread.

#include <cstddef>
#include <string>

namespace stoa {

/// n characters, each uniform over [A-Za-z0-9]: 5.95 bits per character.
std::string random_alnum(std::size_t n);
std::string random_bytes(std::size_t n);
/// RFC 4122 version 4, lower case, e.g. "f47ac10b-58cc-4372-a567-0e02b2c3d479".
std::string uuid_v4();

}  // namespace stoa
