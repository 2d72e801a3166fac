#pragma once
// The header fields the REST wire looks at, picked in one pass, and who really sent the request.
// Views point into the net::Request. Immutable after construction, any thread.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "net/server.hpp"

namespace stoa::rest {

struct RequestHead {
    std::string_view authorization, content_type, cookie, csrf, forwarded_for, origin, request_id;
    std::string_view idempotency_key;
    bool has_idempotency_key = false;

    /// The first field of a name counts; later ones are ignored.
    static RequestHead pick(const std::vector<net::Header>& headers);
    /// The token of `Authorization: Bearer …`; empty when there is none.
    std::string_view bearer() const;
    /// The cookie's value; empty when absent.
    std::string_view cookie_value(std::string_view name) const;
};

/// Address blocks whose X-Request-Id and X-Forwarded-For are believed.
class TrustedProxies {
  public:
    /// "10.0.0.0/8", "fd00::/8", or a lone address. Errors: invalid_argument with the block at fault.
    static Result<TrustedProxies> parse(const std::vector<std::string>& blocks);

    bool empty() const { return blocks_.empty(); }
    bool contains(std::string_view address) const;
    /// The client's address: the peer, or behind trusted proxies the last address that is none of them.
    std::string_view client_of(std::string_view peer, std::string_view forwarded_for) const;

  private:
    using Address = std::array<std::uint8_t, 16>;  ///< IPv4 as ::ffff:a.b.c.d
    struct Block {
        Address address;
        int bits;
    };
    static bool parse_address(std::string_view text, Address& out, bool& is_v4);

    std::vector<Block> blocks_;
};

}  // namespace stoa::rest
