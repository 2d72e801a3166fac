#include "target.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace stoa::bench {
namespace {

constexpr std::int64_t kLifetimeS = 3'600;
constexpr int kReceiversMax = static_cast<int>(limits::push_routes_per_message_max);
using Kind = api::PushChannel::Kind;

}  // namespace

std::string http_request(const std::string& method, const std::string& path, const std::string& json) {
    std::string out = method + " " + path + " HTTP/1.1\r\nHost: bench\r\n";
    if (method == "GET") return out + "\r\n";
    return out + "Content-Type: application/json\r\nContent-Length: " + std::to_string(json.size()) + "\r\n\r\n" + json;
}

Target::Target(const Options& options)
    : port_(options.port),
      publish_port_(options.publish_port == 0 ? options.port : options.publish_port),
      is_nchan_(options.key.empty()),
      channels_(options.key),
      account_(options.account),
      first_user_(options.first_user),
      users_per_account_(options.users_per_account),
      expires_at_(system_clock().now() + kLifetimeS) {}

std::int64_t Target::account_of(int channel) const {
    return users_per_account_ == 0 ? account_ : account_ + channel / users_per_account_;
}
std::int64_t Target::user_of(int channel) const {
    return first_user_ + (users_per_account_ == 0 ? channel : channel % users_per_account_);
}

std::string Target::user_channel(int channel) const {
    return channels_.sign(
        {.kind = Kind::user, .account = account_of(channel), .user = user_of(channel), .expires_at = expires_at_});
}

std::string Target::subscribe_request(int channel) const {
    const std::string account =
        channels_.sign({.kind = Kind::account, .account = account_of(channel), .expires_at = expires_at_});
    const std::string path = is_nchan_ ? "/sub/c" + std::to_string(channel)
                                       : "/push/ws?jsonRpc=true&CHANNEL_ID=" + user_channel(channel) + "/" + account;
    return "GET " + path +
           " HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
}

std::string Target::publish(int first_channel, int count, int sender, const std::string& text) const {
    std::string users;
    for (int i = 0; i < count; ++i)
        users += (i == 0 ? "" : ",") + std::to_string(user_of(first_channel + i));
    return http_request(
        "POST", "/push/publish?CHANNEL_ID=" + user_channel(sender),
        R"({"userList":[)" + users + R"(],"body":{"module_id":"b","command":"m","params":{"t":")" + text + "\"}}}");
}

std::string Target::publish_request(int channel, int sender, const std::string& text) const {
    if (is_nchan_) return http_request("POST", "/pub/c" + std::to_string(channel), text);
    return publish(channel, 1, sender, text);
}

std::vector<std::string> Target::broadcast_requests(int channels, const std::string& text) const {
    if (is_nchan_) return {http_request("POST", "/pub/all", text)};
    std::vector<std::string> out;
    for (int from = 0; from < channels; from += kReceiversMax)
        out.push_back(publish(from, std::min(kReceiversMax, channels - from), from, text));
    return out;
}

}  // namespace stoa::bench
