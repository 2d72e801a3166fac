#include "cluster/plan/apply.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.hpp"
#include "cluster/state/keys.hpp"

namespace stoa::cluster {
namespace {

constexpr int kLookMs = 200;

int rank_of(std::string_view role) {
    constexpr std::string_view kOrder[] = {"etcd", "db", "redis", "files", "push", "web", "lb"};
    return static_cast<int>(std::find(std::begin(kOrder), std::end(kOrder), role) - std::begin(kOrder));
}

class Applier {
  public:
    Applier(etcd::Client& etcd, const ClusterSpec& spec, const ApplyOptions& options)
        : etcd_(etcd), spec_(spec), options_(options), keys_(spec.name), plan_(plan_services(spec)) {}

    Result<ApplyReport> run() {
        STOA_TRY(state_, read_state(etcd_, spec_.name));
        report_.changes = difference(state_.hosts, plan_);
        const std::string text = to_toml(spec_);
        if (!state_.applied || state_.spec_text != text) {
            STOA_CHECK(etcd_.put(keys_.spec(), text));
            report_.spec_changed = true;
        }
        const Release::Allowed wanted = wanted_release(spec_, plan_, options_.portal_version);
        const bool rolls = web_changes() && std::any_of(state_.release.allowed.begin(), state_.release.allowed.end(),
                                                        [&](const auto& old) { return !(old == wanted); });
        if (rolls) {
            Release both = state_.release;
            if (std::find(both.allowed.begin(), both.allowed.end(), wanted) == both.allowed.end())
                both.allowed.push_back(wanted);
            both.rollout = true;
            STOA_CHECK(put_release(both));
        } else {
            STOA_CHECK(put_release({{wanted}, false}));
        }
        std::vector<const HostSpec*> hosts;
        for (const HostSpec& host : spec_.hosts)
            hosts.push_back(&host);
        std::stable_sort(hosts.begin(), hosts.end(),
                         [](const auto* a, const auto* b) { return rank_of(a->role) < rank_of(b->role); });
        for (const HostSpec* host : hosts) {
            // At the first time all begin together; later never two of a layer are away at once.
            const bool was_there = state_.hosts.contains(host->name);
            STOA_TRY(const std::int64_t put, put_services(host->name, plan_.hosts.at(host->name)));
            if (put != 0 && was_there && options_.wait) STOA_CHECK(wait_for(*host, put));
        }
        if (!rolls || options_.wait) STOA_CHECK(put_release({{wanted}, false}));
        for (const auto& [name, services] : state_.hosts) {
            if (plan_.hosts.contains(name)) continue;
            if (services.services.empty() && !state_.live.contains(name)) {
                STOA_CHECK(etcd_.remove(keys_.services(name)));
            } else {
                STOA_CHECK(put_services(name, {}));  // its agent ends them
            }
        }
        return std::move(report_);
    }

  private:
    bool web_changes() const {
        return std::any_of(report_.changes.begin(), report_.changes.end(), [](const ServiceChange& change) {
            return change.service == "web" && change.change == Change::changed;
        });
    }

    Status put_release(const Release& release) {
        if (release.allowed == state_.release.allowed && release.rollout == state_.release.rollout) return {};
        STOA_CHECK(etcd_.put(keys_.release(), to_json(release)));
        report_.release_changed = true;
        state_.release = release;
        return {};
    }

    /// Gives the new revision; 0 when nothing changed.
    Result<std::int64_t> put_services(const std::string& name, const std::vector<Service>& services) {
        const auto now = state_.hosts.find(name);
        if (now != state_.hosts.end() && now->second.services == services) return std::int64_t{0};
        HostServices next;
        next.revision = now == state_.hosts.end() ? 1 : now->second.revision + 1;
        next.services = services;
        STOA_CHECK(etcd_.put(keys_.services(name), to_json(next)));
        say(name + ": " + std::to_string(services.size()) + (services.size() == 1 ? " service" : " services"));
        return next.revision;
    }

    /// Until the host carries out what it was told, and all of it is well.
    Status wait_for(const HostSpec& host, std::int64_t revision) {
        if (!state_.live.contains(host.name)) return {};  // it is dead, and gets the new one when it comes back
        const std::int64_t deadline = system_clock().monotonic_us() + std::int64_t{options_.host_wait_ms} * 1000;
        for (;;) {
            STOA_TRY(const auto value, etcd_.get(keys_.live(host.name)));
            if (value) {
                const auto live = live_host_from_json(value->value);
                if (live && live->revision >= revision && all_well(*live)) return {};
            }
            if (system_clock().monotonic_us() > deadline)
                return Error{Errc::timeout, host.name +
                                                " does not become well with what is new; the hosts after it keep "
                                                "what they had. See `stoa cluster status`, then apply again."};
            std::this_thread::sleep_for(std::chrono::milliseconds(kLookMs));
        }
    }

    bool all_well(const LiveHost& live) const {
        const auto& services = plan_.hosts.at(live.name);
        return std::all_of(services.begin(), services.end(), [&live](const Service& service) {
            const LiveService* its = live.service(service.name);
            return its && its->state == ServiceState::well;
        });
    }

    void say(const std::string& line) const {
        if (options_.progress) options_.progress(line);
    }

    etcd::Client& etcd_;
    const ClusterSpec& spec_;
    const ApplyOptions& options_;
    const Keys keys_;
    const Plan plan_;
    ClusterState state_;
    ApplyReport report_;
};

}  // namespace

Result<ClusterState> read_state(etcd::Client& etcd, const std::string& cluster) {
    const Keys keys(cluster);
    STOA_TRY(const etcd::Listing listing, etcd.get_prefix(keys.root()));
    ClusterState state;
    constexpr std::string_view kServices = "/services";
    for (const etcd::KeyValue& item : listing.items) {
        const std::string& key = item.key;
        if (key == keys.spec()) {
            state.applied = true;
            state.spec_text = item.value;
        } else if (key == keys.release()) {
            if (auto release = release_from_json(item.value)) state.release = std::move(*release);
        } else if (key.starts_with(keys.live())) {
            if (auto live = live_host_from_json(item.value))
                state.live[key.substr(keys.live().size())] = std::move(*live);
        } else if (key.starts_with(keys.drain())) {
            if (auto drain = drain_from_json(item.value))
                state.drains[key.substr(keys.drain().size())] = std::move(*drain);
        } else if (key.starts_with(keys.hosts()) && key.ends_with(kServices)) {
            const std::string name =
                key.substr(keys.hosts().size(), key.size() - keys.hosts().size() - kServices.size());
            if (auto services = host_services_from_json(item.value)) state.hosts[name] = std::move(*services);
        }
    }
    return state;
}

Result<ApplyReport> apply(etcd::Client& etcd, const ClusterSpec& spec, const ApplyOptions& options) {
    return Applier(etcd, spec, options).run();
}

}  // namespace stoa::cluster
