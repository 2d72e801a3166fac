#include "modules/people/department_hooks.hpp"

#include "model/records.hpp"

namespace stoa::people {

namespace {

constexpr int kDepthMax = 64;
constexpr std::int64_t kChildrenMax = 1'000;
constexpr std::int64_t kMembersMax = 10'000;

Error core_error(std::string message, std::string field) {
    return invalid(std::move(message), std::move(field), "ERROR_CORE");
}

Status check_parent(model::SaveContext& context, RecordId parent) {
    model::Records records = context.records.as_system();
    RecordId above = parent;
    for (int depth = 0; above != 0; ++depth) {
        if (depth > kDepthMax) return core_error("The structure is too deep.", "PARENT");
        if (above == context.id) return core_error("A department cannot be below itself.", "PARENT");
        auto record = records.get(context.entity, above);
        if (!record) return core_error("Parent department not found", "PARENT");
        above = record->integer("PARENT");
    }
    return {};
}

Status check_only_root(model::SaveContext& context) {
    const auto roots = db::Condition::all(
        {db::Condition::is_null("parent"), db::Condition::compare("id", db::Condition::Op::ne, context.id)});
    STOA_TRY(const std::int64_t count, context.records.as_system().count(context.entity, roots));
    if (count > 0) return core_error("There can only be one top-level department in the company structure", "PARENT");
    return {};
}

}  // namespace

Status DepartmentHooks::before_save(model::SaveContext& context) {
    if (context.changes.has("NAME") ? context.changes.text("NAME").empty() : !context.before) {
        return core_error("Department name not provided.", "NAME");
    }
    if (!context.before) context.changes.set("ACCESS_CODE", "DR" + std::to_string(context.id));
    const bool parent_given = context.changes.has("PARENT");
    if (parent_given || !context.before) {
        const RecordId parent = context.changes.integer("PARENT");
        if (parent != 0) return check_parent(context, parent);
        context.changes.set("PARENT", db::Value());
        return check_only_root(context);
    }
    return {};
}

Status DepartmentHooks::before_remove(model::RemoveContext& context) {
    model::Records records = context.records.as_system();
    const RecordId parent = context.before.integer("PARENT");
    const RecordId id = context.before.id();
    model::Query query{.where = db::Condition::equals("parent", id), .order = {}, .limit = kChildrenMax};
    STOA_TRY(const auto children, records.list(context.entity, query));
    if (parent == 0 && !children.empty()) return core_error("The top department has departments below it.", "ID");
    for (const model::Record& child : children) {
        model::Changes changes(context.entity);
        changes.set("PARENT", parent);
        STOA_CHECK(records.update(child.id(), std::move(changes)));
    }

    const model::Entity& users = records.services().registry.entity("user");
    const model::Field& departments = users.field("UF_DEPARTMENT");
    model::Query members{.where = db::Condition::exists(departments.link_table, "owner_id", "id",
                                                        db::Condition::equals("target_id", id)),
                         .order = {},
                         .limit = kMembersMax};
    STOA_TRY(const auto staff, records.list(users, members));
    for (const model::Record& user : staff) {
        STOA_TRY(std::vector<RecordId> kept, records.links(departments, user.id()));
        std::erase(kept, id);
        if (parent != 0) kept.push_back(parent);
        model::Changes changes(users);
        changes.links.emplace_back(&departments, std::move(kept));
        STOA_CHECK(records.update(user.id(), std::move(changes)));
    }
    return {};
}

}  // namespace stoa::people
