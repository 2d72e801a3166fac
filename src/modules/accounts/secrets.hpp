#pragma once
// Secrets that are handed out once and kept as a hash. Pure functions, any thread.

#include <string>
#include <string_view>

#include "base/crypto.hpp"
#include "base/random.hpp"

namespace stoa::accounts {

inline constexpr std::size_t kSecretCharacters = 32;  ///< 190 bits of [A-Za-z0-9]

inline std::string new_secret() {
    return random_alnum(kSecretCharacters);
}
/// Secrets have full entropy, so one round of SHA-256 is enough (passwords go through argon2id instead).
inline std::string secret_hash(std::string_view secret) {
    return sha256_hex(secret);
}

/// Lists of scopes are stored as "crm,task"; "*" stands for all.
inline constexpr std::string_view kAllScopes = "*";

}  // namespace stoa::accounts
