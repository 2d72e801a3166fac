// crm.item.productrow.* and crm.{deal,lead}.productrows.{get,set}.
// https://github.com/bitrix24/b24restdocs api-reference/crm/universal/product-rows/

#include "api/crud.hpp"
#include "base/decimal.hpp"
#include "modules/crm/list_params.hpp"
#include "modules/crm/methods.hpp"
#include "modules/crm/owner_types.hpp"
#include "modules/crm/product_rows.hpp"

namespace stoa::crm {

using api::Call;
using api::Shape;
using db::Condition;
using model::Changes;
using model::Record;

namespace {

constexpr Shape kItemRow{model::Names::item, true};

const model::Entity& rows_entity(const Call& call) {
    return call.registry().entity("crm.productrow");
}

Error owner_not_found() {
    return not_found("Owner was not found", "OWNER_NOT_FOUND");
}

bool given(const json::Value& row, std::string_view name) {
    const json::Value* value = row.find_any_case(name);
    return value && !value->is_null() && !(value->is_string() && value->string().empty());
}

/// The documented demands on discounts of crm.deal.productrows.set.
Status check_discount(const json::Value& row) {
    if (!given(row, "DISCOUNT_TYPE_ID")) return {};
    const auto kind = row.find_any_case("DISCOUNT_TYPE_ID")->as_integer().value_or(2);
    if (kind == 1 && !given(row, "DISCOUNT_SUM")) {
        return invalid(
            "Discount Sum (DISCOUNT_SUM) is required if Monetary Discount Type (DISCOUNT_TYPE_ID) is defined",
            "DISCOUNT_SUM", "ERROR_CORE");
    }
    if (kind != 2) return {};
    if (!given(row, "DISCOUNT_RATE")) {
        return invalid(
            "Discount Rate (DISCOUNT_RATE) is required if Percentage Discount Type (DISCOUNT_TYPE_ID) is defined",
            "DISCOUNT_RATE", "ERROR_CORE");
    }
    if (row.find_any_case("DISCOUNT_RATE")->as_real().value_or(0) >= 100 && !given(row, "DISCOUNT_SUM")) {
        return invalid(
            "Discount Sum (DISCOUNT_SUM) is required if Percentage Discount Type (DISCOUNT_TYPE_ID) is defined and "
            "Discount Rate (DISCOUNT_RATE) is 100%",
            "DISCOUNT_SUM", "ERROR_CORE");
    }
    return {};
}

Result<std::vector<Changes>> read_rows(Call& call, const json::Value& rows, const Shape& shape) {
    std::vector<Changes> out;
    for (const json::Value* row : rows.items()) {
        if (!row->is_object()) return invalid("A product row must be an object.", "rows");
        if (shape.names == model::Names::classic) STOA_CHECK(check_discount(*row));
        STOA_TRY(Changes changes, api::read_changes(rows_entity(call), nullptr, shape, *row, call.zone()));
        const json::Value* id = row->find_any_case("ID");
        changes.set("ID", id ? id->as_integer().value_or(0) : 0);
        out.push_back(std::move(changes));
    }
    return out;
}

void write_item_row(Call& call, const Record& row) {
    call.out.begin_object();
    for (const model::Field& field : row.entity().fields) {
        if (field.hidden) continue;
        call.out.raw_key(field.item_name);
        api::write_value(call.out, field, kItemRow, row.value(field), call.zone());
    }
    call.out.end_object();
}

Status write_item_rows(Call& call, const ProductOwner& owner) {
    STOA_TRY(const auto rows, product_rows(call.records, owner));
    call.out.begin_object().key("productRows").begin_array();
    for (const Record& row : rows)
        write_item_row(call, row);
    call.out.end_array().end_object();
    return {};
}

/// Errors about the owner in the words of crm.item.productrow.*.
Status in_row_words(Status status) {
    if (status || !status.error().api_code.empty()) return status;
    if (status.error().code == Errc::not_found) return owner_not_found();
    Error error = std::move(status).error();
    if (error.code == Errc::forbidden) error.api_code = "ACCESS_DENIED";
    return error;
}

Result<ProductOwner> visible_owner(Call& call, std::string_view code, RecordId id) {
    STOA_TRY(const model::Entity* entity, product_owner_entity(call.records, code));
    STOA_TRY(const bool known, call.records.exists(*entity, id));
    if (!known) return owner_not_found();
    return ProductOwner{entity, id};
}

Result<ProductOwner> owner_of(Call& call, const Record& row) {
    return visible_owner(call, row.text("OWNER_TYPE"), row.integer("OWNER_ID"));
}

Error missing(std::string_view name) {
    return invalid("Could not find value for parameter {" + std::string(name) + "}", std::string(name), "100");
}

Status set_item_rows(Call& call) {
    for (const char* name : {"ownerId", "ownerType", "productRows"}) {
        if (!call.params.find(name)) return missing(name);
    }
    STOA_TRY(const std::string code, call.params.text("ownerType"));
    STOA_TRY(const RecordId id, call.params.id("ownerId"));
    STOA_TRY(const ProductOwner owner, visible_owner(call, code, id));
    STOA_TRY(auto rows, read_rows(call, *call.params.find("productRows"), kItemRow));
    STOA_CHECK(in_row_words(replace_product_rows(call.records, owner, std::move(rows))));
    return write_item_rows(call, owner);
}

const json::Value* filter_value(const json::Value& filter, std::string_view name) {
    if (const json::Value* exact = filter.find_any_case("=" + std::string(name))) return exact;
    return filter.find_any_case(name);
}

Status list_item_rows(Call& call) {
    const json::Value* filter = call.params.find("filter");
    if (!filter) return missing("filter");
    const json::Value* type = filter_value(*filter, "ownerType");
    const json::Value* id = filter_value(*filter, "ownerId");
    if (!type || !id) {
        return invalid("The filter must name ownerType and ownerId", "filter", "INVALID_ARG_VALUE");
    }
    STOA_TRY(const model::Entity* entity, product_owner_entity(call.records, type->as_text().value_or("")));
    std::vector<db::Value> owners;
    for (const json::Value* one : id->is_scalar() ? std::vector<const json::Value*>{id} : id->items()) {
        const auto number = one->as_integer();
        if (!number)
            return invalid("Invalid filter: field 'ownerId' has invalid value", "ownerId", "INVALID_ARG_VALUE");
        owners.emplace_back(*number);
    }
    STOA_TRY(const std::int64_t visible, call.records.count(*entity, Condition::in(entity->id_field().column, owners)));
    if (visible < static_cast<std::int64_t>(owners.size())) return forbidden("Access denied", "ACCESS_DENIED");

    STOA_TRY(const json::Value params,
             normalise_list_params(rows_entity(call), nullptr, model::Names::item, call.params.value()));
    call.params = api::Params(params);
    call.out.begin_object().key("productRows");
    STOA_CHECK(api::write_list(call, rows_entity(call), kItemRow));
    call.out.end_object();
    return {};
}

Result<Record> find_row(Call& call) {
    if (!call.params.find("id")) return missing("id");
    STOA_TRY(const RecordId id, call.params.id("id"));
    auto row = call.records.as_system().get(rows_entity(call), id);
    if (!row && row.error().code == Errc::not_found) return not_found("Item not found", "NOT_FOUND");
    return row;
}

Status answer_row(Call& call, RecordId id) {
    STOA_TRY(const Record row, call.records.as_system().get(rows_entity(call), id));
    call.out.begin_object().key("productRow");
    write_item_row(call, row);
    call.out.end_object();
    return {};
}

Status add_item_row(Call& call) {
    const json::Value* fields = call.params.find("fields");
    if (!fields || !fields->is_object()) return missing("fields");
    STOA_TRY(Changes changes, api::read_changes(rows_entity(call), nullptr, kItemRow, *fields, call.zone()));
    STOA_TRY(const ProductOwner owner, visible_owner(call, changes.text("OWNER_TYPE"), changes.integer("OWNER_ID")));
    changes.set("OWNER_TYPE", short_type_code(owner.entity->type_id));
    STOA_TRY(const auto rows, product_rows(call.records, owner));
    if (rows.size() >= static_cast<std::size_t>(limits::product_rows_max)) {
        return Error{Errc::too_large, "The record has too many product rows."};
    }
    STOA_TRY(const RecordId id, call.records.as_system().add(std::move(changes)));
    STOA_CHECK(in_row_words(recount_owner(call.records, owner)));
    return answer_row(call, id);
}

Status get_item_row(Call& call) {
    STOA_TRY(const Record row, find_row(call));
    STOA_TRY(const ProductOwner owner, owner_of(call, row));
    (void)owner;
    return answer_row(call, row.id());
}

Status update_item_row(Call& call) {
    const json::Value* fields = call.params.find("fields");
    if (!fields || !fields->is_object()) return missing("fields");
    STOA_TRY(const Record row, find_row(call));
    STOA_TRY(const ProductOwner owner, owner_of(call, row));
    STOA_TRY(Changes changes, api::read_changes(rows_entity(call), nullptr, kItemRow, *fields, call.zone()));
    changes.unset("OWNER_TYPE");
    changes.unset("OWNER_ID");
    STOA_CHECK(call.records.as_system().update(row.id(), std::move(changes)));
    STOA_CHECK(in_row_words(recount_owner(call.records, owner)));
    return answer_row(call, row.id());
}

Status delete_item_row(Call& call) {
    STOA_TRY(const Record row, find_row(call));
    STOA_TRY(const ProductOwner owner, owner_of(call, row));
    STOA_CHECK(call.records.as_system().remove(row.entity(), row.id()));
    STOA_CHECK(in_row_words(recount_owner(call.records, owner)));
    call.out.null();
    return {};
}

Status describe_item_row(Call& call) {
    call.out.begin_object().key("fields");
    api::write_field_descriptions(call.out, rows_entity(call), nullptr, kItemRow, call.metadata().account.language);
    call.out.end_object();
    return {};
}

Result<ProductOwner> classic_owner(Call& call, int type_id) {
    const auto id = call.params.id("id");
    if (!id) return invalid("The parameter id is invalid or not defined.", "id");
    const model::Entity* entity = call.registry().by_type_id(type_id);
    STOA_TRY(const bool known, call.records.exists(*entity, *id));
    if (!known) return not_found("Not found");
    return ProductOwner{entity, *id};
}

/// Ids and codes as text, numbers as numbers: the mixed types that classic product rows have.
void write_classic_row(Call& call, const Record& row) {
    const auto typed = [&](std::string_view name) {
        const model::Field& field = row.entity().field(name);
        call.out.key(name);
        api::write_value(call.out, field, {model::Names::classic, true}, row.value(field), call.zone());
    };
    const auto as_text = [&](std::string_view name) {
        const model::Field& field = row.entity().field(name);
        call.out.key(name);
        api::write_value(call.out, field, Shape::classic(), row.value(field), call.zone());
    };
    call.out.begin_object();
    for (const char* name : {"ID", "OWNER_ID", "OWNER_TYPE"})
        as_text(name);
    for (const char* name : {"PRODUCT_ID", "PRODUCT_NAME"})
        typed(name);
    call.out.field("ORIGINAL_PRODUCT_NAME", row.text("PRODUCT_NAME")).key("PRODUCT_DESCRIPTION").null();
    for (const char* name : {"PRICE", "PRICE_EXCLUSIVE", "PRICE_NETTO", "PRICE_BRUTTO"})
        typed(name);
    as_text("PRICE_ACCOUNT");
    for (const char* name :
         {"QUANTITY", "DISCOUNT_TYPE_ID", "DISCOUNT_RATE", "DISCOUNT_SUM", "TAX_RATE", "TAX_INCLUDED", "CUSTOMIZED",
          "MEASURE_CODE", "MEASURE_NAME", "SORT", "XML_ID", "TYPE", "STORE_ID"}) {
        typed(name);
    }
    for (const char* name : {"RESERVE_ID", "DATE_RESERVE_END", "RESERVE_QUANTITY"})
        call.out.key(name).null();
    call.out.end_object();
}

Status get_classic_rows(Call& call, int type_id) {
    STOA_TRY(const ProductOwner owner, classic_owner(call, type_id));
    STOA_TRY(const auto rows, product_rows(call.records, owner));
    call.out.begin_array();
    for (const Record& row : rows)
        write_classic_row(call, row);
    call.out.end_array();
    return {};
}

Status set_classic_rows(Call& call, int type_id) {
    STOA_TRY(const ProductOwner owner, classic_owner(call, type_id));
    const json::Value* given_rows = call.params.find("rows");
    if (!given_rows || given_rows->is_scalar()) return invalid("The parameter rows must be array.", "rows");
    STOA_TRY(auto rows, read_rows(call, *given_rows, Shape::classic()));
    STOA_CHECK(replace_product_rows(call.records, owner, std::move(rows)));
    call.out.boolean(true);
    return {};
}

}  // namespace

void add_product_row_methods(api::MethodTable& table) {
    using api::Effect;
    table.add({
        {.name = "crm.item.productrow.set", .scope = "crm", .effect = Effect::write, .handler = set_item_rows},
        {.name = "crm.item.productrow.list", .scope = "crm", .handler = list_item_rows},
        {.name = "crm.item.productrow.add", .scope = "crm", .effect = Effect::write, .handler = add_item_row},
        {.name = "crm.item.productrow.get", .scope = "crm", .handler = get_item_row},
        {.name = "crm.item.productrow.update", .scope = "crm", .effect = Effect::write, .handler = update_item_row},
        {.name = "crm.item.productrow.delete", .scope = "crm", .effect = Effect::write, .handler = delete_item_row},
        {.name = "crm.item.productrow.fields", .scope = "crm", .handler = describe_item_row},
    });
    for (const auto& [prefix, type_id] : {std::pair<std::string, int>{"crm.deal", kDeal}, {"crm.lead", kLead}}) {
        table.add({.name = prefix + ".productrows.get", .scope = "crm", .handler = [type = type_id](Call& call) {
                       return get_classic_rows(call, type);
                   }});
        table.add({.name = prefix + ".productrows.set",
                   .scope = "crm",
                   .effect = Effect::write,
                   .handler = [type = type_id](Call& call) { return set_classic_rows(call, type); }});
    }
}

}  // namespace stoa::crm
