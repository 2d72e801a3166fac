// crm.currency.*: the account's currencies; its own is the base one.
// https://github.com/bitrix24/b24restdocs api-reference/crm/currency/

#include <algorithm>

#include "api/shape.hpp"
#include "json/parse.hpp"
#include "modules/crm/field_description.hpp"
#include "modules/crm/methods.hpp"

namespace stoa::crm {

using api::Call;
using db::Condition;
using model::Record;

namespace {

constexpr std::int64_t kCurrenciesMax = 200;

const model::Entity& currencies(const Call& call) {
    return call.registry().entity("crm.currency");
}

std::string text_of(const json::Value* object, std::string_view key, std::string otherwise) {
    const json::Value* value = object ? object->find(key) : nullptr;
    return value ? value->as_text().value_or(otherwise) : otherwise;
}

void write_currency(Call& call, const Record& row, bool with_languages) {
    const std::string code = row.text("CURRENCY");
    const std::string& language = call.metadata().account.language;
    const auto languages = json::parse(row.text("LANG").empty() ? "{}" : row.text("LANG"));
    const json::Value* local = languages ? languages->find(language) : nullptr;
    if (!local && languages) local = languages->find("en");
    const auto stored = [&](std::string_view name) {
        const model::Field& field = row.entity().field(name);
        call.out.key(name);
        api::write_value(call.out, field, api::Shape::classic(), row.value(field), call.zone());
    };
    call.out.begin_object();
    for (const char* name : {"CURRENCY", "AMOUNT_CNT", "AMOUNT", "SORT"})
        stored(name);
    call.out.field("BASE", code == call.metadata().account.currency ? "Y" : "N");
    call.out.field("FULL_NAME", text_of(local, "FULL_NAME", code)).field("LID", language);
    call.out.field("FORMAT_STRING", text_of(local, "FORMAT_STRING", "#"));
    call.out.field("DEC_POINT", text_of(local, "DEC_POINT", "."));
    call.out.field("THOUSANDS_SEP", text_of(local, "THOUSANDS_SEP", " "));
    call.out.field("DECIMALS", text_of(local, "DECIMALS", "2"));
    stored("DATE_UPDATE");
    if (with_languages) {
        call.out.key("LANG");
        if (languages) {
            call.out.value(*languages);
        } else {
            call.out.begin_object().end_object();
        }
    }
    call.out.end_object();
}

Result<Record> find_currency(Call& call) {
    STOA_TRY(const std::string code, call.params.text("id"));
    model::Query query;
    query.where = Condition::equals("currency", code);
    query.limit = 1;
    STOA_TRY(auto found, call.records.list(currencies(call), query));
    if (found.empty()) return not_found("Not found");
    return std::move(found.front());
}

Status get_currency(Call& call) {
    STOA_TRY(const Record row, find_currency(call));
    write_currency(call, row, true);
    return {};
}

Status list_currencies(Call& call) {
    const model::FilterContext context{currencies(call), nullptr, model::Names::classic, call.zone(), true};
    const json::Value* order = call.params.find("order");
    model::Query query;
    query.order = {{{"sort", ""}, false}, {{"id", ""}, false}};
    if (order && order->is_object() && !order->object().empty()) {
        STOA_TRY(query.order, model::compile_order(context, *order));
    }
    query.limit = kCurrenciesMax;
    STOA_TRY(const auto rows, call.records.list(currencies(call), query));
    call.out.begin_array();
    for (const Record& row : rows)
        write_currency(call, row, false);
    call.out.end_array();
    call.total = static_cast<std::int64_t>(rows.size());
    return {};
}

Status add_currency(Call& call) {
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    STOA_TRY(model::Changes changes,
             api::read_changes(currencies(call), nullptr, api::Shape::classic(), *fields, call.zone()));
    const std::string code = changes.text("CURRENCY");
    if (code.size() != 3 || !std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
        return invalid("The field CURRENCY must be a code of three capital letters.", "CURRENCY");
    }
    STOA_TRY(const std::int64_t known, call.records.count(currencies(call), Condition::equals("currency", code)));
    if (known > 0) return Error{Errc::already_exists, "The currency " + code + " is there already.", "CURRENCY"};
    STOA_TRY(const RecordId id, call.records.add(std::move(changes)));
    (void)id;
    call.out.text(code);
    return {};
}

Status update_currency(Call& call) {
    STOA_TRY(const Record row, find_currency(call));
    STOA_TRY(const json::Value* fields, call.params.object("fields"));
    STOA_TRY(model::Changes changes,
             api::read_changes(currencies(call), nullptr, api::Shape::classic(), *fields, call.zone()));
    STOA_CHECK(call.records.update(row.id(), std::move(changes)));
    call.out.boolean(true);
    return {};
}

Status delete_currency(Call& call) {
    STOA_TRY(const Record row, find_currency(call));
    if (row.text("CURRENCY") == call.metadata().account.currency) {
        return Error{Errc::conflict, "The base currency cannot be deleted."};
    }
    STOA_CHECK(call.records.remove(currencies(call), row.id()));
    call.out.boolean(true);
    return {};
}

Status describe_currency(Call& call) {
    const FieldDescription fields[] = {{"CURRENCY", "string", "Currency", true},
                                       {"AMOUNT_CNT", "int", "Nominal"},
                                       {"AMOUNT", "double", "Rate"},
                                       {"BASE", "char", "Base currency", false, true},
                                       {"SORT", "int", "Sorting"},
                                       {"DATE_UPDATE", "datetime", "Modified on", false, true},
                                       {"LID", "string", "Language", false, true},
                                       {"FORMAT_STRING", "string", "Format", false, true},
                                       {"FULL_NAME", "string", "Name", false, true},
                                       {"DEC_POINT", "string", "Decimal point", false, true},
                                       {"THOUSANDS_SEP", "string", "Thousands separator", false, true},
                                       {"DECIMALS", "int", "Decimal places", false, true},
                                       {"LANG", "currency_localization", "Localisation", false, false, true}};
    call.out.begin_object();
    for (const FieldDescription& field : fields)
        write_description(call.out, field);
    call.out.end_object();
    return {};
}

}  // namespace

void add_currency_methods(api::MethodTable& table) {
    using api::Effect;
    table.add({
        {.name = "crm.currency.get", .scope = "crm", .handler = get_currency},
        {.name = "crm.currency.list", .scope = "crm", .handler = list_currencies},
        {.name = "crm.currency.fields", .scope = "crm", .handler = describe_currency},
        {.name = "crm.currency.add", .scope = "crm", .effect = Effect::write, .handler = add_currency},
        {.name = "crm.currency.update", .scope = "crm", .effect = Effect::write, .handler = update_currency},
        {.name = "crm.currency.delete", .scope = "crm", .effect = Effect::write, .handler = delete_currency},
    });
}

}  // namespace stoa::crm
