#pragma once
// REST filters → db::Condition. Pure functions, any thread. Bounds: limits::filter_*, limits::in_list_max.
// v2: {"PREFIX"+FIELD: value, …}, prefixes = ! != > >= < <= @ !@ % =% %= !% !=% !%= and none; arrays mean IN;
//     {"logic":"OR",0:{…},1:{…}} nests. https://github.com/bitrix24/b24restdocs
//     api-reference/crm/universal/crm-item-list.md
// v3: [[field, op, value], …] and {"logic","negative","conditions"}.

#include "base/result.hpp"
#include "base/time_format.hpp"
#include "db/statement.hpp"
#include "json/value.hpp"
#include "model/entity.hpp"
#include "model/user_field.hpp"

namespace stoa::model {

enum class Names : std::uint8_t { classic, item, v3 };  ///< which of a field's names the client uses

struct FilterContext {
    const Entity& entity;
    const UserFieldSet* user_fields = nullptr;
    Names names = Names::classic;
    const TimeZone& zone;
    bool ignore_unknown = false;  ///< drop conditions on unknown fields (some classic lists); else an error
};

Result<db::Condition> compile_filter(const FilterContext& context, const json::Value& filter);
Result<db::Condition> compile_filter_v3(const FilterContext& context, const json::Value& filter);

/// {"FIELD":"ASC"|"DESC", …} (any case); unknown fields and links are refused. The id is added as last tie-breaker.
Result<std::vector<db::Order>> compile_order(const FilterContext& context, const json::Value& order);

}  // namespace stoa::model
