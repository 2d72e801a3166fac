#pragma once
// Torture: a seeded schedule of faults in all layers at once, under load; then all that was promised is looked for.
// Blocking; one at a time in a lab.

#include <cstdint>
#include <string>
#include <vector>

#include "app/probe/load.hpp"
#include "base/result.hpp"

namespace stoa::app::probe {

struct TortureOptions {
    std::uint64_t seed = 1;
    int minutes = 5;
    LoadOptions load{};
    bool print_blows = false;  ///< each, as it falls, on the standard error output
};

struct TortureReport {
    std::uint64_t seed = 0;
    int blows = 0;
    int put_off = 0;  ///< not done: their layer had not recovered from the one before
    int writers = 0;  ///< times that a database took writes: no two at one instant
    LoadReport load;
    std::vector<std::string> complaints;

    bool passed() const { return complaints.empty() && load.passed(); }
};
std::string to_json(const TortureReport& report);
std::string to_text(const TortureReport& report);

/// Errors: conflict when the lab is degraded before it begins; those of the load and the lab.
Result<TortureReport> run_torture(const std::string& dir, const TortureOptions& options);

}  // namespace stoa::app::probe
