#pragma once
// Fixed-point numbers as integers: money is `value × 10^scale` in an int64. Pure functions, any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace stoa {

inline constexpr int decimal_scale_max = 18;

/// "1000", "1000.5", "-0.01", ".5", "5." → the integer of `scale` decimals. Digits beyond the scale round half away
/// from zero. No exponent, no grouping, no white space. invalid_argument on anything else, too_large on overflow.
Result<std::int64_t> parse_decimal(std::string_view text, int scale);

/// 100000 at scale 2 → "1000.00"; at scale 0 there is no point.
void append_decimal(std::string& out, std::int64_t value, int scale);

}  // namespace stoa
