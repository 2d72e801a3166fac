// A member that leads: how it comes to, what it does while it does, and how it ceases to.

#include <algorithm>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/random.hpp"
#include "cluster/database/member_state.hpp"

namespace stoa::cluster::database {
namespace {

constexpr int kConfirmMs = 300;  ///< between questions to the acknowledgers while etcd is silent
constexpr const char* kSilent = "its lease ended: the host or its agent was silent";
constexpr int kOpenMs = 10'000;  ///< to stop appliers may take long; nobody writes yet
constexpr int kHeardMs = 1'500;  ///< since then: the last leader's server lives; it says something each second
constexpr int kNearMs = 150;     ///< a successor that applies what there is so quickly can take over
constexpr int kHandoverLongPauseMs = 10'000;
constexpr int kHandoverPauseMs = 300;  ///< between tries

}  // namespace

Status MemberRuntime::Impl::take(const Action& action) {
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
    watchdog_.arm(process_.pid(), until, self_.epoch);
    // What etcd holds now that nobody else can take over: was the copy that led here stale?
    auto listing = etcd_.get_prefix(keys_.root());
    if (!listing) {
        resign();
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
        resign();
        watchdog_.disarm();
        return Error{Errc::conflict, "Its copy of etcd was out of date."};
    }
    own_ = {listing->revision, view.leader, view.acknowledgers};
    steps_.taken_us = now_us();
    steps_.reason = action.reason;
    return {};
}

Status MemberRuntime::Impl::adopt() {
    STOA_TRY(const auto key, etcd_.get(keys_.leader()));
    if (!key) return not_found("The key is gone.");
    STOA_TRY(const auto leader, leader_from_json(key->value));
    if (leader.name != settings_.name || leader.life != self_.life) return not_found("The key is another one.");
    STOA_TRY(const auto list, etcd_.get(keys_.acknowledgers()));
    STOA_TRY(auto taken, key_.adopt(*key));
    if (!leader.handover.empty()) {
        // The handover that the earlier run had begun may still be on its way to etcd: it must come to nothing.
        Leader again = leader;
        again.handover.clear();
        STOA_TRY(taken.revision, key_.rewrite(to_json(again)));
    }
    self_.token = leader.token;
    self_.epoch = taken.epoch;
    self_.key_revision = taken.revision;
    self_.served = self_.writable;
    if (self_.served) announced_epoch_ = self_.epoch;
    self_.taken_us = now_us();
    renewed_us_ = taken.sent_us;
    list_revision_ = list ? list->mod_revision : 0;
    if (list) {
        if (auto read = acknowledgers_from_json(list->value)) own_.list = std::move(*read);
    }
    watchdog_.extend(taken.sent_us + settings_.timing.fence_ms * 1'000LL);
    return {};
}

/// Sessions with its server end by that, so it is done early: those who want to write come back meanwhile.
Status MemberRuntime::Impl::take_number() {
    if (numbered_epoch_ == self_.epoch && numbered_life_ == self_.life) return {};
    STOA_CHECK(server_.take_number(self_.epoch));
    numbered_epoch_ = self_.epoch;
    numbered_life_ = self_.life;
    return {};
}

/// A lease may end although it was renewed: a server of etcd that led, was stopped and comes back goes on revoking what
/// has run out by its own count (https://github.com/etcd-io/etcd/issues/15247; in Debian 12's 3.4). The last leader's
/// own fence ends its server all the same, but then later than somebody else could open. Nothing that it takes
/// meanwhile is acknowledged: the standbys receive nothing any more.
void MemberRuntime::Impl::await_predecessor(const ClusterView& view) {
    const bool lived = steps_.heard_us != 0 && steps_.noticed_us - steps_.heard_us < kHeardMs * 1'000LL;
    if (!lived || left_word(view) || steps_.from == settings_.name || steps_.from_address.empty()) return;
    const auto until = steps_.noticed_us + (settings_.timing.fence_ms + settings_.timing.watchdog_ms) * 1'000LL;
    const auto begun = now_us();
    while (now_us() < until && peers_.takes_writes(steps_.from_address, kPeerMs)) {
        came_round();
        ::usleep(5'000);
    }
    if (ms_since(begun) < kPeerMs) return;
    log::warn("database_waited_for_the_last_leader",
              {{"member", settings_.name}, {"leader", steps_.from}, {"ms", ms_since(begun)}});
}

Status MemberRuntime::Impl::open(const Acknowledgers& list) {
    if (now_us() >= watchdog_.until_us()) return Error{Errc::conflict, "The lease is over."};
    watchdog_.arm(process_.pid(), watchdog_.until_us(), self_.epoch);
    if (self_.writable && self_.served) return server_.wait_for_receipts(!list.alone);  // only that is another
    came_round(kOpenMs);
    STOA_CHECK(take_number());
    timeline_.opened(self_.epoch, now_us());
    STOA_CHECK(server_.open(list));
    came_round();
    self_.served = true;
    locks_unsure_ = false;  // open() sets them all
    self_.follows_epoch = 0;
    self_.writable = self_.as_leader = true;
    steps_.opened_us = now_us();
    heartbeat_.start(self_.epoch, hang_limit_ms_);
    return {};
}

Status MemberRuntime::Impl::announce(const ClusterView& view) {
    Leader leader = *view.leader;
    leader.open = true;
    leader.life = self_.life;
    leader.handover.clear();
    STOA_TRY(const auto revision, key_.rewrite(to_json(leader)));
    self_.key_revision = revision;
    own_ = {revision, leader, view.acknowledgers};
    if (announced_epoch_ == self_.epoch) return {};
    announced_epoch_ = self_.epoch;
    remember_change(view);
    return {};
}

void MemberRuntime::Impl::remember_change(const ClusterView& view) {
    const auto since = [&](std::int64_t us) {
        return steps_.noticed_us == 0 || us < steps_.noticed_us ? 0 : (us - steps_.noticed_us) / 1'000;
    };
    Change change;
    change.at_ms = system_clock().now_us() / 1'000;
    change.epoch = self_.epoch;
    change.from = steps_.from;
    change.to = settings_.name;
    change.reason = steps_.reason;
    // One that took the key later and gave it up again has left the last word.
    if (!change.from.empty()) change.why = left_word(view) ? view.vacated->why : kSilent;
    change.base = view.acknowledgers->base.text();
    change.fence_ms = since(steps_.fenced_us);
    change.elect_ms = since(steps_.taken_us);
    change.apply_ms = since(steps_.applied_us);
    change.open_ms = since(steps_.opened_us);
    log::warn("database_leader", {{"member", change.to},
                                  {"before", change.from},
                                  {"epoch", change.epoch},
                                  {"why", change.why},
                                  {"chosen", change.reason},
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
        (void)answer(settings_.name + " leads since epoch " + std::to_string(self_.epoch), view);
    }
}

Status MemberRuntime::Impl::write_list(Acknowledgers list) {
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

Status MemberRuntime::Impl::settle_list() {
    if (!own_.list) return {};
    // Written again: whatever is still on its way to etcd comes to nothing then, or is found there.
    STOA_CHECK(write_list(*own_.list));
    STOA_CHECK(server_.lock_barred(*own_.list));
    STOA_CHECK(server_.unlock_others(*own_.list));
    locks_unsure_ = false;
    return {};
}

Status MemberRuntime::Impl::change_list(Acknowledgers list, const ClusterView& view) {
    if (locks_unsure_) STOA_CHECK(settle_list());
    locks_unsure_ = true;
    STOA_CHECK(server_.lock_barred(list));
    came_round();
    const auto& before = view.acknowledgers->members;
    const bool only_grows = std::all_of(before.begin(), before.end(), [&](const ServerLife& one) {
        return std::find(list.members.begin(), list.members.end(), one) != list.members.end();
    });
    // From here on nothing counts without a receipt; what did before is below `base`.
    if (view.acknowledgers->alone && !list.alone) STOA_CHECK(server_.wait_for_receipts(true));
    // While nobody was listed, nothing was acknowledged, unless an operator's policy allowed that.
    if (!only_grows || view.acknowledgers->alone) {
        // Somebody who stays must have all that those who go may have acknowledged.
        STOA_TRY(const auto position, server_.position());
        bool covered = list.members.empty();
        const auto deadline = now_us() + 1'000'000;
        while (!covered && now_us() < deadline) {
            came_round();
            for (const auto& one : list.members) {
                const auto at = view.members.find(one.name);
                if (at == view.members.end()) continue;
                const auto now = peers_.standing(at->second.address, kPeerMs);
                covered = covered || (now && now->received.reached(position));
            }
            if (!covered) ::usleep(20'000);
        }
        if (!covered) return Error{Errc::timeout, "No member that stays has caught up yet."};
        list.base = position;
    }
    STOA_CHECK(write_list(list));
    came_round();
    STOA_CHECK(server_.unlock_others(list));
    locks_unsure_ = false;
    return {};
}

void MemberRuntime::Impl::note_handover(const ClusterView& view) {
    const bool asked = !self_.token.empty() && view.command && view.command->answer.empty() &&
                       view.command->kind == Command::Kind::switchover;
    if (!asked) {
        if (!self_.damaged || self_.token.empty() || !self_.handover.id.empty()) self_.handover = {};
    } else if (self_.handover.id != view.command->id) {
        self_.handover = {};
        self_.handover.id = view.command->id;
        self_.handover.asked_us = now_us();
    }
}

Status MemberRuntime::Impl::applied_by(const std::string& member, const ClusterView& view, const Position& position,
                                       std::int64_t deadline_us) {
    const auto at = view.members.find(member);
    if (at == view.members.end()) return not_found(member + " is not heard of");
    for (;;) {
        const auto now = peers_.standing(at->second.address, kPeerMs);
        if (now && now->applied.reached(position)) return {};
        if (!now && now.error().code == Errc::not_found) return now.error();
        if (now_us() >= deadline_us) {
            return Error{Errc::timeout, member + (now ? " did not apply everything in time" : " does not answer")};
        }
        ::usleep(3'000);
    }
}

void MemberRuntime::Impl::resume(const ClusterView& view) {
    // What fails here is made good by the loop, which finds a leader that is not open.
    if (!timeline_.is_open()) timeline_.opened(self_.epoch, now_us());
    if (!server_.resume_writes()) return;
    Leader leader = *view.leader;
    leader.open = true;
    leader.handover.clear();
    const auto opened = key_.rewrite(to_json(leader));
    if (!opened) return;
    self_.key_revision = *opened;
    own_ = {*opened, leader, own_.list};
}

Status MemberRuntime::Impl::hand_over(const Action& action, const ClusterView& view) {
    auto& handover = self_.handover;
    const auto failed = [&](const Error& error) -> Status {
        handover.problem = error.message;
        handover.avoid = action.member;
        // One that no command asked for goes on for as long as it takes.
        const int pause_ms = handover.holds < kHandoverHoldsMax ? kHandoverPauseMs : kHandoverLongPauseMs;
        handover.again_us = now_us() + pause_ms * 1'000LL;
        return error;
    };
    if (locks_unsure_) STOA_CHECK(settle_list());
    // How long the successor takes to apply what stands here now is how long writers would be held.
    const auto now = server_.position();
    if (!now) return failed(now.error());
    if (auto near = applied_by(action.member, view, *now, now_us() + kNearMs * 1'000LL); !near) {
        return failed(near.error());
    }
    came_round();
    const auto begun = now_us();
    const auto deadline = begun + settings_.timing.handover_hold_ms * 1'000LL;
    ++handover.holds;
    heartbeat_.stop();
    Leader leader = *view.leader;
    leader.open = false;
    leader.handover = action.member;
    STOA_TRY(const auto closed, key_.rewrite(to_json(leader)));
    self_.key_revision = closed;
    own_ = {closed, leader, view.acknowledgers};
    const auto back = [&](const Error& error) {
        resume(view);
        log::warn("database_hand_over_failed", {{"member", settings_.name},
                                                {"to", action.member},
                                                {"held_ms", ms_since(begun)},
                                                {"problem", error.message}});
        return failed(error);
    };
    if (auto stopped = server_.stop_writes(settings_.timing.handover_hold_ms); !stopped) return back(stopped.error());
    timeline_.closed(now_us());
    const auto position = server_.position();
    if (!position) return back(position.error());
    if (auto applied = applied_by(action.member, view, *position, deadline); !applied) return back(applied.error());
    came_round();
    Acknowledgers list = *view.acknowledgers;
    list.preferred = action.member;
    list.base = *position;
    list.closed = true;
    etcd::Transaction last;
    last.conditions = {{keys_.leader(), key_.revision()}, {keys_.acknowledgers(), list_revision_}};
    last.puts = {{keys_.acknowledgers(), to_json(list)},
                 {keys_.vacated(), to_json(Vacated{self_.epoch, action.reason})}};
    last.removes = {keys_.leader()};
    const auto left = etcd_.carry_out(last);
    if (left && !left->done) return back(Error{Errc::conflict, "What it wrote to etcd has changed there."});
    // Where the answer was lost the key may be gone, and the successor be led by it: no way back. Else it is given up
    // here, and they vote.
    watchdog_.disarm();
    self_.writable = self_.as_leader = false;
    const auto ended = server_.end_leadership();  // else it looks like a leader without a key, and is ended
    resign();
    self_.served = false;
    peers_.release();
    log::info("database_hand_over", {{"from", settings_.name},
                                     {"to", action.member},
                                     {"ms", ms_since(begun)},
                                     {"problem", !left    ? std::string_view(left.error().message)
                                                 : !ended ? std::string_view(ended.error().message)
                                                          : std::string_view()}});
    return {};
}

void MemberRuntime::Impl::leave_word(const std::string& why) {
    (void)etcd_.put(keys_.vacated(), to_json(Vacated{self_.epoch, why}));
}

void MemberRuntime::Impl::resign(etcd::LeaseId of_earlier_run) {
    if (!self_.token.empty()) self_.resigned = {self_.token, now_us()};
    key_.give_up(of_earlier_run);
    self_.token.clear();
}

Status MemberRuntime::Impl::give_up(const std::string& why) {
    if (key_.held()) leave_word(why);
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
    resign(earlier);
    heartbeat_.stop();  // not before: its sessions may wait for a server that hangs
    self_.served = self_.restarting = self_.forced = false;
    if (process_.pid() == 0 || !(self_.writable || self_.as_leader)) watchdog_.disarm();
    return {};
}

void MemberRuntime::Impl::confirm_loop() {
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
        if (addresses.empty() || !silent || is_stuck(settings_.timing.fence_ms)) {
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

}  // namespace stoa::cluster::database
