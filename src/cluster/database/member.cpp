#include "cluster/database/member.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/log.hpp"
#include "cluster/database/hang_cause.hpp"
#include "cluster/database/member_state.hpp"

namespace stoa::cluster::database {
namespace {

using Kind = Action::Kind;

constexpr int kHungMs = 3'000;  ///< a replica that does not answer for so long is ended
constexpr int kTickMs = 100;
constexpr int kStartingMs = 20;    ///< between looks at a server that does not answer yet
constexpr int kServerLogMs = 300;  ///< between looks at the server's log
constexpr int kDamagedStarts = 3;
constexpr int kApplyMs = 20'000;
constexpr int kApplyTries = 10;
constexpr int kPauseMs = 2'500;     ///< then the leader is still there, and is tried again
constexpr int kReceiptsMs = 1'000;  ///< after that a receipt that must have been sent counts as lost

etcd::ClientOptions bounded(etcd::ClientOptions options) {
    options.call_ms = std::min(options.call_ms, 500);
    options.deadline_ms = std::min(options.deadline_ms, 1'500);
    return options;
}

}  // namespace

std::string process_identity(pid_t pid) {
    if (pid <= 0) return {};
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    if (!std::getline(file, text)) return {};
    const auto end = text.rfind(')');  // the name before it may hold anything
    if (end == std::string::npos) return {};
    std::istringstream fields(text.substr(end + 1));
    std::string field;
    for (int i = 3; i <= 22 && fields >> field; ++i) {
        if (i == 3 && field == "Z") return {};
    }
    return std::to_string(pid) + "-" + field;
}

MemberRuntime::Impl::Impl(MemberOptions options, DatabaseProcess& process)
    : options_(std::move(options)),
      settings_(options_.settings),
      counts_alone_(!settings_.block_without_receipts),
      keys_(Keys(options_.cluster)),
      process_(process),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      etcd_(bounded(options_.etcd)),
      server_(options_.server, settings_.name, settings_.members, options_.accounts),
      life_suffix_(options_.work_dir + "/life"),
      led_(options_.work_dir + "/led"),
      copied_at_(options_.work_dir + "/copied"),
      watchdog_(options_.work_dir + "/watchdog", settings_.timing.watchdog_ms, options_.work_dir + "/timeline"),
      disk_(options_.work_dir + "/disk"),
      key_(options_.etcd, keys_.leader(), settings_.timing.lease_ttl_s, settings_.timing.renew_ms,
           {[this] { return !is_stuck(settings_.timing.fence_ms); }, [this](std::int64_t sent) { renewed(sent); },
            [this] { wake(); }}),
      heartbeat_(options_.server, settings_.timing.beat_ms, [this] { wake(); }),
      mirror_(options_.etcd, keys_.root(), [this] { wake(); }),
      lease_client_(bounded(options_.etcd)),
      lease_(lease_client_, settings_.timing.lease_ttl_s) {}

Status MemberRuntime::Impl::start() {
    STOA_CHECK(watchdog_.start());
    came_round();
    mirror_.start();
    lease_.start();
    publisher_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "db-publish");
        publish_loop();
    });
    confirmer_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "db-confirm");
        confirm_loop();
    });
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "db-member");
        run();
    });
    return {};
}

void MemberRuntime::Impl::stop() {
    if (stopping_.exchange(true)) return;
    wake();
    {
        MutexLock lock(mutex_);
        published_changed_.notify_all();
    }
    for (auto* thread : {&thread_, &publisher_, &confirmer_}) {
        if (thread->joinable()) thread->join();
    }
    heartbeat_.stop();
    if (copier_.joinable()) copier_.join();
    if (giver_.joinable()) giver_.join();
    mirror_.stop();
    lease_.stop();
}

