#pragma once
// LoadReport: what a load did and what came out of it. Plain data; pure functions.

#include <cstdint>
#include <string>

#include "app/probe/measures.hpp"
#include "app/probe/verdict.hpp"

namespace stoa::app::probe {

struct LoadReport {
    Summary summary;
    Verdict verdict;
    std::size_t records = 0;     ///< whose creation was acknowledged
    std::size_t increments = 0;  ///< acknowledged, of `counters`
    std::size_t counters = 0;
    std::size_t transfers = 0;  ///< acknowledged, in `pairs`
    std::size_t pairs = 0;
    bool session = false;  ///< a browser took part
    bool counted = true;   ///< false: the webhook may not use tasks, so there were no counters
    double seconds = 0;

    bool passed() const { return summary.failed == 0 && verdict.clean() && summary.logouts == 0; }
};
std::string to_json(const LoadReport& report);
std::string to_text(const LoadReport& report);

}  // namespace stoa::app::probe
