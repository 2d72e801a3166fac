#include "db/sqlite/row.hpp"

#include <sqlite3.h>

namespace stoa::db::sqlite {

int SqliteRow::columns() const {
    return sqlite3_data_count(statement_);
}

bool SqliteRow::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t SqliteRow::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

double SqliteRow::real(int column) const {
    return sqlite3_column_double(statement_, column);
}

std::string_view SqliteRow::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

Value SqliteRow::value(int column) const {
    switch (sqlite3_column_type(statement_, column)) {
        case SQLITE_NULL:
            return {};
        case SQLITE_INTEGER:
            return integer(column);
        case SQLITE_FLOAT:
            return real(column);
        default:
            return std::string(text(column));
    }
}

}  // namespace stoa::db::sqlite
