#pragma once
// The generic engine: add, get, list, update, delete, fields for every entity whose data asks for them, in v2 and v3.
// Special methods reuse the same steps through these functions.

#include "api/call.hpp"
#include "api/method.hpp"
#include "api/shape.hpp"

namespace stoa::api {

/// Adds the methods that entity data declares (EntityApi) to the table.
void add_entity_methods(MethodTable& table, const model::Registry& registry);

/// One page by the call's filter, order, select, start (v2 rules: 50 rows, total and next, start=-1 without count).
/// `fixed` is ANDed to the client's filter. Writes the bare JSON list; the caller wraps.
Status write_list(Call& call, const model::Entity& entity, Shape shape,
                  const db::Condition& fixed = db::Condition::always(), const MoreMembers& more = {});
/// The rows of a ready query as a JSON list; `rows` says how many.
Status write_rows(Call& call, const model::Entity& entity, Shape shape, const Selection& selection,
                  const model::Query& query, std::int64_t& rows, const MoreMembers& more = {});
/// One record as an object; not_found when hidden or absent.
Status write_one(Call& call, const model::Entity& entity, Shape shape, RecordId id, const MoreMembers& more = {});
/// The query that write_list runs for the call: filter, order, start. `counted` is false for start=-1.
Result<model::Query> read_query(const Call& call, const model::Entity& entity, Shape shape, const db::Condition& fixed,
                                bool& counted);
Result<RecordId> add_record(Call& call, const model::Entity& entity, Shape shape, const json::Value& fields);
Status update_record(Call& call, const model::Entity& entity, Shape shape, RecordId id, const json::Value& fields);

}  // namespace stoa::api
