#include "modules/tasks/task_list.hpp"

#include <array>

#include "api/crud.hpp"
#include "base/utf8.hpp"
#include "modules/tasks/names.hpp"
#include "modules/tasks/task_card.hpp"
#include "modules/tasks/task_files.hpp"

namespace stoa::tasks {

using db::Condition;

namespace {

struct Alias {
    std::string_view name;
    std::string_view field;
};

constexpr std::array<Alias, 8> kAliases{{
    {"REAL_STATUS", "STATUS"},
    {"ACCOMPLICE", "ACCOMPLICES"},
    {"AUDITOR", "AUDITORS"},
    {"TAG", "TAGS"},
    {"CREATOR_ID", "CREATED_BY"},
    {"CREATED_BY_LAST_NAME", "CREATED_BY"},
    {"RESPONSIBLE_LAST_NAME", "RESPONSIBLE_ID"},
    {"STATUS_COMPLETE", "STATUS"},
}};

constexpr std::int64_t kAlmostOverdueS = 86'400;

std::string_view prefix_of(std::string_view key) {
    std::size_t length = 0;
    while (length < key.size() && std::string_view("!=<>@%").find(key[length]) != std::string_view::npos)
        ++length;
    return key.substr(0, length);
}

std::string renamed(std::string_view key) {
    const std::string_view prefix = prefix_of(key);
    const std::string_view name = key.substr(prefix.size());
    for (const Alias& alias : kAliases) {
        if (equals_any_case(name, alias.name)) return std::string(prefix) + std::string(alias.field);
    }
    return std::string(key);
}

Condition open_tasks() {
    return Condition::compare("status", Condition::Op::ne, std::int64_t{completed});
}

/// STATUS -1 = overdue, -3 = due within a day; others are stored codes.
Result<Condition> meta_status(std::int64_t code, std::int64_t now) {
    const auto before = [&](std::int64_t at) {
        return Condition::all({open_tasks(), Condition::negate(Condition::is_null("deadline")),
                               Condition::compare("deadline", Condition::Op::lt, at)});
    };
    if (code == -1) return before(now);
    if (code == -3) {
        return Condition::all({before(now + kAlmostOverdueS), Condition::compare("deadline", Condition::Op::ge, now)});
    }
    return Condition::equals("status", code);
}

struct Rewritten {
    json::Value parameters;
    Condition fixed = Condition::always();
};

/// Takes the conditions that are no field conditions out of the top level and renames aliases at every level.
Result<json::Value> rewrite_filter(const json::Value& filter, Condition& fixed, std::int64_t now, int depth) {
    if (!filter.is_object() || depth > 8) return filter;
    json::Object out;
    for (const auto& [key, value] : filter.object()) {
        if (equals_any_case(key, "ONLY_ROOT_TASKS")) {
            if (value.as_bool().value_or(false)) {
                fixed = Condition::all({std::move(fixed), Condition::is_null("parent_id")});
            }
            continue;
        }
        if (equals_any_case(key, "MEMBER")) {
            const auto user = value.as_integer();
            if (!user) return invalid("MEMBER must be a user's id.", key);
            const auto linked = [&](const char* table) {
                return Condition::exists(table, "owner_id", "id", Condition::equals("target_id", *user));
            };
            fixed = Condition::all(
                {std::move(fixed),
                 Condition::any({Condition::equals("responsible_id", *user), Condition::equals("created_by", *user),
                                 linked("task_accomplices"), linked("task_auditors")})});
            continue;
        }
        const auto code = value.as_integer();
        if (depth == 1 && code && *code < 0 && (equals_any_case(key, "STATUS") || equals_any_case(key, "=STATUS"))) {
            STOA_TRY(Condition meta, meta_status(*code, now));
            fixed = Condition::all({std::move(fixed), std::move(meta)});
            continue;
        }
        if (key.starts_with("::")) continue;  // view parameters of other clients (favourites and the like)
        STOA_TRY(json::Value inner, rewrite_filter(value, fixed, now, depth + 1));
        out.set(renamed(key), std::move(inner));
    }
    return json::Value(std::move(out));
}

Result<Rewritten> rewrite(const api::Call& call) {
    Rewritten out;
    json::Object parameters;
    bool ordered = false;
    if (call.params.value().is_object()) {
        for (const auto& [key, value] : call.params.value().object()) {
            if (equals_any_case(key, "filter")) {
                STOA_TRY(json::Value filter, rewrite_filter(value, out.fixed, call.now(), 1));
                parameters.set("filter", std::move(filter));
            } else if (equals_any_case(key, "order") && value.is_object() && !value.object().empty()) {
                json::Object order;
                for (const auto& [name, direction] : value.object())
                    order.set(renamed(name), direction);
                parameters.set("order", json::Value(std::move(order)));
                ordered = true;
            } else {
                parameters.set(key, value);
            }
        }
    }
    if (!ordered) {
        json::Object order;
        order.set("ID", "DESC");
        parameters.set("order", json::Value(std::move(order)));
    }
    out.parameters = json::Value(std::move(parameters));
    return out;
}

/// Cards of the people a page names, and its attachments, read before the page is written.
Status load_beside(api::Call& call, const model::Entity& entity, const Condition& fixed, PeopleCards& people,
                   TaskFiles& files) {
    bool counted = true;
    STOA_TRY(const model::Query query, api::read_query(call, entity, api::Shape::of(entity.api.v2), fixed, counted));
    const int creator = entity.column_position(entity.field("CREATED_BY"));
    const int responsible = entity.column_position(entity.field("RESPONSIBLE_ID"));
    const int id = entity.column_position(entity.id_field());
    std::set<UserId> users;
    std::vector<RecordId> tasks;
    STOA_CHECK(call.records.stream(entity, query, [&](const db::Row& row) {
        tasks.push_back(row.integer(id));
        users.insert(row.integer(creator));
        users.insert(row.integer(responsible));
        return true;
    }));
    if (wants_files(call)) STOA_CHECK(files.load(call, tasks));
    return people.load(call.records, users);
}

}  // namespace

Status list_tasks(api::Call& call) {
    const model::Entity& entity = call.registry().entity(kTask);
    STOA_TRY(const Rewritten rewritten, rewrite(call));
    const api::Params original = call.params;
    call.params = api::Params(rewritten.parameters);
    PeopleCards people;
    TaskFiles files;
    const bool with_files = wants_files(call);
    const int id = entity.column_position(entity.id_field());
    Status listed = load_beside(call, entity, rewritten.fixed, people, files);
    if (listed) {
        std::vector<std::pair<const char*, int>> cards;
        for (const auto& [name, key] : {std::pair("CREATED_BY", "creator"), {"RESPONSIBLE_ID", "responsible"}}) {
            const model::Field& field = entity.field(name);
            if (shows(call, field)) cards.emplace_back(key, entity.column_position(field));
        }
        call.out.begin_object().key("tasks");
        listed = api::write_list(call, entity, api::Shape::of(entity.api.v2), rewritten.fixed, [&](const db::Row& row) {
            if (shows(call, entity.field("GROUP_ID"))) call.out.key("group").begin_array().end_array();
            for (const auto& [key, column] : cards) {
                call.out.key(key);
                people.write(call.out, row.integer(column));
            }
            if (with_files) files.write(call.out, row.integer(id));
        });
        call.out.end_object();
    }
    call.params = original;
    return listed;
}

}  // namespace stoa::tasks
