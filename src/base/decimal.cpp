#include "base/decimal.hpp"

#include <cassert>
#include <charconv>

namespace stoa {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Counts down from zero, because the smallest int64 has no positive twin.
bool push_digit(std::int64_t& negative, int digit) {
    return !__builtin_mul_overflow(negative, 10, &negative) && !__builtin_sub_overflow(negative, digit, &negative);
}

}  // namespace

Result<std::int64_t> parse_decimal(std::string_view text, int scale) {
    assert(scale >= 0 && scale <= decimal_scale_max);
    const auto not_a_number = [] { return invalid("The text is not a decimal number."); };
    const auto overflow = [] { return Error{Errc::too_large, "The number is too large."}; };

    const bool minus = !text.empty() && text[0] == '-';
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);

    std::int64_t negative = 0;
    int decimals = -1;  // none until the point
    bool any_digit = false;
    bool round_away = false;
    for (const char c : text) {
        if (c == '.') {
            if (decimals >= 0) return not_a_number();
            decimals = 0;
            continue;
        }
        if (!is_digit(c)) return not_a_number();
        any_digit = true;
        if (decimals < scale) {
            if (decimals >= 0) ++decimals;
            if (!push_digit(negative, c - '0')) return overflow();
        } else if (decimals == scale) {
            round_away = c >= '5';
            ++decimals;
        }
    }
    if (!any_digit) return not_a_number();
    for (int i = decimals < 0 ? 0 : decimals; i < scale; ++i) {
        if (!push_digit(negative, 0)) return overflow();
    }
    if (round_away && __builtin_sub_overflow(negative, 1, &negative)) return overflow();
    if (minus) return negative;
    std::int64_t positive = 0;
    if (__builtin_sub_overflow(std::int64_t{0}, negative, &positive)) return overflow();
    return positive;
}

void append_decimal(std::string& out, std::int64_t value, int scale) {
    assert(scale >= 0 && scale <= decimal_scale_max);
    const auto magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, magnitude).ptr;
    const auto count = static_cast<int>(end - digits);
    if (value < 0) out += '-';
    if (count <= scale) {
        out += "0.";
        out.append(static_cast<std::size_t>(scale - count), '0');
        out.append(digits, static_cast<std::size_t>(count));
        return;
    }
    out.append(digits, static_cast<std::size_t>(count - scale));
    if (scale == 0) return;
    out += '.';
    out.append(end - scale, static_cast<std::size_t>(scale));
}

}  // namespace stoa
