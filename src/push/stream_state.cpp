#include "push/stream_state.hpp"

#include "base/clock.hpp"

namespace stoa::push {

namespace {

std::string body(bool recovered) {
    const std::string params = std::string("{\"recovered\":") + (recovered ? "true" : "false") + "}";
    return body_of("pull", "stream_state", params, system_clock().now_us());
}

}  // namespace

Publication everything_anew() {
    return {{kAccountRoute}, body(false), {}};
}

net::Frames stream_state(Position position, bool recovered) {
    return frame_of(position, {{}, body(recovered), {}});
}

}  // namespace stoa::push
