#pragma once
// ChatReport: what came out of a chat under faults. Plain data; pure functions.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/probe/chat_history.hpp"
#include "app/probe/measures.hpp"
#include "app/probe/verdict.hpp"

namespace stoa::app::probe {

/// Of one run: from the fault to the next one.
struct ChatStretch {
    double resumed_ms = 0;                  ///< from the fault until nobody lacked anything for five seconds
    double back_ms = 0;                     ///< the same of connections and readings alone: no message counts as late
    double silence_ms = 0;                  ///< longest time without any acknowledgement until then
    double way_p50_ms = 0, way_p99_ms = 0;  ///< from sending to the other one's hearing
    int under_way = 0;                      ///< messages sent before the fault and acknowledged after it
    int acknowledged_meanwhile = 0;         ///< between the fault and the end of its effects
    int losses = 0;                         ///< connections that broke
    int reloads = 0;                        ///< times that somebody was told that something is missing
};

struct ChatReport {
    Summary summary;  ///< of all requests
    Verdict verdict;
    int people = 0;
    std::size_t messages = 0;  ///< acknowledged
    std::size_t heard = 0;     ///< by anybody, repeats and all
    double seconds = 0;
    std::vector<ChatStretch> stretches;  ///< one for each run
    std::vector<std::string> problems;   ///< what the server may not do; the first few
};

/// Median and worst of the runs.
struct Spread {
    double median = 0, worst = 0;
};
/// By name, as reports have them: resumed_ms, back_ms, silence_ms, way_p50_ms, way_p99_ms, under_way,
/// acknowledged_meanwhile, losses, reloads. The worst is the largest; of under_way and acknowledged_meanwhile the
/// smallest.
std::vector<std::pair<std::string_view, Spread>> spreads_of(const ChatReport& report);
std::string to_text(const ChatReport& report);

/// What one person did and heard, besides the dialog itself.
struct ChatEar {
    std::vector<Span> away;
    std::vector<std::int64_t> reloads, losses;
};
ChatStretch measure(const Span& stretch, const std::vector<ChatHistory>& histories, const std::vector<ChatEar>& ears);

}  // namespace stoa::app::probe
