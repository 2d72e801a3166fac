// department.*: https://github.com/bitrix24/b24restdocs api-reference/departments

#include "api/shape.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "model/filter.hpp"
#include "modules/people/methods.hpp"

namespace stoa::people {

namespace {

constexpr std::string_view kShown[] = {"ID", "NAME", "SORT", "PARENT", "UF_HEAD"};

const model::Entity& departments_of(const api::Call& call) {
    return call.registry().entity("department");
}

/// ID, PARENT and UF_HEAD are text, SORT a number; what has no value is left out.
void write_department(api::Call& call, const model::Record& department) {
    call.out.begin_object();
    call.out.raw_key("ID").integer_text(department.id());
    call.out.field("NAME", department.text("NAME"));
    call.out.field("SORT", department.integer("SORT"));
    for (const char* name : {"PARENT", "UF_HEAD"}) {
        if (department.integer(name) != 0) call.out.raw_key(name).integer_text(department.integer(name));
    }
    call.out.end_object();
}

/// Filters are top-level parameters of the names above, with prefixes and lists; FILTER is understood as well.
Result<db::Condition> filter_of(api::Call& call, const model::Entity& departments) {
    json::Object filter;
    const auto take = [&](const json::Value& from) {
        if (!from.is_object()) return;
        for (const auto& [key, value] : from.object()) {
            const std::string_view name = std::string_view(key).substr(
                key.find_first_not_of("!=<>@%") == std::string::npos ? 0 : key.find_first_not_of("!=<>@%"));
            for (const std::string_view shown : kShown) {
                // `sort` is the order, `SORT` a filter when it is a number.
                if (!equals_any_case(shown, name)) continue;
                if (shown == "SORT" && !value.as_integer()) continue;
                filter.set(key, value);
            }
        }
    };
    take(call.params.value());
    if (const json::Value* inner = call.params.find("FILTER")) take(*inner);
    const model::FilterContext context{
        .entity = departments, .names = model::Names::classic, .zone = call.zone(), .ignore_unknown = true};
    return model::compile_filter(context, json::Value(std::move(filter)));
}

db::Order order_of(api::Call& call, const model::Entity& departments) {
    const model::Field* field = &departments.id_field();
    if (const json::Value* sort = call.params.value().find_any_case("sort")) {
        const std::string name = sort->as_text().value_or("");
        for (const std::string_view shown : kShown) {
            if (equals_any_case(shown, name)) field = &departments.field(shown);
        }
    }
    const json::Value* order = call.params.find("order");
    const bool descending = order && equals_any_case(order->as_text().value_or(""), "DESC");
    return {{field->column, ""}, descending};
}

Status get(api::Call& call) {
    const model::Entity& departments = departments_of(call);
    STOA_TRY(std::int64_t start, call.params.integer_or("start", 0));
    const bool uncounted = start < 0;
    if (uncounted) start = 0;
    model::Query query;
    STOA_TRY(query.where, filter_of(call, departments));
    query.order = {order_of(call, departments), {{"id", ""}, false}};
    query.limit = limits::page_size;
    query.offset = start;
    if (!uncounted) {
        STOA_TRY(const std::int64_t total, call.records.count(departments, query.where));
        call.total = total;
        if (start + limits::page_size < total) call.next = start + limits::page_size;
    }
    STOA_TRY(const auto page, call.records.list(departments, query));
    call.out.begin_array();
    for (const model::Record& department : page)
        write_department(call, department);
    call.out.end_array();
    return {};
}

Result<model::Changes> changes_of(api::Call& call) {
    const json::Value* inner = call.params.find("fields");
    const json::Value& values = inner && inner->is_object() ? *inner : call.params.value();
    return api::read_changes(departments_of(call), nullptr, api::Shape::classic(), values, call.zone());
}

/// The documented code of refusals is ERROR_CORE.
Error core_error(const Error& error) {
    if (!error.api_code.empty()) return error;
    if (error.code == Errc::not_found) return invalid("Department not found", "ID", "ERROR_CORE");
    if (error.code == Errc::forbidden) return {Errc::invalid_argument, "Access denied", {}, "ERROR_CORE"};
    return error;
}

Status add(api::Call& call) {
    STOA_TRY(model::Changes changes, changes_of(call));
    auto id = call.records.add(std::move(changes));
    if (!id) return core_error(id.error());
    call.out.integer(*id);
    return {};
}

Status update(api::Call& call) {
    STOA_TRY(const std::int64_t id, call.params.id("ID"));
    STOA_TRY(model::Changes changes, changes_of(call));
    const Status updated = call.records.update(id, std::move(changes));
    if (!updated) return core_error(updated.error());
    call.out.boolean(true);
    return {};
}

Status remove(api::Call& call) {
    STOA_TRY(const std::int64_t id, call.params.id("ID"));
    const Status removed = call.records.remove(departments_of(call), id);
    if (!removed) return core_error(removed.error());
    call.out.boolean(true);
    return {};
}

Status fields(api::Call& call) {
    call.out.begin_object();
    for (const std::string_view name : kShown) {
        call.out.raw_key(name).text(departments_of(call).field(name).title_in(call.metadata().account.language));
    }
    call.out.end_object();
    return {};
}

}  // namespace

void add_department_methods(api::MethodTable& table) {
    using api::Effect;
    using api::Run;
    table.add({
        {.name = "department.get", .scope = "department", .handler = &get, .snapshot = true},
        {.name = "department.fields", .scope = "department", .run = Run::io, .handler = &fields},
        {.name = "department.add", .scope = "department", .effect = Effect::write, .handler = &add},
        {.name = "department.update", .scope = "department", .effect = Effect::write, .handler = &update},
        {.name = "department.delete", .scope = "department", .effect = Effect::write, .handler = &remove},
    });
}

}  // namespace stoa::people
