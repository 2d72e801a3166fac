#include "target.hpp"

#include "base/clock.hpp"

namespace stoa::bench {
namespace {

constexpr std::int64_t kLifetimeS = 3'600;
using Kind = api::PushChannel::Kind;

}  // namespace

Target::Target(std::uint16_t port, const std::string& key)
    : port_(port), is_nchan_(key.empty()), channels_(key), expires_at_(system_clock().now() + kLifetimeS) {}

std::string Target::user_channel(int channel) const {
    return channels_.sign({.kind = Kind::user, .account = 1, .user = channel + 1, .expires_at = expires_at_});
}

std::string Target::subscribe_request(int channel) const {
    const std::string account = channels_.sign({.kind = Kind::account, .account = 1, .expires_at = expires_at_});
    const std::string path = is_nchan_ ? "/sub/c" + std::to_string(channel)
                                       : "/push/ws?jsonRpc=true&CHANNEL_ID=" + user_channel(channel) + "/" + account;
    return "GET " + path +
           " HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

std::string Target::publish_request(int channel, const std::string& text) const {
    const std::string path =
        is_nchan_ ? "/pub/c" + std::to_string(channel) : "/push/publish?CHANNEL_ID=" + user_channel(0);
    const std::string body = is_nchan_
                                 ? text
                                 : R"({"userList":[)" + std::to_string(channel + 1) +
                                       R"(],"body":{"module_id":"b","command":"m","params":{"t":")" + text + "\"}}}";
    return "POST " + path + " HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace stoa::bench
