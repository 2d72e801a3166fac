#pragma once
// Addresses of an application's handlers. Pure functions, any thread. Whether the target may be connected to is decided
// by net::fetch when it is called.

#include <optional>
#include <string>
#include <string_view>

namespace stoa::rest {

inline constexpr std::size_t target_url_bytes_max = 2'000;

/// "host[:port]" in lower case of an http or https URL; nullopt when it is none, or names a user, or is too long.
std::optional<std::string> target_host(std::string_view url);

}  // namespace stoa::rest
