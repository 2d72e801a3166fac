#include "base/html.hpp"

namespace stoa {

void append_html(std::string& out, char c) {
    switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        case '\'':
            out += "&#39;";
            break;
        default:
            out += c;
    }
}

std::string to_html(std::string_view text) {
    std::string out;
    for (const char c : text)
        append_html(out, c);
    return out;
}

}  // namespace stoa
