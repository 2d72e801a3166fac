#include "app/probe/torture.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <thread>

#include "app/probe/lab_ground.hpp"
#include "app/probe/schedule.hpp"
#include "app/probe/writers.hpp"
#include "base/clock.hpp"
#include "json/writer.hpp"

namespace stoa::app::probe {
namespace {

using cluster::lab::Fault;

constexpr int kWellFirstMs = 30'000;
constexpr int kWellAgainMs = 120'000;
constexpr int kTickMs = 20;
/// A client whose balancer was cut off or froze cannot know; it asks again, with the same key.
constexpr int kAttemptMs = 3'000;

std::int64_t now_ms() {
    return system_clock().monotonic_us() / 1'000;
}

const char* engine_of(const std::string& layer) {
    if (layer == "web") return "web";
    if (layer == "lb") return "haproxy";
    if (layer == "db") return "mariadb";
    if (layer == "redis") return "redis";
    return layer == "etcd" ? "etcd" : "files";
}

/// What is broken now, and how to mend it.
class Battle {
  public:
    Battle(LabGround& ground, const TortureOptions& options) : ground_(ground), options_(options) {}

    void strike(const Blow& blow, TortureReport& report) {
        if (broken_.contains(blow.layer) || !is_well(blow.layer)) {
            ++report.put_off;
            return;
        }
        const std::vector<std::string> hosts = ground_.hosts(blow.layer);
        if (hosts.empty()) return;
        std::string host = hosts[static_cast<std::size_t>(blow.victim) % hosts.size()];
        if (blow.leader) host = leader_of(blow.layer).value_or(host);
        const Status done = harm(blow, host);
        tell(blow, host, done);
        if (!done) {
            ++report.put_off;
            return;
        }
        ++report.blows;
        if (blow.harm == Harm::kill_host) deaths_[host].push_back(system_clock().monotonic_us());
        if (blow.harm != Harm::switch_primary) broken_[blow.layer] = {host, now_ms() + blow.for_ms};
    }

    const HostDeaths& deaths() const { return deaths_; }

    /// What has been broken for long enough.
    void mend(bool all = false) {
        for (auto it = broken_.begin(); it != broken_.end();) {
            if (!all && now_ms() < it->second.until_ms) {
                ++it;
                continue;
            }
            const Status mended = ground_.heal(it->second.host);
            // A web host that was away so long may have been replaced.
            if (!mended && mended.error().code != Errc::not_found) {
                it->second.until_ms = now_ms() + 1'000;
                ++it;
                continue;
            }
            it = broken_.erase(it);
        }
    }

  private:
    struct Broken {
        std::string host;
        std::int64_t until_ms = 0;
    };

    bool is_well(const std::string& layer) const {
        const auto problem = ground_.degraded(layer);
        return problem && problem->empty();
    }

    std::optional<std::string> leader_of(const std::string& layer) const {
        if (layer == "lb") {
            const auto owner = ground_.address_owner();
            if (owner) return *owner;
        } else if (layer == "db") {
            const auto leader = ground_.database_leader();
            if (leader) return *leader;
        } else if (layer == "redis") {
            for (const std::string& host : ground_.hosts(layer)) {
                if (ground_.redis_leads(host)) return host;
            }
        }
        return std::nullopt;
    }

    Status harm(const Blow& blow, const std::string& host) const {
        const std::string service = host + "/" + engine_of(blow.layer);
        switch (blow.harm) {
            case Harm::kill_service:
                return ground_.kill(service, Fault::kill);
            case Harm::stop_service:
                return ground_.kill(service, Fault::stop);
            case Harm::kill_agent:
                return ground_.kill_agent(host);
            case Harm::kill_host:
                return ground_.kill(host, Fault::kill);
            case Harm::cut_host:
                return ground_.kill(host, Fault::net);
            case Harm::deafen_host:
                return ground_.kill(host, Fault::deaf);
            case Harm::mute_host:
                return ground_.kill(host, Fault::mute);
            case Harm::slow_link:
                return ground_.kill(host, Fault::net_slow);
            case Harm::fill_disk:
                return ground_.kill(host, Fault::disk_full);
            case Harm::stall_disk:
                return ground_.kill(host, Fault::disk_stall);
            case Harm::slow_disk:
                return ground_.kill(host, Fault::disk_slow);
            case Harm::clock_ahead:
                return ground_.kill(host, Fault::clock_ahead);
            case Harm::clock_behind:
                return ground_.kill(host, Fault::clock_behind);
            case Harm::switch_primary:
                return ground_.switch_database();
        }
        return {};
    }

