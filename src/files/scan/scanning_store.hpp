#pragma once
// A store that keeps nothing before the virus scanner has called it harmless. Its own small pool: a slow scanner costs
// uploads only. What else a store does goes straight to the one behind it.
// Metrics: stoa_virus_scan_seconds, stoa_virus_scans_total{result}.

#include <memory>

#include "base/result.hpp"
#include "files/scan/clamd.hpp"
#include "files/store.hpp"

namespace stoa::files {

/// A put of something infected gives invalid_argument with the field "file"; without a verdict it gives what
/// Clamd::scan() says, unless accept_unscanned.
std::unique_ptr<Store> make_scanning_store(std::unique_ptr<Store> store, Clamd scanner, bool accept_unscanned);

}  // namespace stoa::files
