#include "modules/accounts/users.hpp"

#include <algorithm>

namespace stoa::accounts {

namespace {

constexpr std::size_t kDepartmentsAboveMax = 100;

/// Users of the departments, for the row filter "department".
Result<std::vector<UserId>> members_of(db::Tx& tx, const std::string& link_table,
                                       const std::vector<RecordId>& departments) {
    std::vector<UserId> members;
    if (departments.empty()) return members;
    std::vector<db::Value> ids(departments.begin(), departments.end());
    const db::Select select{.table = link_table,
                            .columns = {{"owner_id", ""}},
                            .where = db::Condition::in("target_id", std::move(ids)),
                            .order = {},
                            .limit = kDepartmentMembersMax};
    STOA_CHECK(tx.select(select, [&](const db::Row& row) {
        members.push_back(row.integer(0));
        return true;
    }));
    return members;
}

/// The departments in which those lie, up to the company itself.
Result<std::vector<RecordId>> above(const Services& services, db::Tx& tx, const std::vector<RecordId>& departments) {
    std::vector<RecordId> out;
    const model::Entity* entity = services.model.registry.find("department");
    std::vector<RecordId> level = departments;
    while (entity && !level.empty() && out.size() < kDepartmentsAboveMax) {
        const db::Select select{.table = entity->table,
                                .columns = {{entity->field("PARENT").column, ""}},
                                .where = db::Condition::in("id", {level.begin(), level.end()}),
                                .order = {},
                                .limit = static_cast<std::int64_t>(kDepartmentsAboveMax)};
        level.clear();
        STOA_CHECK(tx.select(select, [&](const db::Row& row) {
            const RecordId parent = row.integer(0);
            // A department that is its own ancestor would never end.
            if (parent > 0 && std::find(out.begin(), out.end(), parent) == out.end()) {
                out.push_back(parent);
                level.push_back(parent);
            }
            return true;
        }));
    }
    return out;
}

}  // namespace

model::Role parse_role(std::string_view code) {
    if (code == "admin") return model::Role::admin;
    if (code == "employee") return model::Role::employee;
    if (code == "extranet") return model::Role::extranet;
    return model::Role::none;
}

std::string_view role_code(model::Role role) {
    switch (role) {
        case model::Role::admin:
            return "admin";
        case model::Role::employee:
            return "employee";
        case model::Role::extranet:
            return "extranet";
        case model::Role::none:
            return "";
    }
    return "";
}

Result<User> load_user(const Services& services, db::Tx& tx, UserId id) {
    STOA_TRY(model::Records records, services.records(tx, model::Actor::make_system(tx.account())));
    const model::Entity& entity = services.model.registry.entity(kUserEntity);
    STOA_TRY(const model::Record record, records.get(entity, id));
    User user;
    user.id = id;
    user.active = record.integer("ACTIVE") != 0;
    user.role = parse_role(record.text("ROLE"));
    user.name = record.text("NAME");
    user.last_name = record.text("LAST_NAME");
    user.email = record.text("EMAIL");
    user.language = record.text("LANGUAGE_ID");
    user.time_zone = record.text("TIME_ZONE");
    user.gender = record.text("PERSONAL_GENDER");
    STOA_TRY(user.departments, records.links(entity.field("UF_DEPARTMENT"), id));
    return user;
}

Result<model::Actor> load_actor(const Services& services, db::Tx& tx, UserId id) {
    auto user = load_user(services, tx, id);
    if (!user && user.error().code != Errc::not_found) return std::move(user).error();
    if (!user || !user->active || user->role == model::Role::none) {
        return Error{Errc::unauthorized, "The user is not active.", {}, "user_access_error"};
    }
    model::Actor actor;
    actor.account = tx.account();
    actor.user = id;
    actor.role = user->role;
    const model::Entity& entity = services.model.registry.entity(kUserEntity);
    STOA_TRY(actor.department_members, members_of(tx, entity.field("UF_DEPARTMENT").link_table, user->departments));
    STOA_TRY(actor.departments_above, above(services, tx, user->departments));
    actor.departments = std::move(user->departments);
    return actor;
}

}  // namespace stoa::accounts
