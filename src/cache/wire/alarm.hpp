#pragma once
// Alarm: wakes a thread out of poll(). Any thread rings; one waits on fd() and resets before it looks what there is.

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "base/fd.hpp"

namespace stoa::cache {

class Alarm {
  public:
    void ring() {
        if (rung_.exchange(true)) return;
        const std::uint64_t one = 1;
        (void)!::write(fd_.get(), &one, sizeof(one));
    }
    void reset() {
        std::uint64_t count = 0;
        (void)!::read(fd_.get(), &count, sizeof(count));
        rung_ = false;
    }
    int fd() const { return fd_.get(); }

  private:
    Fd fd_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::atomic<bool> rung_{false};
};

}  // namespace stoa::cache
