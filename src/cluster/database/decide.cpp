#include "cluster/database/decide.hpp"

#include <algorithm>
#include <array>

namespace stoa::cluster::database {
namespace {

using Kind = Action::Kind;
using Server = Self::Server;

constexpr std::int64_t kResignedUs = 500'000;  ///< for etcd's word of it to come back

Action act(Kind kind, std::string reason) {
    Action action;
    action.kind = kind;
    action.reason = std::move(reason);
    return action;
}
Action wait(std::string reason = {}) {
    return act(Kind::wait, std::move(reason));
}
Action start(bool as_leader, std::string reason) {
    Action action = act(Kind::start_server, std::move(reason));
    action.as_leader = as_leader;
    return action;
}

bool passed(std::int64_t since_us, int ms, std::int64_t now_us) {
    return since_us != 0 && now_us - since_us >= ms * 1'000LL;
}

const Member* published(const ClusterView& cluster, const std::string& name) {
    const auto at = cluster.members.find(name);
    return at == cluster.members.end() ? nullptr : &at->second;
}

/// A later life of it is known: the one given is over.
bool over(const ClusterView& cluster, const ServerLife& one) {
    const Member* member = published(cluster, one.name);
    return member != nullptr && !member->life.empty() && member->life != one.life;
}

bool wants(const ClusterView& cluster, Command::Kind kind) {
    return cluster.command && cluster.command->kind == kind && cluster.command->answer.empty();
}

/// Decides alone, whatever etcd says.
std::optional<Action> stay_safe(const Self& self, std::int64_t now_us) {
    if (self.server == Server::down || (!self.writable && !self.as_leader)) return std::nullopt;
    if (now_us >= self.write_until_us) {
        return act(Kind::kill_server, self.write_until_us == 0 ? "it takes writes without a lease"
                                                               : "the lease could not be renewed in time");
    }
    if (self.hangs) return act(Kind::kill_server, "its heartbeat cannot be written");
    if (self.receipts_lost) return act(Kind::kill_server, "a standby has all that waits, but its receipt was lost");
    return std::nullopt;
}

/// The list with which a new leader begins.
Acknowledgers first_list(const Settings& settings, const ClusterView& cluster, const Self& self) {
    Acknowledgers list;
    list.epoch = self.epoch;
    list.token = self.token;
    list.leader = settings.name;
    list.base = self.applied;
    if (!cluster.acknowledgers) {
        for (const auto& [name, member] : cluster.members) {
            if (name != settings.name && member.vote && !member.life.empty()) {
                list.members.push_back({name, member.life});
            }
        }
    } else {
        const Acknowledgers& old = *cluster.acknowledgers;
        const bool led_last = old.leader == settings.name;
        for (const auto& one : old.members) {
            if (one.name == settings.name || over(cluster, one)) continue;
            const Member* member = published(cluster, one.name);
            // Who led last goes on with those who may still be connected to it; else all of them have voted, or are
            // left out by force; or what they may still receive is nothing new.
            const bool heard = member != nullptr && member->vote && member->vote->after_epoch == old.epoch;
            if (led_last || old.closed || heard) list.members.push_back(one);
        }
        list.kills_by_hang = old.kills_by_hang;
        list.hung_at_ms = old.hung_at_ms;
        for (const auto* lives : {&old.members, &old.barred}) {
            for (const auto& one : *lives) {
                if (one.name == settings.name || over(cluster, one) || list.is_barred(one)) continue;
                if (std::find(list.members.begin(), list.members.end(), one) == list.members.end()) {
                    list.barred.push_back(one);
                }
            }
        }
    }
    list.alone = list.members.empty() && !settings.block_without_receipts;
    return list;
}

/// Is there somebody besides this one whose receipt can be waited for?
bool others_acknowledge(const Self& self, const std::vector<ServerLife>& members, const std::string& name) {
    return std::any_of(members.begin(), members.end(), [&](const ServerLife& one) {
        if (one.name == name) return false;
        const auto seen = std::find_if(self.acknowledgers.begin(), self.acknowledgers.end(),
                                       [&](const auto& other) { return other.name == one.name; });
        return seen != self.acknowledgers.end() && seen->life == one.life && seen->not_receiving_us == 0;
    });
}

/// One of them says that it acknowledges, and receives.
bool acknowledged_by_any(const ClusterView& cluster, const std::vector<ServerLife>& members) {
    return std::any_of(members.begin(), members.end(), [&](const ServerLife& one) {
        const Member* member = published(cluster, one.name);
        return member != nullptr && member->life == one.life && member->acknowledges && member->receiving;
    });
}

bool fit_to_acknowledge(const Member& member, const Self& self, const Acknowledgers& list) {
    if (member.life.empty() || !member.receiving || !member.applying || member.acknowledges) return false;
    if (member.damaged) return false;
    if (member.follows_epoch != self.epoch || list.is_barred({member.name, member.life})) return false;
    return member.lag_ms < 1'000 || member.received.reached(self.applied);
}

/// When nobody acknowledges, all commits wait: whoever there is, however far behind, and before it receives what waits.
bool may_be_first(const Member& member, const Acknowledgers& list) {
    return !member.life.empty() && !member.acknowledges && !member.writable &&
           !list.is_barred({member.name, member.life});
}

/// What the list should be now; nothing when it is right.
std::optional<Acknowledgers> next_list(const Settings& settings, const ClusterView& cluster, const Self& self,
                                       std::int64_t now_us) {
    Acknowledgers next = *cluster.acknowledgers;
    bool changed = false;
    for (const auto& one : cluster.acknowledgers->members) {
        bool drop = over(cluster, one);
        if (!drop) {
            const auto seen = std::find_if(self.acknowledgers.begin(), self.acknowledgers.end(),
                                           [&](const auto& other) { return other.name == one.name; });
            const bool silent = seen != self.acknowledgers.end() && seen->life == one.life &&
                                passed(seen->not_receiving_us, settings.timing.drop_ms, now_us);
            drop = silent && (others_acknowledge(self, next.members, one.name) || !settings.block_without_receipts);
            if (drop) next.barred.push_back(one);
        }
        if (drop) {
            std::erase(next.members, one);
            changed = true;
        }
    }
    const auto barred = std::erase_if(next.barred, [&](const ServerLife& one) { return over(cluster, one); });
    changed = changed || barred > 0;
    const bool nobody = next.members.empty() && !next.alone;
    for (const auto& name : settings.members) {
        const Member* member = published(cluster, name);
        if (member == nullptr || name == settings.name || next.member(name) != nullptr) continue;
        if (nobody ? !may_be_first(*member, next) : !fit_to_acknowledge(*member, self, next)) continue;
        next.members.push_back({name, member->life});
        changed = true;
    }
    // A standby is listed first, and waited for when it acknowledges: what it received before brings no receipt.
    const bool ready = !next.alone || settings.block_without_receipts || acknowledged_by_any(cluster, next.members);
    const bool alone = !settings.block_without_receipts && (next.members.empty() || !ready);
    changed = changed || alone != next.alone;
    next.alone = alone;
    if (!changed) return std::nullopt;
    return next;
}

/// Why a member cannot take over just now, after its name; empty: it can.
std::string unfit_to_lead(const ClusterView& cluster, const Self& self, const std::string& name) {
    const Member* member = published(cluster, name);
    if (member == nullptr) return " is not heard of";
    if (member->life.empty()) return " has no server running";
    const ServerLife* listed = cluster.acknowledgers->member(name);
    if (listed == nullptr || listed->life != member->life) return " is not listed to acknowledge yet";
    if (!member->receiving || member->follows_epoch != self.epoch) return " does not receive";
    if (!member->applying) return " does not apply";
    if (member->damaged) return " has a damaged page";
    if (cluster.acknowledgers->alone) return " is not waited for yet";
    if (member->lag_ms >= kHandoverLagMs) return " is " + std::to_string(member->lag_ms) + " ms behind";
    return {};
}

/// Who should take over; or whom or what that waits for.
struct Successor {
    std::string name, missing;
};
Successor successor(const Settings& settings, const ClusterView& cluster, const Self& self, const std::string& wanted) {
    Successor found;
    for (const auto& name : settings.members) {
        if (name == settings.name || (!wanted.empty() && name != wanted)) continue;
        const auto why = unfit_to_lead(cluster, self, name);
        if (!why.empty()) {
            found.missing += (found.missing.empty() ? "" : "; ") + name + why;
        } else if (found.name.empty() || found.name == self.handover.avoid) {
            found.name = name;
        }
    }
    return found;
}

/// `wait`: not yet, for the reason given.
std::optional<Action> lead_command(const Settings& settings, const ClusterView& cluster, const Self& self,
                                   std::int64_t now_us) {
    if (!wants(cluster, Command::Kind::switchover)) {
        // Forcing is for when nobody leads.
        if (wants(cluster, Command::Kind::force)) return act(Kind::answer, settings.name + " takes writes");
        return std::nullopt;
    }
    const auto& wanted = cluster.command->member;
    const auto& members = settings.members;
    if (wanted == settings.name || cluster.acknowledgers->preferred == settings.name) {
        return act(Kind::answer, settings.name + " takes writes");
    }
    if (!wanted.empty() && std::find(members.begin(), members.end(), wanted) == members.end()) {
        return act(Kind::answer, "refused: there is no member " + wanted);
    }
    const auto& handover = self.handover;
    const auto to = successor(settings, cluster, self, wanted);
    const bool known = handover.id == cluster.command->id;
    const bool late = known && passed(handover.asked_us, settings.timing.handover_wait_ms, now_us);
    if (late || handover.holds >= kHandoverHoldsMax) {
        const auto& problem = to.name.empty() ? to.missing : handover.problem;
        return act(Kind::answer, (handover.holds > 0 ? "failed: " : "refused: ") +
                                     (problem.empty() ? "nobody was fit to take over in time" : problem));
    }
    if (to.name.empty()) return wait("a switchover waits: " + to.missing);
    if (now_us < handover.again_us) return wait("a switchover waits: " + handover.problem);
    Action action = act(Kind::hand_over, "an operator asked for it");
    action.member = to.name;
    return action;
}

/// A leader with a damaged page still has everything that was acknowledged, in its log; a standby has it all sound.
std::optional<Action> leave_damaged(const Settings& settings, const ClusterView& cluster, const Self& self,
                                    std::int64_t now_us) {
    if (!self.damaged || now_us < self.handover.again_us) return std::nullopt;
    const auto to = successor(settings, cluster, self, {});
    if (to.name.empty()) return std::nullopt;
    Action action = act(Kind::hand_over, "a page of its data is damaged");
    action.member = to.name;
    return action;
}

Action lead(const Settings& settings, const ClusterView& cluster, const Self& self, std::int64_t now_us) {
    const auto& timing = settings.timing;
    const bool gone = cluster.fresh && cluster.revision >= self.key_revision &&
                      (!cluster.leader || cluster.leader->token != self.token);
    if (gone) return act(Kind::forget, "etcd has no longer its key");
    if (now_us >= self.write_until_us) return act(Kind::give_up, "the lease could not be renewed in time");
    if (self.server == Server::down) {
        if (self.restarting && !self.served) return start(true, "it led last and has everything");
        return act(Kind::give_up, "its server died");
    }
    const bool late = !self.served && passed(self.taken_us, timing.promotion_ms, now_us);
    if (late) return act(Kind::give_up, "it could not be promoted in time");
    if (self.server == Server::starting) return wait("its server is starting");
    if (!cluster.leader_established() || cluster.acknowledgers->token != self.token) {
        if (self.receiving) {
            Action stop = act(Kind::stop_receiving, "it leads");
            stop.epoch = cluster.epoch();
            return stop;
        }
        if (!self.applied.reached(self.received)) return act(Kind::apply, "before it takes writes");
        if (cluster.acknowledgers && !self.forced && !self.applied.reached(cluster.acknowledgers->base)) {
            return act(Kind::give_up, "it lacks " + cluster.acknowledgers->base.text());
        }
        Action establish = act(Kind::establish, "everything is applied");
        establish.list = first_list(settings, cluster, self);
        return establish;
    }
    if (!self.writable || (self.as_leader == cluster.acknowledgers->alone)) {
        Action open = act(Kind::open, "its acknowledgers are written down");
        open.list = cluster.acknowledgers;
        return open;
    }
    if (!cluster.fresh) return wait("etcd does not answer");
    if (!cluster.leader->open) return act(Kind::announce, "it takes writes");
    const auto command = lead_command(settings, cluster, self, now_us);
    if (command && command->kind != Kind::wait) return *command;
    if (auto leave = leave_damaged(settings, cluster, self, now_us)) return *leave;
    if (auto list = next_list(settings, cluster, self, now_us)) {
        Action change = act(Kind::change_list, "members came or went");
        change.list = std::move(list);
        return change;
    }
    return command.value_or(wait());
}

Action stop_receiving(const ClusterView& cluster) {
    Action stop = act(Kind::stop_receiving, "nobody leads");
    stop.epoch = cluster.epoch();
    return stop;
}

Action follow_leader(const Settings& settings, const ClusterView& cluster, const Self& self, std::int64_t now_us) {
    const bool copy_due = self.damaged && settings.reseed && now_us >= self.follow_again_us;
    if (self.server == Server::down && !copy_due) return start(false, cluster.leader->name + " leads");
    if (self.server == Server::starting) return wait("its server is starting");
    if (self.writable || self.as_leader) return act(Kind::kill_server, cluster.leader->name + " leads");
    const ServerLife* listed = cluster.acknowledgers->member(settings.name);
    const bool acknowledging = listed != nullptr && listed->life == self.life;
    const bool barred = cluster.acknowledgers->is_barred({settings.name, self.life});
    if (barred || (self.acknowledges && !acknowledging)) return act(Kind::leave_list, "it is not listed any more");
    const bool told = wants(cluster, Command::Kind::reseed) && cluster.command->member == settings.name;
    if (told || ((self.parted || self.damaged) && settings.reseed)) {
        if (now_us < self.follow_again_us) return wait("copying again is due later");
        Action copy = act(Kind::copy, told           ? "an operator asked for it"
                                      : self.damaged ? "a page of its data is damaged"
                                                     : "its history is not the leader's");
        if (told) copy.member = cluster.command->from;
        return copy;
    }
    if (self.parted) return wait("its history is not the leader's: reseed it");
    const bool right = self.follows_epoch == cluster.epoch() && self.source == cluster.leader->address &&
                       self.receiving && self.applying && self.acknowledges == acknowledging;
    // To stop against a host that does not answer takes a second (rpl_semi_sync_slave_kill_conn_timeout): time that is
    // saved when its lease ends. One that answers sends something each second, whatever it waits for.
    if (right && passed(self.heard_us, settings.timing.silence_ms, now_us)) {
        return act(Kind::pause_receiving, "nothing comes from the leader's server");
    }
    if (right) return wait();
    if (now_us < self.follow_again_us) return wait("following again is due later");
    const auto& list = *cluster.acknowledgers;
    if (listed == nullptr && !self.receiving && list.members.empty() && !list.alone) {
        return wait("it will be listed first: a receipt is given for what is received afterwards");
    }
    Action follow = act(Kind::follow, "it leads");
    follow.member = cluster.leader->name;
    follow.epoch = cluster.epoch();
    follow.acknowledging = acknowledging;
    return follow;
}

Action take(std::string reason) {
    return act(Kind::take_leadership, std::move(reason));
}

/// Nobody leads.
Action stand_for_election(const Settings& settings, const ClusterView& cluster, const Self& self, std::int64_t now_us) {
    const bool led_last = cluster.acknowledgers && cluster.acknowledgers->leader == settings.name;
    if (led_last && self.writable) return take("it leads on: all acknowledgers confirm to follow it");
    const auto verdict = elect(cluster, settings.members);
    const bool forcing = wants(cluster, Command::Kind::force);
    // It has everything, as long as it is started as a leader; but the others are there already.
    const bool turn = led_last && !forcing && verdict.winner.empty() &&
                      (verdict.stuck || passed(self.vacant_us, settings.timing.former_leader_grace_ms, now_us));
    if (self.server == Server::down) {
        if (!led_last) return start(false, "to take part in the election");
        if (!turn) return wait("it led last: " + verdict.missing);
        Action action = take("it led last and the others cannot decide: " + verdict.missing);
        action.restarting = true;
        return action;
    }
    if (self.server == Server::starting) return wait("its server is starting");
    if (self.writable || self.as_leader) return act(Kind::kill_server, "it leads no more");
    const bool handed = cluster.acknowledgers && cluster.acknowledgers->closed && verdict.winner == settings.name;
    if (handed && !forcing && self.applied.reached(cluster.acknowledgers->base))
        return take("it was handed over to it");
    if (self.receiving || !self.vote || self.vote->after_epoch != cluster.epoch()) return stop_receiving(cluster);
    if (forcing) {
        const auto plan = plan_force(cluster, settings.members, cluster.command->member);
        if (plan.winner != settings.name) return wait("an operator forces " + plan.winner);
        Action action = take("an operator forced it");
        action.forced = true;
        return action;
    }
    if (verdict.winner == settings.name) return take("it has everything");
    if (turn) return take("it led last and the others cannot decide: " + verdict.missing);
    return wait(verdict.winner.empty() ? verdict.missing : verdict.winner + " should take over");
}

}  // namespace

std::string_view to_string(Action::Kind kind) {
    static constexpr std::array<std::string_view, 19> kNames = {
        "wait",       "kill_server",     "start_server", "give_up",   "adopt", "stop_receiving", "pause_receiving",
        "leave_list", "take_leadership", "apply",        "establish", "open",  "announce",       "change_list",
        "follow",     "hand_over",       "forget",       "copy",      "answer"};
    return kNames[static_cast<std::size_t>(kind)];
}

Member describe(const Settings& settings, const Self& self) {
    Member member;
    member.name = settings.name;
    member.address = settings.address;
    member.life = self.server == Self::Server::answers ? self.life : "";
    member.acknowledges = self.acknowledges;
    member.receiving = self.receiving;
    member.applying = self.applying;
    member.writable = self.writable;
    member.follows_epoch = self.follows_epoch;
    member.received = self.received;
    member.applied = self.applied;
    member.vote = self.vote;
    member.damaged = self.damaged;
    return member;
}

Action decide(const Settings& settings, const ClusterView& cluster, const Self& self, std::int64_t now_us) {
    if (auto action = stay_safe(self, now_us)) return *action;
    if (self.copying) return wait("a copy is being fetched");
    if (!self.token.empty()) return lead(settings, cluster, self, now_us);
    if (!cluster.fresh) {
        const bool may_have_led =
            self.may_have_led || !cluster.acknowledgers || cluster.acknowledgers->leader == settings.name;
        if (self.server == Server::down && !may_have_led) return start(false, "etcd does not answer");
        return wait("etcd does not answer");
    }
    if (cluster.leader && cluster.leader->name == settings.name) {
        const bool resigned = self.resigned.token == cluster.leader->token;
        if (resigned && now_us - self.resigned.at_us < kResignedUs) return wait("its key is being removed");
        if (resigned && !self.writable && !self.as_leader) return act(Kind::give_up, "its key was not removed");
        const bool mine = self.server == Server::answers && !self.life.empty() && cluster.leader->life == self.life;
        if (mine && now_us < self.write_until_us) return act(Kind::adopt, "an earlier run of this agent leads");
        // What the earlier run was about is unknown: nothing of it may go on when others take over.
        if (self.server != Server::down) return act(Kind::kill_server, "an earlier run of this agent led");
        return act(Kind::give_up, "an earlier run of this agent left it");
    }
    if (!cluster.leader) return stand_for_election(settings, cluster, self, now_us);
    if (cluster.leader_established()) return follow_leader(settings, cluster, self, now_us);
    // Somebody is being promoted: nothing may be received from the one before.
    const bool led_last = cluster.acknowledgers && cluster.acknowledgers->leader == settings.name;
    if (self.server == Server::down && !led_last) return start(false, cluster.leader->name + " is being promoted");
    if (self.server == Server::answers && (self.writable || self.as_leader)) {
        return act(Kind::kill_server, cluster.leader->name + " is being promoted");
    }
    if (self.server == Server::answers && self.receiving) return stop_receiving(cluster);
    return wait(cluster.leader->name + " is being promoted");
}

bool may_lead(const Settings& settings, const ClusterView& listed, const Self& self) {
    if (!listed.leader || listed.leader->token != self.token) return false;
    if (listed.acknowledgers && listed.acknowledgers->leader == settings.name) return true;
    return self.forced || elect(listed, settings.members).winner == settings.name;
}

int recent_hangs(const Acknowledgers& list, std::int64_t now_ms) {
    return now_ms - list.hung_at_ms < kHangMemoryMs ? list.kills_by_hang : 0;
}

int hang_limit_ms(const Timing& timing, const ClusterView& cluster, std::int64_t now_ms) {
    int limit = timing.hang_ms;
    const int hangs = cluster.acknowledgers ? recent_hangs(*cluster.acknowledgers, now_ms) : 0;
    for (int i = 2; i < std::min(hangs, 8); ++i)
        limit *= 2;
    return std::min(limit, timing.hang_longest_ms);
}

}  // namespace stoa::cluster::database
