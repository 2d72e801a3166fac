// Any JSON as a filter or order: the compilers refuse or make a bounded condition tree over known columns only.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/limits.hpp"
#include "json/parse.hpp"
#include "model/entity_json.hpp"
#include "model/filter.hpp"

namespace {

using namespace stoa;

constexpr const char* kEntity = R"({
  "name": "f", "table": "t", "access": "x", "v3": {"prefix": "f"},
  "fields": [{"name": "ID", "type": "id"}, {"name": "TITLE"}, {"name": "SUM", "type": "decimal"},
    {"name": "AT", "type": "datetime"}, {"name": "DAY", "type": "date"}, {"name": "FLAG", "type": "boolean"},
    {"name": "TAGS", "type": "list"}, {"name": "KIND", "type": "enumeration", "choices": ["A"]},
    {"name": "HIDDEN", "hidden": true}, {"name": "WHO", "type": "user"},
    {"name": "LINKS", "type": "links", "target": "f", "link_table": "l"},
    {"name": "PHONE", "type": "multifield", "target": "PHONE"}]
})";

const model::Entity& entity() {
    static const model::Entity value = *model::parse_entity(kEntity);
    return value;
}

bool known(const std::string& column) {
    if (column.empty() || column == "entity" || column == "type" || column == "value" || column == "search_value" ||
        column == "target_id" || column == "owner_id") {
        return true;
    }
    for (const model::Field& field : entity().fields) {
        if (field.column == column && !field.hidden) return true;
    }
    return false;
}

int check(const db::Condition& condition, int depth) {
    // Negations and side tables add levels of their own to what the client nested.
    if (depth > 4 * limits::filter_depth_max + 8 || !known(condition.column.name)) std::abort();
    int count = 1;
    for (const db::Condition& child : condition.children)
        count += check(child, depth + 1);
    return count;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto value = json::parse({reinterpret_cast<const char*>(data), size});
    if (!value) return 0;
    for (const model::Names names : {model::Names::classic, model::Names::item, model::Names::v3}) {
        const model::FilterContext context{entity(), nullptr, names, *utc_time_zone()};
        if (const auto filter = compile_filter(context, *value)) check(*filter, 0);
        if (const auto filter = compile_filter_v3(context, *value)) check(*filter, 0);
        if (const auto order = compile_order(context, *value); order && order->empty()) std::abort();
    }
    return 0;
}
