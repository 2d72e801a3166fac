#pragma once
// What all TLS connections of a server share: certificate, protocol versions, ALPN. Made once at start, then read-only.

#include <memory>
#include <string>

#include "base/result.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace stoa::net {

struct TlsDeleter {
    void operator()(ssl_ctx_st* context) const;
    void operator()(ssl_st* session) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, TlsDeleter>;
using TlsSession = std::unique_ptr<ssl_st, TlsDeleter>;

/// TLS 1.2 and 1.3, http/1.1. Errors: invalid_argument when the PEM texts do not hold a certificate and its key.
Result<TlsContext> make_server_context(const std::string& certificate_pem, const std::string& private_key_pem);

/// A server session on a connected socket. Null when out of memory.
TlsSession make_server_session(ssl_ctx_st& context, int fd);

}  // namespace stoa::net
