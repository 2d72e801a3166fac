#include "cluster/database/records.hpp"

#include <algorithm>

#include "cluster/state/reader.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"

namespace stoa::cluster::database {
namespace {

constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();

void write(json::Writer& w, std::string_view name, const std::vector<ServerLife>& lives) {
    w.key(name).begin_array();
    for (const auto& one : lives)
        w.begin_object().field("name", one.name).field("life", one.life).end_object();
    w.end_array();
}

Status read(const json::Value& value, const std::string& where, ServerLife& out) {
    return Reader(value, where).text("name", out.name).text("life", out.life).status();
}

void read_lives(Reader& reader, std::string_view name, std::vector<ServerLife>& out) {
    reader.each(
        name, [&](const json::Value& item, const std::string& where) { return read(item, where, out.emplace_back()); });
}

std::string_view word(Command::Kind kind) {
    switch (kind) {
        case Command::Kind::switchover:
            return "switchover";
        case Command::Kind::force:
            return "force";
        case Command::Kind::reseed:
            return "reseed";
    }
    return "";
}

template <class Record, class Read>
void take(const std::map<std::string, std::string, std::less<>>& values, const std::string& key, Read&& from_json,
          std::optional<Record>& out, std::string& problem) {
    const auto at = values.find(key);
    if (at == values.end()) return;
    auto read = from_json(at->second);
    if (read) {
        out = std::move(*read);
    } else {
        problem = key + ": " + read.error().message;
    }
}

}  // namespace

const ServerLife* Acknowledgers::member(std::string_view name) const {
    const auto at = std::find_if(members.begin(), members.end(), [&](const auto& one) { return one.name == name; });
    return at == members.end() ? nullptr : &*at;
}

bool Acknowledgers::is_barred(const ServerLife& who) const {
    return std::find(barred.begin(), barred.end(), who) != barred.end();
}

std::string to_json(const Leader& leader) {
    std::string out;
    json::Writer(out)
        .begin_object()
        .field("name", leader.name)
        .field("token", leader.token)
        .field("address", leader.address)
        .field("life", leader.life)
        .field("open", leader.open)
        .field("handover", leader.handover)
        .end_object();
    return out;
}

std::string to_json(const Acknowledgers& record) {
    std::string out;
    json::Writer w(out);
    w.begin_object().field("epoch", record.epoch).field("token", record.token).field("leader", record.leader);
    write(w, "members", record.members);
    w.field("base", record.base.text());
    write(w, "barred", record.barred);
    w.field("alone", record.alone)
        .field("preferred", record.preferred)
        .field("closed", record.closed)
        .field("kills_by_hang", record.kills_by_hang)
        .field("hung_at_ms", record.hung_at_ms)
        .end_object();
    return out;
}

std::string to_json(const Member& member) {
    std::string out;
    json::Writer w(out);
    w.begin_object()
        .field("name", member.name)
        .field("address", member.address)
        .field("life", member.life)
        .field("acknowledges", member.acknowledges)
        .field("receiving", member.receiving)
        .field("applying", member.applying)
        .field("writable", member.writable)
        .field("follows_epoch", member.follows_epoch)
        .field("received", member.received.text())
        .field("applied", member.applied.text());
    if (member.vote) {
        w.key("vote")
            .begin_object()
            .field("after_epoch", member.vote->after_epoch)
            .field("received", member.vote->received.text())
            .end_object();
    }
    w.field("lag_ms", member.lag_ms).field("in_pool", member.in_pool);
    w.field("disk_stalls", member.disk_stalls);
    w.field("damaged", member.damaged).field("problem", member.problem).end_object();
    return out;
}

std::string to_json(const Command& command) {
    std::string out;
    json::Writer(out)
        .begin_object()
        .field("kind", word(command.kind))
        .field("id", command.id)
        .field("member", command.member)
        .field("from", command.from)
        .field("answer", command.answer)
        .end_object();
    return out;
}

std::string to_json(const Copy& copy) {
    std::string out;
    json::Writer(out).begin_object().field("id", copy.id).field("from", copy.from).field("to", copy.to).end_object();
    return out;
}

std::string to_json(const Vacated& vacated) {
    std::string out;
    json::Writer(out).begin_object().field("epoch", vacated.epoch).field("why", vacated.why).end_object();
    return out;
}

std::string to_json(const std::vector<Change>& history) {
    std::string out;
    json::Writer w(out);
    w.begin_object().key("changes").begin_array();
    for (const auto& change : history) {
        w.begin_object()
            .field("at_ms", change.at_ms)
            .field("epoch", change.epoch)
            .field("from", change.from)
            .field("to", change.to)
            .field("why", change.why)
            .field("reason", change.reason)
            .field("base", change.base)
            .field("fence_ms", change.fence_ms)
            .field("elect_ms", change.elect_ms)
            .field("apply_ms", change.apply_ms)
            .field("open_ms", change.open_ms)
            .end_object();
    }
    w.end_array().end_object();
    return out;
}

Result<Leader> leader_from_json(std::string_view text) {
    STOA_TRY(const auto value, json::parse(text));
    Leader leader;
    STOA_CHECK(Reader(value, "")
                   .text("name", leader.name)
                   .text("token", leader.token)
                   .text("address", leader.address)
                   .text("life", leader.life)
                   .flag("open", leader.open)
                   .text("handover", leader.handover)
                   .require("name", !leader.name.empty(), "must not be empty")
                   .status());
    return leader;
}

Result<Acknowledgers> acknowledgers_from_json(std::string_view text) {
    STOA_TRY(const auto value, json::parse(text));
    Acknowledgers record;
    std::string base;
    Reader reader(value, "");
    reader.integer("epoch", record.epoch).text("token", record.token).text("leader", record.leader);
    read_lives(reader, "members", record.members);
    read_lives(reader, "barred", record.barred);
    STOA_CHECK(reader.text("base", base)
                   .flag("alone", record.alone)
                   .text("preferred", record.preferred)
                   .flag("closed", record.closed)
                   .integer("kills_by_hang", record.kills_by_hang)
                   .integer("hung_at_ms", record.hung_at_ms)
                   .require("leader", !record.leader.empty(), "must not be empty")
                   .status());
    record.base = Position(base);
    return record;
}

Result<Member> member_from_json(std::string_view text) {
    STOA_TRY(const auto value, json::parse(text));
    Member member;
    std::string received;
    std::string applied;
    STOA_CHECK(Reader(value, "")
                   .text("name", member.name)
                   .text("address", member.address)
                   .text("life", member.life)
                   .flag("acknowledges", member.acknowledges)
                   .flag("receiving", member.receiving)
                   .flag("applying", member.applying)
                   .flag("writable", member.writable)
                   .integer("follows_epoch", member.follows_epoch)
                   .text("received", received)
                   .text("applied", applied)
                   .object("vote",
                           [&](const json::Value& found, const std::string& where) -> Status {
                               Vote vote;
                               std::string position;
                               STOA_CHECK(Reader(found, where)
                                              .integer("after_epoch", vote.after_epoch)
                                              .text("received", position)
                                              .status());
                               vote.received = Position(position);
                               member.vote = vote;
                               return {};
                           })
                   .integer("lag_ms", member.lag_ms, -kAny)
                   .flag("in_pool", member.in_pool)
                   .flag("disk_stalls", member.disk_stalls)
                   .flag("damaged", member.damaged)
                   .text("problem", member.problem)
                   .require("name", !member.name.empty(), "must not be empty")
                   .status());
    member.received = Position(received);
    member.applied = Position(applied);
    return member;
}

Result<Command> command_from_json(std::string_view text) {
    STOA_TRY(const auto value, json::parse(text));
    Command command;
    std::string kind;
    STOA_CHECK(Reader(value, "")
                   .text("kind", kind)
                   .text("id", command.id)
                   .text("member", command.member)
                   .text("from", command.from)
                   .text("answer", command.answer)
                   .status());
    for (const auto known : {Command::Kind::switchover, Command::Kind::force, Command::Kind::reseed}) {
        if (kind != word(known)) continue;
        command.kind = known;
        return command;
    }
    return invalid("kind must be switchover, force or reseed.", "kind");
}

Result<Copy> copy_from_json(std::string_view text) {
    STOA_TRY(const auto value, json::parse(text));
    Copy copy;
    STOA_CHECK(Reader(value, "").text("id", copy.id).text("from", copy.from).text("to", copy.to).status());
    return copy;
}

Result<Vacated> vacated_from_json(std::string_view text) {
    STOA_TRY(const auto value, json::parse(text));
    Vacated vacated;
    STOA_CHECK(Reader(value, "").integer("epoch", vacated.epoch).text("why", vacated.why).status());
    return vacated;
}

Result<std::vector<Change>> history_from_json(std::string_view text) {
    STOA_TRY(const auto value, json::parse(text));
    std::vector<Change> history;
    Reader reader(value, "");
    reader.each("changes", [&](const json::Value& item, const std::string& where) {
        Change& change = history.emplace_back();
        return Reader(item, where)
            .integer("at_ms", change.at_ms)
            .integer("epoch", change.epoch)
            .text("from", change.from)
            .text("to", change.to)
            .text("why", change.why)
            .text("reason", change.reason)
            .text("base", change.base)
            .integer("fence_ms", change.fence_ms)
            .integer("elect_ms", change.elect_ms)
            .integer("apply_ms", change.apply_ms)
            .integer("open_ms", change.open_ms)
            .status();
    });
    STOA_CHECK(reader.status());
    return history;
}

ClusterView read_view(const DatabaseKeys& keys, const std::map<std::string, std::string, std::less<>>& values,
                      std::int64_t revision, bool fresh) {
    ClusterView view;
    view.revision = revision;
    view.fresh = fresh;
    take(values, keys.leader(), leader_from_json, view.leader, view.problem);
    take(values, keys.acknowledgers(), acknowledgers_from_json, view.acknowledgers, view.problem);
    take(values, keys.command(), command_from_json, view.command, view.problem);
    take(values, keys.vacated(), vacated_from_json, view.vacated, view.problem);
    std::optional<std::vector<Change>> history;
    take(values, keys.history(), history_from_json, history, view.problem);
    if (history) view.history = std::move(*history);
    const std::string asked = keys.copies();
    for (auto at = values.lower_bound(asked); at != values.end() && at->first.starts_with(asked); ++at) {
        if (auto copy = copy_from_json(at->second)) view.copies.push_back(std::move(*copy));
    }
    const std::string prefix = keys.members();
    for (auto at = values.lower_bound(prefix); at != values.end() && at->first.starts_with(prefix); ++at) {
        auto member = member_from_json(at->second);
        if (member) {
            view.members[member->name] = std::move(*member);
        } else {
            view.problem = at->first + ": " + member.error().message;
        }
    }
    // A leader or a list that cannot be read is there all the same: nobody may act as if it were not.
    const bool unread = (values.contains(keys.leader()) && !view.leader) ||
                        (values.contains(keys.acknowledgers()) && !view.acknowledgers);
    if (unread) view.fresh = false;
    return view;
}

}  // namespace stoa::cluster::database
