// The drills. Victims go round with the number of the run, so that several runs hit several hosts.

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "app/probe/drill.hpp"
#include "app/probe/long_requests.hpp"
#include "base/clock.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::app::probe {
namespace {

using cluster::lab::Fault;

constexpr int kFaultMs = 4'000;  ///< how long what is hung or cut off stays so

void pause(int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(ms));
}
double since_ms(std::int64_t begin_us) {
    return static_cast<double>(system_clock().monotonic_us() - begin_us) / 1000;
}

Result<std::string> host_of(const DrillRun& run, std::string_view role) {
    const std::vector<std::string> all = run.ground.hosts(role);
    if (all.empty()) return not_found("The lab has no host with the role " + std::string(role) + ".");
    return all[static_cast<std::size_t>(run.number) % all.size()];
}

/// The fault, to a host or to a service of it; after a while the host is mended.
Status break_and_mend(DrillRun& run, const std::string& host, const std::string& service, Fault fault, int ms) {
    run.victim = host + (service.empty() ? "" : "/" + service);
    run.broken_us = system_clock().monotonic_us();
    const Status broken = run.ground.kill(run.victim, fault);
    if (broken) pause(ms);
    const Status mended = run.ground.heal(host);
    STOA_CHECK(broken);
    // A web host that was away so long may have been replaced, and is gone.
    return !mended && mended.error().code == Errc::not_found && host.starts_with("web") ? Status() : mended;
}

