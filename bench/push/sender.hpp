#pragma once
// A connection that publishes by HTTP, one message after another.

#include <functional>
#include <string>

#include "socket.hpp"
#include "target.hpp"

namespace stoa::bench {

class Sender : public Ready {
  public:
    /// `answered`: the server has taken the message.
    Sender(int epoll, const Target& target, int number, std::function<void(Sender&)> answered)
        : target_(target), socket_(epoll, target.port(), number, this), answered_(std::move(answered)) {}
    void publish(int channel, const std::string& text);
    void on_ready() override;

  private:
    const Target& target_;
    Socket socket_;
    std::function<void(Sender&)> answered_;
    bool handling_ = false;
};

}  // namespace stoa::bench
