#include "api/aggregate_v3.hpp"

#include <array>

#include "base/decimal.hpp"
#include "model/field_type.hpp"
#include "model/filter.hpp"

namespace stoa::api {

using db::Aggregate;
using model::Entity;
using model::Field;
using model::FieldType;

namespace {

constexpr const char* kInvalidSelect = "BITRIX_REST_V3_EXCEPTION_INVALIDSELECTEXCEPTION";
constexpr std::size_t kTermsMax = 50;

constexpr std::array<std::pair<std::string_view, Aggregate::Fn>, 6> kFunctions{{
    {"count", Aggregate::Fn::count},
    {"countDistinct", Aggregate::Fn::count_distinct},
    {"sum", Aggregate::Fn::sum},
    {"avg", Aggregate::Fn::avg},
    {"min", Aggregate::Fn::min},
    {"max", Aggregate::Fn::max},
}};

struct Term {
    std::string function;
    std::string alias;
    Aggregate::Fn fn;
    const Field* field;
};

bool is_number(const Field& field) {
    return field.type == FieldType::integer || field.type == FieldType::decimal || field.type == FieldType::real ||
           field.type == FieldType::id;
}

Result<Term> make_term(const Entity& entity, const std::string& function, Aggregate::Fn fn, const std::string& name,
                       std::string alias) {
    const Field* field = entity.find_v3_name(name);
    if (!field || field->hidden || !field->stored()) {
        return invalid("Field '" + name + "' is unknown.", name,
                       "BITRIX_REST_V3_EXCEPTION_UNKNOWNDTOPROPERTYEXCEPTION");
    }
    const bool counts = fn == Aggregate::Fn::count || fn == Aggregate::Fn::count_distinct;
    if (!counts && !is_number(*field)) return invalid("Field '" + name + "' is no number.", name, kInvalidSelect);
    return Term{function, alias.empty() ? name : std::move(alias), fn, field};
}

Result<std::vector<Term>> read_terms(const Entity& entity, const json::Value& select) {
    if (!select.is_object() || select.object().empty()) {
        return invalid("'select' must be an object {function: fields}.", "select", kInvalidSelect);
    }
    std::vector<Term> terms;
    for (const auto& [function, fields] : select.object()) {
        const Aggregate::Fn* fn = nullptr;
        for (const auto& known : kFunctions) {
            if (known.first == function) fn = &known.second;
        }
        if (!fn) return invalid("Function '" + function + "' is unknown.", "select", kInvalidSelect);
        if (fields.is_object()) {
            for (const auto& [name, alias] : fields.object()) {
                STOA_TRY(Term term, make_term(entity, function, *fn, name, alias.as_text().value_or("")));
                terms.push_back(std::move(term));
            }
        } else {
            for (const json::Value* name : fields.items()) {
                STOA_TRY(Term term, make_term(entity, function, *fn, name->as_text().value_or(""), ""));
                terms.push_back(std::move(term));
            }
        }
    }
    if (terms.empty() || terms.size() > kTermsMax) {
        return invalid("'select' must name 1 to " + std::to_string(kTermsMax) + " fields.", "select", kInvalidSelect);
    }
    return terms;
}

void write_term(json::Writer& out, const Term& term, const db::Row& row, int column) {
    out.key(term.alias);
    const bool counts = term.fn == Aggregate::Fn::count || term.fn == Aggregate::Fn::count_distinct;
    if (row.is_null(column)) {
        out.null();
    } else if (!counts && term.field->type == FieldType::decimal) {
        double scale = 1;
        for (int i = 0; i < term.field->scale; ++i)
            scale *= 10;
        out.real(row.real(column) / scale);
    } else if (term.fn == Aggregate::Fn::avg || term.field->type == FieldType::real) {
        out.real(row.real(column));
    } else {
        out.integer(row.integer(column));
    }
}

}  // namespace

Status aggregate_items(Call& call, const Entity& entity) {
    static const json::Value nothing;
    const json::Value* select = call.params.find("select");
    const json::Value* filter = call.params.find("filter");
    STOA_TRY(const std::vector<Term> terms, read_terms(entity, select ? *select : nothing));
    const model::FilterContext context{entity, call.metadata().user_fields(entity.user_field_entity), model::Names::v3,
                                       call.zone()};
    Aggregate aggregate;
    STOA_TRY(aggregate.where, model::compile_filter_v3(context, filter ? *filter : nothing));
    for (const Term& term : terms)
        aggregate.terms.push_back({term.fn, {term.field->column, ""}});
    return call.records.aggregate(entity, std::move(aggregate), [&](const db::Row& row) {
        call.out.begin_object().key("result").begin_object();
        for (const auto& [function, unused] : kFunctions) {
            bool open = false;
            for (std::size_t i = 0; i < terms.size(); ++i) {
                if (terms[i].function != function) continue;
                if (!open) call.out.key(function).begin_object();
                open = true;
                write_term(call.out, terms[i], row, static_cast<int>(i));
            }
            if (open) call.out.end_object();
        }
        call.out.end_object().end_object();
        return false;
    });
}

}  // namespace stoa::api
