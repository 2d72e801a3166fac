// im.user.get, im.user.list.get: cards of users.

#include "json/parse.hpp"
#include "modules/chat/limits.hpp"
#include "modules/chat/methods.hpp"
#include "modules/chat/names.hpp"
#include "modules/chat/parameters.hpp"
#include "modules/chat/people.hpp"

namespace stoa::chat {

using api::Call;
using model::Record;

namespace {

Status get(Call& call) {
    const auto id = call.params.integer_or("ID", call.actor().user);
    if (!id || *id < 1) return invalid("User ID can't be empty", "ID", "ID_EMPTY");
    const model::Entity& users = call.registry().entity(kUser);
    auto user = call.records.get(users, *id);
    if (!user) {
        if (user.error().code != Errc::not_found) return user.error();
        STOA_TRY(const bool hidden, call.records.as_system().exists(users, *id));
        if (hidden) {
            return forbidden("You can request only users who are part of your extranet group", "ACCESS_DENIED");
        }
        return not_found("User does not exist", "USER_NOT_EXISTS");
    }
    People people(call);
    std::vector<Record> one;
    one.push_back(std::move(*user));
    STOA_CHECK(people.add(std::move(one)));
    people.write(*id);
    return {};
}

/// A list, or a text with a JSON list.
Result<std::vector<db::Value>> read_ids(const Call& call) {
    const Error wrong = invalid("A wrong format for the ID field is passed", "ID", "INVALID_FORMAT");
    if (!is_given(call, "ID")) return wrong;
    json::Value list = *call.params.find("ID");
    if (list.is_string()) {
        auto parsed = json::parse(list.string());
        if (!parsed) return wrong;
        list = std::move(*parsed);
    }
    if (!list.is_array() && !list.is_object()) return wrong;
    std::vector<db::Value> ids;
    for (const json::Value* item : list.items()) {
        const auto id = item->as_integer();
        if (!id || *id < 1) return wrong;
        ids.emplace_back(*id);
    }
    if (ids.size() > limits::users_per_request_max) {
        return over_limit("ID", limits::users_per_request_max, "users at once");
    }
    return ids;
}

/// Whom the caller may not see is left out.
Status list(Call& call) {
    STOA_TRY(std::vector<db::Value> ids, read_ids(call));
    STOA_TRY(const std::string type, call.params.text_or("RESULT_TYPE", ""));
    People people(call);
    std::vector<UserId> found;
    if (!ids.empty()) {
        model::Query query;
        query.limit = static_cast<std::int64_t>(ids.size());
        query.where = db::Condition::in("id", std::move(ids));
        STOA_TRY(std::vector<Record> users, call.records.list(call.registry().entity(kUser), query));
        found.reserve(users.size());
        for (const Record& user : users)
            found.push_back(user.id());
        STOA_CHECK(people.add(std::move(users)));
    }
    if (type == "array" || found.empty()) {
        people.write_all();
        return {};
    }
    call.out.begin_object();
    for (const UserId user : found) {
        call.out.key(std::to_string(user));
        people.write(user);
    }
    call.out.end_object();
    return {};
}

}  // namespace

std::vector<api::Method> user_methods() {
    return {
        {.name = "im.user.get", .scope = kScope, .handler = get},
        {.name = "im.user.list.get", .scope = kScope, .handler = list},
    };
}

}  // namespace stoa::chat
