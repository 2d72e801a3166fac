#pragma once
// Numbers that look random and are the same every time (splitmix64): demo data must not differ between runs.

#include <cstdint>
#include <vector>

namespace stoa::app::demo {

class Dice {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31);
    }
    /// from … to, both included.
    std::int64_t between(std::int64_t from, std::int64_t to) {
        return from + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(to - from + 1));
    }
    bool chance(int percent) { return between(1, 100) <= percent; }
    template <class T>
    const T& pick(const std::vector<T>& list) {
        return list[next() % list.size()];
    }
    /// An index, each as likely as its weight.
    std::size_t weighted(const std::vector<int>& weights) {
        std::int64_t sum = 0;
        for (const int weight : weights)
            sum += weight;
        std::int64_t at = between(1, sum);
        for (std::size_t i = 0; i < weights.size(); ++i) {
            at -= weights[i];
            if (at <= 0) return i;
        }
        return weights.size() - 1;
    }

  private:
    std::uint64_t state_;
};

}  // namespace stoa::app::demo
