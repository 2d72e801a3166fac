#include "app/probe/answers.hpp"

#include "base/decimal.hpp"

namespace stoa::app::probe {

std::string text_of(const json::Value& record, std::string_view name) {
    const json::Value* value = record.find(name);
    return value ? value->as_text().value_or("") : std::string();
}

std::int64_t number_of(const json::Value& record, std::string_view name) {
    const json::Value* value = record.find(name);
    return value ? value->as_integer().value_or(0) : 0;
}

std::vector<const json::Value*> rows_of(const json::Value& body, std::string_view name) {
    const json::Value* result = body.find("result");
    if (result && !name.empty()) result = result->find(name);
    return result ? result->items() : std::vector<const json::Value*>();
}

std::vector<const json::Value*> results_of_batch(const json::Value& body, std::size_t commands) {
    const json::Value* batch = body.find("result");
    const json::Value* errors = batch ? batch->find("result_error") : nullptr;
    if (!errors || !errors->items().empty()) return {};
    auto results = rows_of(body, "result");
    if (results.size() != commands) results.clear();
    return results;
}

StoredSide side_of(const json::Value& deal) {
    const auto amount = parse_decimal(text_of(deal, "OPPORTUNITY"), 2);
    return {number_of(deal, "ID"), text_of(deal, "TITLE"), text_of(deal, "SOURCE_DESCRIPTION"), amount ? *amount : -1};
}

}  // namespace stoa::app::probe
