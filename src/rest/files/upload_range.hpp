#pragma once
// The headers of a part: Content-Range (RFC 9110 §14.4), Content-Digest and Repr-Digest (RFC 9530). Pure functions, any
// thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace stoa::rest {

/// "bytes 0-99/1000": bytes [0, 100) of 1000. "bytes */1000": no bytes, how far are we?
struct UploadRange {
    bool query = false;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  ///< behind the last byte
    std::uint64_t total = 0;
};
/// Errors: invalid_argument, too_large (limits::upload_bytes_max).
Result<UploadRange> parse_content_range(std::string_view header);

/// The SHA-256 in a digest header, in hexadecimal; empty when the header has none. Errors: invalid_argument.
Result<std::string> parse_sha256_digest(std::string_view header);

}  // namespace stoa::rest
