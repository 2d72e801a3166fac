#include "cluster/galera/records.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "cluster/state/reader.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::cluster::galera {
namespace {

constexpr std::array<std::string_view, 6> kKinds{"stopped", "recovering", "down", "joining", "primary", "non-primary"};
constexpr std::size_t kUuidChars = 36;

}  // namespace

std::string Position::text() const {
    return history.empty() ? "unknown" : history + ":" + std::to_string(seqno);
}

Position position_from(std::string_view text) {
    Position out;
    const auto colon = text.find(':');
    if (colon != kUuidChars) return out;
    const std::string_view number = text.substr(colon + 1);
    std::int64_t seqno = -1;
    const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), seqno);
    if (problem != std::errc() || end != number.data() + number.size()) return out;
    out.history = text.substr(0, colon);
    out.seqno = seqno;
    return out;
}

std::string_view to_string(Node::Kind kind) {
    return kKinds.at(static_cast<std::size_t>(kind));
}

std::string to_json(const Node& node) {
    std::string out;
    json::Writer(out)
        .begin_object()
        .field("name", node.name)
        .field("address", node.address)
        .field("kind", to_string(node.kind))
        .field("life", node.life)
        .field("position", node.position.text())
        .field("state", node.state)
        .field("ready", node.ready)
        .field("group", node.group)
        .field("paused_percent", node.paused_percent)
        .field("well", node.well)
        .field("waits_for", node.waits_for)
        .end_object();
    return out;
}

std::string to_json(const Round& round) {
    std::string out;
    json::Writer(out)
        .begin_object()
        .field("node", round.node)
        .field("life", round.life)
        .field("position", round.position.text())
        .field("forced", round.forced)
        .field("at_ms", round.at_ms)
        .end_object();
    return out;
}

std::string to_json(const Command& command) {
    std::string out;
    json::Writer(out)
        .begin_object()
        .field("id", command.id)
        .field("node", command.node)
        .field("answer", command.answer)
        .end_object();
    return out;
}

std::string to_json(const std::vector<Event>& events) {
    std::string out;
    json::Writer w(out);
    w.begin_object().key("events").begin_array();
    for (const Event& event : events)
        w.begin_object().field("at_ms", event.at_ms).field("text", event.text).end_object();
    w.end_array().end_object();
    return out;
}

Result<Node> node_from_json(std::string_view text) {
    STOA_TRY(const auto value, json::parse(text));
    Node node;
    std::string kind;
    std::string position;
    STOA_CHECK(Reader(value, "")
                   .text("name", node.name)
                   .text("address", node.address)
                   .text("kind", kind)
                   .text("life", node.life)
                   .text("position", position)
                   .text("state", node.state)
                   .flag("ready", node.ready)
                   .integer("group", node.group)
                   .integer("paused_percent", node.paused_percent)
                   .flag("well", node.well)
                   .text("waits_for", node.waits_for)
                   .require("name", !node.name.empty(), "must not be empty")
                   .status());
    const auto found = std::find(kKinds.begin(), kKinds.end(), kind);
    if (found == kKinds.end()) return invalid("kind must be one of those of Node::Kind.", "kind");
    node.kind = static_cast<Node::Kind>(found - kKinds.begin());
    node.position = position_from(position);
    return node;
}

Result<Round> round_from_json(std::string_view text) {
    STOA_TRY(const auto value, json::parse(text));
    Round round;
    std::string position;
    STOA_CHECK(Reader(value, "")
                   .text("node", round.node)
                   .text("life", round.life)
                   .text("position", position)
                   .flag("forced", round.forced)
                   .integer("at_ms", round.at_ms)
                   .require("node", !round.node.empty(), "must not be empty")
                   .status());
    round.position = position_from(position);
    return round;
}

Result<Command> command_from_json(std::string_view text) {
    STOA_TRY(const auto value, json::parse(text));
    Command command;
    STOA_CHECK(
        Reader(value, "").text("id", command.id).text("node", command.node).text("answer", command.answer).status());
    return command;
}

Result<std::vector<Event>> events_from_json(std::string_view text) {
    STOA_TRY(const auto value, json::parse(text));
    std::vector<Event> events;
    STOA_CHECK(Reader(value, "")
                   .each("events",
                         [&](const json::Value& item, const std::string& where) {
                             Event& event = events.emplace_back();
                             return Reader(item, where).integer("at_ms", event.at_ms).text("text", event.text).status();
                         })
                   .status());
    return events;
}

const Node* View::node(const std::string& name) const {
    const auto found = nodes.find(name);
    return found == nodes.end() ? nullptr : &found->second;
}

View read_view(const GaleraKeys& keys, const std::map<std::string, std::string, std::less<>>& values, bool fresh) {
    View view;
    view.fresh = fresh;
    const auto take = [&](const std::string& key, auto from_json, auto&& into) {
        const auto found = values.find(key);
        if (found == values.end()) return;
        auto read = from_json(found->second);
        if (read) {
            into = std::move(*read);
        } else {
            view.problem = key + ": " + read.error().message;
        }
    };
    take(keys.round(), round_from_json, view.round);
    take(keys.command(), command_from_json, view.command);
    take(keys.events(), events_from_json, view.events);
    view.reached = values.contains(keys.reached());
    const std::string prefix = keys.nodes();
    for (auto at = values.lower_bound(prefix); at != values.end() && at->first.starts_with(prefix); ++at) {
        if (auto node = node_from_json(at->second)) {
            view.nodes.emplace(at->first.substr(prefix.size()), std::move(*node));
        } else {
            view.problem = at->first + ": " + node.error().message;
        }
    }
    return view;
}

}  // namespace stoa::cluster::galera
