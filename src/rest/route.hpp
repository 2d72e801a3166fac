#pragma once
// Which method a REST address names. Pure function, any thread; the views point into the path given.
//
//   /rest/{user}/{code}/{method}[.json|.xml][/]   webhook           /rest/{method}   token or session
//   /rest/api/{user}/{code}/{method}              the same in v3    /rest/api/{method}
// Repeated slashes count as one, because the official JavaScript client makes them. Nothing is percent-decoded: the
// parts of a REST address never need it, so `%2f` and `..` name no method.

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/method.hpp"
#include "base/ids.hpp"

namespace stoa::rest {

enum class Format : std::uint8_t { json, xml };

struct Route {
    api::Wire wire = api::Wire::v2;
    UserId user = 0;          ///< webhook only
    std::string_view code;    ///< webhook only; empty otherwise
    std::string_view method;  ///< as sent, without suffix; compare in any case
    Format format = Format::json;

    bool webhook() const { return !code.empty(); }
};

/// nullopt when the path names no method. `wire` and `format` of unroutable paths: see wire_of().
std::optional<Route> parse_route(std::string_view path);

/// v3 for everything under /rest/api/, also for paths that name no method.
api::Wire wire_of(std::string_view path);

}  // namespace stoa::rest
