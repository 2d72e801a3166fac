#include "db/migration_plan.hpp"

#include "db/sql/sql_builder.hpp"

namespace stoa::db {

Result<std::map<int, const Migration*>> in_order(const std::vector<Migration>& steps) {
    std::map<int, const Migration*> ordered;
    for (const auto& step : core_migrations())
        ordered[step.number] = &step;
    for (const auto& step : steps) {
        const auto [at, added] = ordered.emplace(step.number, &step);
        if (!added && at->second->name != step.name) {
            return internal_error("Two migrations have the number " + std::to_string(step.number) + ".");
        }
    }
    return ordered;
}

Error written_by_a_newer_program(std::int64_t newest_applied, int newest_known) {
    return {Errc::unsupported, "The database was written by a newer version of this program (schema step " +
                                   std::to_string(newest_applied) + ", known here: up to " +
                                   std::to_string(newest_known) +
                                   "). Install that version or a later one, or restore a backup from before."};
}

Status check_names(const TableDef& table) {
    bool good = is_identifier(table.name) && !table.primary_key.empty();
    for (const auto& column : table.columns) {
        good = good && is_identifier(column.name) && column.name != "account_id" &&
               (column.type != ColumnType::varchar || column.length > 0);
    }
    for (const auto& part : table.primary_key)
        good = good && is_identifier(part);
    for (const auto& index : table.indexes) {
        good = good && is_identifier(index.name);
        for (const auto& column : index.columns)
            good = good && is_identifier(column);
    }
    if (!good) return internal_error("The table " + table.name + " is not well defined.");
    return {};
}

}  // namespace stoa::db
