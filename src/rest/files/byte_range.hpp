#pragma once
// The Range header of a download. Pure function, any thread. RFC 9110 §14.

#include <cstdint>
#include <optional>
#include <string_view>

namespace stoa::rest {

struct WantedRange {
    enum class Kind : std::uint8_t { all, part, unsatisfiable } kind = Kind::all;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  ///< behind the last byte
};

/// One range of a file of `size` bytes. Several ranges, other units and nonsense mean the whole file, as the standard
/// allows.
WantedRange parse_range(std::string_view header, std::uint64_t size);

}  // namespace stoa::rest
