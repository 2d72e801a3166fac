#include "cluster/galera/choice.hpp"

#include <algorithm>
#include <set>

namespace stoa::cluster::galera {
namespace {

using Kind = Node::Kind;

/// After an operator's force the old history counts no more.
bool counts(const View& view, const Node& node) {
    if (!node.position.has_data()) return false;
    return !view.round || !view.round->forced || node.position.history == view.round->position.history;
}

/// More data first; among equals a running server, which needs no start; then the order of the configuration.
const Node* most_advanced(const View& view, const std::vector<std::string>& configured) {
    const Node* best = nullptr;
    std::int64_t best_seqno = -1;
    for (const std::string& name : configured) {
        const Node* node = view.node(name);
        if (node == nullptr || node->position.unknown()) continue;
        const std::int64_t seqno = counts(view, *node) ? node->position.seqno : 0;
        const bool running = node->kind == Kind::non_primary && best != nullptr && best->kind != Kind::non_primary;
        if (best == nullptr || seqno > best_seqno || (seqno == best_seqno && running)) {
            best = node;
            best_seqno = seqno;
        }
    }
    return best;
}

std::string listed(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts)
        out += (out.empty() ? "" : ", ") + part;
    return out;
}

/// Why a node says nothing that can be counted; empty: it does.
std::string silence_of(const View& view, const std::string& name) {
    const Node* node = view.node(name);
    if (node == nullptr) return name + " (its agent is not heard)";
    switch (node->kind) {
        case Kind::stopped:
            return name + " (its server is not there yet)";
        case Kind::recovering:
            return name + " (it finds out how far its data are)";
        case Kind::down:
        case Kind::non_primary:
            return node->position.unknown()
                       ? name +
                             " (how far its data are cannot be read: see its output.log; if the disk is lost, empty "
                             "its data folder)"
                       : "";
        case Kind::joining:
        case Kind::primary:
            return "";
    }
    return "";
}

}  // namespace

const Node* any_primary(const View& view) {
    for (const auto& [name, node] : view.nodes) {
        if (node.kind == Kind::primary) return &node;
    }
    return nullptr;
}

Choice choose(const View& view, const std::vector<std::string>& configured) {
    Choice choice;
    std::vector<std::string> silent;
    for (const std::string& name : configured) {
        if (std::string why = silence_of(view, name); !why.empty()) silent.push_back(std::move(why));
    }
    if (!silent.empty()) {
        choice.missing = listed(silent);
        return choice;
    }

    std::set<std::string> histories;
    bool any_data = false;
    std::vector<std::string> running;
    for (const std::string& name : configured) {
        const Node& node = *view.node(name);
        if (node.kind == Kind::joining) choice.in_the_way.push_back(name);
        if (node.kind == Kind::non_primary) running.push_back(name);
        any_data = any_data || node.position.has_data();
        if (counts(view, node)) histories.insert(node.position.history);
    }
    if (histories.size() > 1) {
        choice.refused = true;
        choice.missing =
            "an operator: the nodes' data are of different histories. Force the one that is right: "
            "`stoa cluster db failover --to NAME --accept-loss`";
        return choice;
    }
    if (histories.empty() && (view.reached || any_data)) {
        choice.refused = true;
        choice.missing =
            "an operator: no node has the group's data any more. Restore a backup, or force one: "
            "`stoa cluster db failover --to NAME --accept-loss`";
        return choice;
    }

    const Node* best = most_advanced(view, configured);
    for (const std::string& name : running) {
        if (name != best->name) choice.in_the_way.push_back(name);
    }
    if (!choice.in_the_way.empty()) {
        choice.missing = listed(choice.in_the_way) +
                         ": its server runs without a group, and is ended to learn its exact "
                         "position";
        return choice;
    }
    choice.winner = best->name;
    return choice;
}

ForcePlan plan_force(const View& view, const std::vector<std::string>& configured, const std::string& wanted) {
    ForcePlan plan;
    const Node* best = most_advanced(view, configured);
    const Node* winner = wanted.empty() ? best : view.node(wanted);
    if (winner == nullptr || winner->kind == Kind::stopped || winner->kind == Kind::recovering) {
        plan.risks.push_back(wanted.empty() ? "No node is heard that could begin the group."
                                            : wanted + " is not heard, or does not know how far its data are.");
        return plan;
    }
    plan.winner = winner->name;
    if (winner->position.unknown()) plan.risks.push_back(winner->name + " does not know how far its data are.");
    if (!winner->position.has_data()) plan.risks.push_back(winner->name + " has no data: the group begins empty.");
    for (const std::string& name : configured) {
        if (name == winner->name) continue;
        const Node* node = view.node(name);
        if (node == nullptr) {
            plan.risks.push_back(name +
                                 " is not heard: changes that only it has are lost. Be sure that its server does "
                                 "not run.");
        } else if (node->position.unknown() || node->kind == Kind::stopped || node->kind == Kind::recovering) {
            plan.risks.push_back("How far the data of " + name + " are is not known: what only it has is lost.");
        } else if (node->position.has_data() && node->position.history != winner->position.history) {
            plan.risks.push_back("The data of " + name + " are of another history and are replaced.");
        } else if (node->position.seqno > winner->position.seqno) {
            plan.risks.push_back(name + " has " + std::to_string(node->position.seqno - winner->position.seqno) +
                                 " changes more than " + winner->name + ": these are lost.");
        }
    }
    return plan;
}

}  // namespace stoa::cluster::galera
