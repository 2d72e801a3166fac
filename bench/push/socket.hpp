#pragma once
// A TCP connection to loopback that never blocks: what is to be sent is kept until it can be, what came is kept until
// it is taken. One thread, with everybody else of the benchmark.

#include <netinet/in.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.hpp"

namespace stoa::bench {

/// What epoll wakes.
class Ready {
  public:
    virtual ~Ready() = default;
    virtual void on_ready() = 0;
};

class Socket {
  public:
    /// Sources 127.0.0.2 to 9 in turn: one alone has too few ports.
    Socket(int epoll, std::uint16_t port, int number, Ready* owner);
    bool open() const { return static_cast<bool>(fd_); }
    /// With a reset: as clients go whose host has gone.
    void cut();
    void send(std::string_view bytes);
    /// Sends what is left and reads what is there. False: the other end has gone.
    bool pump();
    std::string& input() { return input_; }

  private:
    Fd fd_;
    std::string output_, input_;
};

}  // namespace stoa::bench
