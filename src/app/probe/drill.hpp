#pragma once
// Drills: something of the lab is broken on purpose while the load runs, and what must hold is measured. A drill is a
// row of a table (drill_table.cpp): who, what, for how long, how it is mended, and which limits.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/probe/chat_load.hpp"
#include "app/probe/lab_ground.hpp"
#include "app/probe/load.hpp"

namespace stoa::app::probe {

/// What a drill does with the lab, one run after the other. The number of the run chooses the victim.
struct DrillRun {
    const LabGround& ground;
    const Target& target;
    int number = 0;
    int seconds = 0;  ///< of a fault that lasts
    std::string victim{};
    std::int64_t broken_us = 0;              ///< when it was about to be broken, by the monotonic clock; 0: not told
    std::map<std::string, double> extras{};  ///< of this run; the report holds the largest
    std::vector<std::string> complaints{};   ///< what did not hold; empty when all did
    std::vector<std::string> too_slow{};     ///< what held, but took longer than it may
};

/// What goes on while it is broken.
enum class Traffic : std::uint8_t {
    records,     ///< clients that write and read records, and a browser (load.hpp)
    chat,        ///< pairs of people who write to each other, connected to the push server (chat_load.hpp)
    chat_cross,  ///< the same, each of a pair at another web host, past the balancers
};

struct Drill {
    std::string_view name;
    std::string_view topology;  ///< which labs it is for; empty: all with engines
    std::string_view about;     ///< one line for people
    /// Breaks something, waits, and mends it again. Errors: the lab does not do what it should.
    Status (*run)(DrillRun& run);
    double stall_ms_max;         ///< of one request with its retries; 0: is only reported
    bool by_balancer_alone;      ///< clients must not have had to send anything again
    bool one_owner;              ///< the floating address never has two owners
    int attempt_ms = 20'000;     ///< after so long without an answer a client sends again, with the same key
    int well_again_ms = 60'000;  ///< until everything is well again, besides what extras say
    Traffic traffic = Traffic::records;
    double resumed_ms_max = 0;  ///< of a chat: from the fault until everybody is connected and lacks nothing; 0: none
};

const std::vector<Drill>& drills();
const Drill* find_drill(std::string_view name);

struct DrillReport {
    std::string name;
    int runs = 0;
    LoadReport load;
    std::optional<ChatReport> chat;  ///< of a chat, whose requests and verdict stand in `load`, too
    double stall_median_ms = 0, stall_worst_ms = 0;
    std::map<std::string, double> extras;
    std::vector<std::string> complaints;
    std::vector<std::string> too_slow;
    bool judges_times = true;

    bool passed() const { return complaints.empty() && (!judges_times || too_slow.empty()); }
};
std::string to_json(const DrillReport& report);
std::string to_text(const DrillReport& report);

struct DrillOptions {
    int runs = 1;
    int seconds = 30;  ///< of a fault that lasts
    LoadOptions load{};
    ChatOptions chat{};
    /// Without it what took too long is said, but does not fail the drill: for machines that do other work, too.
    bool judge_times = true;
};
/// Errors: conflict when the lab is degraded before the drill begins, or has another topology; those of the load and
/// the lab.
Result<DrillReport> run_drill(const Drill& drill, const std::string& dir, const DrillOptions& options);
/// Its part for a chat, on a lab that is well.
Result<DrillReport> run_chat_drill(const Drill& drill, const Target& target, const std::string& dir,
                                   const DrillOptions& options);
/// Breaks something once, waits until everything is well again, and notes what the drill says. Errors: the lab does not
/// do what it should.
Status break_once(const Drill& drill, DrillRun& run, DrillReport& report);
/// Complains of what every drill forbids.
void judge(const Drill& drill, DrillReport& report);

}  // namespace stoa::app::probe
