#pragma once
// What an I/O thread knows of each of its sockets, whatever protocol it speaks.

#include <cstddef>
#include <cstdint>

#include "net/io_loop.hpp"

namespace stoa::net {

class Client : public IoLoop::Target {
  public:
    explicit Client(std::size_t slot) : slot_(slot) {}

    virtual void on_deadline() = 0;
    /// Ends soon.
    virtual void begin_drain() = 0;
    virtual void close() = 0;
    std::int64_t deadline_ms() const { return deadline_ms_; }  ///< monotonic clock
    std::size_t slot() const { return slot_; }
    void set_slot(std::size_t slot) { slot_ = slot; }

  protected:
    std::int64_t deadline_ms_ = 0;

  private:
    std::size_t slot_;  ///< its place in the thread's list
};

}  // namespace stoa::net
