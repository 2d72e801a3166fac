// The parse step of a connection, without sockets. The first byte says how the rest is cut into pieces; whatever the
// pieces, the same requests must come out and nothing may wait without bound.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "net/request_reader.hpp"

namespace {

using stoa::net::RequestReader;

constexpr std::size_t kHeaderMax = 512;
constexpr std::size_t kBodyMax = 2048;

struct Seen {
    std::vector<std::string> requests;
    int status = 0;
};

Seen read_all(std::string_view bytes, std::size_t step) {
    RequestReader reader(kHeaderMax, kBodyMax);
    std::string waiting;
    Seen seen;
    while (!bytes.empty()) {
        const std::size_t size = std::min(step, bytes.size());
        waiting.append(bytes.substr(0, size));
        bytes.remove_prefix(size);
        while (true) {
            const auto result = reader.feed(waiting);
            if (result.consumed > waiting.size()) std::abort();
            waiting.erase(0, result.consumed);
            if (result.state == RequestReader::State::need_more) break;
            if (result.state == RequestReader::State::failed) {
                seen.status = reader.status();
                if (seen.status < 400 || seen.status > 505) std::abort();
                return seen;
            }
            const auto& request = reader.request();
            if (request.body.size() > kBodyMax) std::abort();
            seen.requests.push_back(request.method + " " + request.target + " " + request.body);
            reader.reset();
        }
        if (waiting.size() > kHeaderMax + 2) std::abort();
    }
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Seen whole = read_all(bytes, bytes.size());
    const Seen pieces = read_all(bytes, data[0] % 64 + 1);
    // A bad header may be refused when it is seen or when it is whole; what was served before it may not differ.
    if (whole.requests != pieces.requests) std::abort();
    return 0;
}
