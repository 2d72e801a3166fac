#include "cluster/balancer/component.hpp"

#include <pthread.h>

#include <optional>
#include <string>
#include <thread>

#include "base/file_util.hpp"
#include "base/log.hpp"
#include "base/thread_annotations.hpp"
#include "cluster/balancer/cluster_view.hpp"
#include "cluster/balancer/controller.hpp"
#include "cluster/balancer/limits.hpp"
#include "cluster/etcd/mirror.hpp"

namespace stoa::cluster {
namespace {

constexpr std::int64_t kLookUs = 500'000;  ///< for a spec that has changed; views come when they change

class BalancerComponent final : public node::Component {
  public:
    ~BalancerComponent() override { stop(); }

    std::string_view name() const override { return "balancer"; }

    Status start(node::AgentContext& context) override {
        context_ = &context;
        thread_ = std::thread([this] {
            pthread_setname_np(pthread_self(), "balancer");
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
    }

    void services_changed() override { wake(); }

  private:
    void wake() STOA_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        changed_ = true;
        wake_.notify_all();
    }

    void run() STOA_EXCLUDES(mutex_) {
        for (;;) {
            read_spec();
            follow();
            MutexLock lock(mutex_);
            if (!stopping_ && !changed_) wake_.wait_us(mutex_, kLookUs);
            changed_ = false;
            if (stopping_) break;
        }
        mirror_.reset();
        controller_.reset();
    }

    void read_spec() {
        const std::string dir = context_->service_dir("haproxy");
        auto text = read_file(dir + "/balancer.json", limits::balancer_spec_bytes_max);
        if (!text.ok() || *text == spec_text_) return;
        spec_text_ = std::move(*text);
        auto spec = balancer_spec_from_json(spec_text_);
        if (!spec.ok()) {
            log::error("balancer_spec", {{"file", dir + "/balancer.json"},
                                         {"problem", spec.error().message},
                                         {"do", "run `stoa cluster apply` again"}});
            return;
        }
        controller_.reset();
        spec_ = std::move(*spec);
        const bool floats = !spec_.floating_front.empty() || !spec_.floating_back.empty();
        controller_.emplace(spec_, ControllerOptions{dir, floats ? context_->service_dir("keepalived") : ""});
        controller_->start();
        sent_ = false;
        if (mirror_) return;
        mirror_.emplace(context_->etcd().options(), context_->keys().root(), [this] { wake(); });
        mirror_->start();
    }

    void follow() {
        if (!controller_ || !mirror_->fresh()) return;
        if (last_.web.empty()) {
            // What HAProxy has, it was given by an earlier controller: those hosts are known, registered or not.
            const auto servers = read_servers(RuntimeApi(context_->service_dir("haproxy") + "/haproxy.sock"));
            if (servers.ok()) last_.web = web_servers_of(*servers);
        }
        BalancerView view = view_of_cluster(mirror_->snapshot()->values, context_->keys(), spec_, last_);
        if (sent_ && view == last_) return;
        last_ = std::move(view);
        sent_ = true;
        controller_->want(last_);
    }

    node::AgentContext* context_ = nullptr;
    std::string spec_text_;
    BalancerSpec spec_;
    BalancerView last_;
    bool sent_ = false;  ///< last_, to the controller that there is now
    std::optional<Controller> controller_;
    std::optional<etcd::Mirror> mirror_;

    std::thread thread_;
    Mutex mutex_;
    CondVar wake_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    bool changed_ STOA_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::unique_ptr<node::Component> make_balancer() {
    return std::make_unique<BalancerComponent>();
}

}  // namespace stoa::cluster
