#pragma once
// What the parts of a member share: its loop (member.cpp), leading (member_lead.cpp), following (member_follow.cpp) and
// what it tells others (member_tell.cpp). Private to those. Everything runs on the loop's thread but confirm_loop(),
// publish_loop() and the threads of copies; what they share is atomic or guarded.

#include <unistd.h>

#include <atomic>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/file_util.hpp"
#include "base/thread_annotations.hpp"
#include "cluster/database/damage.hpp"
#include "cluster/database/disk_probe.hpp"
#include "cluster/database/heartbeat.hpp"
#include "cluster/database/leader_key.hpp"
#include "cluster/database/member.hpp"
#include "cluster/database/peers.hpp"
#include "cluster/database/timeline.hpp"
#include "cluster/database/watchdog.hpp"
#include "cluster/etcd/lease.hpp"
#include "cluster/etcd/mirror.hpp"

namespace stoa::cluster::database {

inline constexpr int kLookMs = 400;  ///< a look at the own server
inline constexpr int kPeerMs = 150;  ///< a question to another member's server

inline std::int64_t now_us() {
    return system_clock().monotonic_us();
}
inline std::int64_t ms_since(std::int64_t us) {
    return us == 0 ? 0 : (now_us() - us) / 1'000;
}

/// A text that survives the agent.
class StateFile {
  public:
    explicit StateFile(std::string path) : path_(std::move(path)) {
        if (auto text = read_file(path_, kBytesMax)) value_ = std::move(*text);
    }
    const std::string& value() const { return value_; }
    Status set(const std::string& value) {
        if (value == value_) return {};
        STOA_CHECK(write_file_atomic(path_, value, 0600));
        value_ = value;
        return {};
    }

  private:
    static constexpr std::size_t kBytesMax = 4'096;
    const std::string path_;
    std::string value_;
};

class MemberRuntime::Impl {
  public:
    Impl(MemberOptions options, DatabaseProcess& process);

    ~Impl() { stop(); }

    Status start();
    void stop();

