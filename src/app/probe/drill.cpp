#include "app/probe/drill.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "app/probe/address_watch.hpp"
#include "base/clock.hpp"
#include "json/writer.hpp"

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

/// One breakage under load. Gives how long a request took at most meanwhile.
Result<double> run_once(const Drill& drill, DrillRun& run, Load& load, DrillReport& report) {
    (void)load.measures().take_slowest();
    const std::int64_t before = load.measures().requests();
    const Status done = drill.run(run);
    for (const auto& [name, value] : run.extras)
        report.extras[name] = std::max(report.extras[name], value);
    const std::string which = "run " + std::to_string(run.number + 1) + ": ";
    for (const std::string& complaint : run.complaints)
        report.complaints.push_back(which + complaint);
    for (const std::string& complaint : run.too_slow)
        report.too_slow.push_back(which + complaint);
    STOA_CHECK(done);
    STOA_CHECK(run.ground.wait_until_well(drill.well_again_ms));
    pause(kSettleMs);
    // Whoever waits since the fault counts for this run.
    const std::int64_t mended_us = system_clock().monotonic_us();
    for (int waited_ms = 0; waited_ms < kStuckMs; waited_ms += kLookAgainMs) {
        if (load.measures().oldest_us().value_or(mended_us) >= mended_us - kSettleMs * 1'000) break;
        pause(kLookAgainMs);
    }
    if (load.measures().requests() - before < kRequestsMin)
        report.complaints.push_back("run " + std::to_string(run.number + 1) + ": there was hardly any traffic");
    const Measures::Slowest slowest = load.measures().take_slowest();
    if (drill.stall_ms_max > 0 && slowest.ms > drill.stall_ms_max) {
        report.too_slow.push_back(which + slowest.what + " (" + slowest.request_id + ") took " + number(slowest.ms) +
                                  " ms, allowed are " + number(drill.stall_ms_max));
    }
    return slowest.ms;
}

void judge(const Drill& drill, DrillReport& report) {
    const auto complain = [&](bool wrong, const std::string& what) {
        if (wrong) report.complaints.push_back(what);
    };
    const Summary& s = report.load.summary;
    complain(s.failed > 0, std::to_string(s.failed) + " requests failed");
    complain(report.load.verdict.lost > 0, std::to_string(report.load.verdict.lost) + " records are lost");
    complain(report.load.verdict.doubled > 0, std::to_string(report.load.verdict.doubled) + " records are there twice");
    complain(s.logouts > 0, std::to_string(s.logouts) + " pages asked for a login");
    complain(!report.load.session, "no login link could be made, so nobody looked at pages");
    complain(drill.by_balancer_alone && s.client_retries > 0,
             "clients had to send " + std::to_string(s.client_retries) + " requests again");
}

}  // namespace

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

std::string to_json(const DrillReport& report) {
    const Summary& s = report.load.summary;
    std::string text;
    json::Writer out(text);
    out.begin_object().field("drill", report.name).field("runs", report.runs);
    out.field("requests", s.requests).field("failed", s.failed).field("lost", report.load.verdict.lost);
    out.field("doubled", report.load.verdict.doubled).field("logouts", s.logouts);
    out.key("stall_ms").begin_object();
    out.field("median", report.stall_median_ms).field("worst", report.stall_worst_ms).end_object();
    out.field("client_retries", s.client_retries).field("p50_ms", s.p50_ms).field("p99_ms", s.p99_ms);
    for (const auto& [name, value] : report.extras)
        out.field(name, value);
    out.field("passed", report.passed());
    out.key("complaints").begin_array();
    for (const std::string& complaint : report.complaints)
        out.text(complaint);
    out.end_array();
    out.key("too_slow").begin_array();
    for (const std::string& complaint : report.too_slow)
        out.text(complaint);
    out.end_array();
    out.key("errors").begin_array();
    for (const Fault& fault : s.faults) {
        out.begin_object().field("what", fault.what).field("status", fault.status);
        out.field("request_id", fault.request_id).field("why", fault.why).field("after_s", fault.after_s).end_object();
    }
    for (const std::string& detail : report.load.verdict.details)
        out.begin_object().field("what", "stored").field("why", detail).end_object();
    out.end_array().end_object();
    return text;
}

std::string to_text(const DrillReport& report) {
    std::string text = report.name + ": " + (report.passed() ? "passed" : "FAILED") + ", " +
                       std::to_string(report.runs) + " runs, longest wait " + number(report.stall_median_ms) +
                       " ms (median), " + number(report.stall_worst_ms) + " ms (worst)\n  " + to_text(report.load);
    for (const auto& [name, value] : report.extras)
        text += "\n  " + name + ": " + number(value);
    for (const std::string& complaint : report.complaints)
        text += "\n  ! " + complaint;
    for (const std::string& complaint : report.too_slow)
        text += (report.judges_times ? "\n  ! " : "\n  slow: ") + complaint;
    return text;
}

}  // namespace stoa::app::probe
