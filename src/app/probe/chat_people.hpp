#pragma once
// People for a chat: users of the probe's own, invited by an administrator and logged in with a password each, as in a
// browser. Blocking; on a thread in the target's network.

#include <string>
#include <vector>

#include "app/probe/login.hpp"

namespace stoa::app::probe {

/// The same people each time; `admin_link` logs an administrator in. Errors: unauthorized (the link was used already,
/// somebody has another password), unavailable (the portal does not do it), those of fetch().
Result<std::vector<Person>> chat_people(const Target& target, const std::string& admin_link, int count);

}  // namespace stoa::app::probe
