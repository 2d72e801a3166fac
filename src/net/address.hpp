#pragma once
// Which addresses belong to the public internet. Pure, any thread.

#include <string_view>

struct sockaddr;

namespace stoa::net {

/// False for loopback, private, link-local, shared (CGNAT), multicast, reserved and documentation ranges, also when
/// wrapped into IPv6 (mapped, NAT64, 6to4). RFC 6890. False for anything that is not IPv4 or IPv6.
bool is_public_address(const sockaddr& address);
bool is_public_address(std::string_view literal);

}  // namespace stoa::net