    void set_policy(bool counts_alone) {
        if (counts_alone_.exchange(counts_alone) != counts_alone) wake();
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

    // member.cpp: the loop, and what it sees
    void run();
    /// Until something happens: etcd, the server's end, the heartbeat; or a moment.
    void rest();
    void look();
    void look_at_server();
    /// Whether its server takes writes, as it was just seen.
    void note_timeline();
    ClusterView read_cluster();
    /// What the server's log says of its data, and what its appliers say.
    void look_for_damage();
    void found_damage(const std::string& how);
    void note_vacancy(const ClusterView& view);
    void see_acknowledgers(const ClusterView& view);
    /// For a second now.
    bool receipts_lost(const ClusterView& view);

    Status perform(const Action& action, const ClusterView& view);
    Status start_server(const Action& action);
    Status kill_server(const Action& action);
    /// Of a hang, where it is certain; else empty.
    std::string hang_cause(const ClusterView& view) const;

    // member_lead.cpp: coming to lead, leading, and ceasing to
    Status take(const Action& action);
    Status adopt();
    Status take_number();
    Status open(const Acknowledgers& list);
    /// Until the last leader's server takes no writes any more.
    void await_predecessor(const ClusterView& view);
    /// The last leader said why it gave its key up: it had ended its server, or closed it.
    bool left_word(const ClusterView& view) const {
        return view.vacated && view.vacated->epoch >= steps_.from_epoch && view.vacated->epoch < self_.epoch;
    }
    Status announce(const ClusterView& view);
    /// For people: the log, the metrics, the last changes in etcd.
    void remember_change(const ClusterView& view);
    Status write_list(Acknowledgers list);
    Status change_list(Acknowledgers list, const ClusterView& view);
    /// After a change of the list that failed halfway.
    Status settle_list();
    Status hand_over(const Action& action, const ClusterView& view);
    /// Of a switchover that is asked for, or was.
    void note_handover(const ClusterView& view);
    /// That the member has applied all up to there.
    Status applied_by(const std::string& member, const ClusterView& view, const Position& position,
                      std::int64_t deadline_us);
    /// Open again after a switchover that did not succeed.
    void resume(const ClusterView& view);
    Status give_up(const std::string& why);
    /// For whoever comes next; while the key is still held.
    void leave_word(const std::string& why);
    /// Gives the key up, or the one of an earlier run.
    void resign(etcd::LeaseId of_earlier_run = 0);
    /// The loop does its work, and may take so long for the next round.
    void came_round(int allowed_ms = 0) { loop_us_ = now_us() + allowed_ms * 1'000LL; }
    /// Its disk or whatever it waits for stalls: nobody looks at the heartbeat any more.
    bool is_stuck(int limit_ms) const { return now_us() - loop_us_.load() > limit_ms * 1'000LL; }
    void renewed(std::int64_t sent_us) {
        if (is_stuck(settings_.timing.fence_ms)) return;
        std::int64_t before = renewed_us_.load();
        while (before < sent_us && !renewed_us_.compare_exchange_weak(before, sent_us)) {
        }
        watchdog_.extend(sent_us + settings_.timing.fence_ms * 1'000LL);
    }
    /// While etcd is silent.
    void confirm_loop();

    // member_follow.cpp: following, and copies
    Status stop_receiving(const Action& action);
    Status new_life();
    Status follow(const Action& action, const ClusterView& view);
    Status copy(const Action& action, const ClusterView& view);
    /// Gives what others ask for, one at a time.
    void give_copies(const ClusterView& view);

    // member_tell.cpp: what others see
    void show(const ClusterView& view, const Action& action);
    void alert(const Action& action);
    void publish(bool now);
    void publish_loop();
    /// The command of the view.
    Status answer(const std::string& text, const ClusterView& view);
    Status put_answer(Command command, const std::string& text);
    void tell(const Action& action, const Status& done, std::int64_t begun);

    const MemberOptions options_;
    Settings settings_;  ///< the policy is the loop's own, the rest never changes
    std::atomic<bool> counts_alone_;
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
        std::string from, from_address, reason;
        std::int64_t from_epoch = 0;
        std::int64_t heard_us = 0;  ///< of the last leader's server; 0: this one did not receive from it
    } steps_;
    std::string leader_address_;  ///< of the last one that was seen
    std::int64_t answered_us_ = 0, watchdog_looked_us_ = 0, alerted_us_ = 0, alone_alerted_us_ = 0, lag_ms_ = 0;
    std::string problem_, heard_;
    Timeline timeline_{options_.work_dir + "/timeline"};
    DamageLog server_log_{options_.server_log};
    std::int64_t server_log_us_ = 0;
    bool damage_at_start_ = false;  ///< it named a damaged page and does not answer yet; it may still repair it
    int damaged_starts_ = 0;        ///< in a row that ended so
    std::string ended_;  ///< identity of the server that it killed last; on a disk that stalls it stays for long
    int hang_limit_ms_ = Timing{}.hang_ms;
    bool killed_by_hang_ = false;
    std::string cause_;          ///< of the hang for which the server is ended; empty: not certain, or it does not hang
    bool locks_unsure_ = false;  ///< which accounts are locked, or whether a list is still on its way to etcd
    bool apply_failed_ = false;
    int apply_failures_ = 0;
    Position apply_failed_at_;
    Position waiting_at_;
    std::int64_t waiting_us_ = 0;
    bool shown_alone_ = false;
    bool publish_now_ = false;
    std::map<std::string, std::string> known_addresses_;
    Command answered_;  ///< the last one, which the copy of etcd may not show yet
    std::int64_t announced_epoch_ = 0, numbered_epoch_ = 0;
    Life numbered_life_;  ///< of the server that writes under the number of numbered_epoch_
    Action::Kind last_failed_ = Action::Kind::wait;
    std::int64_t failed_us_ = 0;

    Watchdog watchdog_;
    DiskProbe disk_;
    std::atomic<std::int64_t> loop_us_{0};  ///< when the loop came round last
    std::atomic<std::int64_t> renewed_us_{0}, confirmed_until_us_{0};
    std::int64_t confirmed_logged_us_ = 0;  ///< of the confirming thread
    enum class Copied { no, well, badly };
    std::atomic<Copied> copied_{Copied::no};
    std::atomic<bool> giving_{false};

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

}  // namespace stoa::cluster::database
