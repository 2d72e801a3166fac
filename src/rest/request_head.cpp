#include "rest/request_head.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

#include "base/utf8.hpp"

namespace stoa::rest {
namespace {

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

bool same_bits(const std::uint8_t* a, const std::uint8_t* b, int bits) {
    const int bytes = bits / 8;
    if (std::memcmp(a, b, static_cast<std::size_t>(bytes)) != 0) return false;
    if (bits % 8 == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xFF << (8 - bits % 8));
    return (a[bytes] & mask) == (b[bytes] & mask);
}

}  // namespace

RequestHead RequestHead::pick(const std::vector<net::Header>& headers) {
    RequestHead head;
    const auto take = [](const net::Header& field, std::string_view name, std::string_view& out) {
        if (out.data() == nullptr && equals_any_case(field.name, name)) out = field.value;
    };
    for (const net::Header& field : headers) {
        switch (field.name.size()) {  // most names of other fields end here, unread
            case 6:
                take(field, "cookie", head.cookie);
                take(field, "origin", head.origin);
                break;
            case 11:
                take(field, "x-stoa-csrf", head.csrf);
                break;
            case 12:
                take(field, "content-type", head.content_type);
                take(field, "x-request-id", head.request_id);
                break;
            case 13:
                take(field, "authorization", head.authorization);
                break;
            case 15:
                take(field, "idempotency-key", head.idempotency_key);
                take(field, "x-forwarded-for", head.forwarded_for);
                break;
            default:
                break;
        }
    }
    head.has_idempotency_key = head.idempotency_key.data() != nullptr;
    return head;
}

std::string_view RequestHead::bearer() const {
    constexpr std::string_view kScheme = "bearer ";
    if (authorization.size() <= kScheme.size()) return {};
    if (!equals_any_case(authorization.substr(0, kScheme.size()), kScheme)) return {};
    return trim(authorization.substr(kScheme.size()));
}

std::string_view RequestHead::cookie_value(std::string_view name) const {
    std::string_view rest = cookie;
    while (!rest.empty()) {
        const auto end = rest.find(';');
        const std::string_view pair = trim(rest.substr(0, end));
        rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
        const auto equals = pair.find('=');
        if (equals != pair.npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
    }
    return {};
}

bool TrustedProxies::parse_address(std::string_view text, Address& out, bool& is_v4) {
    char buffer[INET6_ADDRSTRLEN + 1];
    if (text.empty() || text.size() >= sizeof(buffer)) return false;
    text.copy(buffer, text.size());
    buffer[text.size()] = '\0';
    out = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0};
    is_v4 = ::inet_pton(AF_INET, buffer, out.data() + 12) == 1;
    return is_v4 || ::inet_pton(AF_INET6, buffer, out.data()) == 1;
}

Result<TrustedProxies> TrustedProxies::parse(const std::vector<std::string>& blocks) {
    TrustedProxies proxies;
    for (const std::string& text : blocks) {
        const std::string_view whole = text;
        const auto slash = whole.find('/');
        Block block{};
        bool is_v4 = false;
        if (!parse_address(whole.substr(0, slash), block.address, is_v4)) {
            return invalid("'" + text + "' is no address block, e.g. 10.0.0.0/8.", "trusted_proxies");
        }
        int bits = is_v4 ? 32 : 128;
        if (slash != whole.npos) {
            const std::string_view number = whole.substr(slash + 1);
            int given = -1;
            const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), given);
            if (error != std::errc() || end != number.data() + number.size() || given < 0 || given > bits) {
                return invalid("'" + text + "' has a wrong prefix length.", "trusted_proxies");
            }
            bits = given;
        }
        block.bits = is_v4 ? bits + 96 : bits;
        proxies.blocks_.push_back(block);
    }
    return proxies;
}

bool TrustedProxies::contains(std::string_view address) const {
    if (blocks_.empty()) return false;
    Address bytes;
    bool is_v4 = false;
    if (!parse_address(address, bytes, is_v4)) return false;
    for (const Block& block : blocks_) {
        if (same_bits(bytes.data(), block.address.data(), block.bits)) return true;
    }
    return false;
}

std::string_view TrustedProxies::client_of(std::string_view peer, std::string_view forwarded_for) const {
    if (blocks_.empty() || forwarded_for.empty() || !contains(peer)) return peer;
    std::string_view client = peer;
    while (!forwarded_for.empty()) {
        const auto comma = forwarded_for.rfind(',');
        const std::string_view hop =
            trim(comma == forwarded_for.npos ? forwarded_for : forwarded_for.substr(comma + 1));
        forwarded_for = comma == forwarded_for.npos ? std::string_view() : forwarded_for.substr(0, comma);
        Address bytes;
        bool is_v4 = false;
        if (!parse_address(hop, bytes, is_v4)) break;  // not an address: what is left of it cannot be believed
        client = hop;
        if (!contains(hop)) break;
    }
    return client;
}

}  // namespace stoa::rest