Status web_kill(DrillRun& run) {
    STOA_TRY(const std::string host, host_of(run, "web"));
    return break_and_mend(run, host, "web", Fault::kill, 1'000);
}
/// Whoever has the sockets: push hosts where there are some, else web hosts.
Status push_kill(DrillRun& run) {
    if (run.ground.hosts("push").empty()) return web_kill(run);
    STOA_TRY(const std::string host, host_of(run, "push"));
    return break_and_mend(run, host, "push", Fault::kill, 1'000);
}
/// All at once: requests wait at the balancer until the first is there again.
Status web_kill_all(DrillRun& run) {
    for (const std::string& host : run.ground.hosts("web"))
        STOA_CHECK(run.ground.kill(host + "/web", Fault::kill));
    run.victim = "all web processes";
    pause(2'000);
    return {};
}
Status web_hang(DrillRun& run) {
    STOA_TRY(const std::string host, host_of(run, "web"));
    return break_and_mend(run, host, "web", Fault::stop, kFaultMs);
}
Status web_cut(DrillRun& run) {
    STOA_TRY(const std::string host, host_of(run, "web"));
    return break_and_mend(run, host, "", Fault::net, kFaultMs);
}

/// The balancer that has the floating address, whichever that is now.
Status lb_kill(DrillRun& run) {
    STOA_TRY(const std::string host, run.ground.address_owner());
    const bool first = run.number % 2 == 0;
    return break_and_mend(run, host, first ? "haproxy" : "keepalived", Fault::kill, kFaultMs);
}
Status lb_cut(DrillRun& run) {
    STOA_TRY(const std::string host, run.ground.address_owner());
    return break_and_mend(run, host, "", Fault::net, kFaultMs);
}

/// Every host's agent can be killed: what it runs goes on.
Status agent_kill(DrillRun& run) {
    std::vector<std::string> all;
    for (const char* role : {"web", "lb", "db", "redis", "etcd", "files"}) {
        const std::vector<std::string> some = run.ground.hosts(role);
        if (!some.empty()) all.push_back(some[static_cast<std::size_t>(run.number) % some.size()]);
    }
    for (const std::string& host : all)
        STOA_CHECK(run.ground.kill_agent(host));
    pause(kFaultMs);
    for (const std::string& host : all)
        STOA_CHECK(run.ground.heal(host));
    return {};
}

/// Whoever took writes before must take them still.
class SameLeader {
  public:
    static Result<SameLeader> of(const DrillRun& run) {
        STOA_TRY(const std::int64_t changes, run.ground.database_changes());
        return SameLeader(changes);
    }
    Status check(DrillRun& run) const {
        STOA_TRY(const std::int64_t changes, run.ground.database_changes());
        if (changes != changes_) run.complaints.push_back("another database takes writes than before");
        return {};
    }

  private:
    explicit SameLeader(std::int64_t changes) : changes_(changes) {}
    std::int64_t changes_;
};

/// First one of them, then all at once, for longer than any lease lasts.
Status etcd_kill(DrillRun& run) {
    STOA_TRY(const SameLeader leader, SameLeader::of(run));
    constexpr int kLongerThanLeasesMs = 6'000;
    STOA_TRY(const std::string one, host_of(run, "etcd"));
    STOA_CHECK(break_and_mend(run, one, "", Fault::kill, kFaultMs));
    STOA_CHECK(run.ground.wait_until_well(30'000));
    const std::vector<std::string> all = run.ground.hosts("etcd");
    for (const std::string& host : all)
        STOA_CHECK(run.ground.kill(host, Fault::kill));
    pause(kLongerThanLeasesMs);
    for (const std::string& host : all)
        STOA_CHECK(run.ground.heal(host));
    STOA_CHECK(run.ground.wait_until_well(30'000));
    return leader.check(run);
}

Status redis_kill(DrillRun& run) {
    std::vector<std::string> all = run.ground.hosts("redis");
    const auto leader =
        std::find_if(all.begin(), all.end(), [&](const std::string& host) { return run.ground.redis_leads(host); });
    if (leader == all.end()) return not_found("No Redis leads.");
    return break_and_mend(run, *leader, "redis", Fault::kill, kFaultMs);
}

/// The database that takes writes: its process, or its host.
Status database_fault(DrillRun& run, const std::string& service, Fault fault) {
    STOA_TRY(const std::string host, run.ground.database_leader());
    return break_and_mend(run, host, service, fault, kFaultMs);
}
Status db_kill(DrillRun& run) {
    return database_fault(run, "mariadb", Fault::kill);
}
Status db_hang(DrillRun& run) {
    return database_fault(run, "mariadb", Fault::stop);
}
Status db_cut(DrillRun& run) {
    return database_fault(run, "", Fault::net);
}
Status db_full(DrillRun& run) {
    return database_fault(run, "", Fault::disk_full);
}
Status db_stall(DrillRun& run) {
    return database_fault(run, "", Fault::disk_stall);
}

/// Three layers at once: the host of the database, one etcd, the balancer with the floating address.
Status db_three(DrillRun& run) {
    STOA_TRY(const std::string database, run.ground.database_leader());
    STOA_TRY(const std::string etcd, host_of(run, "etcd"));
    STOA_TRY(const std::string balancer, run.ground.address_owner());
    const std::string all[] = {database, etcd, balancer};
    run.victim = database + ", " + etcd + ", " + balancer;
    // The processes of a dead machine are gone, and so is its network stack, which would go on to answer for the
    // address.
    Status done = run.ground.kill(balancer, Fault::net);
    for (const std::string& host : all) {
        if (done) done = run.ground.kill(host, Fault::kill);
    }
    pause(kFaultMs);
    for (const std::string& host : all) {
        const Status mended = run.ground.heal(host);
        if (done) done = mended;
    }
    return done;
}

/// What elsewhere makes databases change places for nothing.
Status db_jitter(DrillRun& run) {
    STOA_TRY(const SameLeader leader, SameLeader::of(run));
    std::vector<std::string> slow = run.ground.hosts("db");
    for (const std::string& host : run.ground.hosts("etcd"))
        slow.push_back(host);
    Status done;
    for (const std::string& host : slow) {
        if (done) done = run.ground.kill(host, Fault::net_slow);
    }
    if (done) done = run.ground.kill(slow.front(), Fault::busy);
    if (done) pause(run.seconds * 1'000);
    for (const std::string& host : slow) {
        const Status mended = run.ground.heal(host);
        if (done) done = mended;
    }
    STOA_CHECK(done);
    run.extras["seconds"] = run.seconds;
    STOA_CHECK(run.ground.wait_until_well(30'000));
    return leader.check(run);
}

Status switchover(DrillRun& run) {
    STOA_TRY(run.victim, run.ground.database_leader());
    // Refused while no other one is up to date, e.g. just after a fault: an operator asks again.
    constexpr int kAsksMax = 10;
    int asks = 1;
    for (Status done = run.ground.switch_database(); !done; done = run.ground.switch_database(), ++asks) {
        if (asks == kAsksMax) return done;
        pause(1'000);
    }
    run.extras["asked"] = asks;
    pause(1'000);
    return {};
}

/// All of them at once: whoever is logged in stays so.
Status memcached_kill(DrillRun& run) {
    int killed = 0;
    for (const std::string& host : run.ground.hosts("redis"))
        if (run.ground.kill(host + "/memcached", Fault::kill)) ++killed;
    if (killed == 0) return not_found("The lab has no memcached.");
    run.extras["killed"] = killed;
    pause(kFaultMs);
    return {};
}

/// Nothing is broken.
Status wait_only(DrillRun& run) {
    run.broken_us = system_clock().monotonic_us();
    pause(run.seconds * 1'000);
    return {};
}

/// All web hosts but one die with everything on them, and nobody mends them.
Status min_count(DrillRun& run) {
    constexpr double kMsMax = 10'000;
    constexpr double kGiveUpMs = 60'000;
    std::vector<std::string> all = run.ground.hosts("web");
    std::rotate(all.begin(),
                all.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(run.number) % all.size()),
                all.end());
    const std::int64_t begin_us = system_clock().monotonic_us();
    for (std::size_t i = 1; i < all.size(); ++i)
        STOA_CHECK(run.ground.kill(all[i], Fault::kill));
    STOA_TRY(const int min, run.ground.web_hosts_min());
    // Registrations outlive their host for a moment.
    int well = 0;
    do {
        pause(100);
        const auto count = run.ground.well_web_hosts();
        well = count ? *count : 0;
    } while (well < min && since_ms(begin_us) < kGiveUpMs);
    const double took_ms = since_ms(begin_us);
    run.extras["recovery_ms"] = took_ms;
    if (took_ms > kMsMax) {
        auto& complaints = well < min ? run.complaints : run.too_slow;
        complaints.push_back("back to " + std::to_string(well) + " of " + std::to_string(min) +
                             " web hosts only after " + std::to_string(static_cast<int>(took_ms)) + " ms");
    }
    // Dead hosts that were replaced are of no use any more; the others must come back.
    STOA_TRY(const std::vector<std::string> dead, run.ground.dead_hosts("web"));
    for (const std::string& host : dead) {
        const Status mended = well < min ? run.ground.heal(host) : run.ground.remove_host(host);
        if (!mended && mended.error().code != Errc::not_found) return mended;  // the leader removes them, too
    }
    return {};
}

/// A web host is drained and stopped while long requests and a large upload are under way.
class Maintenance {
  public:
    explicit Maintenance(DrillRun& run) : run_(run) {}

    Status carry_out() {
        constexpr int kLongMs = 20'000;
        STOA_TRY(const std::string host, host_of(run_, "web"));
        run_.victim = host;
        // Balancers give requests to who has the fewest: with two for each host, this one has some.
        const std::size_t slow = 2 * run_.ground.hosts("web").size();
        for (std::size_t i = 0; i < slow; ++i)
            begin("slow request",
                  [this, i] { return write_slowly(run_.target, "drain " + std::to_string(i), kLongMs); });
        begin("upload", [this] {
            auto uploaded = upload_large(run_.target, {}, progress_);
            if (!uploaded) return Status(std::move(uploaded).error());
            run_.extras["upload_parts"] = uploaded->parts;
            run_.extras["upload_repeated"] = uploaded->repeated;
            return Status();
        });
        pause(3'000);
        run_.extras["upload_bytes_before"] = static_cast<double>(progress_.load());
        const std::int64_t begin_us = system_clock().monotonic_us();
        const Status stopped = stop(host);
        for (std::thread& thread : threads_)
            thread.join();
        run_.extras["drain_ms"] = since_ms(begin_us);
        run_.extras["long_requests"] = static_cast<double>(slow);
        const Status resumed = run_.ground.set_drain(host, false);
        STOA_CHECK(stopped);
        return resumed;
    }

  private:
    Status stop(const std::string& host) {
        STOA_CHECK(run_.ground.set_drain(host, true));
        pause(1'000);
        return run_.ground.signal(host, "web", SIGTERM);
    }

    void begin(const std::string& what, const std::function<Status()>& fn) {
        threads_.emplace_back([this, what, fn] {
            Status done = enter_network(run_.target.network);
            if (done) done = fn();
            if (done) return;
            const MutexLock lock(mutex_);
            run_.complaints.push_back(what + ": " + done.error().message);
        });
    }

    DrillRun& run_;
    std::atomic<std::uint64_t> progress_{0};
    Mutex mutex_;  ///< of the complaints
    std::vector<std::thread> threads_;
};

Status drain(DrillRun& run) {
    return Maintenance(run).carry_out();
}

/// Another configuration for all web hosts, which restart one by one, and for the balancers, which read it anew; then
/// back to the one before.
Status rollout(DrillRun& run) {
    const std::int64_t begin_us = system_clock().monotonic_us();
    const Status changed = run.ground.apply([](cluster::ClusterSpec& spec) {
        spec.web.workers += 1;
        spec.admin_allow = {"10.0.0.0/8"};
    });
    run.extras["rollout_ms"] = since_ms(begin_us);
    const Status restored = run.ground.apply(nullptr);
    STOA_CHECK(changed);
    return restored;
}

Drill chat(Drill drill, Traffic traffic, double resumed_ms_max) {
    drill.traffic = traffic;
    drill.resumed_ms_max = resumed_ms_max;
    return drill;
}

}  // namespace

const std::vector<Drill>& drills() {
    // A client whose balancer vanished without a word cannot know: it asks again after a while. Everywhere else that
    // would hide what the balancers should do.
    constexpr int kImpatientMs = 500;
    static const std::vector<Drill> table = {
        {"web-kill", "", "kill -9 of a web process", web_kill, 1'000, true, false},
        {"web-kill-all", "", "kill -9 of all web processes", web_kill_all, 4'000, true, false},
        {"web-hang", "", "a web process hangs", web_hang, 2'000, true, false},
        {"web-cut", "", "a web host is cut off from the network", web_cut, 2'000, true, false},
        {"lb-kill", "", "kill -9 of HAProxy, then of keepalived, on the balancer that has the floating address",
         lb_kill, 1'000, false, true},
        {"lb-cut", "", "that balancer is cut off from the network, as if the machine were dead", lb_cut, 1'000, false,
         true, kImpatientMs},
        {"drain", "", "a web host is drained and stopped, with long requests and a 200 MB upload under way", drain, 0,
         true, false},
        {"rollout", "", "a new configuration is applied: web hosts restart one by one, balancers reload", rollout,
         2'000, true, true},
        {"agent-kill", "", "kill -9 of one agent of each kind of host", agent_kill, 2'000, true, false},
        {"etcd-kill", "", "one etcd dies, then all of them; the same database goes on", etcd_kill, 2'000, true, false},
        {"min-count", "", "all web hosts but one die; others take their place within 10 s", min_count, 2'000, true,
         false},
        {"db-kill", "classic", "kill -9 of the database that takes writes", db_kill, 2'000, true, false},
        {"db-hang", "classic", "that database hangs", db_hang, 6'000, true, false},
        {"db-cut", "classic", "its host is cut off from the network", db_cut, 6'000, true, false},
        {"db-full", "classic", "its disk is full", db_full, 6'000, true, false},
        {"db-stall", "classic", "its disk takes no writes for a while", db_stall, 6'000, true, false},
        {"db-three", "classic", "kill -9 of it, of one etcd and of the active balancer at once", db_three, 6'000, false,
         true, kImpatientMs},
        {"db-jitter", "classic", "slow links of databases and etcd, no processor left: nobody else takes over",
         db_jitter, 0, false, false},
        {"switchover", "classic", "another database takes over, as an operator asked", switchover, 500, true, false},
        {"galera-kill", "galera", "kill -9 of the database that takes writes", db_kill, 3'000, true, false},
        {"galera-hang", "galera", "that database hangs", db_hang, 3'000, true, false},
        {"redis-kill", "", "kill -9 of the leading Redis", redis_kill, 0, true, false},
        {"memcached-kill", "", "kill -9 of every memcached", memcached_kill, 2'000, true, false},
        chat({"chat-web-kill", "", "kill -9 of a web process while people chat", web_kill, 0, true, false},
             Traffic::chat, 2'000),
        chat({"chat-push-kill", "", "kill -9 of a process that serves sockets", push_kill, 0, true, false},
             Traffic::chat, 2'000),
        chat({"chat-redis-kill", "", "kill -9 of the leading Redis while people chat", redis_kill, 0, true, false},
             Traffic::chat, 5'000),
        chat({"chat-cross", "", "nothing is broken: how soon a message is heard at another web host", wait_only, 0,
              true, false},
             Traffic::chat_cross, 0),
    };
    return table;
}

}  // namespace stoa::app::probe
