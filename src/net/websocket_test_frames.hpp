#pragma once
// Tests only: frames as a client sends them, and how it asks for a WebSocket.

#include <string>
#include <string_view>

#include "net/websocket_frames.hpp"

namespace stoa::net::testing {

inline std::string client_frame(Opcode opcode, std::string_view payload, bool last = true) {
    constexpr std::string_view kMask = "\x11\x92\xa3\x54";
    std::string out;
    append_frame(out, opcode, payload);
    if (!last) out[0] = static_cast<char>(out[0] & 0x7f);
    out[1] = static_cast<char>(out[1] | 0x80);
    const std::size_t head = out.size() - payload.size();
    out.insert(head, kMask);
    for (std::size_t i = 0; i < payload.size(); ++i)
        out[head + kMask.size() + i] = static_cast<char>(payload[i] ^ kMask[i % kMask.size()]);
    return out;
}

inline std::string upgrade_request(std::string_view target, std::string_view more_headers = {}) {
    return "GET " + std::string(target) +
           " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           std::string(more_headers) + "\r\n";
}

}  // namespace stoa::net::testing
