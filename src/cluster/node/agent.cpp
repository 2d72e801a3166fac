#include "cluster/node/agent.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/file_util.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "cluster/etcd/lease.hpp"
#include "cluster/etcd/mirror.hpp"
#include "cluster/limits.hpp"
#include "cluster/node/load_meter.hpp"
#include "cluster/node/supervisor.hpp"
#include "net/server.hpp"

namespace stoa::cluster::node {
namespace {

constexpr std::int64_t kRegisterUs = 1'000'000;

Result<net::Listen> parse_listen(const std::string& text) {
    const std::size_t colon = text.rfind(':');
    net::Listen listen;
    const Error wrong = invalid("metrics must be IP:PORT, e.g. 10.0.0.1:9100.", "metrics");
    if (colon == text.npos || colon == 0) return wrong;
    listen.address = text.substr(0, colon);
    if (listen.address.starts_with('[') && listen.address.ends_with(']')) {
        listen.address = listen.address.substr(1, listen.address.size() - 2);
    }
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + colon + 1, end, listen.port);
    if (parsed.ec != std::errc() || parsed.ptr != end) return wrong;
    return listen;
}

AgentOptions with_absolute_folder(AgentOptions options) {
    std::error_code error;
    options.work_dir = std::filesystem::absolute(options.work_dir, error).lexically_normal().string();
    while (options.work_dir.size() > 1 && options.work_dir.ends_with('/'))
        options.work_dir.pop_back();
    return options;
}

}  // namespace

class Agent::Impl final : public AgentContext {
  public:
    Impl(AgentOptions options, std::vector<std::unique_ptr<Component>> components)
        : options_(with_absolute_folder(std::move(options))),
          keys_(options_.cluster),
          client_({options_.etcd}),
          lease_(client_, limits::host_lease_s, [this](bool) { changed(); }),
          wanted_({options_.etcd}, keys_.services(options_.name), [this] { wanted_changed(); }),
          supervisor_({options_.name, options_.work_dir, options_.secrets_dir, options_.log_bytes_max,
                       [this] { service_changed(); }}),
          components_(std::move(components)) {}
    ~Impl() override { stop(); }

    Status start() STOA_EXCLUDES(mutex_);
    void stop() STOA_EXCLUDES(mutex_);
    LiveHost live() const STOA_EXCLUDES(mutex_);
    std::uint16_t metrics_port() const { return server_ ? server_->ports()[0] : 0; }

    etcd::Client& etcd() override { return client_; }
    const Keys& keys() const override { return keys_; }
    const std::string& host() const override { return options_.name; }
    const std::string& role() const override { return options_.role; }
    const std::string& address() const override { return options_.address; }
    const std::string& work_dir() const override { return options_.work_dir; }
    std::string service_dir(std::string_view service) const override {
        return options_.work_dir + "/" + std::string(service);
    }
    std::vector<LiveService> services() const override { return supervisor_.live(); }
    Status signal_service(std::string_view service, int signal) override { return supervisor_.signal(service, signal); }
    Status restart_service(std::string_view service, std::string_view reason) override {
        return supervisor_.restart(service, reason);
    }
    Status kill_service(std::string_view service, std::string_view reason) override {
        return supervisor_.kill(service, reason);
    }

  private:
    Status take_folder();
    Status start_server();
    void begin_with_what_was_known() STOA_EXCLUDES(mutex_);
    void take_wanted() STOA_EXCLUDES(mutex_);
    bool apply(const std::string& json, const std::string& from) STOA_EXCLUDES(mutex_);
    void keep() STOA_EXCLUDES(mutex_);
    void register_host() STOA_EXCLUDES(mutex_);
    void answer(const net::Request& request, const net::Responder& respond) const;

    void changed() STOA_EXCLUDES(mutex_);
    void wanted_changed() STOA_EXCLUDES(mutex_);
    void service_changed() STOA_EXCLUDES(mutex_);
    std::string services_path() const { return options_.work_dir + "/services.json"; }

    const AgentOptions options_;
    const Keys keys_;
    Fd folder_lock_;

