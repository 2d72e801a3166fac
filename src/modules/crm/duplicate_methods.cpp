// crm.duplicate.findbycomm: who has these phones or mail addresses.
// https://github.com/bitrix24/b24restdocs api-reference/crm/duplicates/crm-duplicate-find-by-comm.md

#include "base/utf8.hpp"
#include "model/side_tables.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"

namespace stoa::crm {

using api::Call;
using db::Condition;

namespace {

constexpr std::size_t kValuesMax = 20;
constexpr std::int64_t kFoundMax = 20;  ///< of one kind; then the other kinds are not looked for

Result<std::vector<db::Value>> wanted_values(const Call& call, const std::string& type) {
    const json::Value* values = call.params.find("values");
    if (!values || values->is_null()) return invalid("Communication values is not defined", "values");
    const bool many = values->is_array() || values->is_object();
    std::vector<db::Value> out;
    for (const json::Value* value : many ? values->items() : std::vector<const json::Value*>{values}) {
        std::string search = model::multifield_search_value(type, value->as_text().value_or(""));
        if (search.empty()) continue;
        if (out.size() == kValuesMax) return Error{Errc::too_large, "At most 20 values can be looked for.", "values"};
        out.emplace_back(std::move(search));
    }
    return out;
}

Result<std::vector<RecordId>> find(Call& call, const model::Entity& entity, const std::string& type,
                                   const std::vector<db::Value>& values) {
    Condition has_value = Condition::all({Condition::equals("entity", entity.name), Condition::equals("type", type),
                                          Condition::in("search_value", values)});
    model::Query query;
    query.where = Condition::exists("multifields", "owner_id", entity.id_field().column, std::move(has_value));
    query.limit = kFoundMax;
    std::vector<RecordId> ids;
    const int id = entity.column_position(entity.id_field());
    STOA_CHECK(call.records.stream(entity, query, [&](const db::Row& row) {
        ids.push_back(row.integer(id));
        return true;
    }));
    return ids;
}

Status find_by_communication(Call& call) {
    STOA_TRY(const std::string given, call.params.text_or("type", ""));
    const std::string type = to_upper_ascii(given);
    if (type.empty()) return invalid("Communication type is not defined", "type");
    if (type != "PHONE" && type != "EMAIL") {
        return invalid("Communication type '" + given + "' is not supported in current context", "type");
    }
    STOA_TRY(const auto values, wanted_values(call, type));
    STOA_TRY(const std::string only, call.params.text_or("entity_type", ""));

    bool any = false;
    for (const int type_id : {kLead, kContact, kCompany}) {
        if (!only.empty() && parse_type_code(only) != type_id) continue;
        if (values.empty()) break;
        STOA_TRY(const auto ids, find(call, *call.registry().by_type_id(type_id), type, values));
        if (ids.empty()) continue;
        if (!any) call.out.begin_object();
        any = true;
        call.out.key(type_code(type_id)).begin_array();
        for (const RecordId id : ids)
            call.out.integer(id);
        call.out.end_array();
        if (static_cast<std::int64_t>(ids.size()) >= kFoundMax) break;
    }
    if (any) {
        call.out.end_object();
    } else {
        call.out.begin_array().end_array();  // an empty PHP map
    }
    return {};
}

}  // namespace

void add_duplicate_methods(api::MethodTable& table) {
    table.add({.name = "crm.duplicate.findbycomm", .scope = "crm", .handler = find_by_communication});
}

}  // namespace stoa::crm
