#pragma once
// The digests of what is to be sent, taken in one reading: S3 wants that of each part beforehand. Blocking.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "files/beat.hpp"
#include "files/source.hpp"

namespace stoa::files::s3 {

struct Part {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::string sha256;  ///< hexadecimal
    std::string md5;     ///< hexadecimal
    std::string etag{};  ///< as the store gave it
};

struct Digests {
    std::string sha256;       ///< of everything
    std::vector<Part> parts;  ///< at least one, the last perhaps shorter (or empty)
};

/// Errors: those of the source; timeout when nobody waits any more.
Result<Digests> digest(Source& source, std::uint64_t part_bytes, Beat& beat);

/// May these be the bytes that the store says it has? Its ETag is their MD5, unless it encrypts with a key of its own:
/// then, and for ETags of other kinds, the answer is yes.
bool etag_fits(std::string_view etag, bool encrypted, const std::string& md5);

}  // namespace stoa::files::s3
