#include "db/mariadb/statement.hpp"

#include <charconv>
#include <cstdlib>

namespace stoa::db::mariadb {
namespace {

constexpr std::size_t kCachedMax = 200;
constexpr std::size_t kTextBytesUsual = 256;
constexpr std::size_t kBufferKeptMax = 64 * 1024;  ///< a larger buffer is given back after its statement

MYSQL_BIND integer_parameter(const std::int64_t& value) {
    MYSQL_BIND bind{};
    bind.buffer_type = MYSQL_TYPE_LONGLONG;
    bind.buffer = const_cast<std::int64_t*>(&value);
    return bind;
}

MYSQL_BIND text_parameter(std::string_view value) {
    MYSQL_BIND bind{};
    bind.buffer_type = MYSQL_TYPE_STRING;
    bind.buffer = const_cast<char*>(value.data() != nullptr ? value.data() : "");
    bind.buffer_length = value.size();
    return bind;
}

MYSQL_BIND parameter(const Binding& binding) {
    if (binding.kind == Binding::Kind::integer) return integer_parameter(binding.integer);
    if (binding.kind == Binding::Kind::text) return text_parameter(binding.text);
    const Value& value = *binding.value;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return integer_parameter(*integer);
    if (const auto* text = std::get_if<std::string>(&value)) return text_parameter(*text);
    MYSQL_BIND bind{};
    if (const auto* real = std::get_if<double>(&value)) {
        bind.buffer_type = MYSQL_TYPE_DOUBLE;
        bind.buffer = const_cast<double*>(real);
    } else {
        bind.buffer_type = MYSQL_TYPE_NULL;
    }
    return bind;
}

}  // namespace

std::int64_t MariadbRow::integer(int column) const {
    const Cell& c = cell(column);
    if (c.null != 0) return 0;
    if (c.kind == Kind::integer) return c.integer;
    if (c.kind == Kind::real) return static_cast<std::int64_t>(c.real);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(c.bytes.data(), c.bytes.data() + c.length, value);
    if (error == std::errc{} && end == c.bytes.data() + c.length) return value;
    return static_cast<std::int64_t>(real(column));
}

double MariadbRow::real(int column) const {
    const Cell& c = cell(column);
    if (c.null != 0) return 0;
    if (c.kind == Kind::integer) return static_cast<double>(c.integer);
    if (c.kind == Kind::real) return c.real;
    double value = 0;
    std::from_chars(c.bytes.data(), c.bytes.data() + c.length, value);
    return value;
}

std::string_view MariadbRow::text(int column) const {
    const Cell& c = cell(column);
    if (c.null != 0) return {};
    if (c.kind == Kind::text || c.kind == Kind::decimal) return {c.bytes.data(), c.length};
    char digits[32];
    const auto end = c.kind == Kind::integer ? std::to_chars(digits, digits + sizeof digits, c.integer).ptr
                                             : std::to_chars(digits, digits + sizeof digits, c.real).ptr;
    c.shown.assign(digits, end);
    return c.shown;
}

Value MariadbRow::value(int column) const {
    const Cell& c = cell(column);
    if (c.null != 0) return {};
    switch (c.kind) {
        case Kind::integer:
            return c.integer;
        case Kind::real:
            return c.real;
        case Kind::decimal:  // sums of whole numbers come as DECIMAL
            if (std::string_view(c.bytes.data(), c.length).find('.') == std::string_view::npos) return integer(column);
            return real(column);
        case Kind::text:
            break;
    }
    return std::string(c.bytes.data(), c.length);
}

std::unique_ptr<Statement> Statement::prepare(MYSQL* handle, std::string_view sql, unsigned int& error_number,
                                              std::string& error_text) {
    MYSQL_STMT* raw = mysql_stmt_init(handle);
    if (raw == nullptr) {
        error_number = mysql_errno(handle);
        return nullptr;
    }
    std::unique_ptr<Statement> statement(new Statement(raw));
    if (mysql_stmt_prepare(raw, sql.data(), sql.size()) != 0) {
        error_number = mysql_stmt_errno(raw);
        error_text = mysql_stmt_error(raw);
        return nullptr;
    }
    statement->field_count_ = mysql_stmt_field_count(raw);
    statement->parameters_.resize(mysql_stmt_param_count(raw));
    if (statement->field_count_ > 0) statement->bind_results();
    return statement;
}

Statement::~Statement() {
    mysql_stmt_close(statement_);
}

/// Native types, so that numbers are not printed and parsed.
void Statement::bind_results() {
    results_.assign(field_count_, MYSQL_BIND{});
    row_.cells_.resize(field_count_);
    MYSQL_RES* metadata = mysql_stmt_result_metadata(statement_);
    for (unsigned int i = 0; i < field_count_; ++i) {
        const MYSQL_FIELD* field = mysql_fetch_field_direct(metadata, i);
        auto& cell = row_.cells_[i];
        auto& bind = results_[i];
        bind.is_null = &cell.null;
        bind.error = &cell.cut;
        bind.length = &cell.length;
        switch (field->type) {
            case MYSQL_TYPE_TINY:
            case MYSQL_TYPE_SHORT:
            case MYSQL_TYPE_INT24:
            case MYSQL_TYPE_LONG:
            case MYSQL_TYPE_LONGLONG:
            case MYSQL_TYPE_YEAR:
                cell.kind = MariadbRow::Kind::integer;
                bind.buffer_type = MYSQL_TYPE_LONGLONG;
                bind.buffer = &cell.integer;
                break;
            case MYSQL_TYPE_FLOAT:
            case MYSQL_TYPE_DOUBLE:
                cell.kind = MariadbRow::Kind::real;
                bind.buffer_type = MYSQL_TYPE_DOUBLE;
                bind.buffer = &cell.real;
                break;
            default: {
                const bool decimal = field->type == MYSQL_TYPE_DECIMAL || field->type == MYSQL_TYPE_NEWDECIMAL;
                cell.kind = decimal ? MariadbRow::Kind::decimal : MariadbRow::Kind::text;
                cell.bytes.resize(kTextBytesUsual);
                bind.buffer_type = MYSQL_TYPE_STRING;
                bind.buffer = cell.bytes.data();
                bind.buffer_length = cell.bytes.size();
            }
        }
    }
    mysql_free_result(metadata);
    mysql_stmt_bind_result(statement_, results_.data());
}

bool Statement::execute(std::span<const Binding> bindings) {
    if (bindings.size() != parameters_.size()) return false;
    for (std::size_t i = 0; i < bindings.size(); ++i)
        parameters_[i] = parameter(bindings[i]);
    if (!parameters_.empty() && mysql_stmt_bind_param(statement_, parameters_.data()) != 0) return false;
    return mysql_stmt_execute(statement_) == 0;
}

bool Statement::store() {
    return mysql_stmt_store_result(statement_) == 0;
}

Statement::Next Statement::next() {
    const int got = mysql_stmt_fetch(statement_);
    if (got == MYSQL_NO_DATA) return Next::end;
    if (got == 1) return Next::failed;
    if (got != MYSQL_DATA_TRUNCATED) return Next::row;
    bool grown = false;
    for (unsigned int i = 0; i < field_count_; ++i) {
        auto& cell = row_.cells_[i];
        if (results_[i].buffer_type != MYSQL_TYPE_STRING || cell.null != 0 || cell.length <= cell.bytes.size())
            continue;
        cell.bytes.resize(cell.length);
        results_[i].buffer = cell.bytes.data();
        results_[i].buffer_length = cell.bytes.size();
        if (mysql_stmt_fetch_column(statement_, &results_[i], i, 0) != 0) return Next::failed;
        grown = true;
    }
    if (grown) mysql_stmt_bind_result(statement_, results_.data());
    return Next::row;
}

std::int64_t Statement::affected() const {
    return static_cast<std::int64_t>(mysql_stmt_affected_rows(statement_));
}

std::int64_t Statement::insert_id() const {
    return static_cast<std::int64_t>(mysql_stmt_insert_id(statement_));
}

void Statement::finish() {
    mysql_stmt_free_result(statement_);
    bool shrunk = false;
    for (unsigned int i = 0; i < field_count_; ++i) {
        auto& cell = row_.cells_[i];
        if (cell.bytes.size() <= kBufferKeptMax) continue;
        cell.bytes.resize(kTextBytesUsual);
        cell.bytes.shrink_to_fit();
        results_[i].buffer = cell.bytes.data();
        results_[i].buffer_length = cell.bytes.size();
        shrunk = true;
    }
    if (shrunk) mysql_stmt_bind_result(statement_, results_.data());
}

unsigned int Statement::error_number() const {
    return mysql_stmt_errno(statement_);
}

std::string_view Statement::error_text() const {
    return mysql_stmt_error(statement_);
}

std::unique_ptr<Statement> StatementCache::take(std::string_view sql) {
    const auto found = by_sql_.find(sql);
    if (found == by_sql_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, found->second);
    auto& idle = found->second->idle;
    if (idle.empty()) return nullptr;
    auto statement = std::move(idle.back());
    idle.pop_back();
    return statement;
}

void StatementCache::give_back(std::string_view sql, std::unique_ptr<Statement> statement) {
    const auto found = by_sql_.find(sql);
    if (found != by_sql_.end()) {
        found->second->idle.push_back(std::move(statement));
        return;
    }
    entries_.push_front({std::string(sql), {}});
    entries_.front().idle.push_back(std::move(statement));
    by_sql_.emplace(entries_.front().sql, entries_.begin());
    if (entries_.size() <= kCachedMax) return;
    by_sql_.erase(entries_.back().sql);
    entries_.pop_back();
}

void StatementCache::clear() {
    by_sql_.clear();
    entries_.clear();
}

}  // namespace stoa::db::mariadb
