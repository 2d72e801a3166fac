#include <sqlite3.h>

#include "db/sqlite/connection.hpp"

namespace stoa::db::sqlite {
namespace {

constexpr std::size_t kStatementsMax = 200;
constexpr std::size_t kIdlePerTextMax = 4;

}  // namespace

StatementCache::~StatementCache() {
    for (auto& entry : entries_) {
        for (auto* statement : entry.idle)
            sqlite3_finalize(statement);
    }
}

Result<StatementCache::Lease> StatementCache::lease(std::string_view sql) {
    auto found = by_sql_.find(sql);
    if (found != by_sql_.end()) {
        entries_.splice(entries_.begin(), entries_, found->second);
        Entry& entry = *found->second;
        if (!entry.idle.empty()) {
            auto* statement = entry.idle.back();
            entry.idle.pop_back();
            ++entry.leased;
            return Lease(&entry, statement);
        }
    }
    sqlite3_stmt* statement = nullptr;
    const char* rest = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, &rest);
    if (code != SQLITE_OK) return to_error(code, handle_);
    if (statement == nullptr) return internal_error("An empty statement.");
    if (found == by_sql_.end()) {
        shrink(kStatementsMax - 1);
        entries_.emplace_front().sql.assign(sql);
        by_sql_.emplace(entries_.front().sql, entries_.begin());
    }
    Entry& entry = entries_.front();
    ++entry.leased;
    return Lease(&entry, statement);
}

StatementCache::Lease::~Lease() {
    if (statement_ == nullptr) return;
    --entry_->leased;
    if (entry_->idle.size() < kIdlePerTextMax) {
        sqlite3_reset(statement_);  // ends the read; its code repeats that of the last step
        entry_->idle.push_back(statement_);
    } else {
        sqlite3_finalize(statement_);
    }
}

void StatementCache::shrink(std::size_t kept) {
    for (auto last = entries_.end(); entries_.size() > kept && last != entries_.begin();) {
        --last;
        if (last->leased > 0) continue;
        for (auto* statement : last->idle)
            sqlite3_finalize(statement);
        by_sql_.erase(last->sql);
        last = entries_.erase(last);
    }
}

}  // namespace stoa::db::sqlite
