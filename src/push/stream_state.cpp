#include "push/stream_state.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "json/writer.hpp"
#include "push/subscriber.hpp"

namespace stoa::push {

namespace {

std::string body(bool recovered, std::string_view tags_json = {}) {
    std::string params = std::string("{\"recovered\":") + (recovered ? "true" : "false");
    if (!tags_json.empty()) params.append(",\"tags\":").append(tags_json);
    return body_of("pull", "stream_state", params + "}", system_clock().now_us());
}

}  // namespace

Publication everything_anew() {
    return {{kAccountRoute}, body(false), {}};
}

net::Frames stream_state(Position position, bool recovered) {
    return frame_of(position, {{}, body(recovered), {}});
}

net::Frames stream_pause(Position position, bool paused) {
    const char* params = paused ? R"({"paused":true})" : R"({"paused":false})";
    return frame_of(position, {{}, body_of("pull", "stream_pause", params, system_clock().now_us()), {}});
}

net::Frames stream_state(Position position, const Resumed& resumed, const Session& session) {
    if (session.tags.empty()) return stream_state(position, resumed.recovered);
    std::string tags;
    json::Writer out(tags);
    out.begin_object();
    for (const WatchedTag& tag : session.tags) {
        const bool lacks =
            std::find(resumed.lacking.begin(), resumed.lacking.end(), tag.route) != resumed.lacking.end();
        out.field(tag_of(tag.route), !lacks);
    }
    out.end_object();
    return frame_of(position, {{}, body(resumed.recovered, tags), {}});
}

}  // namespace stoa::push
