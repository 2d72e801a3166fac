#include "modules/people/user_list.hpp"

#include <algorithm>
#include <array>

#include "api/file_links.hpp"
#include "api/shape.hpp"
#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "modules/people/user_fields.hpp"
#include "modules/people/user_filter.hpp"

namespace stoa::people {

namespace {

using Links = std::vector<std::pair<RecordId, RecordId>>;

/// Shown even when empty, as "".
constexpr std::string_view kAlways[] = {
    "NAME",      "LAST_NAME",       "SECOND_NAME",       "EMAIL",         "LAST_LOGIN",        "DATE_REGISTER",
    "TIME_ZONE", "PERSONAL_GENDER", "PERSONAL_BIRTHDAY", "WORK_POSITION", "UF_EMPLOYMENT_DATE"};

void write_field(api::Call& call, const model::Field& field, const db::Value& value, const api::FileLinks& links) {
    if (field.name == "ACTIVE") {
        const auto* active = std::get_if<std::int64_t>(&value);
        call.out.raw_key(field.name).boolean(active && *active != 0);
        return;
    }
    if (db::is_null(value)) {
        const bool always = std::find(std::begin(kAlways), std::end(kAlways), field.name) != std::end(kAlways);
        if (always) call.out.raw_key(field.name).raw_text("");
        return;
    }
    call.out.raw_key(field.name);
    if (field.type == model::FieldType::file) {
        call.out.text(links.show(std::get<std::int64_t>(value)));
        return;
    }
    api::write_value(call.out, field, api::Shape::classic(), value, call.zone());
}

void write_object(api::Call& call, const model::Record& user, const UserSelection& selection, const Links& departments,
                  const api::FileLinks& links) {
    call.out.begin_object();
    for (const model::Field* field : selection.fields)
        write_field(call, *field, user.value(*field), links);
    if (selection.is_online) {
        const bool online = user.integer("LAST_ACTIVITY_DATE") >= call.now() - kOnlineSeconds;
        call.out.raw_key("IS_ONLINE").raw_text(online ? "Y" : "N");
    }
    if (selection.departments) {
        call.out.raw_key("UF_DEPARTMENT").begin_array();
        for (const auto& [owner, department] : departments) {
            if (owner == user.id()) call.out.integer(department);
        }
        call.out.end_array();
    }
    for (const model::UserField* field : selection.user_fields) {
        const json::Value* value = user.user_fields().find(field->field.name);
        call.out.key(field->field.name).value(value ? *value : json::Value());
    }
    call.out.end_object();
}

Result<Links> departments_of(api::Call& call, const model::Entity& users, const UserSelection& selection,
                             const std::vector<model::Record>& page) {
    if (!selection.departments || page.empty()) return Links{};
    std::vector<RecordId> ids;
    for (const model::Record& user : page)
        ids.push_back(user.id());
    return call.records.links(users.field("UF_DEPARTMENT"), ids);
}

/// `sort` names a field; an unknown one sorts by id.
Result<std::vector<db::Order>> order_of(api::Call& call, const model::Entity& users) {
    STOA_TRY(const std::string sort, call.params.text_or("sort", "ID"));
    std::string direction = "ASC";
    std::string name = sort;
    if (const json::Value* order = call.params.find("order")) {
        if (order->is_object() && !order->object().empty()) {
            name = order->object().begin()->first;
            direction = order->object().begin()->second.as_text().value_or("ASC");
        } else {
            direction = order->as_text().value_or("ASC");
        }
    }
    const bool descending = equals_any_case(direction, "DESC");
    const model::Field* field = users.find(name);
    if (!field || !field->stored() || field->hidden) field = &users.id_field();
    std::vector<db::Order> order{{{field->column, ""}, descending}};
    if (field != &users.id_field()) order.push_back({{users.id_field().column, ""}, descending});
    return order;
}

}  // namespace

Status write_user_page(api::Call& call, const model::Entity& users, db::Condition where) {
    STOA_TRY(std::int64_t start, call.params.integer_or("start", 0));
    const bool uncounted = start < 0;
    if (uncounted) start = 0;
    model::Query query;
    query.where = std::move(where);
    STOA_TRY(query.order, order_of(call, users));
    query.limit = limits::page_size;
    query.offset = start;
    if (!uncounted) {
        STOA_TRY(const std::int64_t total, call.records.count(users, query.where));
        call.total = total;
        if (start + limits::page_size < total) call.next = start + limits::page_size;
    }
    STOA_TRY(const auto page, call.records.list(users, query));
    const UserSelection selection = select_user_fields(call, users, call.params.find("select"));
    STOA_TRY(const Links departments, departments_of(call, users, selection, page));
    STOA_TRY(const api::FileLinks links, api::FileLinks::of(call.records));
    call.out.begin_array();
    for (const model::Record& user : page)
        write_object(call, user, selection, departments, links);
    call.out.end_array();
    return {};
}

Status write_user(api::Call& call, const model::Entity& users, UserId id) {
    STOA_TRY(model::Record user, call.records.get(users, id));
    const UserSelection selection = select_user_fields(call, users, nullptr);
    std::vector<model::Record> page;
    page.push_back(std::move(user));
    STOA_TRY(const Links departments, departments_of(call, users, selection, page));
    STOA_TRY(const api::FileLinks links, api::FileLinks::of(call.records));
    write_object(call, page.front(), selection, departments, links);
    return {};
}

}  // namespace stoa::people
