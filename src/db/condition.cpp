#include "db/condition.hpp"

#include <algorithm>

namespace stoa::db {
namespace {

using Kind = Condition::Kind;

/// all() and any() differ only in which constant drops out and which one decides.
Condition combine(Kind kind, Kind neutral, Kind decisive, std::vector<Condition> children) {
    std::erase_if(children, [&](const Condition& child) { return child.kind == neutral; });
    Condition result;
    if (children.empty()) {
        result.kind = neutral;
    } else if (std::any_of(children.begin(), children.end(), [&](const Condition& c) { return c.kind == decisive; })) {
        result.kind = decisive;
    } else if (children.size() == 1) {
        result = std::move(children.front());
    } else {
        result.kind = kind;
        result.children = std::move(children);
    }
    return result;
}

}  // namespace

Condition Condition::compare(std::string column, Op op, Value value) {
    Condition result;
    result.kind = Kind::compare;
    result.op = op;
    result.column.name = std::move(column);
    result.values.push_back(std::move(value));
    return result;
}

Condition Condition::in(std::string column, std::vector<Value> values) {
    if (values.empty()) return never();
    Condition result;
    result.kind = Kind::in;
    result.column.name = std::move(column);
    result.values = std::move(values);
    return result;
}

Condition Condition::like(std::string column, std::string pattern) {
    Condition result;
    result.kind = Kind::like;
    result.column.name = std::move(column);
    result.values.emplace_back(std::move(pattern));
    return result;
}

Condition Condition::is_null(std::string column) {
    Condition result;
    result.kind = Kind::is_null;
    result.column.name = std::move(column);
    return result;
}

Condition Condition::all(std::vector<Condition> children) {
    return combine(Kind::all, Kind::always, Kind::never, std::move(children));
}

Condition Condition::any(std::vector<Condition> children) {
    return combine(Kind::any, Kind::never, Kind::always, std::move(children));
}

Condition Condition::negate(Condition child) {
    if (child.kind == Kind::always) return never();
    if (child.kind == Kind::never) return always();
    Condition result;
    result.kind = Kind::negate;
    result.children.push_back(std::move(child));
    return result;
}

Condition Condition::exists(std::string table, std::string link, std::string outer_column, Condition inner) {
    if (inner.kind == Kind::never) return never();
    Condition result;
    result.kind = Kind::exists;
    result.table = std::move(table);
    result.link = std::move(link);
    result.column.name = std::move(outer_column);
    result.children.push_back(std::move(inner));
    return result;
}

Condition Condition::never() {
    Condition result;
    result.kind = Kind::never;
    return result;
}

std::string escape_like(std::string_view text) {
    std::string result;
    result.reserve(text.size() + 8);
    for (const char c : text) {
        if (c == '%' || c == '_' || c == '\\') result.push_back('\\');
        result.push_back(c);
    }
    return result;
}

}  // namespace stoa::db
