#include "push/stream_state.hpp"

#include "base/clock.hpp"

namespace stoa::push {

net::Frames stream_state(Position position, bool recovered) {
    const std::string params = std::string("{\"recovered\":") + (recovered ? "true" : "false") + "}";
    return frame_of(position, {{}, body_of("pull", "stream_state", params, system_clock().now_us()), {}});
}

}  // namespace stoa::push
