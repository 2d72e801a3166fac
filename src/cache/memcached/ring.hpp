#pragma once
// Ring: consistent hashing as ketama does it: each server has 160 points on a circle, a key belongs to the next point.
// When a server goes, only its own keys move, evenly to the others. Immutable, any thread.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.hpp"

namespace stoa::cache::memcached {

class Ring {
  public:
    /// The names decide the places: the same list in another order gives the same ring.
    explicit Ring(const std::vector<std::string>& names);

    /// The index of the first server from the key's place on that is accepted; -1 when none is.
    int find(std::string_view key, FunctionRef<bool(int)> accepts) const;

  private:
    struct Point {
        std::uint32_t place;
        int server;
    };
    std::vector<Point> points_;  ///< by place
    int servers_;
};

}  // namespace stoa::cache::memcached
