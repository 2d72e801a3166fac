#include "cluster/control/control_component.hpp"

#include <pthread.h>

#include <map>
#include <optional>
#include <thread>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/thread_annotations.hpp"
#include "cluster/control/leadership.hpp"
#include "cluster/control/provider.hpp"
#include "cluster/etcd/mirror.hpp"
#include "cluster/plan/apply.hpp"
#include "net/http_client.hpp"

namespace stoa::cluster::control {
namespace {

constexpr std::int64_t kLookUs = 250'000;
constexpr int kLookMs = 250;  ///< how long a web host may take to answer that has lost its registration

std::int64_t now_ms() {
    return system_clock().monotonic_us() / 1000;
}

class Control final : public node::Component {
  public:
    explicit Control(ControlOptions options) : options_(std::move(options)), keeper_(options_.web) {}
    ~Control() override { stop(); }

    std::string_view name() const override { return "control"; }

    Status start(node::AgentContext& context) override {
        context_ = &context;
        leadership_.emplace(context.etcd(), context.keys().leader("control"), context.host());
        mirror_.emplace(context.etcd().options(), context.keys().root());
        mirror_->start();
        leadership_->start();
        thread_ = std::thread([this] {
            pthread_setname_np(pthread_self(), "control");
            run();
        });
        return {};
    }

    void stop() override {
        {
            const MutexLock lock(mutex_);
            stopping_ = true;
            wake_.notify_all();
        }
        if (thread_.joinable()) thread_.join();
        if (leadership_) leadership_->stop();
        if (mirror_) mirror_->stop();
    }

  private:
    bool stopping() STOA_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        return stopping_;
    }

    void run() {
        while (!stopping()) {
            const bool leads = leadership_->leading();
            leading_.set(leads ? 1 : 0);
            if (leads && mirror_->fresh()) {
                keep_web_hosts();
            } else {
                keeper_ = WebKeeper(options_.web);  // what was seen is too old to decide by
            }
            const MutexLock lock(mutex_);
            if (!stopping_) wake_.wait_us(mutex_, kLookUs);
        }
    }

    void keep_web_hosts() {
        const auto snapshot = mirror_->snapshot();
        const auto text = snapshot->values.find(context_->keys().spec());
        if (text == snapshot->values.end()) return;
        auto spec = parse_spec(text->second, "etcd", "");
        if (!spec) return log_once("cluster_spec_unreadable", spec.error().message);
        if (spec->web.provider.empty()) return;

        const WebDecision decision = keeper_.decide(sight(*spec, *snapshot), now_ms());
        if (decision.add > 0) add(*spec, decision);
        if (!decision.remove.empty()) remove(*spec, decision);
    }

    WebSight sight(const ClusterSpec& spec, const etcd::Mirror::Snapshot& snapshot) {
        WebSight seen;
        seen.min = spec.web.min;
        seen.max = spec.web.max;
        for (const HostSpec* host : spec.of_role("web")) {
            seen.wanted.insert(host->name);
            if (snapshot.contains(context_->keys().live(host->name)) || answers(spec, *host))
                seen.alive.insert(host->name);
            if (snapshot.contains(context_->keys().drain(host->name))) seen.drained.insert(host->name);
        }
        return seen;
    }

    /// A host whose agent alone has died goes on serving: it is not lost. Two looks a second.
    bool answers(const ClusterSpec& spec, const HostSpec& host) {
        Look& look = looks_[host.name];
        if (now_ms() < look.next_ms) return look.answers;
        net::ClientRequest request;
        request.url = "http://" + host.address + ":" + std::to_string(spec.web.port) +
                      (spec.portal() ? "/ready" : spec.web.app.main.health);
        request.timeout_ms = request.connect_timeout_ms = kLookMs;
        request.allow_private_targets = true;
        look.answers = net::fetch(request).ok();  // whatever it says: draining is no death
        look.next_ms = now_ms() + 2 * kLookMs;
        return look.answers;
    }

    void add(ClusterSpec spec, const WebDecision& decision) {
        const auto provider = command_provider(spec.web.provider);
        for (int i = 0; i < decision.add && leadership_->leading() && !stopping(); ++i) {
            const std::int64_t begin_ms = now_ms();
            log::info("host_is_added", {{"why", std::string_view(decision.why)}});
            auto host = provider->add("web");
            if (host) {
                Status told = tell(*host);
                if (!told) host = told.error();
            }
            if (!host) {
                failures_.add();
                keeper_.added("", now_ms());
                log::warn("host_not_added", {{"why", std::string_view(host.error().message)},
                                             {"action", "run the provider's command of the spec by hand"}});
                return;
            }
            added_.add();
            keeper_.added(host->name, now_ms());
            log::info("host_added", {{"host", std::string_view(host->name)}, {"ms", now_ms() - begin_ms}});
        }
    }

    /// The provider may have told the cluster itself; else it is done here.
    Status tell(const ProvidedHost& host) {
        STOA_TRY(ClusterSpec spec, spec_of_now());
        if (spec.host(host.name) != nullptr) return {};
        spec.hosts.push_back({host.name, "web", host.address, ""});
        return apply_now(spec);
    }

    void remove(const ClusterSpec& known, const WebDecision& decision) {
        const auto provider = command_provider(known.web.provider);
        for (const std::string& name : decision.remove) {
            if (!leadership_->leading() || stopping()) return;
            log::info("lost_host_is_removed", {{"host", std::string_view(name)}});
            Status removed = forget(name);
            if (removed) removed = provider->remove(name);
            if (!removed) {
                failures_.add();
                log_once("lost_host_not_removed", name + ": " + removed.error().message);
                continue;
            }
            removed_.add();
        }
    }

    Status forget(const std::string& name) {
        STOA_TRY(ClusterSpec spec, spec_of_now());
        if (std::erase_if(spec.hosts, [&](const HostSpec& host) { return host.name == name; }) == 0) return {};
        return apply_now(spec);
    }

    /// Not from the mirror: this is what the next spec is made of.
    Result<ClusterSpec> spec_of_now() {
        STOA_TRY(const auto value, context_->etcd().get(context_->keys().spec()));
        if (!value) return not_found("The cluster has no spec. Run `stoa cluster apply`.");
        return parse_spec(value->value, "etcd", "");
    }

    Status apply_now(const ClusterSpec& spec) {
        ApplyOptions options;
        options.portal_version = options_.portal_version;
        options.wait = false;
        auto report = apply(context_->etcd(), spec, options);
        if (!report) return std::move(report).error();
        return {};
    }

    void log_once(std::string_view event, const std::string& what) {
        if (what == said_) return;
        said_ = what;
        log::warn(event, {{"what", std::string_view(what)}});
    }

    struct Look {
        std::int64_t next_ms = 0;
        bool answers = false;
    };

    const ControlOptions options_;
    std::map<std::string, Look> looks_;  ///< at web hosts that are not registered
    node::AgentContext* context_ = nullptr;
    std::optional<Leadership> leadership_;
    std::optional<etcd::Mirror> mirror_;
    WebKeeper keeper_;
    std::string said_;
    Gauge& leading_ = gauge("stoa_control_leading", "1 in the agent that leads the cluster");
    Counter& added_ = counter("stoa_control_hosts_added_total", "hosts added in place of lost ones");
    Counter& removed_ = counter("stoa_control_hosts_removed_total", "lost hosts taken out of the spec");
    Counter& failures_ = counter("stoa_control_provider_failures_total", "calls of the provider that failed");

    Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<node::Component> make_control(ControlOptions options) {
    return std::make_unique<Control>(std::move(options));
}

}  // namespace stoa::cluster::control
