#include "base/clock.hpp"

#include <ctime>

namespace stoa {
namespace {

std::int64_t read_us(clockid_t id) {
    timespec ts{};
    clock_gettime(id, &ts);
    return std::int64_t{ts.tv_sec} * 1'000'000 + ts.tv_nsec / 1'000;
}

struct SystemClock final : Clock {
    UnixSeconds now() const override {
        timespec ts{};
        clock_gettime(CLOCK_REALTIME, &ts);
        return ts.tv_sec;
    }
    std::int64_t now_us() const override { return read_us(CLOCK_REALTIME); }
    std::int64_t monotonic_us() const override { return read_us(CLOCK_MONOTONIC); }
};

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

}  // namespace stoa
