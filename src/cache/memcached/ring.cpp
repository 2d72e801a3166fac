#include "cache/memcached/ring.hpp"

#include <libmemcached/memcached.h>

#include <algorithm>

namespace stoa::cache::memcached {
namespace {

constexpr int kPointsPerServer = 160;

std::uint32_t place_of(std::string_view text) {
    return ::memcached_generate_hash_value(text.data(), text.size(), MEMCACHED_HASH_MD5);
}

}  // namespace

Ring::Ring(const std::vector<std::string>& names) : servers_(static_cast<int>(names.size())) {
    for (int server = 0; server < servers_; ++server) {
        const std::string& name = names[static_cast<std::size_t>(server)];
        for (int i = 0; i < kPointsPerServer; ++i)
            points_.push_back({place_of(name + "-" + std::to_string(i)), server});
    }
    std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.place < b.place; });
}

int Ring::find(std::string_view key, FunctionRef<bool(int)> accepts) const {
    if (points_.empty()) return -1;
    auto point = std::lower_bound(points_.begin(), points_.end(), place_of(key),
                                  [](const Point& p, std::uint32_t place) { return p.place < place; });
    std::uint64_t refused = 0;  // servers seen already; an address names 64 hosts at most
    int refused_count = 0;
    for (std::size_t steps = 0; steps < points_.size() && refused_count < servers_; ++steps, ++point) {
        if (point == points_.end()) point = points_.begin();
        const std::uint64_t bit = std::uint64_t{1} << (point->server % 64);
        if ((refused & bit) != 0) continue;
        if (accepts(point->server)) return point->server;
        refused |= bit;
        ++refused_count;
    }
    return -1;
}

}  // namespace stoa::cache::memcached
