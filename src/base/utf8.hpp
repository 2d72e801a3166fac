#pragma once
// Text checks. Pure functions, any thread. Case mapping is ASCII only: it is for names of methods, headers and codes.

#include <cstddef>
#include <string>
#include <string_view>

namespace stoa {

/// Well-formed UTF-8 (Unicode 15 table 3-7): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_valid_utf8(std::string_view text);
/// Code points of valid UTF-8 (counts the bytes that are no continuation).
std::size_t utf8_length(std::string_view text);
/// The first code_points of valid UTF-8, or all of it.
std::string_view utf8_prefix(std::string_view text, std::size_t code_points);
/// Bytes of the well-formed sequence at the start of text, 1..4; 0 when it is not well-formed or text is empty.
std::size_t utf8_sequence_bytes(std::string_view text);
bool has_nul(std::string_view text);

std::string to_upper_ascii(std::string_view text);
std::string to_lower_ascii(std::string_view text);
bool equals_any_case(std::string_view a, std::string_view b);

}  // namespace stoa
