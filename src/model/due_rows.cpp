#include "model/due_rows.hpp"

namespace stoa::model {

Result<std::vector<DueRow>> due_rows(db::Database& database, const Entity& entity, std::string_view due_field,
                                     std::int64_t limit, const std::optional<ClaimedRows>& claimed) {
    const std::string& column = entity.field(due_field).column;
    const std::string& id = entity.id_field().column;
    std::string sql =
        "SELECT account_id, " + id + ", " + column + " FROM " + entity.table + " WHERE " + column + " IS NOT NULL";
    std::vector<db::Value> parameters;
    if (claimed) {
        const std::string& until = entity.field(claimed->until_field).column;
        sql +=
            " AND (" + entity.field(claimed->by_field).column + " = ? OR " + until + " IS NULL OR " + until + " < ?)";
        parameters = {claimed->mine, claimed->lapsed_before};
    }
    sql += " ORDER BY " + column + ", " + id + " LIMIT ?";
    parameters.emplace_back(limit);
    std::vector<DueRow> rows;
    STOA_CHECK(database.look_up([&](db::Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
        STOA_CHECK(tx.raw().query(sql, parameters, [&](const db::Row& row) {
            if (lives_here(row.integer(0))) rows.push_back({row.integer(0), row.integer(1), row.integer(2)});
            return true;
        }));
        return false;
    }));
    return rows;
}

}  // namespace stoa::model
