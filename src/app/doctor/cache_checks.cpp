#include "app/doctor/cache_checks.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

namespace stoa::app::doctor {
namespace {

using cache::EngineFacts;

int major_version(const std::string& text) {
    return std::atoi(text.c_str());
}

class Judge {
  public:
    Judge(const EngineFacts& engine, const CacheUse& use, Findings& out) : e_(engine), use_(use), out_(out) {}

    void judge(bool behind_sentinels) {
        if (e_.refusal) {
            note_refusal();
            return;
        }
        if (e_.kind == "memcached") {
            check_memcached();
            return;
        }
        const std::string version = e_.fact("redis_version");
        add(major_version(version) >= 6, Level::error, "version", version, "6 or newer", "Install Redis 7.");
        if (e_.kind == "sentinel") return;
        check_clock();
        check_role(behind_sentinels);
        check_memory();
        if (use_.keeps) check_persistence();
    }

  private:
    void add(bool good, Level level, std::string check, std::string found, std::string required, std::string action) {
        out_.push_back({good ? Level::ok : level, std::string(use_.part) + " " + e_.kind + " " + e_.address,
                        std::move(check), std::move(found), std::move(required), std::move(action)});
    }

    void note_refusal() {
        const Error& error = *e_.refusal;
        const bool password = error.field == "wrong_password" || error.field == "password_missing";
        const char* check = password                   ? "credentials"
                            : error.field == "loading" ? "loading"
                            : error.field.empty()      ? "reachable"
                                                       : "answer";
        add(false, Level::error, check, error.message, "",
            error.field.empty()
                ? "Is the server running, and is the address in " + std::string(use_.part) + ".url right?"
                : "");
    }

    void check_clock() {
        if (!e_.clock_ahead_ms) return;
        add(std::abs(*e_.clock_ahead_ms) < 1'000, Level::warning, "clock",
            std::to_string(*e_.clock_ahead_ms) + " ms ahead of ours", "within 1000 ms",
            "Let both machines follow a time server.");
    }

    void check_role(bool behind_sentinels) {
        const std::string role = e_.fact("role");
        add(role == "master", Level::error, "role", role, "master",
            behind_sentinels ? "The Sentinels name a server that is no master: wait for the failover, or look at them."
                             : "Name the master in the address, or the Sentinels: redis+sentinel://…/NAME");
        if (!behind_sentinels || role != "master") return;
        const std::string followers = e_.fact("connected_slaves");
        add(std::atoi(followers.c_str()) >= 1, Level::warning, "replicas", followers, "1 or more",
            "If it dies, nobody can take over.");
        const std::string least = e_.fact("config:min-replicas-to-write");
        if (!least.empty()) {
            add(std::atoi(least.c_str()) >= 1, Level::warning, "min-replicas-to-write", least, "1",
                "Cut off from the others, an old master takes writes that are lost later. In redis.conf: "
                "min-replicas-to-write 1, min-replicas-max-lag 2");
        }
    }

    void check_memory() {
        const std::int64_t most = e_.number("maxmemory");
        add(most > 0, Level::warning, "maxmemory", std::to_string(most), "a limit",
            "It may take all memory of its machine. In redis.conf: maxmemory 1gb");
        std::string policy = e_.fact("maxmemory_policy");
        if (policy.empty()) policy = e_.fact("config:maxmemory-policy");
        if (use_.keeps) {
            add(policy == "noeviction" || policy.empty(), Level::error, "maxmemory-policy", policy, "noeviction",
                "What it throws away when it is full, others wait for. In redis.conf: maxmemory-policy noeviction; "
                "give "
                "the cache a Redis of its own if that is too small.");
        }
        const std::int64_t used = e_.number("used_memory");
        if (most > 0) {
            add(used < most / 10 * 9, Level::warning, "used memory", std::to_string(used * 100 / most) + " %",
                "below 90 %", "Raise maxmemory.");
        }
    }

    void check_persistence() {
        const bool file = e_.fact("aof_enabled") == "1";
        add(file, Level::warning, "appendonly", file ? "yes" : "no", "yes",
            "After a restart, events that were on their way are gone. In redis.conf: appendonly yes");
        if (file) {
            const std::string last = e_.fact("aof_last_write_status");
            add(last == "ok", Level::error, "last write to disk", last, "ok", "Is its disk full? Look into its log.");
        }
    }

    void check_memcached() {
        const std::string version = e_.fact("version");
        add(major_version(version) >= 1, Level::error, "version", version, "1.5 or newer", "Install Memcached 1.6.");
        const std::int64_t most = e_.number("limit_maxbytes");
        add(most >= 64LL * 1024 * 1024, Level::warning, "memory", std::to_string(most / (1024 * 1024)) + " MB",
            "64 MB or more", "Start it with -m 256.");
    }

    const EngineFacts& e_;
    const CacheUse& use_;
    Findings& out_;
};

void judge_sentinels(const std::vector<EngineFacts>& engines, const CacheUse& use, Findings& out) {
    std::set<std::string> masters;
    int sentinels = 0;
    int answering = 0;
    for (const EngineFacts& engine : engines) {
        if (engine.kind != "sentinel") continue;
        ++sentinels;
        if (engine.refusal) continue;
        ++answering;
        masters.insert(engine.fact("master"));
    }
    if (sentinels == 0) return;
    const std::string subject = std::string(use.part) + " sentinels";
    out.push_back({sentinels >= 3 ? Level::ok : Level::warning, subject, "how many", std::to_string(sentinels),
                   "3 or more", "With fewer, the loss of one stops failover."});
    out.push_back({answering * 2 > sentinels ? Level::ok : Level::error, subject, "answering",
                   std::to_string(answering), "a majority", "Nobody can decide on a failover: start them."});
    if (answering == 0) return;
    const bool one = masters.size() == 1 && !masters.begin()->empty();
    out.push_back({one ? Level::ok : Level::error, subject, "master", one ? *masters.begin() : "they do not agree",
                   "one", "Do they watch a master of that name? SENTINEL MASTERS shows it."});
}

}  // namespace

Findings judge_cache(const std::vector<EngineFacts>& engines, const CacheUse& use) {
    Findings out;
    judge_sentinels(engines, use, out);
    const bool sentinels =
        std::any_of(engines.begin(), engines.end(), [](const EngineFacts& e) { return e.kind == "sentinel"; });
    for (const EngineFacts& engine : engines)
        Judge(engine, use, out).judge(sentinels);
    return out;
}

}  // namespace stoa::app::doctor
