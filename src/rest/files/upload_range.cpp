#include "rest/files/upload_range.hpp"

#include <charconv>
#include <optional>

#include "base/crypto.hpp"
#include "rest/files/upload_limits.hpp"

namespace stoa::rest {
namespace {

constexpr std::size_t kSha256Bytes = 32;

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

Error malformed() {
    return invalid("Write Content-Range as 'bytes FIRST-LAST/TOTAL', or 'bytes */TOTAL' to ask how far the upload is.",
                   "Content-Range", "ERROR_CONTENT_RANGE");
}

}  // namespace

Result<UploadRange> parse_content_range(std::string_view header) {
    constexpr std::string_view kUnit = "bytes ";
    const std::size_t slash = header.find('/');
    if (!header.starts_with(kUnit) || slash == header.npos) return malformed();
    const std::string_view span = header.substr(kUnit.size(), slash - kUnit.size());
    const auto total = number(header.substr(slash + 1));
    if (!total || *total == 0) return malformed();
    if (*total > limits::upload_bytes_max) {
        return Error{Errc::too_large, "A file may have " + std::to_string(limits::upload_bytes_max) + " bytes at most.",
                     "Content-Range", "ERROR_FILE_TOO_LARGE"};
    }
    UploadRange range;
    range.total = *total;
    if (span == "*") {
        range.query = true;
        return range;
    }
    const std::size_t dash = span.find('-');
    if (dash == span.npos) return malformed();
    const auto first = number(span.substr(0, dash));
    const auto last = number(span.substr(dash + 1));
    if (!first || !last || *first > *last || *last >= *total) return malformed();
    range.begin = *first;
    range.end = *last + 1;
    return range;
}

Result<std::string> parse_sha256_digest(std::string_view header) {
    constexpr std::string_view kName = "sha-256=:";
    const std::size_t at = header.find(kName);
    if (at == header.npos) return std::string();
    std::string_view text = header.substr(at + kName.size());
    const std::size_t end = text.find(':');
    const std::string bytes = end == text.npos ? std::string() : base64_decode(text.substr(0, end)).value_or("");
    if (bytes.size() != kSha256Bytes) {
        return invalid("Write a digest as 'sha-256=:BASE64:', RFC 9530.", "Content-Digest", "ERROR_DIGEST");
    }
    return to_hex(bytes);
}

}  // namespace stoa::rest
