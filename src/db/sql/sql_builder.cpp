#include "db/sql/sql_builder.hpp"

#include <bit>
#include <charconv>

#include "base/limits.hpp"

namespace stoa::db {
namespace {

// The REST layer holds clients to limits::filter_*; the program's own conditions (access, module) come on top.
constexpr int kConditionsMax = 2 * limits::filter_conditions_max;
constexpr int kDepthMax = 2 * limits::filter_depth_max;
/// A search text of full length with every character escaped, between two wildcards.
constexpr std::size_t kPatternBytesMax = 2 * limits::string_bytes_max + 2;

constexpr std::string_view kAccount = "account_id";

bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}
bool is_word(char c) {
    return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

bool is_json_key(std::string_view key) {
    for (const char c : key) {
        if (!is_word(c)) return false;
    }
    return !key.empty();
}

/// `a,b, c` with each name plain or in backticks: nothing that could end the list or start an expression.
bool is_column_list(std::string_view list) {
    std::size_t at = 0;
    const auto take = [&](char c) { return at < list.size() && list[at] == c ? (++at, true) : false; };
    for (;;) {
        const bool quoted = take('`');
        const std::size_t begin = at;
        while (at < list.size() && is_lower_or_digit(list[at]))
            ++at;
        if (at == begin || (quoted && !take('`'))) return false;
        if (at == list.size()) return true;
        if (!take(',')) return false;
        take(' ');
    }
}

/// The column that a condition holds to given values, empty when it holds none.
std::string_view pinned_column(const Condition& condition) {
    const bool pins = (condition.kind == Condition::Kind::compare && condition.op == Condition::Op::eq) ||
                      condition.kind == Condition::Kind::in;
    if (pins && condition.column.json_key.empty()) return condition.column.name;
    if (condition.kind != Condition::Kind::all) return {};
    for (const auto& child : condition.children) {
        if (const auto column = pinned_column(child); !column.empty()) return column;
    }
    return {};
}

}  // namespace

bool is_identifier(std::string_view name) {
    for (const char c : name) {
        if (!is_lower_or_digit(c)) return false;
    }
    return !name.empty();
}

void SqlBuilder::select(AccountId account, const Select& select) {
    start(account);
    text("SELECT ");
    if (!select.columns_sql.empty()) {
        column_list(select.columns_sql);
    } else {
        if (select.columns.empty()) fail(Errc::internal, "A select names no column.");
        bool first = true;
        for (const auto& c : select.columns) {
            if (!first) text(",");
            first = false;
            column(c, {});
        }
    }
    text(" FROM ");
    name(select.table);
    where(select.where, select.table);
    bool first = true;
    for (const auto& order : select.order) {
        text(first ? " ORDER BY " : ",");
        first = false;
        order_column(order);
    }
    if (select.limit < 0 || select.offset < 0) fail(Errc::internal, "A select has a negative limit or offset.");
    text(" LIMIT ");
    bind(select.limit);
    if (select.offset != 0) {
        text(" OFFSET ");
        bind(select.offset);
    }
}

void SqlBuilder::aggregate(AccountId account, const Aggregate& aggregate) {
    start(account);
    if (aggregate.group_by.empty() && aggregate.terms.empty()) fail(Errc::internal, "An aggregate asks for nothing.");
    text("SELECT ");
    bool first = true;
    for (const auto& group : aggregate.group_by) {
        if (!first) text(",");
        first = false;
        column(group, {});
    }
    for (const auto& term : aggregate.terms) {
        if (!first) text(",");
        first = false;
        switch (term.fn) {
            case Aggregate::Fn::count:
                text("count(*)");
                continue;
            case Aggregate::Fn::sum:
                text("sum(");
                break;
            case Aggregate::Fn::min:
                text("min(");
                break;
            case Aggregate::Fn::max:
                text("max(");
                break;
            case Aggregate::Fn::avg:
                text("avg(1e0*");  // MariaDB would round the average of whole numbers to four digits
                break;
            case Aggregate::Fn::count_distinct:
                text("count(DISTINCT ");
                break;
        }
        column(term.column, {});
        text(")");
    }
    text(" FROM ");
    name(aggregate.table);
    where(aggregate.where, aggregate.table);
    first = true;
    for (const auto& group : aggregate.group_by) {
        text(first ? " GROUP BY " : ",");
        first = false;
        column(group, {});
    }
    if (aggregate.limit < 0) fail(Errc::internal, "An aggregate has a negative limit.");
    text(" LIMIT ");
    bind(aggregate.limit);
}

void SqlBuilder::count(AccountId account, const std::string& table, const Condition& condition, std::int64_t at_most) {
    start(account);
    if (at_most < 0) fail(Errc::internal, "A count has a negative bound.");
    text(at_most > 0 ? "SELECT count(*) FROM (SELECT 1 FROM " : "SELECT count(*) FROM ");
    name(table);
    where(condition, table);
    if (at_most > 0) {
        text(" LIMIT ");
        bind(at_most);
        text(") AS `bounded`");
    }
}

void SqlBuilder::insert(AccountId account, const std::string& table, std::span<const Assignment> assignments) {
    start(account);
    text("INSERT INTO ");
    name(table);
    row(assignments);
}

void SqlBuilder::upsert(AccountId account, const std::string& table, std::span<const std::string> key,
                        std::span<const Assignment> assignments) {
    insert(account, table, assignments);
    on_conflict(key, assignments);
}

void SqlBuilder::on_conflict(std::span<const std::string> key, std::span<const Assignment> assignments) {
    const bool sqlite = dialect_ == Dialect::sqlite;
    if (sqlite) {
        text(" ON CONFLICT (`account_id`");
        for (const auto& part : key) {
            text(",");
            name(part);
        }
        text(") DO ");
    } else {
        text(" ON DUPLICATE KEY UPDATE ");
    }
    bool first = true;
    for (const auto& assignment : assignments) {
        bool in_key = false;
        for (const auto& part : key)
            in_key = in_key || part == assignment.column;
        if (in_key) continue;
        text(!first ? "," : sqlite ? "UPDATE SET " : "");
        first = false;
        name(assignment.column);
        text(sqlite ? "=excluded." : "=VALUES(");
        name(assignment.column);
        if (!sqlite) text(")");
    }
    if (first) text(sqlite ? "NOTHING" : "`account_id`=`account_id`");
}

void SqlBuilder::update(AccountId account, const std::string& table, std::span<const Assignment> changes,
                        const Condition& condition) {
    start(account);
    if (changes.empty()) fail(Errc::internal, "An update changes nothing.");
    text("UPDATE ");
    name(table);
    bool first = true;
    for (const auto& change : changes) {
        text(first ? " SET " : ",");
        first = false;
        assignment_column(change);
        text("=");
        bind(change.value);
    }
    where(condition, table);
}

void SqlBuilder::remove(AccountId account, const std::string& table, const Condition& condition) {
    start(account);
    text("DELETE FROM ");
    name(table);
    where(condition, table);
}

Status SqlBuilder::status() const {
    if (error_message_ == nullptr) return {};
    return Error{error_, error_message_};
}

void SqlBuilder::start(AccountId account) {
    sql_.clear();
    bindings_.clear();
    conditions_ = 0;
    subselects_ = 0;
    error_message_ = nullptr;
    if (account <= 0) fail(Errc::internal, "Without an account only raw() is allowed.");
    account_ = account;
    if (dialect_ == Dialect::sqlite) bindings_.push_back({Binding::Kind::integer, account, {}, nullptr});
}

void SqlBuilder::account() {
    if (dialect_ == Dialect::sqlite) return text("?1");
    bind(account_);
}

void SqlBuilder::fail(Errc code, const char* message) {
    if (error_message_ != nullptr) return;
    error_ = code;
    error_message_ = message;
}

void SqlBuilder::name(std::string_view identifier) {
    if (!is_identifier(identifier)) return fail(Errc::internal, "A table or column has an impossible name.");
    sql_.push_back('`');
    sql_.append(identifier);
    sql_.push_back('`');
}

void SqlBuilder::plain_column(const Column& column, std::string_view table) {
    if (!table.empty()) {
        name(table);
        text(".");
    }
    name(column.name);
}

/// A key of a JSON column: a scalar as SQL value, a list as its JSON text, null as NULL.
void SqlBuilder::column(const Column& column, std::string_view table) {
    if (column.json_key.empty()) return plain_column(column, table);
    if (!is_json_key(column.json_key)) return fail(Errc::internal, "A JSON key has an impossible name.");
    const auto path = [&] {
        plain_column(column, table);
        text(",'$.");
        text(column.json_key);
        text("')");
    };
    if (dialect_ == Dialect::sqlite) {
        text("json_extract(");
        return path();
    }
    text("coalesce(json_value(");
    path();
    text(",json_query(");
    path();
    text(")");
}

void SqlBuilder::order_column(const Order& order) {
    const bool json_text = dialect_ == Dialect::mariadb && !order.column.json_key.empty();
    if (json_text) {  // MariaDB reads every JSON value as text: numbers come in their own order first
        text("if(json_type(json_extract(");
        plain_column(order.column, {});
        text(",'$.");
        text(order.column.json_key);
        text("')) IN ('INTEGER','DOUBLE'),1e0*");
        column(order.column, {});
        text(",NULL)");
        text(order.descending ? " DESC," : ",");
    }
    column(order.column, {});
    if (order.descending) text(" DESC");
}

void SqlBuilder::column_list(std::string_view columns_sql) {
    if (!is_column_list(columns_sql)) return fail(Errc::internal, "A column list has an impossible name.");
    text(columns_sql);
}

void SqlBuilder::bind(const Value& value) {
    bindings_.push_back({Binding::Kind::value, 0, {}, &value});
    placeholder();
}

void SqlBuilder::bind(std::int64_t value) {
    bindings_.push_back({Binding::Kind::integer, value, {}, nullptr});
    placeholder();
}

void SqlBuilder::placeholder() {
    if (dialect_ == Dialect::mariadb) return text("?");
    char digits[16];
    digits[0] = '?';
    const auto end = std::to_chars(digits + 1, digits + sizeof digits, bindings_.size()).ptr;
    sql_.append(digits, static_cast<std::size_t>(end - digits));
}

void SqlBuilder::row(std::span<const Assignment> assignments) {
    text(" (`account_id`");
    for (const auto& assignment : assignments) {
        text(",");
        assignment_column(assignment);
    }
    text(") VALUES (");
    account();
    for (const auto& assignment : assignments) {
        text(",");
        bind(assignment.value);
    }
    text(")");
}

void SqlBuilder::assignment_column(const Assignment& assignment) {
    if (assignment.column == kAccount) return fail(Errc::internal, "A row cannot choose its account.");
    name(assignment.column);
}

void SqlBuilder::where(const Condition& root, std::string_view table) {
    text(" WHERE `account_id`=");
    account();
    if (root.kind == Condition::Kind::always) return;
    text(" AND ");
    pinned_column_ = pinned_column(root);
    subselect_depth_ = 0;
    condition(root, table, 1);
}

// Every form below is closed by its own parentheses or is one operator: it can stand beside AND, OR and NOT.
void SqlBuilder::condition(const Condition& c, std::string_view table, int depth) {
    if (++conditions_ > kConditionsMax) return fail(Errc::too_large, "The filter has too many conditions.");
    if (depth > kDepthMax) return fail(Errc::too_large, "The filter is nested too deeply.");
    switch (c.kind) {
        case Condition::Kind::always:
            return text("1");
        case Condition::Kind::never:
            return text("0");
        case Condition::Kind::all:
            return c.children.empty() ? text("1") : children(c, " AND ", table, depth);
        case Condition::Kind::any:
            return c.children.empty() ? text("0") : children(c, " OR ", table, depth);
        case Condition::Kind::negate:
            if (c.children.size() != 1) return fail(Errc::internal, "A negation needs one condition.");
            text("((");
            condition(c.children[0], table, depth + 1);
            return text(") IS NOT TRUE)");
        case Condition::Kind::compare:
            return compare(c, table);
        case Condition::Kind::in:
            return in(c, table);
        case Condition::Kind::like:
            return like(c, table);
        case Condition::Kind::is_null:
            text("(");
            column(c.column, table);
            return text(" IS NULL)");
        case Condition::Kind::exists:
            return exists(c, table, depth);
    }
    fail(Errc::internal, "A condition has an unknown kind.");
}

void SqlBuilder::children(const Condition& c, std::string_view joint, std::string_view table, int depth) {
    bool first = true;
    for (const auto& child : c.children) {
        text(first ? std::string_view("(") : joint);
        first = false;
        condition(child, table, depth + 1);
    }
    text(")");
}

void SqlBuilder::compare(const Condition& c, std::string_view table) {
    if (c.values.size() != 1) return fail(Errc::internal, "A comparison needs one value.");
    const bool null = is_null(c.values[0]);
    const bool unequal = c.op == Condition::Op::ne;
    const bool negated_equal = unequal && !null && dialect_ == Dialect::mariadb;
    text(negated_equal ? "(NOT " : "(");
    column(c.column, table);
    switch (c.op) {
        case Condition::Op::eq:
            text(null ? " IS " : "=");
            break;
        case Condition::Op::ne:  // also where there is no value
            text(negated_equal ? "<=>" : " IS NOT ");
            break;
        case Condition::Op::lt:
            text("<");
            break;
        case Condition::Op::le:
            text("<=");
            break;
        case Condition::Op::gt:
            text(">");
            break;
        case Condition::Op::ge:
            text(">=");
            break;
    }
    if (null) {
        text("NULL)");
    } else {
        bind(c.values[0]);
        text(")");
    }
}

void SqlBuilder::in(const Condition& c, std::string_view table) {
    if (c.values.size() > static_cast<std::size_t>(limits::in_list_max)) {
        return fail(Errc::too_large, "The filter lists too many values.");
    }
    const Value* last = nullptr;
    std::size_t count = 0;
    bool has_null = false;
    text("(");
    for (const auto& value : c.values) {
        if (is_null(value)) {
            has_null = true;
            continue;
        }
        if (last == nullptr) {
            column(c.column, table);
            text(" IN (");
        } else {
            text(",");
        }
        bind(value);
        last = &value;
        ++count;
    }
    if (last != nullptr) {
        // Lists of similar length share one prepared statement: repeat the last value up to a power of two.
        for (const auto padded = std::bit_ceil(count); count < padded; ++count) {
            text(",");
            bind(*last);
        }
        text(")");
    }
    if (has_null) {
        if (last != nullptr) text(" OR ");
        column(c.column, table);
        text(" IS NULL");
    }
    text(last == nullptr && !has_null ? "0)" : ")");
}

void SqlBuilder::like(const Condition& c, std::string_view table) {
    const auto* pattern = c.values.size() == 1 ? std::get_if<std::string>(&c.values[0]) : nullptr;
    if (pattern == nullptr) return fail(Errc::internal, "A like needs one text.");
    if (pattern->size() > kPatternBytesMax) return fail(Errc::too_large, "The text to search for is too long.");
    text("(");
    column(c.column, table);
    // Columns compare by bytes; this collation ignores case and keeps accents, as our own LIKE in SQLite does.
    if (dialect_ == Dialect::mariadb) text(" COLLATE utf8mb4_uca1400_as_ci");
    text(" LIKE ");
    bind(c.values[0]);
    text(" ESCAPE '\\')");
}

// Normally written as IN, which SQLite can also start from: a selective inner condition then finds the outer rows by
// key. But IN collects all inner rows first: where the outer row is known already, it is looked up row by row.
void SqlBuilder::exists(const Condition& c, std::string_view table, int depth) {
    if (c.children.size() > 1) return fail(Errc::internal, "An exists needs one condition.");
    char digits[16] = {'e'};
    const auto end = std::to_chars(digits + 1, digits + sizeof digits, ++subselects_).ptr;
    const std::string_view alias(digits, static_cast<std::size_t>(end - digits));
    const bool row_by_row = subselect_depth_ == 0 && c.column.json_key.empty() && c.column.name == pinned_column_;
    const Column link{c.link, {}};
    if (row_by_row) {
        text("(EXISTS (SELECT 1");
    } else {
        text("(");
        column(c.column, table);
        text(" IN (SELECT ");
        column(link, alias);
    }
    text(" FROM ");
    name(c.table);
    text(" AS ");
    name(alias);
    text(" WHERE ");
    name(alias);
    text(".`account_id`=");
    account();
    if (row_by_row) {
        text(" AND ");
        column(link, alias);
        text("=");
        column(c.column, table);
    }
    if (!c.children.empty()) {
        text(" AND ");
        ++subselect_depth_;
        condition(c.children[0], alias, depth + 1);
        --subselect_depth_;
    }
    text("))");
}

}  // namespace stoa::db
