#include "cluster/database/member.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include "base/clock.hpp"
#include "base/file_util.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/random.hpp"
#include "base/thread_annotations.hpp"
#include "cluster/database/heartbeat.hpp"
#include "cluster/database/leader_key.hpp"
#include "cluster/database/peers.hpp"
#include "cluster/database/watchdog.hpp"
#include "cluster/etcd/lease.hpp"
#include "cluster/etcd/mirror.hpp"

namespace stoa::cluster::database {
namespace {

using Kind = Action::Kind;

constexpr int kLookMs = 400;    ///< a look at the own server
constexpr int kHungMs = 3'000;  ///< a replica that does not answer for so long is ended
constexpr int kTickMs = 100;
constexpr int kPublishMs = 200;
constexpr int kConfirmMs = 300;  ///< between questions to the acknowledgers while etcd is silent
constexpr int kPeerMs = 150;
constexpr int kApplyTries = 10;
constexpr int kPauseMs = 2'500;     ///< then the leader is still there, and is tried again
constexpr int kReceiptsMs = 1'000;  ///< after that a receipt that must have been sent counts as lost
constexpr int kAlertS = 5;
constexpr std::size_t kFileBytesMax = 4'096;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}
std::int64_t ms_since(std::int64_t us) {
    return us == 0 ? 0 : (now_us() - us) / 1'000;
}
etcd::ClientOptions bounded(etcd::ClientOptions options) {
    options.call_ms = std::min(options.call_ms, 500);
    options.deadline_ms = std::min(options.deadline_ms, 1'500);
    return options;
}

/// A text that survives the agent.
class StateFile {
  public:
    explicit StateFile(std::string path) : path_(std::move(path)) {
        if (auto text = read_file(path_, kFileBytesMax)) value_ = std::move(*text);
    }
    const std::string& value() const { return value_; }
    Status set(const std::string& value) {
        if (value == value_) return {};
        STOA_CHECK(write_file_atomic(path_, value, 0600));
        value_ = value;
        return {};
    }

  private:
    const std::string path_;
    std::string value_;
};

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

class MemberRuntime::Impl {
  public:
    Impl(MemberOptions options, DatabaseProcess& process)
        : options_(std::move(options)),
          settings_(options_.settings),
          keys_(Keys(options_.cluster)),
          process_(process),
          wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          etcd_(bounded(options_.etcd)),
          server_(options_.server, settings_.name, settings_.members, options_.accounts),
          life_suffix_(options_.work_dir + "/life"),
          led_(options_.work_dir + "/led"),
          copied_at_(options_.work_dir + "/copied"),
          watchdog_(options_.work_dir + "/watchdog", settings_.timing.watchdog_ms),
          key_(options_.etcd, keys_.leader(), settings_.timing.lease_ttl_s, settings_.timing.renew_ms,
               {[this](std::int64_t sent) { renewed(sent); }, [this] { wake(); }}),
          heartbeat_(options_.server, settings_.timing.beat_ms, [this] { wake(); }),
          mirror_(options_.etcd, keys_.root(), [this] { wake(); }),
          lease_client_(bounded(options_.etcd)),
          lease_(lease_client_, settings_.timing.lease_ttl_s) {}

    ~Impl() { stop(); }

    Status start() {
        STOA_CHECK(watchdog_.start());
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

    void stop() {
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

    ClusterView view() const {
        MutexLock lock(mutex_);
        return shown_view_;
    }
    Member self() const {
        MutexLock lock(mutex_);
        return wanted_;
    }
    std::string waits_for() const {
        MutexLock lock(mutex_);
        return waits_for_;
    }

  private:
    void wake() {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
    }

    // --- the loop
    void run() {
        while (!stopping_) {
            look();
            ClusterView view = read_cluster();
            note_vacancy(view);
            see_acknowledgers(view);
            self_.receipts_lost = receipts_lost(view);
            const Action action = decide(settings_, view, self_, now_us());
            show(view, action);
            give_copies(view);
            if (action.kind == Kind::wait) {
                if (locks_unsure_ && self_.served && self_.writable && view.fresh) (void)settle_list();
                rest();
                continue;
            }
            const auto begun = now_us();
            const Status done = perform(action, view);
            tell(action, done, begun);
            if (!done) ::usleep(30'000);
        }
    }
    /// Until something happens: etcd, the server's end, the heartbeat; or a moment.
    void rest() {
        const pid_t pid = process_.pid();
        Fd pidfd(pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1);
        pollfd waits[2] = {{wake_.get(), POLLIN, 0}, {pidfd.get(), POLLIN, 0}};
        ::poll(waits, pidfd ? 2 : 1, self_.server == Self::Server::starting ? 20 : kTickMs);
        std::uint64_t count = 0;
        [[maybe_unused]] const auto taken = ::read(wake_.get(), &count, sizeof(count));
    }

    void look() {
        const pid_t pid = process_.pid();
        const std::string identity = process_identity(pid);
        const std::string before = self_.life;
        if (identity.empty()) {
            self_.server = Self::Server::down;
            self_.life.clear();
            self_.writable = self_.as_leader = self_.acknowledges = self_.receiving = self_.applying = false;
            self_.parted = false;
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
    void look_at_server() {
        auto facts = server_.look(kLookMs);
        if (!facts) {
            server_.reset();
            if (self_.server != Self::Server::answers) self_.server = Self::Server::starting;
            if (answered_us_ != 0 && !self_.writable && ms_since(answered_us_) > kHungMs) {
                log::warn("database_server_hangs",
                          {{"member", settings_.name}, {"do", "it is ended and started again"}});
                process_.kill();
                answered_us_ = 0;
            }
            return;
        }
        answered_us_ = now_us();
        self_.server = Self::Server::answers;
        self_.writable = !facts->read_only;
        self_.as_leader = facts->as_leader;
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
        // Changes that cannot be applied again and again: its data are not what they should be.
        if (facts->applying || facts->apply_error == 0) apply_failures_ = 0;
        self_.parted = self_.parted || apply_failures_ >= kApplyTries;
        lag_ms_ = facts->source.empty() ? 0 : facts->lag_ms;
        problem_ = facts->problem;
    }

    ClusterView read_cluster() {
        const auto snapshot = mirror_.snapshot();
        ClusterView view =
            read_view(keys_, snapshot->values, snapshot->revision, mirror_.fresh() && snapshot->revision != 0);
        if (view.revision < own_.revision) {  // what was written oneself is known at once
            view.leader = own_.leader;
            view.acknowledgers = own_.list;
            view.revision = own_.revision;
        }
        hang_limit_ms_ = hang_limit_ms(settings_.timing, view, system_clock().now_us() / 1'000);
        return view;
    }
    void note_vacancy(const ClusterView& view) {
        if (!view.fresh || view.leader) {
            self_.vacant_us = 0;
        } else if (self_.vacant_us == 0) {
            self_.vacant_us = now_us();
            steps_ = {};
            steps_.noticed_us = self_.vacant_us;
            steps_.from = view.acknowledgers ? view.acknowledgers->leader : "";
        }
    }
    void see_acknowledgers(const ClusterView& view) {
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

    /// For a second now.
    bool receipts_lost(const ClusterView& view) {
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

    // --- what it does
    Status perform(const Action& action, const ClusterView& view) {
        switch (action.kind) {
            case Kind::wait:
                return {};
            case Kind::kill_server:
                return kill_server(action);
            case Kind::start_server:
                return process_.start(action.as_leader);
            case Kind::give_up:
                return give_up();
            case Kind::forget:
                key_.forget();
                self_.token.clear();
                watchdog_.arm(process_.pid(), std::max<std::int64_t>(1, confirmed_until_us_.load()));
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
                STOA_CHECK(server_.apply(self_.received, 20'000));
                steps_.applied_us = now_us();
                return {};
            }
            case Kind::establish:
                STOA_CHECK(led_.set("yes"));
                return write_list(*action.list);
            case Kind::open:
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
                return answer(action, view);
        }
        return {};
    }

    Status kill_server(const Action& action) {
        process_.kill();
        if (self_.hangs) killed_by_hang_ = true;
        log::error("database_server_ended", {{"member", settings_.name},
                                             {"epoch", self_.epoch},
                                             {"why", action.reason},
                                             {"do", "it starts again as a replica by itself"}});
        // Nothing runs in it any more once the signal is on its way: others may take over at once.
        server_.reset();
        const auto deadline = now_us() + 200'000;
        while (process_.pid() != 0 && now_us() < deadline)
            ::usleep(2'000);
        return {};
    }

    Status give_up() {
        heartbeat_.stop();
        if (killed_by_hang_ && own_.list) {
            // Whoever comes next is more patient.
            Acknowledgers list = *own_.list;
            const auto now_ms = system_clock().now_us() / 1'000;
            list.kills_by_hang = 1 + recent_hangs(list, now_ms);
            list.hung_at_ms = now_ms;
            (void)etcd_.put_if_unchanged_while(keys_.acknowledgers(), to_json(list), list_revision_, keys_.leader(),
                                               self_.epoch);
        }
        killed_by_hang_ = false;
        etcd::LeaseId earlier = 0;
        if (!key_.held()) {
            STOA_TRY(const auto key, etcd_.get(keys_.leader()));
            if (key) {
                const auto leader = leader_from_json(key->value);
                if (leader && leader->name == settings_.name) earlier = key->lease;
            }
        }
        key_.give_up(earlier);
        self_.token.clear();
        self_.served = self_.restarting = self_.forced = false;
        if (process_.pid() == 0 || !(self_.writable || self_.as_leader)) watchdog_.disarm();
        return {};
    }

    Status stop_receiving(const Action& action) {
        STOA_CHECK(server_.stop_receiving(settings_.timing.promise_ms));
        STOA_TRY(const auto facts, server_.look(kLookMs));
        if (facts.receiving) return internal_error("The server still receives.");
        self_.received = facts.received;
        self_.receiving = false;
        self_.vote = Vote{action.epoch, facts.received};
        self_.follow_again_us = 0;  // the next leader is another one
        steps_.fenced_us = now_us();
        publish(true);
        return {};
    }

    Status new_life() {
        const auto identity = self_.life.substr(0, self_.life.find('.'));
        const Status kept = life_suffix_.set(identity + " " + random_alnum(8));
        publish_now_ = true;
        return kept;
    }

    Status take(const Action& action) {
        const std::string token = random_alnum(16);
        Leader leader{settings_.name, token, settings_.address, "", false, {}};
        STOA_TRY(const auto taken, key_.take(to_json(leader)));
        self_.token = token;
        self_.epoch = taken.epoch;
        self_.key_revision = taken.revision;
        self_.forced = action.forced;
        self_.restarting = action.restarting;
        self_.served = false;
        self_.taken_us = now_us();
        renewed_us_ = taken.sent_us;
        const auto until = taken.sent_us + settings_.timing.fence_ms * 1'000LL;
        watchdog_.arm(process_.pid(), until);
        // What etcd holds now that nobody else can take over: was the copy that led here stale?
        auto listing = etcd_.get_prefix(keys_.root());
        if (!listing) {
            key_.give_up();
            self_.token.clear();
            watchdog_.disarm();
            return std::move(listing).error();
        }
        std::map<std::string, std::string, std::less<>> values;
        list_revision_ = 0;
        for (auto& item : listing->items) {
            if (item.key == keys_.acknowledgers()) list_revision_ = item.mod_revision;
            values.emplace(std::move(item.key), std::move(item.value));
        }
        const auto view = read_view(keys_, values, listing->revision, true);
        if (!view.fresh || !may_lead(settings_, view, self_)) {
            key_.give_up();
            self_.token.clear();
            watchdog_.disarm();
            return Error{Errc::conflict, "Its copy of etcd was out of date."};
        }
        own_ = {listing->revision, view.leader, view.acknowledgers};
        steps_.taken_us = now_us();
        steps_.reason = action.reason;
        return {};
    }

    Status adopt() {
        STOA_TRY(const auto key, etcd_.get(keys_.leader()));
        if (!key) return not_found("The key is gone.");
        STOA_TRY(const auto leader, leader_from_json(key->value));
        if (leader.name != settings_.name || leader.life != self_.life) return not_found("The key is another one.");
        STOA_TRY(const auto list, etcd_.get(keys_.acknowledgers()));
        STOA_TRY(const auto taken, key_.adopt(*key));
        self_.token = leader.token;
        self_.epoch = taken.epoch;
        self_.key_revision = taken.revision;
        self_.served = self_.writable;
        self_.taken_us = now_us();
        renewed_us_ = taken.sent_us;
        list_revision_ = list ? list->mod_revision : 0;
        if (list) {
            if (auto read = acknowledgers_from_json(list->value)) own_.list = std::move(*read);
        }
        watchdog_.extend(taken.sent_us + settings_.timing.fence_ms * 1'000LL);
        return {};
    }

    Status write_list(Acknowledgers list) {
        STOA_TRY(const auto outcome, etcd_.put_if_unchanged_while(keys_.acknowledgers(), to_json(list), list_revision_,
                                                                  keys_.leader(), self_.epoch));
        if (!outcome.done) {
            // Its own earlier try whose answer was lost?
            STOA_TRY(const auto there, etcd_.get(keys_.acknowledgers()));
            if (there) {
                const auto read = acknowledgers_from_json(there->value);
                if (read && read->token == self_.token) {
                    list_revision_ = there->mod_revision;
                    own_ = {there->mod_revision, own_.leader, *read};
                    return {};
                }
            }
            return Error{Errc::conflict, "Somebody else wrote who acknowledges."};
        }
        list_revision_ = outcome.revision;
        own_ = {outcome.revision, own_.leader, std::move(list)};
        return {};
    }

    Status open(const Acknowledgers& list) {
        if (now_us() >= watchdog_.until_us()) return Error{Errc::conflict, "The lease is over."};
        watchdog_.arm(process_.pid(), watchdog_.until_us());
        STOA_CHECK(server_.open(list));
        self_.served = true;
        locks_unsure_ = false;  // open() sets them all
        self_.follows_epoch = 0;
        self_.writable = self_.as_leader = true;
        steps_.opened_us = now_us();
        heartbeat_.start(self_.epoch, hang_limit_ms_);
        return {};
    }

    Status announce(const ClusterView& view) {
        Leader leader = *view.leader;
        leader.open = true;
        leader.life = self_.life;
        leader.handover.clear();
        STOA_TRY(const auto revision, key_.rewrite(to_json(leader)));
        self_.key_revision = revision;
        own_ = {revision, leader, view.acknowledgers};
        remember_change(view);
        return {};
    }

    /// For people: the log, the metrics, the last changes in etcd.
    void remember_change(const ClusterView& view) {
        const auto since = [&](std::int64_t us) {
            return steps_.noticed_us == 0 || us < steps_.noticed_us ? 0 : (us - steps_.noticed_us) / 1'000;
        };
        Change change;
        change.at_ms = system_clock().now_us() / 1'000;
        change.epoch = self_.epoch;
        change.from = steps_.from;
        change.to = settings_.name;
        change.reason = steps_.reason;
        change.base = view.acknowledgers->base.text();
        change.fence_ms = since(steps_.fenced_us);
        change.elect_ms = since(steps_.taken_us);
        change.apply_ms = since(steps_.applied_us);
        change.open_ms = since(steps_.opened_us);
        log::warn("database_leader", {{"member", change.to},
                                      {"before", change.from},
                                      {"epoch", change.epoch},
                                      {"why", change.reason},
                                      {"base", change.base},
                                      {"fence_ms", change.fence_ms},
                                      {"elect_ms", change.elect_ms},
                                      {"apply_ms", change.apply_ms},
                                      {"open_ms", change.open_ms}});
        static Counter& changes = counter("stoa_database_leader_changes_total", "Times this member became the leader.");
        changes.add();
        static Histogram& took =
            histogram("stoa_database_leader_change_seconds", "From noticing that nobody leads to taking writes.");
        took.observe(static_cast<double>(change.open_ms) / 1e3);
        auto history = view.history;
        history.push_back(std::move(change));
        while (history.size() > kHistoryMax)
            history.erase(history.begin());
        (void)etcd_.put(keys_.history(), to_json(history));
        if (view.command && view.command->answer.empty() && view.command->kind != Command::Kind::reseed) {
            Action done;
            done.reason = settings_.name + " leads since epoch " + std::to_string(self_.epoch);
            (void)answer(done, view);
        }
    }

    /// After a change of the list that failed halfway.
    Status settle_list() {
        if (!own_.list) return {};
        // Written again: whatever is still on its way to etcd comes to nothing then, or is found there.
        STOA_CHECK(write_list(*own_.list));
        STOA_CHECK(server_.lock_barred(*own_.list));
        STOA_CHECK(server_.unlock_others(*own_.list));
        locks_unsure_ = false;
        return {};
    }

    Status change_list(Acknowledgers list, const ClusterView& view) {
        if (locks_unsure_) STOA_CHECK(settle_list());
        locks_unsure_ = true;
        STOA_CHECK(server_.lock_barred(list));
        const auto& before = view.acknowledgers->members;
        const bool only_grows = std::all_of(before.begin(), before.end(), [&](const ServerLife& one) {
            return std::find(list.members.begin(), list.members.end(), one) != list.members.end();
        });
        // While nobody was listed, nothing was acknowledged, unless an operator's policy allowed that.
        if (!only_grows || view.acknowledgers->alone) {
            // Somebody who stays must have all that those who go may have acknowledged.
            STOA_TRY(const auto position, server_.position());
            bool covered = list.members.empty();
            const auto deadline = now_us() + 1'000'000;
            while (!covered && now_us() < deadline) {
                for (const auto& one : list.members) {
                    const auto at = view.members.find(one.name);
                    if (at == view.members.end()) continue;
                    const auto received = peers_.received(at->second.address, kPeerMs);
                    covered = covered || (received && received->reached(position));
                }
                if (!covered) ::usleep(20'000);
            }
            if (!covered) return Error{Errc::timeout, "No member that stays has caught up yet."};
            list.base = position;
        }
        STOA_CHECK(write_list(list));
        STOA_CHECK(server_.unlock_others(list));
        locks_unsure_ = false;
        return {};
    }

    Status follow(const Action& action, const ClusterView& view) {
        STOA_CHECK(led_.set(""));
        bool thrown_away = false;
        if (!copied_at_.value().empty()) {
            STOA_CHECK(server_.begin_at(Position(copied_at_.value())));
            STOA_CHECK(copied_at_.set(""));
        }
        const auto done = server_.follow({view.leader->address, action.acknowledging}, thrown_away);
        if (thrown_away) STOA_CHECK(new_life());
        self_.follow_again_us = now_us() + (done ? 300'000 : 1'000'000);
        if (!problem_.empty() && !self_.applying && self_.follows_epoch == action.epoch) ++apply_failures_;
        STOA_CHECK(done);
        self_.follows_epoch = action.epoch;
        self_.vote.reset();
        publish_now_ = true;
        return {};
    }

    Status hand_over(const Action& action, const ClusterView& view) {
        const auto begun = now_us();
        heartbeat_.stop();
        Leader leader = *view.leader;
        leader.open = false;
        leader.handover = action.member;
        STOA_TRY(const auto closed, key_.rewrite(to_json(leader)));
        self_.key_revision = closed;
        own_ = {closed, leader, view.acknowledgers};
        const auto back = [&](Error error) -> Status {
            (void)server_.resume_writes();
            Action failed;
            failed.reason = "failed: " + error.message;
            (void)answer(failed, view);
            return error;
        };
        if (auto stopped = server_.stop_writes(2'000); !stopped) return back(std::move(stopped).error());
        auto position = server_.position();
        if (!position) return back(std::move(position).error());
        const auto deadline = now_us() + 2'000'000;
        bool there = false;
        while (!there && now_us() < deadline) {
            const auto received = peers_.received(view.members.at(action.member).address, kPeerMs);
            there = received && received->reached(*position);
            if (!there) ::usleep(5'000);
        }
        if (!there) return back({Errc::timeout, action.member + " did not catch up in time."});
        Acknowledgers list = *view.acknowledgers;
        list.preferred = action.member;
        list.base = *position;
        if (auto written = write_list(list); !written) return back(std::move(written).error());
        if (auto ended = server_.end_leadership(); !ended) return back(std::move(ended).error());
        watchdog_.disarm();
        self_.writable = self_.as_leader = false;
        key_.give_up();
        self_.token.clear();
        self_.served = false;
        peers_.release();
        log::info("database_hand_over", {{"from", settings_.name}, {"to", action.member}, {"ms", ms_since(begun)}});
        return {};
    }

    Status copy(const Action& action, const ClusterView& view) {
        self_.follow_again_us = now_us() + 10'000'000;
        std::string name = action.member;
        for (const auto& [other, member] : view.members) {  // rather not from the leader, who is busy
            if (name.empty() && other != settings_.name && member.in_pool) name = other;
        }
        if (name.empty()) name = view.leader->name;
        const auto from = view.members.find(name);
        if (options_.reseed.dir.empty() || from == view.members.end()) {
            return not_found("There is nobody from whom a copy could be fetched.");
        }
        log::error("database_reseed", {{"member", settings_.name},
                                       {"from", name},
                                       {"why", action.reason},
                                       {"own", self_.applied.text()},
                                       {"do", "compare the old folder if these changes matter"}});
        process_.kill();
        self_.copying = true;
        if (copier_.joinable()) copier_.join();
        copier_ = std::thread([this, name, view] {
            pthread_setname_np(pthread_self(), "db-copy");
            const auto begun = now_us();
            while (process_.pid() != 0 && !stopping_)
                ::usleep(20'000);
            etcd::Client etcd(options_.etcd);
            auto done =
                fetch_copy(options_.reseed, etcd, keys_, settings_.name, name, [this] { return stopping_.load(); });
            if (done) {
                // Set when it follows; a server that was copied has no log of its own.
                if (auto kept = copied_at_.set(done->text()); !kept) done = std::move(kept).error();
            }
            if (done) {
                log::info("database_reseeded", {{"member", settings_.name}, {"ms", ms_since(begun)}});
            } else {
                log::error("database_reseed_failed", {{"member", settings_.name}, {"problem", done.error().message}});
            }
            if (view.command && view.command->kind == Command::Kind::reseed && view.command->member == settings_.name &&
                view.command->answer.empty()) {
                Action result;
                result.reason = done ? "copied" : "failed: " + done.error().message;
                (void)answer(result, view);
            }
            copied_ = true;
            wake();
        });
        return {};
    }

    Status answer(const Action& action, const ClusterView& view) {
        if (!view.command) return {};
        Command command = *view.command;
        command.answer = action.reason;
        return etcd_.put(keys_.command(), to_json(command)).ok() ? Status() : Status(Error{Errc::unavailable, "etcd"});
    }

    /// Gives what others ask for, one at a time.
    void give_copies(const ClusterView& view) {
        if (options_.reseed.dir.empty() || self_.server != Self::Server::answers || giving_) return;
        for (const auto& copy : view.copies) {
            if (copy.from != settings_.name || copy.id == given_) continue;
            given_ = copy.id;
            giving_ = true;
            if (giver_.joinable()) giver_.join();
            giver_ = std::thread([this, copy] {
                pthread_setname_np(pthread_self(), "db-give-copy");
                const auto begun = now_us();
                const auto sent = send_copy(options_.reseed, copy.to, [this] { return stopping_.load(); });
                log::write(sent ? log::Level::info : log::Level::error, "database_copy_given",
                           {{"member", settings_.name},
                            {"to", copy.to},
                            {"ms", ms_since(begun)},
                            {"problem", sent ? std::string_view() : std::string_view(sent.error().message)}});
                giving_ = false;
            });
            return;
        }
    }

    // --- while etcd is silent
    void renewed(std::int64_t sent_us) {
        renewed_us_ = sent_us;
        watchdog_.extend(sent_us + settings_.timing.fence_ms * 1'000LL);
    }
    void confirm_loop() {
        Peers peers(options_.accounts);
        bool holding = false;
        while (!stopping_) {
            ::usleep(kConfirmMs * 1'000 / 3);
            std::vector<std::string> addresses;
            {
                MutexLock lock(mutex_);
                addresses = confirm_addresses_;
            }
            const bool silent = ms_since(renewed_us_.load()) > settings_.timing.fence_ms * 6 / 10;
            if (addresses.empty() || !silent) {
                if (holding) peers.release();
                holding = false;
                continue;
            }
            holding = true;
            const auto asked = now_us();
            if (peers.all_follow(addresses, settings_.address, kPeerMs)) {
                const auto until = asked + (settings_.timing.promise_ms - settings_.timing.confirm_margin_ms) * 1'000LL;
                confirmed_until_us_ = until;
                watchdog_.extend(until);
                if (now_us() - confirmed_logged_us_ > 5'000'000) {
                    confirmed_logged_us_ = now_us();
                    log::warn("database_leader_confirmed",
                              {{"member", settings_.name},
                               {"do", "etcd does not answer; all standbys confirm, so the database goes on"}});
                }
            } else {
                ::usleep(20'000);
            }
        }
    }

    // --- what others see
    void show(const ClusterView& view, const Action& action) {
        if (copied_.exchange(false)) self_.copying = false;
        MutexLock lock(mutex_);
        shown_view_ = view;
        waits_for_ = action.kind == Kind::wait ? action.reason : "";
        confirm_addresses_.clear();
        if (self_.served && self_.writable && view.acknowledgers && view.acknowledgers->leader == settings_.name) {
            for (const auto& one : view.acknowledgers->members) {
                const auto at = view.members.find(one.name);
                const auto known = known_addresses_.find(one.name);
                if (at != view.members.end()) {
                    known_addresses_[one.name] = at->second.address;
                    confirm_addresses_.push_back(at->second.address);
                } else if (known != known_addresses_.end()) {
                    confirm_addresses_.push_back(known->second);
                }
            }
            if (confirm_addresses_.size() != view.acknowledgers->members.size()) confirm_addresses_.clear();
        }
        lock.unlock();
        publish(publish_now_);
        publish_now_ = false;
        alert(view, action);
    }
    void alert(const ClusterView& view, const Action& action) {
        static Gauge& leads = gauge("stoa_database_leads", "1 while this member takes writes.");
        leads.set(self_.served && self_.writable ? 1 : 0);
        static Gauge& lag = gauge("stoa_database_lag_ms", "How far this member's data is behind the leader's.");
        lag.set(lag_ms_);
        static Gauge& waits = gauge("stoa_database_waits_for_receipts", "1 while commits wait for a standby.");
        waits.set(heartbeat_.waits_for_receipts() ? 1 : 0);
        const auto vacant_s = ms_since(self_.vacant_us) / 1'000;
        if (self_.vacant_us != 0 && vacant_s >= kAlertS && now_us() - alerted_us_ > 10'000'000) {
            alerted_us_ = now_us();
            log::error("database_no_leader",
                       {{"member", settings_.name},
                        {"seconds", vacant_s},
                        {"waits_for", action.reason},
                        {"do", "bring the named members back, or see `stoa cluster db explain`"}});
        }
        if (!self_.source.empty() && lag_ms_ > settings_.timing.lag_alert_ms && now_us() - alerted_us_ > 10'000'000) {
            alerted_us_ = now_us();
            log::error("database_lag", {{"member", settings_.name},
                                        {"ms", lag_ms_},
                                        {"problem", problem_},
                                        {"do", "see whether it receives and applies"}});
        }
        (void)view;
    }
    void publish(bool now) {
        Member member;
        member.name = settings_.name;
        member.address = settings_.address;
        member.life = self_.server == Self::Server::answers ? self_.life : "";
        member.acknowledges = self_.acknowledges;
        member.receiving = self_.receiving;
        member.applying = self_.applying;
        member.writable = self_.writable;
        member.follows_epoch = self_.follows_epoch;
        member.received = self_.received;
        member.applied = self_.applied;
        member.vote = self_.vote;
        member.lag_ms = lag_ms_;
        member.in_pool =
            member.follows_epoch != 0 && member.receiving && member.applying && lag_ms_ <= settings_.timing.lag_pool_ms;
        member.problem = self_.parted ? "its history is not the leader's: " + problem_ : problem_;
        if (heartbeat_.waits_for_receipts()) member.problem = "commits wait for a standby";
        MutexLock lock(mutex_);
        const bool weighty = member.life != wanted_.life || member.receiving != wanted_.receiving ||
                             member.vote != wanted_.vote || member.follows_epoch != wanted_.follows_epoch ||
                             member.acknowledges != wanted_.acknowledges || member.writable != wanted_.writable;
        wanted_ = std::move(member);
        wanted_json_ = to_json(wanted_);
        if (now || weighty) {
            urgent_ = true;
            published_changed_.notify_all();
        }
    }
    void publish_loop() {
        std::string written;
        for (;;) {
            std::string json;
            {
                MutexLock lock(mutex_);
                if (!urgent_ && !stopping_) published_changed_.wait_us(mutex_, kPublishMs * 1'000LL);
                if (stopping_) return;
                urgent_ = false;
                json = wanted_json_;
            }
            if (json.empty() || json == written) continue;
            if (lease_.put(keys_.member(settings_.name), json)) written = std::move(json);
        }
    }

    void tell(const Action& action, const Status& done, std::int64_t begun) {
        const auto level = done ? log::Level::info : log::Level::warn;
        // A step that fails is tried again at once: said once a second.
        if (!done && last_failed_ == action.kind && now_us() - failed_us_ < 1'000'000) return;
        if (!done) {
            last_failed_ = action.kind;
            failed_us_ = now_us();
        }
        log::write(level, "database_step",
                   {{"member", settings_.name},
                    {"step", to_string(action.kind)},
                    {"why", action.reason},
                    {"epoch", self_.token.empty() ? self_.follows_epoch : self_.epoch},
                    {"received", self_.received.text()},
                    {"applied", self_.applied.text()},
                    {"ms", ms_since(begun)},
                    {"problem", done ? std::string_view() : std::string_view(done.error().message)}});
    }

    const MemberOptions options_;
    const Settings& settings_;
    const DatabaseKeys keys_;
    DatabaseProcess& process_;
    Fd wake_;
    std::atomic<bool> stopping_{false};

    // The loop's own.
    etcd::Client etcd_;
    LocalServer server_;
    Peers peers_{options_.accounts};
    Self self_;
    StateFile life_suffix_, led_, copied_at_;
    std::string given_;  ///< id of the last copy that it gave
    std::int64_t list_revision_ = 0;
    struct {
        std::int64_t revision = 0;
        std::optional<Leader> leader{};
        std::optional<Acknowledgers> list{};
    } own_;
    struct {
        std::int64_t noticed_us = 0, fenced_us = 0, taken_us = 0, applied_us = 0, opened_us = 0;
        std::string from, reason;
    } steps_;
    std::int64_t answered_us_ = 0, watchdog_looked_us_ = 0, alerted_us_ = 0, lag_ms_ = 0;
    std::string problem_, heard_;
    int hang_limit_ms_ = Timing{}.hang_ms;
    bool killed_by_hang_ = false;
    bool locks_unsure_ = false;  ///< which accounts are locked, or whether a list is still on its way to etcd
    int apply_failures_ = 0;
    Position waiting_at_;
    std::int64_t waiting_us_ = 0;
    bool publish_now_ = false;
    std::map<std::string, std::string> known_addresses_;
    Kind last_failed_ = Kind::wait;
    std::int64_t failed_us_ = 0;

    Watchdog watchdog_;
    std::atomic<std::int64_t> renewed_us_{0}, confirmed_until_us_{0};
    std::int64_t confirmed_logged_us_ = 0;  ///< of the confirming thread
    std::atomic<bool> copied_{false}, giving_{false};

    mutable Mutex mutex_;
    CondVar published_changed_;
    bool urgent_ STOA_GUARDED_BY(mutex_) = false;
    Member wanted_ STOA_GUARDED_BY(mutex_);
    std::string wanted_json_ STOA_GUARDED_BY(mutex_);
    ClusterView shown_view_ STOA_GUARDED_BY(mutex_);
    std::string waits_for_ STOA_GUARDED_BY(mutex_);
    std::vector<std::string> confirm_addresses_ STOA_GUARDED_BY(mutex_);

    LeaderKey key_;
    Heartbeat heartbeat_;
    etcd::Mirror mirror_;
    etcd::Client lease_client_;
    etcd::Lease lease_;
    std::thread thread_, publisher_, confirmer_, copier_, giver_;
};

MemberRuntime::MemberRuntime(MemberOptions options, DatabaseProcess& process)
    : impl_(std::make_unique<Impl>(std::move(options), process)) {}
MemberRuntime::~MemberRuntime() = default;

Status MemberRuntime::start() {
    return impl_->start();
}
void MemberRuntime::stop() {
    impl_->stop();
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
