#pragma once
// The key under which a write's receipt is kept, so that a repeated request has one effect. Any thread.
//
// In this order: the client's Idempotency-Key, scoped to credential, user and method; the balancer's X-Request-Id,
// which stays the same when it retries on another node, but only from a trusted proxy; else a key of our own making,
// which still lets the store find out after a lost connection whether the commit happened. The portal's pages know no
// Idempotency-Key.

#include <string>
#include <string_view>

#include "api/identity.hpp"
#include "base/result.hpp"
#include "json/value.hpp"
#include "rest/request_head.hpp"

namespace stoa::rest {

/// 1–255 printable ASCII characters.
bool is_valid_idempotency_key(std::string_view key);

std::string idempotency_scope_key(const api::Identity& identity, std::string_view method, std::string_view key);

/// sha256 of method and parameters, in hex.
std::string request_digest(std::string_view method, const json::Value& parameters);

/// Unique for this process and all others: 16 random hex digits chosen at start, then a counter.
std::string make_request_id();

/// Whether an X-Request-Id can be taken over: 1–128 characters of [A-Za-z0-9._:-].
bool is_valid_request_id(std::string_view id);

struct RequestId {
    std::string text;
    bool taken_over = false;  ///< from a trusted proxy: another process may be asked the same under this id
};
/// `given` is the X-Request-Id that the peer sent.
RequestId choose_request_id(const TrustedProxies& proxies, std::string_view peer, std::string_view given);

/// Of a write that has no Idempotency-Key.
std::string receipt_key(std::string_view request_id);

}  // namespace stoa::rest
