#include "cluster/database/election.hpp"

#include <algorithm>

namespace stoa::cluster::database {
namespace {

const Member* find(const ClusterView& view, const std::string& name) {
    const auto at = view.members.find(name);
    return at == view.members.end() ? nullptr : &at->second;
}

bool voted(const Member& member, std::int64_t epoch) {
    return !member.life.empty() && member.vote && member.vote->after_epoch == epoch && !member.receiving;
}

void add(std::string& list, const std::string& what) {
    if (!list.empty()) list += "; ";
    list += what;
}

std::size_t rank(const std::vector<std::string>& configured, const std::string& name) {
    return static_cast<std::size_t>(std::find(configured.begin(), configured.end(), name) - configured.begin());
}

/// Why a listed acknowledger does not count, or empty.
std::string unheard(const ClusterView& view, const ServerLife& one) {
    const Member* member = find(view, one.name);
    if (member == nullptr) return one.name + " is not heard of";
    if (member->life.empty()) return one.name + " has no server running";
    if (member->life != one.life) return one.name + " was started again and may have lost what it had acknowledged";
    if (!voted(*member, view.epoch())) return one.name + " has not stopped receiving yet";
    return {};
}

struct Best {
    const Member* member = nullptr;
    std::string parted;
};

Best greatest(const ClusterView& view, const std::vector<std::string>& configured, const std::string& preferred) {
    std::vector<const Member*> voters;
    for (const auto& [name, member] : view.members) {
        if (voted(member, view.epoch()) && rank(configured, name) < configured.size()) voters.push_back(&member);
    }
    const auto order = [&](const Member* member) {
        const std::size_t last = member->damaged ? 1 + configured.size() : 0;
        return member->name == preferred ? last : 1 + last + rank(configured, member->name);
    };
    std::sort(voters.begin(), voters.end(), [&](const Member* a, const Member* b) { return order(a) < order(b); });
    Best best;
    for (const Member* member : voters) {
        for (const Member* other : voters) {
            if (member->vote->received.parted_from(other->vote->received)) {
                best.parted = member->name + " and " + other->name + " have different transactions of the same number";
            }
        }
        if (best.member == nullptr || !best.member->vote->received.reached(member->vote->received)) {
            best.member = member;
        }
    }
    return best;
}

/// After a planned handover: the one that was seen to have everything, while it still is the same server.
const Member* chosen_successor(const ClusterView& view) {
    if (!view.acknowledgers || !view.acknowledgers->closed) return nullptr;
    const ServerLife* listed = view.acknowledgers->member(view.acknowledgers->preferred);
    const Member* member = listed == nullptr ? nullptr : find(view, listed->name);
    return member != nullptr && member->life == listed->life && !member->damaged ? member : nullptr;
}

}  // namespace

Verdict elect(const ClusterView& view, const std::vector<std::string>& configured) {
    Verdict verdict;
    if (const Member* chosen = chosen_successor(view)) {
        verdict.winner = chosen->name;
        return verdict;
    }
    if (!view.acknowledgers) {
        // Nothing is known about who has what: everybody must show it.
        for (const auto& name : configured) {
            const Member* member = find(view, name);
            if (member == nullptr || !voted(*member, 0)) add(verdict.missing, name + " is not heard of");
        }
    } else {
        for (const auto& one : view.acknowledgers->members) {
            const auto why = unheard(view, one);
            if (why.empty()) continue;
            add(verdict.missing, why);
            const Member* member = find(view, one.name);
            verdict.stuck = verdict.stuck || (member != nullptr && !member->life.empty() && member->life != one.life);
        }
        if (view.acknowledgers->members.empty() || view.acknowledgers->alone) {
            verdict.missing = "no standby has everything that " + view.acknowledgers->leader + " has";
            verdict.stuck = true;
        }
    }
    if (!verdict.missing.empty()) return verdict;
    const auto best = greatest(view, configured, view.acknowledgers ? view.acknowledgers->preferred : "");
    if (!best.parted.empty() || best.member == nullptr) {
        verdict.missing = best.member == nullptr ? "nobody voted" : best.parted;
        verdict.stuck = true;
        return verdict;
    }
    if (view.acknowledgers && !best.member->vote->received.reached(view.acknowledgers->base)) {
        verdict.missing = best.member->name + " has " + best.member->vote->received.text() + " and " +
                          view.acknowledgers->leader + " had " + view.acknowledgers->base.text();
        verdict.stuck = true;
        return verdict;
    }
    verdict.winner = best.member->name;
    return verdict;
}

ForcePlan plan_force(const ClusterView& view, const std::vector<std::string>& configured, const std::string& wanted) {
    ForcePlan plan;
    const Member* chosen = nullptr;
    for (const auto& name : configured) {
        const Member* member = find(view, name);
        if (member == nullptr || member->life.empty() || (!wanted.empty() && name != wanted)) continue;
        if (chosen == nullptr || !chosen->received.reached(member->received)) chosen = member;
    }
    if (chosen == nullptr) {
        plan.risks.push_back(wanted.empty() ? "No member has a running server."
                                            : "The member " + wanted + " has no running server.");
        return plan;
    }
    plan.winner = chosen->name;
    if (!view.acknowledgers) {
        plan.risks.push_back("Nothing is written down about who has which changes.");
    } else {
        const auto& record = *view.acknowledgers;
        for (const auto& one : record.members) {
            if (one.name == chosen->name && one.life == chosen->life) continue;
            const auto why = unheard(view, one);
            if (!why.empty()) {
                plan.risks.push_back(why + ": saved changes that only " + one.name + " and " + record.leader +
                                     " have are lost.");
            }
        }
        if ((record.members.empty() || record.alone) && record.leader != chosen->name) {
            plan.risks.push_back("Nobody but " + record.leader + " had to have the latest changes: they are lost.");
        }
        if (record.leader != chosen->name && !chosen->received.reached(record.base)) {
            plan.risks.push_back(chosen->name + " has " + chosen->received.text() + ", but " + record.base.text() +
                                 " was saved: the difference is lost.");
        }
    }
    for (const auto& [name, member] : view.members) {
        if (name != chosen->name && !chosen->received.reached(member.received)) {
            plan.risks.push_back(name + " has " + member.received.text() + ", more than " + chosen->name + ".");
        }
    }
    return plan;
}

}  // namespace stoa::cluster::database
