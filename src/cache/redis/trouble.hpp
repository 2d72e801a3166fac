#pragma once
// Names for what a Redis server may have against us, and what the operator should do about it. Pure functions.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace stoa::cache::redis {

/// An answer that begins with '-' as an Error: unavailable, Error::field = kind ("wrong_password", "password_missing",
/// "loading", "read_only", "no_replicas", "out_of_memory", "cannot_save", "no_permission", "master_down", "refused"),
/// the message says what to do.
Error error_of(std::string_view reply);

/// True when another server may be the master now, or this one is not ready: look again before the next command.
bool asks_for_new_look(const Error& error);

}  // namespace stoa::cache::redis
