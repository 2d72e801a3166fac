#pragma once
// A connection that asks by HTTP, one request after another: publishes, or reads.

#include <functional>
#include <string_view>

#include "socket.hpp"

namespace stoa::bench {

class Sender : public Ready {
  public:
    /// `answered`: the server has done it.
    Sender(int epoll, std::uint16_t port, int number, std::function<void(Sender&)> answered)
        : socket_(epoll, port, number, this), answered_(std::move(answered)) {}
    void send(std::string_view request);
    void on_ready() override;

  private:
    Socket socket_;
    std::function<void(Sender&)> answered_;
    bool handling_ = false;
};

}  // namespace stoa::bench
