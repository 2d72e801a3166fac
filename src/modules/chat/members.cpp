#include "modules/chat/members.hpp"

#include <algorithm>

#include "json/parse.hpp"
#include "modules/chat/dialogs.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/messages.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/people.hpp"
#include "modules/chat/phrases.hpp"
#include "modules/chat/pushes.hpp"

namespace stoa::chat {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr std::int64_t kMembersMax = static_cast<std::int64_t>(limits::members_per_chat_max);

/// Clients send a list, or the same as JSON text.
Result<std::vector<const json::Value*>> items_of(const json::Value& given, json::Value& parsed,
                                                 std::string_view parameter) {
    if (given.is_array() || given.is_object()) return given.items();
    if (given.is_string() && given.string().starts_with('[')) {
        auto list = json::parse(given.string());
        if (!list) return invalid(std::string(parameter) + " must be a list of users.", std::string(parameter));
        parsed = std::move(*list);
        return parsed.items();
    }
    return std::vector<const json::Value*>{&given};
}

Status check_known(Call& call, const std::vector<UserId>& users, std::string_view parameter) {
    if (users.empty()) return {};
    const model::Entity& entity = call.registry().entity(kUser);
    model::Query query;
    query.where = Condition::in("id", {users.begin(), users.end()});
    query.limit = static_cast<std::int64_t>(users.size());
    STOA_TRY(const std::vector<Record> known, call.records.list(entity, query));
    for (const UserId user : users) {
        const bool there = std::any_of(known.begin(), known.end(), [&](const Record& row) { return row.id() == user; });
        if (!there) {
            return invalid("There is no user " + std::to_string(user) + ".", std::string(parameter), "USER_NOT_FOUND");
        }
    }
    return {};
}

/// Checks the limit once more: only now nobody else can be letting users in.
Status set_user_count(Call& call, RecordId chat) {
    STOA_TRY(const std::int64_t count,
             call.tx().count(call.registry().entity(kMember).table, Condition::equals("chat_id", chat)));
    if (count > kMembersMax) return over_limit("USERS", limits::members_per_chat_max, "members");
    model::Changes changes(call.registry().entity(kChat));
    changes.set("USER_COUNT", count);
    return call.records.as_system().update(chat, std::move(changes));
}

/// A manager if there is one, else whoever is in the chat longest.
const Record* heir(const std::vector<Record>& members, UserId going) {
    const Record* best = nullptr;
    for (const Record& member : members) {
        if (member.integer("USER_ID") == going) continue;
        const auto rank = [](const Record& row) { return std::pair(row.integer("MANAGER") == 0, row.id()); };
        if (!best || rank(member) < rank(*best)) best = &member;
    }
    return best;
}

Status hand_over(Call& call, const Dialog& dialog, const std::vector<Record>& members, UserId going) {
    const Record* next = heir(members, going);
    if (!next) return {};
    model::Changes manager(call.registry().entity(kMember));
    manager.set("MANAGER", std::int64_t{1});
    STOA_CHECK(call.records.as_system().update(next->id(), std::move(manager)));
    model::Changes owner(call.registry().entity(kChat));
    owner.set("OWNER_ID", next->integer("USER_ID"));
    return call.records.as_system().update(dialog.id(), std::move(owner));
}

}  // namespace

Status add_member(Call& call, const NewMember& member) {
    model::Records system = call.records.as_system();
    STOA_TRY(const Record chat, system.get(call.registry().entity(kChat), member.chat));
    const RecordId last = chat.integer("LAST_MESSAGE_ID");
    const std::int64_t counted = chat.integer("COUNTED_MESSAGES");
    model::Changes changes(call.registry().entity(kMember));
    changes.set("CHAT_ID", member.chat);
    changes.set("USER_ID", member.user);
    changes.set("PEER_ID", member.peer);
    changes.set("MANAGER", std::int64_t{member.manager});
    changes.set("HIDDEN", std::int64_t{member.hidden});
    changes.set("START_ID", member.hides_history ? last : RecordId{0});
    changes.set("LAST_READ_ID", last);
    changes.set("LAST_MESSAGE_ID", last);
    changes.set("LAST_MESSAGE_DATE", call.now());
    changes.set("COUNTED_MESSAGES", counted);
    changes.set("SEEN_MESSAGES", counted);
    auto added = system.add(std::move(changes));
    if (!added) return added.error();
    return {};
}

Result<std::vector<Record>> members_of(Call& call, RecordId chat) {
    model::Query query;
    query.where = Condition::equals("chat_id", chat);
    query.order = {{{"user_id", ""}, false}};
    query.limit = kMembersMax;
    return call.records.as_system().list(call.registry().entity(kMember), query);
}

