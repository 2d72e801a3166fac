#include "access/policy.hpp"

#include "access/rules.hpp"

namespace stoa::access {

namespace {

using db::Condition;
using model::Actor;
using model::Entity;
using model::FieldType;
using model::Operation;

bool fits(std::string_view pattern, std::string_view section) {
    if (pattern.ends_with('*')) return section.starts_with(pattern.substr(0, pattern.size() - 1));
    return pattern == section;
}

Reach reach_of(const Actor& actor, std::string_view section, Operation operation) {
    for (const Rule& rule : kRules) {
        if (rule.role != actor.role || !fits(rule.section, section)) continue;
        switch (operation) {
            case Operation::read:
                return rule.read;
            case Operation::add:
                return rule.add;
            case Operation::update:
                return rule.update;
            case Operation::remove:
                return rule.remove;
        }
    }
    return Reach::none;
}

/// Rows in which one of the users is the owner or takes part.
Condition taken_part_by(const Entity& entity, std::vector<db::Value> users) {
    std::vector<Condition> any;
    const auto add = [&](const std::string& name) {
        const model::Field& field = entity.field(name);
        if (field.type == FieldType::links) {
            any.push_back(Condition::exists(field.link_table, "owner_id", entity.id_field().column,
                                            Condition::in("target_id", users)));
        } else {
            any.push_back(Condition::in(field.column, users));
        }
    };
    if (!entity.owner_field.empty()) add(entity.owner_field);
    for (const std::string& member : entity.member_fields)
        add(member);
    return Condition::any(std::move(any));
}

int level_of(Operation operation) {
    switch (operation) {
        case Operation::read:
            return 1;
        case Operation::add:
            return 2;
        case Operation::update:
            return 3;
        case Operation::remove:
            break;
    }
    return 4;
}

/// Everybody, all employees, the user, the user's departments, and those above them: "*", "UA", "U5", "D3", "DR3".
std::vector<db::Value> access_codes(const Actor& actor) {
    std::vector<db::Value> codes{std::string("*"), "U" + std::to_string(actor.user)};
    for (const RecordId department : actor.departments) {
        codes.emplace_back("D" + std::to_string(department));
        codes.emplace_back("DR" + std::to_string(department));
    }
    for (const RecordId department : actor.departments_above)
        codes.emplace_back("DR" + std::to_string(department));
    if (actor.role == model::Role::employee) codes.emplace_back(std::string("UA"));
    return codes;
}

/// Rows that lie in something that was opened to the actor far enough.
Condition granted(const Actor& actor, const Entity& entity, const Entity& grants, Operation operation) {
    Condition codes = Condition::in(grants.field("ACCESS_CODE").column, access_codes(actor));
    Condition far_enough =
        Condition::compare(grants.field("LEVEL").column, Condition::Op::ge, std::int64_t{level_of(operation)});
    Condition grant = Condition::exists(grants.table, grants.field("OBJECT_ID").column, "target_id",
                                        Condition::all({std::move(codes), std::move(far_enough)}));
    return Condition::exists(entity.field(entity.grants_path).link_table, "owner_id", entity.id_field().column,
                             std::move(grant));
}

}  // namespace

RolePolicy::RolePolicy(const model::Registry& registry) : registry_(registry) {}

Condition RolePolicy::rows(const Actor& actor, const Entity& entity, Operation operation) const {
    if (actor.system) return Condition::always();
    if (entity.access.empty() || actor.user <= 0) return Condition::never();
    if (actor.role == model::Role::admin) return Condition::always();
    Condition by_role = by_rule(actor, entity, operation);
    if (entity.grants_entity.empty()) return by_role;
    return Condition::any(
        {std::move(by_role), granted(actor, entity, registry_.entity(entity.grants_entity), operation)});
}

Condition RolePolicy::by_rule(const Actor& actor, const Entity& entity, Operation operation) const {
    const Reach reach = reach_of(actor, entity.access, operation);
    if (reach == Reach::none) return Condition::never();

    std::vector<Condition> all;
    if (!entity.parent_entity.empty()) {
        const Entity& parent = registry_.entity(entity.parent_entity);
        Condition parent_rows = rows(actor, parent, Operation::read);
        if (parent_rows.kind == Condition::Kind::never) return Condition::never();
        if (parent_rows.kind != Condition::Kind::always) {
            all.push_back(Condition::exists(parent.table, parent.id_field().column,
                                            entity.field(entity.parent_field).column, std::move(parent_rows)));
        }
    }
    // A child without an owner of its own is as reachable as its parent.
    const bool has_owner = !entity.owner_field.empty() || !entity.member_fields.empty();
    if (reach != Reach::all && (has_owner || entity.parent_entity.empty())) {
        std::vector<db::Value> users{actor.user};
        if (reach == Reach::department) {
            users.insert(users.end(), actor.department_members.begin(), actor.department_members.end());
        }
        if (reach == Reach::shared) users.emplace_back();  // rows that belong to nobody
        all.push_back(taken_part_by(entity, std::move(users)));
    }
    return Condition::all(std::move(all));
}

}  // namespace stoa::access
