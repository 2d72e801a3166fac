#include "rest/events/target_url.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace stoa::rest {

std::optional<std::string> target_host(std::string_view url) {
    if (url.size() > target_url_bytes_max) return std::nullopt;
    const bool printable = std::all_of(url.begin(), url.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte > 0x20 && byte != 0x7F;
    });
    if (!printable || !is_valid_utf8(url)) return std::nullopt;
    const auto mark = url.find("://");
    if (mark == url.npos) return std::nullopt;
    const std::string_view scheme = url.substr(0, mark);
    if (!equals_any_case(scheme, "http") && !equals_any_case(scheme, "https")) return std::nullopt;
    const std::string_view rest = url.substr(mark + 3);
    const std::string_view host = rest.substr(0, rest.find_first_of("/?#"));
    if (host.empty() || host.find_first_of("@\\") != host.npos) return std::nullopt;
    return to_lower_ascii(host);
}

}  // namespace stoa::rest
