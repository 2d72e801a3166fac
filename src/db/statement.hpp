#pragma once
// Statements as data. Tables and columns come from the registry or from constants of the code, never from a request.
// None names the account: the transaction adds `account_id = ?` to each, so no module can forget it.

#include <string>
#include <string_view>
#include <vector>

#include "db/condition.hpp"
#include "db/value.hpp"

namespace stoa::db {

struct Order {
    Column column;
    bool descending = false;
};

struct Select {
    std::string table;
    std::vector<Column> columns;
    /// Instead of `columns`: a ready comma-separated list of plain columns that outlives the call (hot paths).
    std::string_view columns_sql{};
    Condition where;
    std::vector<Order> order;
    std::int64_t limit = 50;  ///< always bounded
    std::int64_t offset = 0;
};

/// SELECT group_by…, fn(column)… GROUP BY group_by. Row columns come in that order. NULL for empty sums.
struct Aggregate {
    enum class Fn { count, sum, min, max, avg, count_distinct };
    struct Term {
        Fn fn = Fn::count;
        Column column;  ///< unused for count
    };
    std::string table;
    std::vector<Column> group_by;
    std::vector<Term> terms;
    Condition where;
    std::int64_t limit = 1000;
};

struct Assignment {
    std::string column;
    Value value;
};

}  // namespace stoa::db
