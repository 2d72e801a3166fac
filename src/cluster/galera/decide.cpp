#include "cluster/galera/decide.hpp"

#include <algorithm>

namespace stoa::cluster::galera {
namespace {

using Kind = Action::Kind;
using NodeKind = Node::Kind;

Action wait(std::string why = {}) {
    return {Kind::wait, std::move(why)};
}

bool waits_for_word(const Self& self) {
    return self.node.kind == NodeKind::down && !self.told;
}

bool runs(const Node& node) {
    return node.kind == NodeKind::joining || node.kind == NodeKind::non_primary || node.kind == NodeKind::primary;
}

Action without_etcd(const Settings& settings, const Self& self) {
    if (waits_for_word(self) && self.away_ms >= settings.etcd_away_ms && !self.answering.empty()) {
        return {Kind::join, "etcd is away, but " + *self.answering.begin() + " answers"};
    }
    return wait("etcd does not answer");
}

/// What an operator forced goes on under a new number: nobody who was not heard can take its own changes for the
/// group's later on; it gets a copy.
Action forced(const View& view, const Self& self) {
    const bool done =
        view.round && view.round->forced && view.round->node == self.node.name && view.round->life == self.node.life;
    if (const Node* primary = any_primary(view)) {
        if (self.node.kind == NodeKind::primary && done) {
            return {Kind::answer, self.node.name + " begins the group at " + view.round->position.text() + "."};
        }
        return {Kind::answer, "refused: " + primary->name + " is in a group already."};
    }
    if (waits_for_word(self)) return {Kind::begin, "an operator forces it", true};
    if (runs(self.node) && !self.began) return {Kind::end, "an operator forces it to begin the group"};
    return wait("it begins the group, as an operator wants it");
}

bool all_others_well(const Settings& settings, const View& view) {
    return std::all_of(settings.nodes.begin(), settings.nodes.end(), [&](const std::string& name) {
        const Node* node = view.node(name);
        return name == settings.name ||
               (node != nullptr && node->kind == NodeKind::primary && node->ready && node->well);
    });
}

Action beside_a_group(const Settings& settings, const View& view, const Self& self) {
    const Node& node = self.node;
    if (self.hangs && runs(node) && settings.nodes.size() > 2 && all_others_well(settings, view)) {
        return {Kind::end_hanging, "it takes no change any more, and the group waits for it"};
    }
    if (node.kind == NodeKind::non_primary && self.kind_ms >= settings.rejoin_ms) {
        return {Kind::end, "it is outside of the group, although there is one"};
    }
    if (!waits_for_word(self)) return wait();
    const bool after_force = view.round && view.round->forced;
    bool reachable = false;
    for (const auto& [name, other] : view.nodes) {
        if (other.kind != NodeKind::primary) continue;
        if (node.position.has_data() && !after_force && !other.position.unknown() &&
            other.position.history != node.position.history) {
            return wait("an operator: its data are of another history than those of " + name +
                        "; empty its data folder, and it gets a copy");
        }
        reachable = reachable || self.answering.contains(name);
    }
    if (!reachable) return wait("the group's port (4567) to answer");
    return {Kind::join, "there is a group"};
}

Action without_a_group(const Settings& settings, const View& view, const Self& self) {
    const Node& node = self.node;
    if (view.round && view.round->node != settings.name) {
        // It may act on its choice as long as that life lasts.
        const Node* chosen = view.node(view.round->node);
        if (chosen != nullptr && chosen->life == view.round->life) {
            // As early as can be: a new node that joins before there are changes needs no copy.
            if (waits_for_word(self) && self.answering.contains(chosen->name))
                return {Kind::join, chosen->name + " begins the group"};
            return wait(chosen->name + ", which begins the group");
        }
    }
    if (self.began && node.kind != NodeKind::non_primary) {
        if (node.kind == NodeKind::joining && self.kind_ms >= settings.begin_ms) {
            return {Kind::end, "it should begin the group and does not get there"};
        }
        return wait("its own server, which begins the group");
    }
    const Choice choice = choose(view, settings.nodes);
    if (choice.winner == settings.name) {
        const std::string why = "all are heard, and its data are the furthest: " + node.position.text();
        return {node.kind == NodeKind::non_primary ? Kind::promote : Kind::begin, why};
    }
    const auto& ends = choice.in_the_way;
    if (std::find(ends.begin(), ends.end(), settings.name) != ends.end() && self.vacant_ms >= settings.patience_ms) {
        return {Kind::end, "nobody is in a group, and its exact position is needed"};
    }
    if (waits_for_word(self) && !choice.winner.empty() && view.round && view.round->node == settings.name &&
        view.round->life == node.life) {
        return {Kind::end, "it was chosen and did not begin; others wait for the end of this life"};
    }
    return wait(choice.winner.empty() ? choice.missing : choice.winner + ", which is about to begin the group");
}

}  // namespace

std::string_view to_string(Action::Kind kind) {
    switch (kind) {
        case Kind::wait:
            return "wait";
        case Kind::join:
            return "join";
        case Kind::begin:
            return "begin";
        case Kind::promote:
            return "promote";
        case Kind::end:
            return "end";
        case Kind::end_hanging:
            return "end_hanging";
        case Kind::answer:
            return "answer";
    }
    return "";
}

Action decide(const Settings& settings, View view, const Self& self) {
    view.nodes[settings.name] = self.node;
    if (!view.fresh) return without_etcd(settings, self);
    if (view.command && view.command->answer.empty() && view.command->node == settings.name) return forced(view, self);
    return any_primary(view) != nullptr ? beside_a_group(settings, view, self) : without_a_group(settings, view, self);
}

}  // namespace stoa::cluster::galera
