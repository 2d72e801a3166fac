#pragma once
// The generic engine for REST v3: get, list, add, update, delete, tail, aggregate, field.list, field.get.
// https://github.com/bitrix24/b24restdocs api-reference/rest-v3

#include "api/method.hpp"
#include "model/entity.hpp"

namespace stoa::api {

void add_entity_methods_v3(MethodTable& table, const model::Entity& entity);

/// The call's `pagination` {page, limit, offset} → limit and offset of the query: pages count from 1 (page 0 is the
/// first too); an offset wins over the page. `limit` counts where none is given.
Status read_pagination_v3(const Call& call, std::int64_t limit, std::int64_t limit_max, model::Query& query);

/// What `X.field.list` says of a field; the OpenAPI document uses the same names.
std::string_view v3_type_name(model::FieldType type);

}  // namespace stoa::api