    mutable Mutex mutex_;
    CondVar wake_keeper_, wake_registrar_;
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    bool wanted_changed_ STOA_GUARDED_BY(mutex_) = false;
    bool changed_ STOA_GUARDED_BY(mutex_) = false;
    std::int64_t revision_ STOA_GUARDED_BY(mutex_) = 0;
    Load load_ STOA_GUARDED_BY(mutex_);
    std::string metrics_url_;
    std::string applied_;  ///< of the keeper's thread, once that runs
    std::atomic<bool> components_run_{false};
    bool started_ = false;

    etcd::Client client_;
    etcd::Lease lease_;
    etcd::Mirror wanted_;
    Supervisor supervisor_;
    std::vector<std::unique_ptr<Component>> components_;
    std::size_t components_started_ = 0;
    std::optional<net::Server> server_;
    std::thread keeper_, registrar_;
};

Status Agent::Impl::start() {
    STOA_CHECK(take_folder());
    if (Status listening = start_server(); !listening) {
        folder_lock_.reset();
        return listening;
    }
    log::info("agent_started", {{"host", options_.name},
                                {"role", options_.role},
                                {"version", options_.version},
                                {"work_dir", options_.work_dir}});
    started_ = true;
    begin_with_what_was_known();
    lease_.start();
    wanted_.start();
    keeper_ = std::thread([this] { keep(); });
    registrar_ = std::thread([this] { register_host(); });
    for (const auto& component : components_) {
        STOA_CHECK(component->start(*this));
        ++components_started_;
    }
    components_run_.store(true);
    return {};
}

void Agent::Impl::stop() {
    if (!std::exchange(started_, false)) return;
    components_run_.store(false);
    while (components_started_ > 0)
        components_[--components_started_]->stop();
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        wake_keeper_.notify_all();
        wake_registrar_.notify_all();
    }
    keeper_.join();
    registrar_.join();
    wanted_.stop();
    if (options_.stop_services_at_exit) {
        lease_.stop();  // first: nobody shall send requests to what stops
        supervisor_.stop_all();
    } else {
        lease_.abandon();  // the next agent takes the registration over before it runs out
    }
    supervisor_.leave();
    if (server_) server_->stop();
    log::info("agent_stopped", {{"host", options_.name}, {"services_stopped", options_.stop_services_at_exit}});
    folder_lock_.reset();
}

/// Only one agent may look after the folder.
Status Agent::Impl::take_folder() {
    STOA_CHECK(make_dir(options_.work_dir, 0755));
    const std::string path = options_.work_dir + "/lock";
    folder_lock_.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!folder_lock_) {
        return forbidden("The agent cannot write in its folder: " + path + ": " + std::strerror(errno) + ".");
    }
    if (::flock(folder_lock_.get(), LOCK_EX | LOCK_NB) != 0) {
        return Error{Errc::conflict, "Another agent looks after " + options_.work_dir + " already."};
    }
    return {};
}

Status Agent::Impl::start_server() {
    if (options_.metrics.empty()) return {};
    STOA_TRY(const net::Listen listen, parse_listen(options_.metrics));
    net::ServerOptions server;
    server.listen = {listen};
    server_.emplace(server, [this](net::Request& request, net::Responder respond) { answer(request, respond); });
    if (Status started = server_->start(); !started) {
        server_.reset();
        return started;
    }
    const bool is_v6 = listen.address.find(':') != std::string::npos;
    metrics_url_ =
        "http://" + (is_v6 ? "[" + listen.address + "]" : listen.address) + ":" + std::to_string(server_->ports()[0]);
    return {};
}

void Agent::Impl::answer(const net::Request& request, const net::Responder& respond) const {
    net::Response response;
    if (request.path() == "/metrics") {
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        response.body = metrics_text();
    } else if (request.path() == "/status") {
        response.body = to_json(live());
    } else if (request.path() == "/health") {
        response.body = "{\"status\":\"ok\"}";
    } else {
        response.status = 404;
        response.body = "{\"error\":\"There are /metrics, /status and /health.\"}";
    }
    respond(std::move(response));
}

void Agent::Impl::begin_with_what_was_known() {
    for (const std::string& path : {services_path(), options_.services_file}) {
        if (path.empty()) continue;
        const auto json = read_file(path, limits::etcd_value_bytes_max);
        if (json && apply(*json, path)) return;
        if (!json && json.error().code != Errc::not_found) {
            log::error("services_unreadable", {{"host", options_.name}, {"reason", json.error().message}});
        }
    }
    log::info("services_unknown", {{"host", options_.name}, {"reason", "waiting for etcd to say what to run"}});
}

