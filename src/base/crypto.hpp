#pragma once
// Hashes, encodings, passwords and secrets. Pure functions, any thread.
// SHA-256 is OpenSSL's; HMAC, argon2id and secretbox are libsodium's.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace stoa {

std::string sha256(std::string_view data);  ///< 32 raw bytes
std::string sha256_hex(std::string_view data);
std::string hmac_sha256(std::string_view key, std::string_view data);  ///< 32 raw bytes; key of any length
std::string to_hex(std::string_view bytes);                            ///< lower case

std::string base64_encode(std::string_view bytes);  ///< standard alphabet with padding
/// Takes what clients send: white space is skipped and the padding may be missing.
/// Anything else foreign, or a lone last character, is invalid_argument.
Result<std::string> base64_decode(std::string_view text);
std::string base64url_encode(std::string_view bytes);  ///< RFC 4648 §5, no padding (JWT)
Result<std::string> base64url_decode(std::string_view text);

/// Takes time by the length of the strings only; different lengths are told at once.
bool equal_constant_time(std::string_view a, std::string_view b);

/// argon2id, t = 2, 19 MiB, in the portable "$argon2id$…" form. Takes ~20 ms of CPU: call it on a worker thread.
/// At most one hash or check per core runs at a time, others wait, so a login flood cannot eat the memory.
std::string hash_password(std::string_view password);
bool verify_password(std::string_view hash, std::string_view password);

/// Authenticated encryption of a stored secret (XSalsa20-Poly1305): 40 bytes longer than the plain text.
/// The key is any string with enough entropy; it is hashed to size.
std::string encrypt_secret(std::string_view key, std::string_view plain);
/// invalid_argument when the key is another or the bytes were changed.
Result<std::string> decrypt_secret(std::string_view key, std::string_view sealed);

}  // namespace stoa
