#pragma once
// The headers of objects that the S3 driver writes and reads. Pure functions.

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "files/s3/client.hpp"

namespace stoa::files::s3 {

/// Kept with the object by the store: SHA-256 of its content, hexadecimal.
inline constexpr const char* kSha256Header = "x-amz-meta-sha256";

inline std::vector<net::Header> object_headers(const std::string& sha256) {
    return {{"Content-Type", "application/octet-stream"}, {kSha256Header, sha256}};
}

inline std::optional<std::uint64_t> content_length(const Answer& answer) {
    const std::string_view text = answer.header("Content-Length");
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// With a key that makes ETags something else than MD5.
inline bool is_encrypted(const Answer& answer) {
    return answer.header("x-amz-server-side-encryption").starts_with("aws:kms") ||
           !answer.header("x-amz-server-side-encryption-customer-algorithm").empty();
}

}  // namespace stoa::files::s3