std::vector<UserId> users_of(std::span<const Record> members) {
    std::vector<UserId> out;
    out.reserve(members.size());
    for (const Record& member : members)
        out.push_back(member.integer("USER_ID"));
    return out;
}

Result<std::vector<UserId>> read_users(Call& call, std::string_view parameter) {
    std::vector<UserId> out;
    const json::Value* given = call.params.find(parameter);
    if (!given || given->is_null() || (given->is_string() && given->string().empty())) return out;
    json::Value parsed;
    STOA_TRY(const auto items, items_of(*given, parsed, parameter));
    if (items.size() > limits::users_per_request_max) {
        return over_limit(parameter, limits::users_per_request_max, "users at once");
    }
    for (const json::Value* item : items) {
        const auto user = item->as_integer();
        if (!user || *user < 1) return invalid("A user is a number from 1 on.", std::string(parameter));
        out.push_back(*user);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    STOA_CHECK(check_known(call, out, parameter));
    return out;
}

Status check_group_chats(Call& call, const std::vector<UserId>& users) {
    if (users.empty()) return {};
    const std::string& table = call.registry().entity(kMember).table;
    db::Aggregate aggregate;
    aggregate.table = table;
    aggregate.group_by = {{"user_id", ""}};
    aggregate.terms = {{db::Aggregate::Fn::count, {}}};
    aggregate.where = Condition::all(
        {Condition::in("user_id", {users.begin(), users.end()}), Condition::equals("peer_id", std::int64_t{0})});
    UserId full = 0;
    STOA_CHECK(call.tx().aggregate(aggregate, [&](const db::Row& row) {
        if (row.integer(1) >= limits::group_chats_per_user_max) full = row.integer(0);
        return full == 0;
    }));
    if (full == 0) return {};
    return Error{Errc::too_large,
                 "User " + std::to_string(full) + " is in " + std::to_string(limits::group_chats_per_user_max) +
                     " chats already: leave some first.",
                 "USERS"};
}

Status invite(Call& call, const Dialog& dialog, const std::vector<UserId>& users, bool hides_history) {
    STOA_TRY(const std::vector<Record> before, members_of(call, dialog.id()));
    const std::vector<UserId> known = users_of(before);
    std::vector<UserId> fresh;
    for (const UserId user : users) {
        if (std::find(known.begin(), known.end(), user) == known.end()) fresh.push_back(user);
    }
    if (fresh.empty()) return {};
    if (known.size() + fresh.size() > limits::members_per_chat_max) {
        return over_limit("USERS", limits::members_per_chat_max, "members");
    }
    STOA_CHECK(check_group_chats(call, fresh));
    // The message comes first: it takes the lock that keeps changes of members apart.
    STOA_TRY(const std::string text, joined_phrase(call, fresh));
    STOA_TRY([[maybe_unused]] const RecordId said, post_notice(call, dialog.id(), text, "CHAT_JOIN"));
    for (const UserId user : fresh) {
        const NewMember member{.chat = dialog.id(), .user = user, .hides_history = hides_history};
        const Status added = call.write_tx().nested([&] { return add_member(call, member); });
        if (!added && added.error().code != Errc::already_exists) return added.error();
    }
    STOA_CHECK(set_user_count(call, dialog.id()));
    STOA_TRY(const std::vector<Record> after, members_of(call, dialog.id()));
    return push_joined(call, dialog.chat, users_of(after), fresh);
}

Status let_go(Call& call, const Dialog& dialog, UserId user) {
    STOA_TRY(const std::vector<Record> members, members_of(call, dialog.id()));
    const auto going =
        std::find_if(members.begin(), members.end(), [&](const Record& row) { return row.integer("USER_ID") == user; });
    if (going == members.end()) {
        return Error{Errc::not_found, "The specified user is not in the chat", "USER_ID", "USER_NOT_FOUND"};
    }
    STOA_TRY(const std::string text, left_phrase(call, user));
    STOA_TRY([[maybe_unused]] const RecordId said, post_notice(call, dialog.id(), text, "CHAT_LEAVE"));
    if (dialog.is_owner(user)) STOA_CHECK(hand_over(call, dialog, members, user));
    STOA_CHECK(call.records.as_system().remove(call.registry().entity(kMember), going->id()));
    STOA_CHECK(set_user_count(call, dialog.id()));
    return push_left(call, dialog.chat, users_of(members), user);
}

}  // namespace stoa::chat
