#include "app/probe/stream_place.hpp"

#include <charconv>
#include <cstdint>
#include <optional>

namespace stoa::app::probe {
namespace {

struct Parts {
    std::string_view epoch;
    std::uint64_t number = 0;
};

std::optional<Parts> parts_of(std::string_view mid) {
    const std::size_t dash = mid.find('-');
    if (dash == 0 || dash == mid.npos) return std::nullopt;
    Parts parts{mid.substr(0, dash)};
    const char* const end = mid.data() + mid.size();
    const auto [at, error] = std::from_chars(mid.data() + dash + 1, end, parts.number);
    return error == std::errc() && at == end ? std::optional(parts) : std::nullopt;
}

/// Of a stream in which nothing was told yet.
bool is_beginning(const Parts& parts) {
    return parts.epoch == "0" && parts.number == 0;
}

}  // namespace

std::string StreamPlace::heard(std::string_view mid) {
    const std::string before = position_;
    position_ = mid;
    const auto now = parts_of(mid);
    if (!now) return "a message has the position '" + std::string(mid) + "'";
    const auto last = parts_of(before);
    if (!last || is_beginning(*last)) return {};
    if (now->epoch != last->epoch)
        return "the stream went from " + before + " to " + std::string(mid) + " without a word";
    return now->number > last->number ? std::string() : "position " + std::string(mid) + " came after " + before;
}

}  // namespace stoa::app::probe
