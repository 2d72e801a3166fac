#pragma once
// A client that listens to one channel by WebSocket.

#include <functional>
#include <optional>
#include <string_view>

#include "measured.hpp"
#include "socket.hpp"
#include "target.hpp"

namespace stoa::bench {

struct Listeners {
    std::function<void()> on_open;
    std::function<void()> on_lost;
    /// A frame that is no message of the benchmark, with the client's number; may be empty.
    std::function<void(int, std::string_view)> on_other;
};

class Subscriber : public Ready {
  public:
    Subscriber(const Target& target, int number, int channel, Deliveries& deliveries, const Listeners& listeners)
        : target_(target), number_(number), channel_(channel), deliveries_(deliveries), listeners_(listeners) {}
    void connect(int epoll);
    void cut();
    void on_ready() override;

  private:
    /// False: more must come.
    bool take_frame();

    const Target& target_;
    const int number_, channel_;
    Deliveries& deliveries_;
    const Listeners& listeners_;
    std::optional<Socket> socket_;
    bool upgraded_ = false;
    std::int64_t last_ = -1;
};

}  // namespace stoa::bench
