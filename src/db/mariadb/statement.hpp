#pragma once
// Statement: one prepared statement with its bound values and row buffers, and the cache of them per connection.
// One thread at a time; private to src/db/mariadb. https://mariadb.com/kb/en/prepared-statements-in-connectorc/

#include <mysql.h>

#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "db/sql/sql_builder.hpp"
#include "db/transaction.hpp"

namespace stoa::db::mariadb {

/// Values of the current row, in the engine's own types.
class MariadbRow final : public Row {
  public:
    int columns() const override { return static_cast<int>(cells_.size()); }
    bool is_null(int column) const override { return cell(column).null != 0; }
    std::int64_t integer(int column) const override;
    double real(int column) const override;
    std::string_view text(int column) const override;
    Value value(int column) const override;

  private:
    friend class Statement;
    enum class Kind : std::uint8_t { integer, real, decimal, text };
    struct Cell {
        Kind kind = Kind::text;
        std::int64_t integer = 0;
        double real = 0;
        std::string bytes;  ///< its size is the buffer's, `length` the value's
        unsigned long length = 0;
        my_bool null = 0;
        my_bool cut = 0;
        mutable std::string shown;  ///< a number asked for as text
    };
    const Cell& cell(int column) const { return cells_[static_cast<std::size_t>(column)]; }
    std::vector<Cell> cells_;
};

class Statement {
  public:
    /// Null when it cannot be prepared; the connection's error says why.
    static std::unique_ptr<Statement> prepare(MYSQL* handle, std::string_view sql, unsigned int& error_number,
                                              std::string& error_text);
    ~Statement();
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    bool execute(std::span<const Binding> bindings);
    bool has_rows() const { return field_count_ > 0; }
    /// Takes the whole result over from the server, so that another statement may run while rows are looked at.
    bool store();
    enum class Next { row, end, failed };
    Next next();
    const MariadbRow& row() const { return row_; }
    std::int64_t affected() const;
    std::int64_t insert_id() const;
    void finish();  ///< gives the result's memory back

    unsigned int error_number() const;
    std::string_view error_text() const;

  private:
    explicit Statement(MYSQL_STMT* statement) : statement_(statement) {}
    void bind_results();

    MYSQL_STMT* statement_;
    unsigned int field_count_ = 0;
    std::vector<MYSQL_BIND> parameters_;
    std::vector<MYSQL_BIND> results_;
    MariadbRow row_;
};

/// Prepared statements by their text, least recently used ones dropped.
class StatementCache {
    struct Entry {
        std::string sql;
        std::vector<std::unique_ptr<Statement>> idle;
    };
    using Entries = std::list<Entry>;

  public:
    /// Takes one that is not in use; null: prepare one and give it back afterwards.
    std::unique_ptr<Statement> take(std::string_view sql);
    void give_back(std::string_view sql, std::unique_ptr<Statement> statement);
    void clear();

  private:
    Entries entries_;  ///< most recently used first; nodes never move
    std::unordered_map<std::string_view, Entries::iterator> by_sql_;
};

}  // namespace stoa::db::mariadb
