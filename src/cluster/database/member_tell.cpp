// What a member tells others: etcd, the metrics, the log, operators.

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "cluster/database/member_state.hpp"

namespace stoa::cluster::database {
namespace {

constexpr int kPublishMs = 200;
constexpr int kAlertS = 5;
constexpr int kAloneAlertMs = 60'000;
constexpr int kStuckMs = 10'000;  ///< longer than any step of one that follows takes

}  // namespace

void MemberRuntime::Impl::show(const ClusterView& view, const Action& action) {
    if (const auto copied = copied_.exchange(Copied::no); copied != Copied::no) {
        self_.copying = false;
        if (copied == Copied::well) {
            self_.follow_again_us = 0;  // the pause is for the next try
            self_.damaged = false;
        }
    }
    shown_alone_ = view.acknowledgers && view.acknowledgers->alone;
    MutexLock lock(mutex_);
    shown_view_ = view;
    waits_for_ = action.kind == Action::Kind::wait ? action.reason : "";
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
    alert(action);
}

void MemberRuntime::Impl::alert(const Action& action) {
    static Gauge& leads = gauge("stoa_database_leads", "1 while this member takes writes.");
    leads.set(self_.served && self_.writable ? 1 : 0);
    static Gauge& lag = gauge("stoa_database_lag_ms", "How far this member's data is behind the leader's.");
    lag.set(lag_ms_);
    static Gauge& waits = gauge("stoa_database_waits_for_receipts", "1 while commits wait for a standby.");
    waits.set(heartbeat_.waits_for_receipts() ? 1 : 0);
    const bool leads_alone = self_.served && self_.writable && shown_alone_;
    static Gauge& alone = gauge("stoa_database_alone", "1 while commits count on this member alone.");
    alone.set(leads_alone ? 1 : 0);
    if (!leads_alone) alone_alerted_us_ = 0;
    if (leads_alone && (alone_alerted_us_ == 0 || ms_since(alone_alerted_us_) >= kAloneAlertMs)) {
        alone_alerted_us_ = now_us();
        log::error("database_alone", {{"member", settings_.name},
                                      {"problem", "no standby has what is written now"},
                                      {"do", "bring a standby back before this host is lost, too"}});
    }
    const auto vacant_s = ms_since(self_.vacant_us) / 1'000;
    if (self_.vacant_us != 0 && vacant_s >= kAlertS && now_us() - alerted_us_ > 10'000'000) {
        alerted_us_ = now_us();
        log::error("database_no_leader", {{"member", settings_.name},
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
}

void MemberRuntime::Impl::publish(bool now) {
    Member member = describe(settings_, self_);
    member.lag_ms = lag_ms_;
    member.in_pool = !member.damaged && member.follows_epoch != 0 && member.receiving && member.applying &&
                     lag_ms_ <= settings_.timing.lag_pool_ms;
    member.problem = self_.parted ? "its history is not the leader's: " + problem_ : problem_;
    member.disk_stalls = disk_.stalls();
    if (member.damaged) member.problem = "a page of its data is damaged";
    if (self_.served && self_.writable && shown_alone_) member.problem = "commits count on it alone";
    if (heartbeat_.waits_for_receipts()) member.problem = "commits wait for a standby";
    MutexLock lock(mutex_);
    const bool weighty = member.life != wanted_.life || member.receiving != wanted_.receiving ||
                         member.vote != wanted_.vote || member.follows_epoch != wanted_.follows_epoch ||
                         member.acknowledges != wanted_.acknowledges || member.writable != wanted_.writable ||
                         member.damaged != wanted_.damaged || member.disk_stalls != wanted_.disk_stalls;
    wanted_ = std::move(member);
    wanted_json_ = to_json(wanted_);
    if (now || weighty) {
        urgent_ = true;
        published_changed_.notify_all();
    }
}

void MemberRuntime::Impl::publish_loop() {
    std::string written;
    for (;;) {
        std::string json;
        {
            MutexLock lock(mutex_);
            if (!urgent_ && !stopping_) published_changed_.wait_us(mutex_, kPublishMs * 1'000LL);
            if (stopping_) return;
            urgent_ = false;
            json = wanted_json_;
            if (is_stuck(kStuckMs)) {
                // What it said last is not true any more; the leader does not count on it then.
                Member stuck = wanted_;
                stuck.receiving = stuck.applying = stuck.in_pool = stuck.writable = false;
                stuck.problem = "its agent is stuck: see its disk";
                json = to_json(stuck);
            }
        }
        if (json.empty() || json == written) continue;
        if (lease_.put(keys_.member(settings_.name), json)) written = std::move(json);
    }
}

void MemberRuntime::Impl::tell(const Action& action, const Status& done, std::int64_t begun) {
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

Status MemberRuntime::Impl::answer(const std::string& text, const ClusterView& view) {
    if (!view.command || !view.command->answer.empty()) return {};
    STOA_CHECK(put_answer(*view.command, text));
    answered_ = *view.command;
    answered_.answer = text;
    return {};
}

Status MemberRuntime::Impl::put_answer(Command command, const std::string& text) {
    command.answer = text;
    return etcd_.put(keys_.command(), to_json(command)).ok() ? Status() : Status(Error{Errc::unavailable, "etcd"});
}

}  // namespace stoa::cluster::database
