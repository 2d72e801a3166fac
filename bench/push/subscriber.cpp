#include "subscriber.hpp"

namespace stoa::bench {

void Subscriber::connect(int epoll) {
    upgraded_ = false;
    socket_.emplace(epoll, target_.port(), number_, this);
    socket_->send(target_.subscribe_request(channel_));
}

void Subscriber::cut() {
    socket_->cut();
    socket_.reset();
}

void Subscriber::on_ready() {
    if (!socket_) return;
    const bool alive = socket_->pump();
    if (!upgraded_) {
        const auto end = socket_->input().find("\r\n\r\n");
        if (end == std::string::npos) {
            if (!alive) listeners_.on_lost();
            return;
        }
        if (socket_->input().compare(9, 3, "101") != 0) return listeners_.on_lost();
        socket_->input().erase(0, end + 4);
        upgraded_ = true;
        listeners_.on_open();
    }
    while (take_frame()) {
    }
    if (!alive) listeners_.on_lost();
}

bool Subscriber::take_frame() {
    std::string& input = socket_->input();
    if (input.size() < 2) return false;
    std::size_t size = static_cast<unsigned char>(input[1]) & 0x7f;
    const std::size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (input.size() < 2 + more) return false;
    if (more != 0) size = 0;
    for (std::size_t i = 0; i < more; ++i)
        size = size << 8 | static_cast<unsigned char>(input[2 + i]);
    if (input.size() < 2 + more + size) return false;
    Message message;
    const std::string_view text = std::string_view(input).substr(2 + more, size);
    if (find_message(text, message)) {
        deliveries_.add(message, last_);
    } else if (listeners_.on_other) {
        listeners_.on_other(number_, text);
    }
    input.erase(0, 2 + more + size);
    return true;
}

}  // namespace stoa::bench
