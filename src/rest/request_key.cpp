#include "rest/request_key.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "base/utf8.hpp"
#include "json/writer.hpp"

namespace stoa::rest {
namespace {
constexpr std::size_t kRequestIdBytesMax = 128;
}

bool is_valid_idempotency_key(std::string_view key) {
    if (key.empty() || key.size() > limits::idempotency_key_bytes_max) return false;
    return std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::string idempotency_scope_key(const api::Identity& identity, std::string_view method, std::string_view key) {
    std::string scope;
    scope.reserve(64 + method.size() + key.size());
    scope.append(std::to_string(static_cast<int>(identity.through))).push_back('\n');
    scope.append(std::to_string(identity.credential_id)).push_back('\n');
    scope.append(std::to_string(identity.actor.user)).push_back('\n');
    scope.append(to_lower_ascii(method)).push_back('\n');
    scope.append(key);
    return "key:" + sha256_hex(scope);
}

std::string request_digest(std::string_view method, const json::Value& parameters) {
    std::string text = to_lower_ascii(method);
    text.push_back('\n');
    json::Writer(text).value(parameters);
    return sha256_hex(text);
}

std::string make_request_id() {
    static const std::string prefix = to_hex(random_bytes(8)) + "-";
    static std::atomic<std::uint64_t> counter{0};
    char buffer[20];
    const auto end =
        std::to_chars(buffer, buffer + sizeof(buffer), counter.fetch_add(1, std::memory_order_relaxed), 16).ptr;
    std::string id;
    id.reserve(prefix.size() + sizeof(buffer));
    return id.append(prefix).append(buffer, end);
}

bool is_valid_request_id(std::string_view id) {
    if (id.empty() || id.size() > kRequestIdBytesMax) return false;
    return std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == ':' || c == '-';
    });
}

RequestId choose_request_id(const TrustedProxies& proxies, std::string_view peer, std::string_view given) {
    const bool taken_over = !proxies.empty() && is_valid_request_id(given) && proxies.contains(peer);
    return {taken_over ? std::string(given) : make_request_id(), taken_over};
}

std::string receipt_key(std::string_view request_id) {
    return "req:" + std::string(request_id);
}

}  // namespace stoa::rest
