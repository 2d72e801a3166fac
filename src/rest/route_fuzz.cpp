// Any path: what parse_route lets through holds only what an address may hold.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rest/route.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace stoa::rest;
    const std::string_view path(reinterpret_cast<const char*>(data), size);
    (void)wire_of(path);
    const auto route = parse_route(path);
    if (!route) return 0;
    if (route->method.empty() || route->method.size() > 128 || route->user < 0) std::abort();
    for (const char c : route->method) {
        if (c == '/' || c == '%' || c == '\0') std::abort();
    }
    for (const char c : route->code) {
        if (c == '/' || c == '.') std::abort();
    }
    return 0;
}
