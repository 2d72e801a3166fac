#pragma once
// Names of engines → addresses, within a deadline. Any thread that may block.

#include <vector>

#include "base/engine_url.hpp"
#include "base/result.hpp"
#include "cache/wire/socket.hpp"

namespace stoa::cache {

/// IP literals and paths cost nothing. A name is looked up on a thread of its own, because the system's resolver knows
/// no deadline; one that hangs is left behind and ends by itself. Errors: unavailable (unknown name), timeout, busy
/// (too many look-ups hang already).
Result<std::vector<Address>> resolve(const EngineUrl::Host& host, std::uint16_t default_port, Deadline deadline);

}  // namespace stoa::cache
