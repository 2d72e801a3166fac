#pragma once
// A WHERE clause as data: built from registry columns and bound values, never from request text.
// Plain values, any thread. The compiler to SQL is in the drivers; bounds: twice limits::filter_*
// (the client's filter plus the program's own conditions) and limits::in_list_max, above is Errc::too_large.

#include <string>
#include <utility>
#include <vector>

#include "db/value.hpp"

namespace stoa::db {

/// A column of the table at hand, or one key of a JSON column (user fields): json_extract(column, '$.key').
struct Column {
    std::string name;      ///< [a-z0-9_]+
    std::string json_key;  ///< [A-Za-z0-9_]+, empty for a plain column
};

struct Condition {
    enum class Kind {
        always,
        never,
        all,      ///< children, AND
        any,      ///< children, OR
        negate,   ///< every row that children[0] does not match, also where it compares with NULL
        compare,  ///< column <op> values[0]; text is equal only byte by byte; eq and ne with NULL test for NULL
        in,       ///< column IN values (NULL among them: or without a value); never when values are empty
        like,     ///< column LIKE values[0], case-insensitive; % and _ are wildcards, '\' escapes
        is_null,  ///< column IS NULL
        exists,   ///< a row of `table` with the same account, table.link = column, and children[0]
    };
    enum class Op { eq, ne, lt, le, gt, ge };

    Kind kind = Kind::always;
    Op op = Op::eq;
    Column column;
    std::vector<Value> values;
    std::vector<Condition> children;
    std::string table;  ///< exists only
    std::string link;   ///< exists only: column of `table` that equals `column` of the outer table

    /// ne matches NULL too (a record without a value is "not equal"), as REST clients expect.
    static Condition compare(std::string column, Op op, Value value);
    static Condition equals(std::string column, Value value) {
        return compare(std::move(column), Op::eq, std::move(value));
    }
    static Condition in(std::string column, std::vector<Value> values);
    static Condition like(std::string column, std::string pattern);
    static Condition is_null(std::string column);
    static Condition all(std::vector<Condition> children);  ///< drops `always`, collapses to `never`
    static Condition any(std::vector<Condition> children);
    static Condition negate(Condition child);
    static Condition exists(std::string table, std::string link, std::string outer_column, Condition inner);
    static Condition never();
    static Condition always() { return {}; }
};

/// Escapes %, _ and \ of user text for use inside a like pattern.
std::string escape_like(std::string_view text);

}  // namespace stoa::db
