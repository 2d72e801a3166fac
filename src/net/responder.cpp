#include "net/responder_channel.hpp"

#include <utility>

#include "net/connection.hpp"
#include "net/response_head.hpp"

namespace stoa::net {

void Responder::operator()(Response response) const {
    channel_->answer(std::move(response));
}

const std::shared_ptr<IoLoop>& Responder::loop() const {
    return channel_->loop();
}

Responder::Channel::Channel(std::shared_ptr<Connection> connection, std::shared_ptr<IoLoop> loop)
    : connection_(std::move(connection)), loop_(std::move(loop)) {}

Responder::Channel::~Channel() {
    if (answered_.load(std::memory_order_relaxed)) return;
    try {
        answer(refusal(500));
    } catch (...) {  // out of memory: the request deadline closes the connection
    }
}

void Responder::Channel::answer(Response response) {
    if (answered_.exchange(true)) return;
    if (loop_->in_loop()) return connection_->answer(std::move(response));
    auto kept = std::make_shared<Response>(std::move(response));
    loop_->post([connection = connection_, kept = std::move(kept)] { connection->answer(std::move(*kept)); });
}

}  // namespace stoa::net
