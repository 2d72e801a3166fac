#include "rest/route.hpp"

#include <array>
#include <charconv>

#include "base/utf8.hpp"

namespace stoa::rest {
namespace {

constexpr std::size_t kPartsMax = 5;  ///< rest api user code method
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kCodeBytesMax = 64;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Splits at slashes; empty parts are dropped. More than kPartsMax parts: 0.
std::size_t split(std::string_view path, std::array<std::string_view, kPartsMax>& parts) {
    std::size_t count = 0;
    std::size_t at = 0;
    while (at < path.size()) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (end > at) {
            if (count == kPartsMax) return 0;
            parts[count++] = path.substr(at, end - at);
        }
        at = end + 1;
    }
    return count;
}

bool take_suffix(std::string_view& name, std::string_view suffix) {
    if (name.size() <= suffix.size()) return false;
    if (!equals_any_case(name.substr(name.size() - suffix.size()), suffix)) return false;
    name.remove_suffix(suffix.size());
    return true;
}

bool parse_method(std::string_view part, Route& route) {
    if (take_suffix(part, ".xml")) {
        route.format = Format::xml;
    } else {
        take_suffix(part, ".json");
    }
    if (part.empty() || part.size() > kNameBytesMax || !is_letter(part.front())) return false;
    for (const char c : part) {
        if (!is_letter(c) && !is_digit(c) && c != '.' && c != '_' && c != '-') return false;
    }
    route.method = part;
    return true;
}

bool parse_credential(std::string_view user, std::string_view code, Route& route) {
    if (user.empty() || user.size() > 18 || code.size() > kCodeBytesMax) return false;
    for (const char c : user) {
        if (!is_digit(c)) return false;
    }
    for (const char c : code) {
        if (!is_digit(c) && !is_letter(c)) return false;
    }
    std::from_chars(user.data(), user.data() + user.size(), route.user);
    route.code = code;
    return true;
}

}  // namespace

std::optional<Route> parse_route(std::string_view path) {
    std::array<std::string_view, kPartsMax> parts;
    const std::size_t count = split(path, parts);
    if (count < 2 || parts[0] != "rest") return std::nullopt;

    Route route;
    std::size_t first = 1;
    if (parts[1] == "api") {
        route.wire = api::Wire::v3;
        first = 2;
    }
    const std::size_t rest = count - first;
    if (rest != 1 && rest != 3) return std::nullopt;
    if (!parse_method(parts[count - 1], route)) return std::nullopt;
    if (rest == 3 && !parse_credential(parts[first], parts[first + 1], route)) return std::nullopt;
    return route;
}

api::Wire wire_of(std::string_view path) {
    std::array<std::string_view, kPartsMax> parts;
    const std::size_t count = split(path.substr(0, std::min<std::size_t>(path.size(), 64)), parts);
    return count >= 2 && parts[0] == "rest" && parts[1] == "api" ? api::Wire::v3 : api::Wire::v2;
}

}  // namespace stoa::rest
