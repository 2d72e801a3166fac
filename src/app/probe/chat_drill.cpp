// Drills under which people chat: connections to the push server break or lose their stream, and what must hold is that
// every message is heard once by both, in order, and soon.

#include <chrono>
#include <thread>

#include "app/probe/drill.hpp"
#include "base/clock.hpp"

namespace stoa::app::probe {
namespace {

constexpr int kWarmUpMs = 3'000;
constexpr int kCalmMs = 45'000;   ///< after so long they stay as they are
constexpr int kSettleMs = 5'500;  ///< longer than what counts as calm
constexpr int kGoesOnMs = 2'000;  ///< in so long a time somebody's message must have been acknowledged
constexpr int kMessagesMin = 20;  ///< acknowledged in one run

void pause(int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}

/// By the balancers; or each of a pair at another web host, which only the switch between the networks reaches.
Result<ChatOptions> ways(const Drill& drill, const LabGround& ground, const Target& target, ChatOptions options) {
    options.caller.attempt_ms = drill.attempt_ms;
    if (drill.traffic != Traffic::chat_cross) return options;
    STOA_TRY(const std::vector<std::string> addresses, ground.web_addresses());
    if (addresses.size() < 2) return Error{Errc::conflict, "This needs two web hosts. See: stoa lab up --web"};
    for (const std::string& address : addresses) {
        Target& way = options.ways.emplace_back(target);
        way.url = address;
        way.network = ground.info().switch_space;
    }
    return options;
}

void judge_chat(const Drill& drill, DrillReport& report) {
    for (const std::string& problem : report.chat->problems)
        report.complaints.push_back("the push server: " + problem);
    int number = 0;
    for (const ChatStretch& stretch : report.chat->stretches) {
        const std::string which = "run " + std::to_string(++number) + ": ";
        const int took_ms = static_cast<int>(stretch.resumed_ms);
        if (drill.resumed_ms_max > 0 && stretch.resumed_ms > drill.resumed_ms_max) {
            report.too_slow.push_back(which + "everybody has everything again only after " + std::to_string(took_ms) +
                                      " ms, allowed are " + std::to_string(static_cast<int>(drill.resumed_ms_max)));
        }
        if (took_ms > kGoesOnMs && stretch.acknowledged_meanwhile == 0)
            report.complaints.push_back(which + "nothing was acknowledged meanwhile");
    }
}

}  // namespace

Result<DrillReport> run_chat_drill(const Drill& drill, const Target& target, const std::string& dir,
                                   const DrillOptions& options) {
    STOA_TRY(const LabGround ground, LabGround::open(dir));
    STOA_TRY(const ChatOptions chat_options, ways(drill, ground, target, options.chat));
    STOA_TRY(const auto chat, ChatLoad::start(target, make_admin_link(dir), chat_options));
    pause(kWarmUpMs);

    DrillReport report;
    report.name = drill.name;
    report.judges_times = options.judge_times;
    std::vector<Span> stretches;
    for (int i = 0; i < options.runs; ++i) {
        STOA_TRY(const LabGround now, LabGround::open(dir));  // hosts may have been replaced by the run before
        DrillRun run{.ground = now, .target = target, .number = i, .seconds = options.seconds};
        const std::string which = "run " + std::to_string(i + 1) + ": ";
        const std::int64_t before = chat->measures().requests();
        const Status done = break_once(drill, run, report);
        if (!done) {
            report.complaints.push_back(which + done.error().message);
            now.heal_all();
            break;
        }
        if (!chat->wait_until_calm(kCalmMs))
            report.complaints.push_back(which + std::to_string(chat->behind()) + " people are still behind");
        pause(kSettleMs);
        if (chat->measures().requests() - before < kMessagesMin)
            report.complaints.push_back(which + "there was hardly any traffic");
        stretches.push_back({run.broken_us, system_clock().monotonic_us()});
        ++report.runs;
    }
    STOA_TRY(report.chat, chat->finish(stretches));
    report.load.summary = report.chat->summary;
    report.load.verdict = report.chat->verdict;
    report.load.session = true;
    judge(drill, report);
    judge_chat(drill, report);
    return report;
}

}  // namespace stoa::app::probe