bool Agent::Impl::apply(const std::string& json, const std::string& from) {
    const auto services = host_services_from_json(json);
    if (!services) {
        // What runs goes on as it is.
        log::error("services_wrong", {{"host", options_.name}, {"from", from}, {"reason", services.error().message}});
        return false;
    }
    log::info("services_wanted", {{"host", options_.name},
                                  {"from", from},
                                  {"revision", services->revision},
                                  {"services", services->services.size()}});
    applied_ = json;
    supervisor_.apply(*services);
    const MutexLock lock(mutex_);
    revision_ = services->revision;
    return true;
}

void Agent::Impl::take_wanted() {
    const auto snapshot = wanted_.snapshot();
    const std::string key = keys_.services(options_.name);
    const auto found = snapshot->values.find(key);
    gauge("stoa_node_etcd_fresh", "1 when etcd answers.").set(wanted_.fresh() ? 1 : 0);
    // An absent key says nothing: an empty list would say to stop all.
    if (found == snapshot->values.end() || found->second == applied_) return;
    if (!apply(found->second, "etcd")) {
        applied_ = found->second;  // said once
        return;
    }
    if (const Status written = write_file_atomic(services_path(), applied_, 0600); !written) {
        log::error("services_not_kept", {{"host", options_.name}, {"reason", written.error().message}});
    }
    changed();
}

void Agent::Impl::keep() {
    MutexLock lock(mutex_);
    while (!stopping_) {
        if (!std::exchange(wanted_changed_, false)) {
            wake_keeper_.wait(mutex_);
            continue;
        }
        lock.unlock();
        take_wanted();
        lock.lock();
    }
}

void Agent::Impl::register_host() {
    LoadMeter meter(options_.work_dir);
    std::int64_t measured_us = 0;
    MutexLock lock(mutex_);
    while (!stopping_) {
        changed_ = false;
        lock.unlock();
        const std::int64_t now_us = system_clock().monotonic_us();
        if (measured_us == 0 || now_us - measured_us >= kRegisterUs / 2) {
            measured_us = now_us;
            std::vector<pid_t> pids;
            for (const LiveService& service : supervisor_.live())
                pids.push_back(service.pid);
            const Load load = meter.measure(pids);
            const MutexLock inner(mutex_);
            load_ = load;
        }
        // Not written now means written by the lease as soon as etcd answers; it says so itself.
        (void)lease_.put(keys_.live(options_.name), to_json(live()));
        lock.lock();
        if (!changed_ && !stopping_) wake_registrar_.wait_us(mutex_, kRegisterUs);
    }
}

LiveHost Agent::Impl::live() const {
    LiveHost host;
    host.name = options_.name;
    host.role = options_.role;
    host.address = options_.address;
    host.agent_version = options_.version;
    host.agent_pid = ::getpid();
    host.metrics_url = metrics_url_;
    host.services = supervisor_.live();
    const MutexLock lock(mutex_);
    host.revision = revision_;
    host.load = load_;
    return host;
}

void Agent::Impl::changed() {
    const MutexLock lock(mutex_);
    changed_ = true;
    wake_registrar_.notify_all();
}

void Agent::Impl::wanted_changed() {
    const MutexLock lock(mutex_);
    wanted_changed_ = true;
    wake_keeper_.notify_all();
}

void Agent::Impl::service_changed() {
    changed();
    if (!components_run_.load()) return;
    for (const auto& component : components_)
        component->services_changed();
}

Agent::Agent(AgentOptions options, std::vector<std::unique_ptr<Component>> components)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(components))) {}

Agent::~Agent() = default;

Status Agent::start() {
    return impl_->start();
}

void Agent::stop() {
    impl_->stop();
}

LiveHost Agent::live() const {
    return impl_->live();
}

AgentContext& Agent::context() {
    return *impl_;
}

std::uint16_t Agent::metrics_port() const {
    return impl_->metrics_port();
}

}  // namespace stoa::cluster::node
