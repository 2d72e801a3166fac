// The frames that a client sends, without sockets. The first byte says how the rest is cut into pieces; whatever the
// pieces, the same messages must come out, and nothing may wait without bound.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "net/websocket_frames.hpp"

namespace {

using stoa::net::FrameReader;
using Event = FrameReader::Event;

std::vector<std::string> read_all(std::string_view bytes, std::size_t step) {
    FrameReader reader;
    std::string waiting;
    std::vector<std::string> seen;
    while (!bytes.empty()) {
        const std::size_t size = std::min(step, bytes.size());
        waiting.append(bytes.substr(0, size));
        bytes.remove_prefix(size);
        while (true) {
            const auto result = reader.feed({waiting.data(), waiting.size()});
            if (result.consumed > waiting.size()) std::abort();
            if (result.event == Event::need_more) break;
            if (result.event == Event::text && !stoa::is_valid_utf8(reader.payload())) std::abort();
            if (reader.payload().size() > stoa::limits::websocket_message_bytes_max) std::abort();
            if (result.event != Event::part) {
                seen.push_back(std::to_string(static_cast<int>(result.event)) + " " + std::string(reader.payload()));
            }
            if (result.event == Event::failed || result.event == Event::close) {
                seen.push_back(std::to_string(reader.close_code()));
                return seen;
            }
            waiting.erase(0, result.consumed);
        }
        if (waiting.size() > stoa::limits::websocket_message_bytes_max + 14) std::abort();
    }
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    if (read_all(bytes, bytes.size()) != read_all(bytes, data[0] % 16 + 1)) std::abort();
    return 0;
}
