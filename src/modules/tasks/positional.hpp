#pragma once
// Parameters of the older task.* methods are read by position, whatever they are called.

#include "api/call.hpp"

namespace stoa::tasks {

/// The position-th parameter as an id ≥ 1; ERROR_CORE otherwise, as these methods answer.
Result<RecordId> id_at(const api::Call& call, std::size_t position, std::string_view name);
/// The position-th parameter as an object; empty when absent and not required.
Result<const json::Value*> object_at(const api::Call& call, std::size_t position, std::string_view name, bool required);
/// not_found unless the task at position 0 may be read by the caller.
Result<RecordId> readable_task(api::Call& call);
/// The record at position 1, which must belong to the task at position 0.
Result<RecordId> item_of_task(api::Call& call, const model::Entity& entity);
/// (taskId, itemId, fields) → true.
Status update_item(api::Call& call, const model::Entity& entity);
/// (taskId, itemId) → true.
Status remove_item(api::Call& call, const model::Entity& entity);
/// (taskId, itemId) → the record.
Status get_item(api::Call& call, const model::Entity& entity);
/// Rows of the entity that belong to the task, whole, in the given order (ids descending when it is empty).
Result<std::vector<model::Record>> rows_of_task(api::Call& call, const model::Entity& entity, RecordId task,
                                                const json::Value& order, const json::Value& filter,
                                                std::int64_t limit);
/// Classic keys and strings; `members` writes further ones.
void write_rows(api::Call& call, const model::Entity& entity, const std::vector<model::Record>& rows);

}  // namespace stoa::tasks
