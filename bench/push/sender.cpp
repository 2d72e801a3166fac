#include "sender.hpp"

#include <cstdio>
#include <cstdlib>

#include "base/utf8.hpp"

namespace stoa::bench {

void Sender::send(std::string_view request) {
    socket_.send(request);
    if (!handling_) on_ready();
}

void Sender::on_ready() {
    handling_ = true;
    bool alive = socket_.pump();
    std::string& input = socket_.input();
    while (true) {
        const auto end = input.find("\r\n\r\n");
        if (end == std::string::npos) break;
        const std::string head = to_lower_ascii(std::string_view(input).substr(0, end));
        const auto at = head.find("content-length:");
        const std::size_t body = at == std::string::npos ? 0 : std::strtoul(head.c_str() + at + 15, nullptr, 10);
        if (input.size() < end + 4 + body) break;
        if (head.compare(9, 1, "2") != 0) {
            std::fprintf(stderr, "The server refused a request: %s\n", input.c_str());
            std::exit(1);
        }
        input.erase(0, end + 4 + body);
        answered_(*this);
        alive = alive && socket_.pump();
    }
    handling_ = false;
    if (alive) return;
    std::fprintf(stderr, "The server closed a connection that asks.\n");
    std::exit(1);
}

}  // namespace stoa::bench
