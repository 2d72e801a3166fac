#include "model/due_rows.hpp"

namespace stoa::model {

Result<std::vector<DueRow>> due_rows(db::Database& database, const Entity& entity, std::string_view due_field,
                                     std::int64_t limit) {
    const std::string& column = entity.field(due_field).column;
    const std::string& id = entity.id_field().column;
    const std::string sql = "SELECT account_id, " + id + ", " + column + " FROM " + entity.table + " WHERE " + column +
                            " IS NOT NULL ORDER BY " + column + ", " + id + " LIMIT ?";
    std::vector<DueRow> rows;
    const Status read = database.read(0, [&](db::Tx& tx) -> Status {
        const db::Value parameters[] = {limit};
        return tx.raw().query(sql, parameters, [&](const db::Row& row) {
            rows.push_back({row.integer(0), row.integer(1), row.integer(2)});
            return true;
        });
    });
    STOA_CHECK(read);
    return rows;
}

}  // namespace stoa::model
