#pragma once
// Ids of stream entries: milliseconds since 1970 and a number, "1700000000000-3", as Redis makes them. Plain value.

#include <charconv>
#include <compare>
#include <cstdint>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace stoa::bus {

struct StreamId {
    std::uint64_t ms = 0;
    std::uint64_t number = 0;
    auto operator<=>(const StreamId&) const = default;

    std::string text() const {
        char digits[2 * std::numeric_limits<std::uint64_t>::digits10 + 3];
        char* at = std::to_chars(digits, std::end(digits), ms).ptr;
        *at++ = '-';
        return {digits, std::to_chars(at, std::end(digits), number).ptr};
    }
    static std::optional<StreamId> parse(std::string_view text) {
        StreamId id;
        const char* const end = text.data() + text.size();
        const auto first = std::from_chars(text.data(), end, id.ms);
        if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return std::nullopt;
        const auto second = std::from_chars(first.ptr + 1, end, id.number);
        if (second.ec != std::errc{} || second.ptr != end) return std::nullopt;
        return id;
    }
};

/// Whether a reader who stopped at `after` misses nothing, given the oldest and newest entry that the stream still has.
/// His own last entry must be there: else it cannot be told what was thrown out behind it, or the stream is another
/// one.
inline bool nothing_missed(StreamId after, std::optional<StreamId> oldest, std::optional<StreamId> newest) {
    return oldest && newest && *oldest <= after && after <= *newest;
}

}  // namespace stoa::bus
