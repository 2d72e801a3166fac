#include "json/number.hpp"

#include <charconv>
#include <cmath>

namespace stoa::json {

void append_integer(std::string& out, std::int64_t v) {
    char digits[24];
    out.append(digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, v).ptr - digits));
}

void append_real(std::string& out, double v) {
    constexpr double kExactIntegers = 0x1p53;
    if (!std::isfinite(v)) {
        out += "null";
        return;
    }
    if (std::fabs(v) <= kExactIntegers && v == std::trunc(v)) {
        append_integer(out, static_cast<std::int64_t>(v));  // also turns -0.0 into 0
        return;
    }
    const double size = std::fabs(v);
    const auto format = size < 1e21 && size >= 1e-20 ? std::chars_format::fixed : std::chars_format::scientific;
    char digits[64];
    out.append(digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, v, format).ptr - digits));
}

}  // namespace stoa::json
