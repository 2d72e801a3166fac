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
/// Looks like new_secret(), but follows from `held`, a secret of full entropy, and from what it is for. HMAC-SHA256 in
/// counter mode; bytes from 248 (4 × 62) up are skipped, so every character is as likely as any other.
inline std::string derived_secret(std::string_view held, std::string_view purpose) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    constexpr std::size_t kUniformEnd = 256 / kAlphabet.size() * kAlphabet.size();
    std::string out;
    for (int block = 0; out.size() < kSecretCharacters; ++block) {
        for (const char c : hmac_sha256(held, "stoa secret\n" + std::to_string(block) + "\n" + std::string(purpose))) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte < kUniformEnd && out.size() < kSecretCharacters) out += kAlphabet[byte % kAlphabet.size()];
        }
    }
    return out;
}
/// Secrets have full entropy, so one round of SHA-256 is enough (passwords go through argon2id instead).
inline std::string secret_hash(std::string_view secret) {
    return sha256_hex(secret);
}

/// Lists of scopes are stored as "crm,task"; "*" stands for all.
inline constexpr std::string_view kAllScopes = "*";

}  // namespace stoa::accounts