void MemberRuntime::Impl::run() {
    while (!stopping_) {
        came_round();
        settings_.block_without_receipts = !counts_alone_;
        look();
        ClusterView view = read_cluster();
        note_vacancy(view);
        note_handover(view);
        if (self_.token.empty() && view.leader && view.leader->handover == settings_.name) key_.prepare();
        see_acknowledgers(view);
        self_.receipts_lost = receipts_lost(view);
        const Action action = decide(settings_, view, self_, now_us());
        show(view, action);
        give_copies(view);
        if (action.kind == Kind::wait) {
            timeline_.flush();
            if (locks_unsure_ && self_.served && self_.writable && view.fresh) (void)settle_list();
            rest();
            continue;
        }
        const auto begun = now_us();
        const Status done = perform(action, view);
        timeline_.flush();  // not before: a leader whose server ended gives its key up first
        tell(action, done, begun);
        if (!done) ::usleep(30'000);
        if (action.kind == Kind::start_server) rest();  // it is on its way
    }
}

void MemberRuntime::Impl::rest() {
    const pid_t pid = process_.pid();
    Fd pidfd(pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1);
    pollfd waits[2] = {{wake_.get(), POLLIN, 0}, {pidfd.get(), POLLIN, 0}};
    ::poll(waits, pidfd ? 2 : 1, self_.server == Self::Server::answers ? kTickMs : kStartingMs);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto taken = ::read(wake_.get(), &count, sizeof(count));
}

void MemberRuntime::Impl::look() {
    const pid_t pid = process_.pid();
    const std::string identity = process_identity(pid);
    const std::string before = self_.life;
    if (identity.empty() || identity == ended_) {
        self_.server = Self::Server::down;
        self_.life.clear();
        self_.writable = self_.as_leader = self_.acknowledges = self_.receiving = self_.applying = false;
        self_.parted = false;
        apply_failures_ = 0;
        note_timeline();
        server_.reset();
        if (watchdog_.server() != 0 && self_.token.empty()) watchdog_.disarm();
    } else {
        // The suffix belongs to one process.
        const auto& kept = life_suffix_.value();
        const auto space = kept.find(' ');
        const bool same = space != std::string::npos && kept.substr(0, space) == identity;
        self_.life = identity + "." + (same ? kept.substr(space + 1) : "0");
        look_at_server();
    }
    if (self_.life != before) {
        self_.vote.reset();
        self_.follows_epoch = 0;
        answered_us_ = 0;
    }
    look_for_damage();
    self_.write_until_us = watchdog_.until_us();
    self_.may_have_led = !led_.value().empty();
    self_.hangs = heartbeat_.hangs();
    if (self_.server == Self::Server::answers && self_.writable && !self_.token.empty()) {
        if (!heartbeat_.running()) heartbeat_.start(self_.epoch, hang_limit_ms_);
    } else if (heartbeat_.running() && self_.server == Self::Server::down) {
        heartbeat_.stop();
    }
    if (watchdog_.process() != 0 && now_us() - watchdog_looked_us_ > 1'000'000) {
        watchdog_looked_us_ = now_us();
        if (auto status = watchdog_.ensure(); !status) {
            log::error("database_watchdog", {{"problem", status.error().message}, {"do", "see the host's limits"}});
        }
    }
}

void MemberRuntime::Impl::note_timeline() {
    if (self_.writable && !timeline_.is_open()) timeline_.found_open(self_.epoch, now_us());
    if (!self_.writable && timeline_.is_open()) timeline_.closed(now_us());
}

void MemberRuntime::Impl::look_at_server() {
    auto facts = server_.look(kLookMs);
    if (!facts) {
        server_.reset();
        if (self_.server != Self::Server::answers) self_.server = Self::Server::starting;
        if (answered_us_ != 0 && !self_.writable && ms_since(answered_us_) > kHungMs) {
            process_.kill();  // first: to write the log may wait for the same disk
            log::warn("database_server_hangs", {{"member", settings_.name}, {"do", "it is ended and started again"}});
            answered_us_ = 0;
        }
        return;
    }
    answered_us_ = now_us();
    self_.server = Self::Server::answers;
    self_.writable = !facts->read_only;
    self_.as_leader = facts->as_leader;
    note_timeline();
    self_.acknowledges = facts->acknowledges;
    self_.receiving = facts->receiving;
    self_.applying = facts->applying;
    self_.source = facts->source;
    if (facts->heard != heard_ || !facts->receiving) {
        heard_ = facts->heard;
        self_.heard_us = now_us();
    }
    self_.received = facts->received;
    self_.applied = facts->applied;
    // https://mariadb.com/kb/en/mariadb-error-code-reference/ 1236: the source has not what this one asks for
    self_.parted = facts->receive_error == 1236 || facts->receive_error == 1945;
    // Changes that cannot be applied again and again: its data are not what they should be. Appliers that were just
    // started run for a moment, until they come to the change: only what is applied counts as progress.
    if (!(facts->applied == apply_failed_at_)) apply_failures_ = 0;
    if (is_damage(facts->apply_error)) found_damage(facts->problem);
    apply_failed_ = facts->apply_error != 0 && !facts->applying;
    self_.parted = self_.parted || apply_failures_ >= kApplyTries;
    lag_ms_ = facts->source.empty() ? 0 : facts->lag_ms;
    problem_ = facts->problem;
}

/// A start after a power cut may name a torn page and repair it (InnoDB's doublewrite buffer): only what a server that
/// answers says counts at once.
void MemberRuntime::Impl::look_for_damage() {
    if (self_.copying || self_.damaged) {
        server_log_us_ = 0;
        (void)server_log_.look();
        return;
    }
    const bool answers = self_.server == Self::Server::answers;
    const bool due = ms_since(server_log_us_) >= kServerLogMs || server_log_us_ == 0;
    if (due || self_.server == Self::Server::down) {
        server_log_us_ = now_us();
        if (server_log_.look()) {
            if (answers && !damage_at_start_) return found_damage(server_log_.line());
            damage_at_start_ = true;
        }
    }
    if (answers) {
        damage_at_start_ = false;
        damaged_starts_ = 0;
    } else if (damage_at_start_ && self_.server == Self::Server::down) {
        damage_at_start_ = false;
        if (++damaged_starts_ >= kDamagedStarts) found_damage(server_log_.line());
    }
}

void MemberRuntime::Impl::found_damage(const std::string& how) {
    if (self_.damaged) return;
    self_.damaged = true;
    damaged_starts_ = 0;
    publish(true);
    log::error("database_damaged", {{"member", settings_.name},
                                    {"problem", how},
                                    {"do", "its data are copied anew; see the host's disk and memory"}});
}

ClusterView MemberRuntime::Impl::read_cluster() {
    const auto snapshot = mirror_.snapshot();
    ClusterView view =
        read_view(keys_, snapshot->values, snapshot->revision, mirror_.fresh() && snapshot->revision != 0);
    if (view.revision < own_.revision) {  // what was written oneself is known at once
        view.leader = own_.leader;
        view.acknowledgers = own_.list;
        view.revision = own_.revision;
    }
    if (view.command && view.command->id == answered_.id) view.command = answered_;
    hang_limit_ms_ = hang_limit_ms(settings_.timing, view, system_clock().now_us() / 1'000);
    return view;
}

void MemberRuntime::Impl::note_vacancy(const ClusterView& view) {
    if (view.leader) leader_address_ = view.leader->address;
    if (!view.fresh || view.leader) {
        self_.vacant_us = 0;
    } else if (self_.vacant_us == 0) {
        self_.vacant_us = now_us();
        steps_ = {};
        steps_.noticed_us = self_.vacant_us;
        steps_.from = view.acknowledgers ? view.acknowledgers->leader : "";
        steps_.from_epoch = view.epoch();
        steps_.from_address = leader_address_;
        steps_.heard_us = self_.receiving ? self_.heard_us : 0;
    }
}

void MemberRuntime::Impl::see_acknowledgers(const ClusterView& view) {
    std::vector<Self::Seen> seen;
    if (!self_.token.empty() && view.acknowledgers) {
        for (const auto& one : view.acknowledgers->members) {
            const auto at = view.members.find(one.name);
            const bool well = at != view.members.end() && at->second.life == one.life && at->second.receiving &&
                              at->second.follows_epoch == self_.epoch;
            Self::Seen now{one.name, one.life, well ? 0 : now_us()};
            for (const auto& before : self_.acknowledgers) {
                if (before.name == one.name && before.life == one.life && !well && before.not_receiving_us != 0) {
                    now.not_receiving_us = before.not_receiving_us;
                }
            }
            seen.push_back(std::move(now));
        }
    }
    self_.acknowledgers = std::move(seen);
}

bool MemberRuntime::Impl::receipts_lost(const ClusterView& view) {
    bool lost = self_.writable && heartbeat_.waits_for_receipts() && view.acknowledgers;
    if (lost) {
        const auto& members = view.acknowledgers->members;
        lost = std::any_of(members.begin(), members.end(), [&](const ServerLife& one) {
            const auto at = view.members.find(one.name);
            return at != view.members.end() && at->second.life == one.life && at->second.acknowledges &&
                   at->second.receiving && at->second.received.reached(self_.applied);
        });
    }
    if (!lost || !(self_.applied == waiting_at_)) {
        waiting_at_ = self_.applied;
        waiting_us_ = lost ? now_us() : 0;
        return false;
    }
    if (waiting_us_ == 0) waiting_us_ = now_us();
    return ms_since(waiting_us_) > kReceiptsMs;
}

Status MemberRuntime::Impl::perform(const Action& action, const ClusterView& view) {
    switch (action.kind) {
        case Kind::wait:
            return {};
        case Kind::kill_server:
            cause_ = self_.hangs ? hang_cause(view) : std::string();
            return kill_server(action);
        case Kind::start_server:
            return start_server(action);
        case Kind::give_up:
            return give_up(action.reason);
        case Kind::forget:
            key_.forget();
            self_.token.clear();
            watchdog_.arm(process_.pid(), std::max<std::int64_t>(1, confirmed_until_us_.load()), self_.epoch);
            return {};
        case Kind::adopt:
            return adopt();
        case Kind::stop_receiving:
            return stop_receiving(action);
        case Kind::pause_receiving:
            self_.follow_again_us = now_us() + kPauseMs * 1'000LL;
            return server_.pause_receiving();
        case Kind::leave_list:
            STOA_CHECK(server_.leave_list());
            return new_life();
        case Kind::take_leadership:
            return take(action);
        case Kind::apply: {
            came_round(kApplyMs);
            STOA_CHECK(server_.apply(self_.received, kApplyMs));
            steps_.applied_us = now_us();
            return {};
        }
        case Kind::establish:
            STOA_CHECK(led_.set("yes"));
            STOA_CHECK(take_number());
            return write_list(*action.list);
        case Kind::open:
            if (!self_.served) await_predecessor(view);
            return open(*action.list);
        case Kind::announce:
            return announce(view);
        case Kind::change_list:
            return change_list(*action.list, view);
        case Kind::follow:
            return follow(action, view);
        case Kind::hand_over:
            return hand_over(action, view);
        case Kind::copy:
            return copy(action, view);
        case Kind::answer:
            return answer(action.reason, view);
    }
    return {};
}

Status MemberRuntime::Impl::start_server(const Action& action) {
    if (!ended_.empty() && process_identity(process_.pid()) == ended_) {
        problem_ = "the server that was ended has not gone yet: see its disk";
        return Error{Errc::unavailable, problem_};
    }
    const Status started = process_.start(action.as_leader);
    problem_ = started ? std::string() : started.error().message;
    return started;
}

std::string MemberRuntime::Impl::hang_cause(const ClusterView& view) const {
    std::string cause = certain_cause_of_hang(process_.pid(), options_.reseed.dir);
    if (!cause.empty() || !disk_.stalls() || !view.acknowledgers) return cause;
    // A disk that all share would stall under the next leader, too.
    const bool others_do_better =
        std::any_of(view.acknowledgers->members.begin(), view.acknowledgers->members.end(), [&](const ServerLife& one) {
            const auto at = view.members.find(one.name);
            return one.name != settings_.name && at != view.members.end() && at->second.life == one.life &&
                   !at->second.disk_stalls;
        });
    return others_do_better ? "its disk takes no writes" : std::string();
}

/// Its disk may be why, so nothing here touches one, the log as little as a file, before the key is given up.
Status MemberRuntime::Impl::kill_server(const Action& action) {
    const auto epoch = self_.epoch;
    const std::string why = cause_.empty() ? action.reason : action.reason + ": " + cause_;
    if (!watchdog_.kill_server()) process_.kill();
    killed_by_hang_ = killed_by_hang_ || (self_.hangs && cause_.empty());
    ended_ = self_.life.substr(0, self_.life.find('.'));
    // Nothing runs in it any more once the signal is on its way: others may take over at once.
    const auto deadline = now_us() + 200'000;
    while (process_identity(process_.pid()) == ended_ && now_us() < deadline)
        ::usleep(2'000);
    timeline_.closed(now_us());
    self_.server = Self::Server::down;
    self_.writable = self_.as_leader = self_.acknowledges = self_.receiving = self_.applying = false;
    const Status left = self_.token.empty() ? Status() : give_up(why);
    publish(true);
    server_.reset();
    log::error(
        "database_server_ended",
        {{"member", settings_.name}, {"epoch", epoch}, {"why", why}, {"do", "it starts again as a replica by itself"}});
    return left;
}

MemberRuntime::MemberRuntime(MemberOptions options, DatabaseProcess& process)
    : impl_(std::make_unique<Impl>(std::move(options), process)) {}
MemberRuntime::~MemberRuntime() = default;

Status MemberRuntime::start() {
    return impl_->start();
}
void MemberRuntime::stop() {
    impl_->stop();
}
void MemberRuntime::set_policy(bool counts_alone) {
    impl_->set_policy(counts_alone);
}
ClusterView MemberRuntime::view() const {
    return impl_->view();
}
Member MemberRuntime::self() const {
    return impl_->self();
}
std::string MemberRuntime::waits_for() const {
    return impl_->waits_for();
}

}  // namespace stoa::cluster::database
