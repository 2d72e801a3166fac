#include "cluster/galera/admin.hpp"

#include <array>
#include <ctime>

#include "base/random.hpp"
#include "cluster/etcd/order.hpp"
#include "cluster/galera/choice.hpp"
#include "json/writer.hpp"

namespace stoa::cluster::galera {
namespace {

using Kind = Node::Kind;

std::string sentence_about(const std::string& name, const Node& node) {
    std::string line = name + " (" + node.address + ") ";
    switch (node.kind) {
        case Kind::stopped:
            line += "has no server yet";
            break;
        case Kind::recovering:
            line += "finds out how far its data are";
            break;
        case Kind::down:
            line += "is down, its data are at " + node.position.text();
            break;
        case Kind::joining:
            line += "starts or gets a copy";
            break;
        case Kind::primary:
            line +=
                "is in the group of " + std::to_string(node.group) + ", " + node.state + ", at " + node.position.text();
            if (!node.ready) line += ", answers no queries";
            if (node.paused_percent > 0)
                line += ", paused by flow control " + std::to_string(node.paused_percent) + " % of the time";
            break;
        case Kind::non_primary:
            line += "runs without a group and refuses queries, it has " + node.position.text() + " at least";
            break;
    }
    return line + (node.waits_for.empty() ? "." : "; it waits for " + node.waits_for + ".");
}

}  // namespace

Result<View> Admin::status() {
    STOA_TRY(const auto listing, etcd_.get_prefix(keys_.root()));
    std::map<std::string, std::string, std::less<>> values;
    for (const auto& item : listing.items)
        values.emplace(item.key, item.value);
    auto view = read_view(keys_, values, true);
    if (!view.problem.empty()) return internal_error("What stands in etcd cannot be read: " + view.problem);
    return view;
}

Result<std::vector<std::string>> Admin::explain(const std::vector<std::string>& nodes) {
    STOA_TRY(const auto view, status());
    std::vector<std::string> out;
    const Node* primary = any_primary(view);
    out.push_back(primary != nullptr ? "There is a group that takes writes."
                                     : "Nobody takes writes: there is no group.");
    for (const std::string& name : nodes) {
        const Node* node = view.node(name);
        out.push_back(node == nullptr ? name + ": its agent is not heard of." : sentence_about(name, *node));
    }
    if (primary == nullptr) {
        const Choice choice = choose(view, nodes);
        out.push_back(choice.winner.empty() ? "To begin a group, it waits for " + choice.missing + "."
                                            : choice.winner + " is about to begin the group.");
        if (choice.winner.empty()) {
            const ForcePlan plan = plan_force(view, nodes);
            if (!plan.winner.empty()) out.push_back("Forcing would let " + plan.winner + " begin it.");
            for (const std::string& risk : plan.risks)
                out.push_back("Risk: " + risk);
        }
    }
    for (const Event& event : view.events)
        out.push_back(sentence(event) + ".");
    return out;
}

Result<std::string> Admin::force(const std::vector<std::string>& nodes, const std::string& to, bool accepts_loss,
                                 int timeout_ms) {
    STOA_TRY(const auto view, status());
    if (const Node* primary = any_primary(view))
        return Error{Errc::conflict, primary->name + " is in a group: forcing is for when nobody is."};
    const ForcePlan plan = plan_force(view, nodes, to);
    if (plan.winner.empty())
        return Error{Errc::conflict, plan.risks.empty() ? "Nobody can begin the group." : plan.risks.front()};
    if (!accepts_loss) {
        std::string text = "Forcing " + plan.winner + " makes it the truth; all others get a copy of its data.";
        for (const std::string& risk : plan.risks)
            text += " " + risk;
        return invalid(text + " If that is wanted: --accept-loss", "accept-loss");
    }
    return send(plan.winner, timeout_ms);
}

Result<std::string> Admin::send(const std::string& node, int timeout_ms) {
    const Command command{random_alnum(12), node, ""};
    return etcd::give_order(etcd_, {keys_.command(), command.id, to_json(command), timeout_ms});
}

std::string sentence(const Event& event) {
    const std::time_t seconds = event.at_ms / 1'000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
    return std::string(text.data(), size) + ": " + event.text;
}

std::string to_json(const View& view) {
    std::string out;
    json::Writer w(out);
    w.begin_object().key("nodes").begin_array();
    for (const auto& [name, node] : view.nodes)
        w.raw(to_json(node));
    w.end_array();
    if (view.round) w.key("round").raw(to_json(*view.round));
    if (view.command) w.key("command").raw(to_json(*view.command));
    w.key("events").begin_array();
    for (const Event& event : view.events)
        w.begin_object().field("at_ms", event.at_ms).field("text", event.text).end_object();
    w.end_array().end_object();
    return out;
}

}  // namespace stoa::cluster::galera
