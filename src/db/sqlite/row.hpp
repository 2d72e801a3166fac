#pragma once
// The current row of a running SQLite statement.

#include "db/value.hpp"

struct sqlite3_stmt;

namespace stoa::db::sqlite {

class SqliteRow final : public Row {
  public:
    explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

    int columns() const override;
    bool is_null(int column) const override;
    std::int64_t integer(int column) const override;
    double real(int column) const override;
    std::string_view text(int column) const override;
    Value value(int column) const override;

  private:
    sqlite3_stmt* statement_;
};

}  // namespace stoa::db::sqlite