    void tell(const Blow& blow, const std::string& host, const Status& done) const {
        if (!options_.print_blows) return;
        std::fprintf(stderr, "%7.1f s  %s %s, %d ms%s%s\n", blow.at_ms / 1e3, std::string(to_string(blow.harm)).c_str(),
                     host.c_str(), blow.for_ms, done ? "" : ": ", done ? "" : done.error().message.c_str());
    }

    LabGround& ground_;
    const TortureOptions& options_;
    std::map<std::string, Broken> broken_;  ///< by layer
    HostDeaths deaths_;
};

}  // namespace

Result<TortureReport> run_torture(const std::string& dir, const TortureOptions& options) {
    STOA_TRY(LabGround ground, LabGround::open(dir));
    (void)ground.wait_until_well(kWellFirstMs);
    STOA_TRY(const std::string problem, ground.degraded());
    if (!problem.empty()) {
        return Error{Errc::conflict,
                     "The lab is degraded already: " + problem + ". See: stoa lab status, stoa lab heal"};
    }
    if (!ground.has_clocks()) return Error{Errc::conflict, "Clocks are set wrong, too: stoa lab up --clocks"};
    STOA_TRY(const Target target, target_of_lab(dir));
    LoadOptions load_options = options.load;
    load_options.caller.attempt_ms = kAttemptMs;
    STOA_TRY(const auto load, Load::start(target, load_options));

    TortureReport report;
    report.seed = options.seed;
    const int length_ms = options.minutes * 60'000;
    const std::vector<Blow> schedule = make_schedule(options.seed, length_ms);
    Battle battle(ground, options);
    const std::int64_t begin_ms = now_ms();
    auto next = schedule.begin();
    while (now_ms() - begin_ms < length_ms) {
        battle.mend();
        if (next != schedule.end() && now_ms() - begin_ms >= next->at_ms) {
            auto today = LabGround::open(dir);  // hosts come and go
            if (today) ground = std::move(*today);
            battle.strike(*next++, report);
            continue;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(kTickMs));
    }
    battle.mend(true);
    if (const Status well = ground.wait_until_well(kWellAgainMs); !well)
        report.complaints.push_back(well.error().message);
    STOA_TRY(report.load, load->finish());
    STOA_TRY(const std::string two, two_writers(ground, begin_ms * 1'000, battle.deaths(), report.writers));
    if (!two.empty()) report.complaints.push_back(two);
    return report;
}

std::string to_json(const TortureReport& report) {
    std::string text;
    json::Writer out(text);
    out.begin_object().field("seed", static_cast<std::int64_t>(report.seed)).field("blows", report.blows);
    out.field("put_off", report.put_off).field("writers", report.writers).field("passed", report.passed());
    out.key("complaints").begin_array();
    for (const std::string& complaint : report.complaints)
        out.text(complaint);
    out.end_array().key("load").raw(to_json(report.load)).end_object();
    return text;
}

std::string to_text(const TortureReport& report) {
    std::string text = "torture with seed " + std::to_string(report.seed) + ": " +
                       (report.passed() ? "passed" : "FAILED") + ", " + std::to_string(report.blows) + " faults, " +
                       std::to_string(report.put_off) + " put off; " + std::to_string(report.writers) +
                       " times a database took writes\n  " + to_text(report.load);
    for (const std::string& complaint : report.complaints)
        text += "\n  ! " + complaint;
    return text;
}

}  // namespace stoa::app::probe
