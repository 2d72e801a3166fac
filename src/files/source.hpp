#pragma once
// Where the bytes of a put come from: memory or a local file. Read at any offset, repeatedly: an upload that failed is
// sent again. One thread at a time. Blocking.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace stoa::files {

class Source {
  public:
    virtual ~Source() = default;
    virtual std::uint64_t bytes() const = 0;
    /// Exactly `size` bytes from `offset` on, valid until the next call. Errors: conflict when the file has become
    /// shorter, internal when it cannot be read.
    virtual Result<std::string_view> piece(std::uint64_t offset, std::size_t size) = 0;
};

std::unique_ptr<Source> memory_source(std::shared_ptr<const std::string> bytes);
/// Errors: not_found, invalid_argument (no regular file), too_large (limits::file_bytes_max), internal.
Result<std::unique_ptr<Source>> file_source(const std::string& path);

}  // namespace stoa::files
