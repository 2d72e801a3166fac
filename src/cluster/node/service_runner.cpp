#include "cluster/node/service_runner.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/file_util.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "cluster/limits.hpp"

namespace stoa::cluster::node {
namespace {

constexpr std::int64_t kTickMs = 1'000;  ///< size of the output, files on the disk
constexpr std::int64_t kServedMs = 1'000;
constexpr std::string_view kPreparation = "prepare";
constexpr std::size_t kPidFileBytesMax = 4096;
constexpr std::int64_t kForever = 3'600'000;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

std::string hash_of(const Service& service) {
    return sha256_hex(to_json(HostServices{0, {service}})).substr(0, 16);
}

/// "PROGRAM FILES": hashes of what needs a restart and of what does not; the former of all when everything does.
std::string definition_of(const Service& service) {
    if (service.reload_signal == 0) return hash_of(service);
    Service program = service;
    program.files.clear();
    return hash_of(program) + " " + hash_of(service);
}

/// The same program, that can take over other files.
bool differs_in_files_only(std::string_view one, std::string_view other) {
    const std::size_t space = one.find(' ');
    return space != one.npos && one.substr(0, space + 1) == other.substr(0, space + 1);
}

Environment filled(const ServiceFolder& folder, const Environment& environment) {
    Environment out;
    for (const auto& [name, value] : environment)
        out.emplace_back(name, folder.filled(value));
    return out;
}

}  // namespace

ServiceRunner::ServiceRunner(RunnerOptions options, std::string name)
    : options_(std::move(options)),
      name_(std::move(name)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      folder_(options_.work_dir + "/" + name_, options_.secrets_dir) {
    live_.name = name_;
}

ServiceRunner::~ServiceRunner() {
    leave();
}

void ServiceRunner::wish(std::optional<Service> service) {
    {
        const MutexLock lock(mutex_);
        wish_.definition = service ? definition_of(*service) : "";
        wish_.service = service ? std::make_shared<const Service>(std::move(*service)) : nullptr;
        finished_.store(false);
        // At once, not only when the thread comes to it: who asks whether the new definition is well must not hear that
        // the old one was.
        if (is_outdated() && live_.state == ServiceState::well) live_.state = ServiceState::starting;
    }
    wake();
    if (thread_.joinable()) return;
    prober_.emplace([this](Finding finding) {
        const MutexLock lock(mutex_);
        finding_ = std::move(finding);
        wake();
    });
    thread_ = std::thread([this] { run(); });
}

void ServiceRunner::restart(std::string_view reason) {
    const MutexLock lock(mutex_);
    ++wish_.restarts;
    wake();
    log("service_restart_asked", reason);
}

void ServiceRunner::kill(std::string_view reason) {
    const MutexLock lock(mutex_);
    wish_.kill_reason = reason;
    wake();
}

Status ServiceRunner::signal(int signal) {
    const MutexLock lock(mutex_);  // the process is not reaped, and its number not another's, while it is held
    if (target_ <= 0) return not_found("The service " + name_ + " does not run.");
    if (::kill(target_, signal) != 0) return not_found("The service " + name_ + " has ended.");
    return {};
}

void ServiceRunner::leave() {
    {
        const MutexLock lock(mutex_);
        wish_.leave = true;
    }
    wake();
    if (thread_.joinable()) thread_.join();
    prober_.reset();
}

LiveService ServiceRunner::live() const {
    const MutexLock lock(mutex_);
    return live_;
}

ServiceRunner::Wish ServiceRunner::wish_now() const {
    const MutexLock lock(mutex_);
    return wish_;
}

void ServiceRunner::wake() const {
    ::eventfd_write(wake_.get(), 1);
}

/// Until something comes, or the process ends.
void ServiceRunner::wait(std::int64_t ms) const {
    wait_readable(wake_.get(), process_ ? process_->fd() : -1, std::max<std::int64_t>(0, ms));
    eventfd_t count = 0;
    ::eventfd_read(wake_.get(), &count);
}

void ServiceRunner::run() {
    find_process();
    while (true) {
        const Wish wish = wish_now();
        if (wish.leave) return;
        if (process_ && process_->ended()) {
            take_end();
            continue;
        }
        if (process_) {
            if (wish.service && running_ == wish.definition && restarts_done_ == wish.restarts) {
                watch(wish);
            } else if (may_reload(wish)) {
                reload(wish);
            } else {
                stop(wish);
            }
            continue;
        }
        if (std::exchange(restarts_done_, wish.restarts) != wish.restarts) next_start_us_ = 0;
        if (!wish.service) {
            show(ServiceState::stopped, "");
            finished_.store(true);
            if (options_.on_change) options_.on_change();
            wait(kForever);
            continue;
        }
        finished_.store(false);
        const std::int64_t pause_ms = (next_start_us_ - now_us()) / 1'000;
        if (pause_ms > 0 && running_ == wish.definition) {
            wait(pause_ms);
        } else {
            start(wish);
        }
    }
}

/// What an earlier agent started.
void ServiceRunner::find_process() {
    const auto text = read_file(folder_.pid_path(), kPidFileBytesMax);
    if (!text) return;
    const std::size_t line = text->find('\n');
    process_ = Process::find(std::string_view(*text).substr(0, line));
    if (!process_) {
        ::unlink(folder_.pid_path().c_str());
        return;
    }
    running_ = line == text->npos ? "" : text->substr(line + 1);
    while (!running_.empty() && running_.back() == '\n')
        running_.pop_back();
    started_us_ = now_us();
    was_well_ = true;
    {
        const MutexLock lock(mutex_);
        target_ = process_->pid();
    }
    const Wish wish = wish_now();
    if (running_ == kPreparation) {  // half done, and nobody knows how far
        process_->kill_group();
        wait_readable(process_->fd(), -1, limits::kill_wait_ms);
        return;
    }
    if (!wish.service || wish.definition != running_) return;  // run() stops it
    log("service_adopted", "");
    begin_watch(wish.service);
    show(ServiceState::starting, "");
}

Status ServiceRunner::note(pid_t pid, std::string_view what) const {
    return write_file_atomic(folder_.pid_path(), identity_of(pid) + "\n" + std::string(what) + "\n");
}

void ServiceRunner::start(const Wish& wish) {
    const Service& service = *wish.service;
    running_ = wish.definition;
    if (delay_ms_ == 0) delay_ms_ = service.restart_first_ms;
    if (const Status prepared = prepare(service); !prepared) {
        if (prepared.error().code == Errc::conflict) return;  // something else is wished by now
        return put_off(service, prepared.error().message);
    }
    auto launched = Process::launch({folder_.filled(service.argv), filled(folder_, service.environment), folder_.path(),
                                     folder_.output_path(), [this](pid_t pid) { return note(pid, running_); }});
    if (!launched) return put_off(service, launched.error().message);
    process_ = std::move(*launched);
    started_us_ = now_us();
    was_well_ = false;
    {
        const MutexLock lock(mutex_);
        target_ = process_->pid();
        live_.version.clear();
        live_.config_hash = folder_.config_hash_on_disk(service);
    }
    begin_watch(wish.service);
    log("service_started", "");
    show(ServiceState::starting, "");
}

void ServiceRunner::begin_watch(const std::shared_ptr<const Service>& of) {
    running_service_ = of;
    const Service& service = *of;
    fails_ = 0;
    sick_since_us_ = 0;
    next_tick_us_ = 0;
    HealthCheck check = service.health;
    check.command = folder_.filled(check.command);
    check.address = folder_.filled(check.address);
    prober_->watch(++turn_, process_->pid(), std::move(check), filled(folder_, service.environment), folder_.path());
}

/// Tries again later.
void ServiceRunner::put_off(const Service& service, std::string_view problem) {
    ::unlink(folder_.pid_path().c_str());
    next_start_us_ = now_us() + std::int64_t{delay_ms_} * 1'000;
    delay_ms_ = std::min(delay_ms_ * 2, std::max(service.restart_first_ms, service.restart_longest_ms));
    log("service_not_started", problem);
    show(ServiceState::preparing, problem);
}

/// Errors: conflict when something else is wished by now.
Status ServiceRunner::prepare(const Service& service) {
    STOA_CHECK(folder_.make());
    folder_.bound_output(options_.log_bytes_max / 2);
    STOA_CHECK(folder_.write(service));
    if (service.prepare.empty() || ::access(folder_.prepared_path().c_str(), F_OK) == 0) return {};
    show(ServiceState::preparing, "");
    for (const auto& command : service.prepare)
        STOA_CHECK(run_to_end(folder_.filled(command), service));
    return write_file_atomic(folder_.prepared_path(), "");
}

Status ServiceRunner::run_to_end(const std::vector<std::string>& command, const Service& service) {
    STOA_TRY(process_, Process::launch({command, filled(folder_, service.environment), folder_.path(),
                                        folder_.output_path(), [this](pid_t pid) { return note(pid, kPreparation); }}));
    const std::int64_t until_us = now_us() + std::int64_t{limits::prepare_ms} * 1'000;
    Status outcome = Error{Errc::timeout, command[0] + " did not end in time"};
    while (!process_->ended() && now_us() < until_us) {
        wait((until_us - now_us()) / 1'000);
        const Wish wish = wish_now();
        if (wish.leave || !wish.service || wish.definition != running_) {
            outcome = Error{Errc::conflict, "no longer wanted"};
            break;
        }
    }
    const bool ended = process_->ended();
    process_->kill_group();
    const std::string how = process_->reap();
    process_.reset();
    ::unlink(folder_.pid_path().c_str());
    if (!ended) return outcome;
    if (how == "ended with code 0") return {};
    // What it printed may hold secrets: it stays on this host.
    return Error{Errc::internal,
                 "to prepare, " + command[0] + " was run and " + how + "; see " + folder_.output_path()};
}

/// While the process is the wished one: one round.
void ServiceRunner::watch(const Wish& wish) {
    const Service& service = *wish.service;
    std::optional<Finding> finding;
    std::string kill_reason;
    {
        const MutexLock lock(mutex_);
        finding = std::exchange(finding_, std::nullopt);
        kill_reason = std::exchange(wish_.kill_reason, "");
    }
    if (!kill_reason.empty()) return kill_now(kill_reason);
    if (finding && finding->turn == turn_) take_finding(service, *finding);
    if (now_us() >= next_tick_us_) {
        next_tick_us_ = now_us() + kTickMs * 1'000;
        folder_.bound_output(options_.log_bytes_max);
        std::string hash = folder_.config_hash_on_disk(service);
        const MutexLock lock(mutex_);
        live_.config_hash = std::move(hash);
    }
    std::int64_t until_us = next_tick_us_;
    if (sick_since_us_ != 0 && service.health.kill_after_ms > 0) {
        const int allowed_ms =
            refuses_ ? std::max(service.stop_grace_ms, service.health.kill_after_ms) : service.health.kill_after_ms;
        const std::int64_t kill_us = sick_since_us_ + std::int64_t{allowed_ms} * 1'000;
        if (now_us() >= kill_us) {
            return kill_now("sick for " + std::to_string(allowed_ms) + " ms: " + live().problem);
        }
        until_us = std::min(until_us, kill_us);
    }
    wait((until_us - now_us() + 999) / 1'000);
}

void ServiceRunner::take_finding(const Service& service, const Finding& finding) {
    if (!finding.version.empty()) {
        const MutexLock lock(mutex_);
        live_.version = finding.version;
    }
    if (finding.well) {
        fails_ = 0;
        sick_since_us_ = 0;
        was_well_ = true;
        return show(ServiceState::well, "");
    }
    ++fails_;
    const bool is_sick = finding.stopped || (was_well_ && fails_ >= service.health.fall);
    if (!is_sick) {
        // One that starts says what it waits for; one that was well is given the benefit of the doubt.
        if (!was_well_) show(ServiceState::starting, finding.problem);
        return;
    }
    if (live().state != ServiceState::sick) log("service_sick", finding.problem);
    if (finding.answers) {
        sick_since_us_ = 0;  // it does not hang
    } else if (sick_since_us_ == 0 || refuses_ != finding.refuses) {
        sick_since_us_ = now_us();
        refuses_ = finding.refuses;
    }
    show(ServiceState::sick, finding.problem);
}

void ServiceRunner::kill_now(std::string_view reason) {
    counter("stoa_node_kills_total", "Services killed with SIGKILL, by service.", {{"service", name_}}).add();
    log("service_killed", reason);
    process_->kill_group();
    wait_readable(process_->fd(), -1, limits::kill_wait_ms);
    if (process_->ended()) return take_end();
    show(ServiceState::sick, "does not die of SIGKILL: it hangs in the kernel");
    sick_since_us_ = now_us();
}

/// The process has ended.
void ServiceRunner::take_end() {
    prober_->rest();
    {
        const MutexLock lock(mutex_);
        target_ = 0;
    }
    process_->kill_group();  // what it left behind may hold its ports
    const std::string how = process_->reap();
    const int pid = process_->pid();
    process_.reset();
    ::unlink(folder_.pid_path().c_str());
    sick_since_us_ = 0;
    const Wish wish = wish_now();
    const std::string reason = how + " (pid " + std::to_string(pid) + ")";
    if (!wish.service || running_ != wish.definition) return log("service_stopped", reason);
    const Service& service = *wish.service;
    // One that served for a moment does not keep dying: whatever ended it may not make its next start slower.
    const std::int64_t lived_ms = (now_us() - started_us_) / 1'000;
    if (lived_ms > service.restart_longest_ms || (was_well_ && lived_ms > kServedMs)) delay_ms_ = 0;
    if (delay_ms_ == 0) delay_ms_ = service.restart_first_ms;
    next_start_us_ = now_us() + std::int64_t{delay_ms_} * 1'000;
    delay_ms_ = std::min(delay_ms_ * 2, std::max(service.restart_first_ms, service.restart_longest_ms));
    {
        const MutexLock lock(mutex_);
        ++live_.restarts;
    }
    counter("stoa_node_restarts_total", "Services that ended by themselves, by service.", {{"service", name_}}).add();
    log("service_ended", reason);
    show(ServiceState::restarting, how);
}

bool ServiceRunner::may_reload(const Wish& wish) const {
    return wish.service && restarts_done_ == wish.restarts && differs_in_files_only(running_, wish.definition);
}

/// Gives the running process its new files.
void ServiceRunner::reload(const Wish& wish) {
    const Service& service = *wish.service;
    if (const Status written = folder_.write(service); !written) {
        log("service_not_reloaded", written.error().message);
        show(ServiceState::sick, written.error().message);  // it runs, with the old ones
        return wait(kTickMs);
    }
    process_->signal(service.reload_signal);
    running_ = wish.definition;
    if (const Status noted = note(process_->pid(), running_); !noted) {
        log("service_not_noted", noted.error().message);  // the next agent will reload it once more
    }
    {
        const MutexLock lock(mutex_);
        live_.config_hash = folder_.config_hash_on_disk(service);
    }
    log("service_reloaded", "its files have changed");
    begin_watch(wish.service);
    show(ServiceState::starting, "");
}

/// Stops the process as its definition says; the new one serves when that is not known.
void ServiceRunner::stop(const Wish& wish) {
    const Service fallback;
    const Service& how = running_service_ ? *running_service_ : wish.service ? *wish.service : fallback;
    prober_->rest();
    log("service_stopping", wish.service ? "it is to run anew" : "it is no longer wanted");
    show(ServiceState::stopping, "");
    process_->signal(how.stop_signal);
    process_->signal(SIGCONT);  // a stopped one would never see it
    const std::int64_t until_us = now_us() + std::int64_t{how.stop_grace_ms} * 1'000;
    while (!process_->ended() && now_us() < until_us) {
        wait((until_us - now_us() + 999) / 1'000);
        if (wish_now().leave) return;
    }
    if (!process_->ended()) {
        log("service_killed", "it did not stop within " + std::to_string(how.stop_grace_ms) + " ms");
        process_->kill_group();
        wait_readable(process_->fd(), -1, limits::kill_wait_ms);
    }
    if (!process_->ended()) return show(ServiceState::stopping, "does not die of SIGKILL: it hangs in the kernel");
    {
        const MutexLock lock(mutex_);
        target_ = 0;
    }
    process_->kill_group();
    const std::string end = process_->reap();
    process_.reset();
    running_service_.reset();
    running_.clear();
    delay_ms_ = 0;
    next_start_us_ = 0;
    ::unlink(folder_.pid_path().c_str());
    log("service_stopped", end);
}

/// live_ speaks of a process that runs something else than what is wished by now.
bool ServiceRunner::is_outdated() const {
    return wish_.service && live_definition_ != wish_.definition;
}

void ServiceRunner::show(ServiceState state, std::string_view problem) {
    {
        const MutexLock lock(mutex_);
        live_definition_ = running_;
        if (state == ServiceState::well && is_outdated()) state = ServiceState::starting;
        const int pid = process_ ? process_->pid() : 0;
        if (live_.state == state && live_.problem == problem && live_.pid == pid) return;
        if (live_.state != state && state == ServiceState::well) log("service_well", "");
        live_.state = state;
        live_.problem = problem;
        live_.pid = pid;
    }
    gauge("stoa_node_service_well", "1 when the service is well, by service.", {{"service", name_}})
        .set(state == ServiceState::well ? 1 : 0);
    if (options_.on_change) options_.on_change();
}

void ServiceRunner::log(std::string_view event, std::string_view reason) const {
    const bool is_trouble = event == "service_ended" || event == "service_sick" || event == "service_killed" ||
                            event == "service_not_started" || event == "service_not_reloaded";
    const auto level = is_trouble ? log::Level::warn : log::Level::info;
    const int pid = process_ ? process_->pid() : 0;
    if (reason.empty()) return log::write(level, event, {{"host", options_.host}, {"service", name_}, {"pid", pid}});
    log::write(level, event, {{"host", options_.host}, {"service", name_}, {"pid", pid}, {"reason", reason}});
}

}  // namespace stoa::cluster::node
