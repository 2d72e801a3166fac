// Look-ups in a Request.

#include <strings.h>

#include "net/server.hpp"

namespace stoa::net {

std::string_view Request::path() const {
    const std::string_view whole = target;
    return whole.substr(0, whole.find('?'));
}

std::string_view Request::query() const {
    const std::string_view whole = target;
    const auto mark = whole.find('?');
    return mark == whole.npos ? std::string_view() : whole.substr(mark + 1);
}

std::string_view Request::header(std::string_view name) const {
    for (const Header& field : headers) {
        if (field.name.size() == name.size() && ::strncasecmp(field.name.data(), name.data(), name.size()) == 0) {
            return field.value;
        }
    }
    return {};
}

}  // namespace stoa::net
