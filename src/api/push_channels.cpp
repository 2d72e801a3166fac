#include "api/push_channels.hpp"

#include <charconv>
#include <vector>

#include "base/crypto.hpp"

namespace stoa::api {
namespace {

constexpr std::size_t kSignatureBytes = 16;
constexpr std::size_t kAppDigits = 16;
constexpr std::size_t kNameBytesMax = 200;
constexpr std::string_view kKinds = "usoxy";

template <class Number>
bool read_number(std::string_view text, Number& out) {
    const auto end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, out);
    return parsed.ec == std::errc{} && parsed.ptr == end && out >= 0;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> out;
    while (true) {
        const auto found = text.find(at);
        out.push_back(text.substr(0, found));
        if (found == std::string_view::npos) return out;
        text.remove_prefix(found + 1);
    }
}

Error forged() {
    return Error{Errc::forbidden, "This is no channel of this portal."};
}

}  // namespace

std::string PushChannel::app_of(std::string_view client_id) {
    return sha256_hex(client_id).substr(0, kAppDigits);
}

std::string PushChannels::signature_of(std::string_view text) const {
    return base64url_encode(hmac_sha256(key_, "push channel " + std::string(text)).substr(0, kSignatureBytes));
}

std::string PushChannels::sign(const PushChannel& channel) const {
    std::string text(1, static_cast<char>(channel.kind));
    text +=
        std::to_string(channel.account) + "-" + std::to_string(channel.user) + "-" + std::to_string(channel.expires_at);
    if (!channel.app.empty()) text += "-" + channel.app;
    return text + "." + signature_of(text);
}

Result<PushChannel> PushChannels::open(std::string_view name, UnixSeconds now) const {
    if (name.size() > kNameBytesMax) return forged();
    auto channel = checked_->get(name);
    if (!channel) {
        STOA_TRY(PushChannel found, check(name));
        channel = std::make_shared<const PushChannel>(std::move(found));
        checked_->put(name, channel);
    }
    if (channel->expires_at <= now) return Error{Errc::conflict, "This channel's time is over: get a new one."};
    return *channel;
}

Result<PushChannel> PushChannels::check(std::string_view name) const {
    const auto dot = name.find('.');
    if (dot == std::string_view::npos || dot == 0) return forged();
    const std::string_view text = name.substr(0, dot);
    if (!equal_constant_time(name.substr(dot + 1), signature_of(text))) return forged();
    PushChannel channel;
    const auto parts = split(text.substr(1), '-');
    if (kKinds.find(text.front()) == std::string_view::npos || parts.size() < 3 || parts.size() > 4) return forged();
    channel.kind = static_cast<PushChannel::Kind>(text.front());
    if (!read_number(parts[0], channel.account) || !read_number(parts[1], channel.user) ||
        !read_number(parts[2], channel.expires_at)) {
        return forged();
    }
    if (parts.size() == 4) channel.app = parts[3];
    return channel;
}

}  // namespace stoa::api
