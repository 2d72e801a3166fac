#pragma once
// SqlBuilder: statements as data → SQL text and the values to bind. One thread; reused, so that building allocates
// nothing after warm-up. The account is bound first (as ?1 where values have numbers). A bad identifier or a breached
// limit is kept as the status: the text must then not be run.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "db/schema.hpp"
#include "db/statement.hpp"

namespace stoa::db {

/// A value to bind. Views and pointers: what they name outlives the statement's run.
struct Binding {
    enum class Kind : std::uint8_t { integer, text, value };
    Kind kind = Kind::integer;
    std::int64_t integer = 0;
    std::string_view text;
    const Value* value = nullptr;
};

/// Where the engines' SQL differs.
enum class Dialect : std::uint8_t { sqlite, mariadb };

/// [a-z0-9_]+
bool is_identifier(std::string_view name);

class SqlBuilder {
  public:
    explicit SqlBuilder(Dialect dialect) : dialect_(dialect) {}

    void select(AccountId account, const Select& select);
    void aggregate(AccountId account, const Aggregate& aggregate);
    void count(AccountId account, const std::string& table, const Condition& where, std::int64_t at_most);
    void insert(AccountId account, const std::string& table, std::span<const Assignment> row);
    void upsert(AccountId account, const std::string& table, std::span<const std::string> key,
                std::span<const Assignment> row);
    void update(AccountId account, const std::string& table, std::span<const Assignment> changes,
                const Condition& where);
    void remove(AccountId account, const std::string& table, const Condition& where);

    std::string_view sql() const { return sql_; }
    std::span<const Binding> bindings() const { return bindings_; }
    Status status() const;

  private:
    void start(AccountId account);
    void fail(Errc code, const char* message);

    void text(std::string_view sql) { sql_.append(sql); }
    void name(std::string_view identifier);
    void column(const Column& column, std::string_view table);
    void plain_column(const Column& column, std::string_view table);
    void order_column(const Order& order);
    void on_conflict(std::span<const std::string> key, std::span<const Assignment> assignments);
    void column_list(std::string_view columns_sql);
    void bind(const Value& value);
    void bind(std::int64_t value);
    void placeholder();
    void account();
    /// Names and values of an insert; account_id comes first.
    void row(std::span<const Assignment> row);
    void assignment_column(const Assignment& assignment);

    void where(const Condition& condition, std::string_view table);
    void condition(const Condition& condition, std::string_view table, int depth);
    void compare(const Condition& condition, std::string_view table);
    void in(const Condition& condition, std::string_view table);
    void like(const Condition& condition, std::string_view table);
    void exists(const Condition& condition, std::string_view table, int depth);
    void children(const Condition& condition, std::string_view joint, std::string_view table, int depth);

    const Dialect dialect_;
    AccountId account_ = 0;
    std::string sql_;
    std::vector<Binding> bindings_;
    int conditions_ = 0;
    int subselects_ = 0;
    int subselect_depth_ = 0;
    std::string_view pinned_column_;  ///< of the outer table: an equality or a list leaves few rows of it
    Errc error_ = Errc::internal;
    const char* error_message_ = nullptr;
};

}  // namespace stoa::db
