#pragma once
// Who took writes when, from the timelines that the members of the lab's databases keep: two at one instant would be
// the worst fault of all. Any thread; reads files.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "app/probe/lab_ground.hpp"

namespace stoa::app::probe {

/// By host: when everything on it was killed, in µs of the steady clock. Nobody could write an end into its timeline.
using HostDeaths = std::map<std::string, std::vector<std::int64_t>>;

/// What is wrong, for people; empty: never two at once. `checked` is the number of times that somebody took writes.
/// Looks at `since_us` and later, and at who took writes then: of what was before, hosts may have died that nobody told
/// of. Errors: a timeline cannot be read.
Result<std::string> two_writers(const LabGround& ground, std::int64_t since_us, const HostDeaths& deaths, int& checked);

}  // namespace stoa::app::probe
