#pragma once
// Text inside HTML, also inside attributes in quotes. Pure functions.

#include <string>
#include <string_view>

namespace stoa {

void append_html(std::string& out, char c);
std::string to_html(std::string_view text);

}  // namespace stoa
