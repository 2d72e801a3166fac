#include "app/probe/drill.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "app/probe/address_watch.hpp"
#include "base/clock.hpp"

namespace stoa::app::probe {
namespace {

constexpr int kWellFirstMs = 20'000;
constexpr int kWarmUpMs = 2'000;
constexpr int kSettleMs = 1'000;
constexpr int kOverlapMsMax = 150;      ///< three samples: a handover is never so long
constexpr int kTwoOwnersMsMax = 2'000;  ///< on a busy machine neither
constexpr int kStuckMs = 45'000;        ///< longer than clients wait
constexpr int kLookAgainMs = 20;
constexpr std::int64_t kRequestsMin = 20;

void pause(int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

std::string number(double value) {
    return std::to_string(static_cast<std::int64_t>(value + 0.5));
}

std::string which_run(const DrillRun& run) {
    return "run " + std::to_string(run.number + 1) + ": ";
}

/// One breakage under load. Gives how long a request took at most meanwhile.
Result<double> run_once(const Drill& drill, DrillRun& run, Load& load, DrillReport& report) {
    (void)load.measures().take_slowest();
    const std::int64_t before = load.measures().requests();
    STOA_CHECK(break_once(drill, run, report));
    pause(kSettleMs);
    // Whoever waits since the fault counts for this run.
    const std::int64_t mended_us = system_clock().monotonic_us();
    for (int waited_ms = 0; waited_ms < kStuckMs; waited_ms += kLookAgainMs) {
        if (load.measures().oldest_us().value_or(mended_us) >= mended_us - kSettleMs * 1'000) break;
        pause(kLookAgainMs);
    }
    if (load.measures().requests() - before < kRequestsMin)
        report.complaints.push_back(which_run(run) + "there was hardly any traffic");
    const Measures::Slowest slowest = load.measures().take_slowest();
    if (drill.stall_ms_max > 0 && slowest.ms > drill.stall_ms_max) {
        report.too_slow.push_back(which_run(run) + slowest.what + " (" + slowest.request_id + ") took " +
                                  number(slowest.ms) + " ms, allowed are " + number(drill.stall_ms_max));
    }
    return slowest.ms;
}

}  // namespace

Status break_once(const Drill& drill, DrillRun& run, DrillReport& report) {
    const Status done = drill.run(run);
    for (const auto& [name, value] : run.extras)
        report.extras[name] = std::max(report.extras[name], value);
    for (const std::string& complaint : run.complaints)
        report.complaints.push_back(which_run(run) + complaint);
    for (const std::string& complaint : run.too_slow)
        report.too_slow.push_back(which_run(run) + complaint);
    STOA_CHECK(done);
    return run.ground.wait_until_well(drill.well_again_ms);
}

void judge(const Drill& drill, DrillReport& report) {
    const auto complain = [&](bool wrong, const std::string& what) {
        if (wrong) report.complaints.push_back(what);
    };
    const Summary& s = report.load.summary;
    complain(s.failed > 0, std::to_string(s.failed) + " requests failed");
    const Verdict& v = report.load.verdict;
    const std::string things = report.chat ? " messages" : " records";
    complain(v.lost > 0, std::to_string(v.lost) + things + " are lost");
    complain(v.doubled > 0, std::to_string(v.doubled) + things + " are there twice");
    complain(v.swapped > 0, std::to_string(v.swapped) + things + " are in another order");
    complain(s.logouts > 0, std::to_string(s.logouts) + " pages asked for a login");
    complain(!report.load.session, "no login link could be made, so nobody looked at pages");
    complain(drill.by_balancer_alone && s.client_retries > 0,
             "clients had to send " + std::to_string(s.client_retries) + " requests again");
}

const Drill* find_drill(std::string_view name) {
    const auto found =
        std::find_if(drills().begin(), drills().end(), [&](const Drill& drill) { return drill.name == name; });
    return found == drills().end() ? nullptr : &*found;
}

Result<DrillReport> run_drill(const Drill& drill, const std::string& dir, const DrillOptions& options) {
    STOA_TRY(const LabGround ground, LabGround::open(dir));
    if (!drill.topology.empty() && ground.topology() != drill.topology) {
        return Error{Errc::conflict, std::string(drill.name) + " needs a lab of the topology " +
                                         std::string(drill.topology) + "; this one is " + ground.topology() +
                                         ". See: stoa lab up --topology"};
    }
    (void)ground.wait_until_well(kWellFirstMs);  // the drill before may just have ended
    STOA_TRY(const std::string problem, ground.degraded());
    if (!problem.empty()) {
        return Error{Errc::conflict, "The lab is degraded already, so a drill would prove nothing. " + problem +
                                         ". See: stoa lab heal"};
    }
    STOA_TRY(const Target target, target_of_lab(dir));
    if (drill.traffic != Traffic::records) return run_chat_drill(drill, target, dir, options);
    LoadOptions load_options = options.load;
    load_options.caller.attempt_ms = drill.attempt_ms;
    STOA_TRY(const auto load, Load::start(target, load_options));
    std::unique_ptr<AddressWatch> watch;
    if (drill.one_owner) {
        STOA_TRY(watch, AddressWatch::start(target.network, ground.floating_address()));
    }
    pause(kWarmUpMs);

    DrillReport report;
    report.name = drill.name;
    report.judges_times = options.judge_times;
    std::vector<double> stalls;
    for (int i = 0; i < options.runs; ++i) {
        STOA_TRY(const LabGround now, LabGround::open(dir));  // hosts may have been replaced by the run before
        DrillRun run{.ground = now, .target = target, .number = i, .seconds = options.seconds};
        const auto stall_ms = run_once(drill, run, *load, report);
        if (!stall_ms) {
            report.complaints.push_back("run " + std::to_string(i + 1) + ": " + stall_ms.error().message);
            now.heal_all();
            break;
        }
        stalls.push_back(*stall_ms);
        ++report.runs;
    }
    if (watch) {
        const AddressWatch::Report seen = watch->stop();
        report.extras["address_samples"] = seen.samples;
        report.extras["address_unanswered"] = seen.unanswered;
        report.extras["address_handovers"] = seen.handovers;
        report.extras["two_owners_ms"] = seen.overlap_ms;
        if (seen.overlap_ms > kOverlapMsMax) {
            auto& complaints = seen.overlap_ms > kTwoOwnersMsMax ? report.complaints : report.too_slow;
            complaints.push_back("the floating address had two owners for " + std::to_string(seen.overlap_ms) + " ms");
        }
        if (seen.samples == 0) report.complaints.push_back("nobody watched the floating address");
    }
    STOA_TRY(report.load, load->finish());
    if (!stalls.empty()) {
        std::sort(stalls.begin(), stalls.end());
        report.stall_median_ms = stalls[stalls.size() / 2];
        report.stall_worst_ms = stalls.back();
    }
    judge(drill, report);
    return report;
}

}  // namespace stoa::app::probe
