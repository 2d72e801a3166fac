#include "db/database.hpp"

#include <future>

#include "db/committing_thread.hpp"

namespace stoa::db {

namespace {
thread_local const void* t_committing = nullptr;
constexpr std::int64_t kPurgeRowsMax = 1'000;
}  // namespace

void mark_committing_thread(const void* database) {
    t_committing = database;
}
bool on_committing_thread() {
    return t_committing != nullptr;
}

Result<WriteOutcome> Database::write_and_wait(WriteRequest request, WriteFn fn) {
    if (on_committing_thread()) return internal_error("A write cannot wait for another write.");
    // Shared with the committing thread, which may still be inside set_value() when get() returns here.
    auto promise = std::make_shared<std::promise<Result<WriteOutcome>>>();
    auto outcome = promise->get_future();
    write(std::move(request), std::move(fn), [promise](Result<WriteOutcome> r) { promise->set_value(std::move(r)); });
    return outcome.get();
}

Status Database::look_up(LookUpFn fn) {
    return read(0, [&](Tx& tx) -> Status {
        STOA_CHECK(fn(tx, [](AccountId) { return true; }));
        return {};
    });
}

Status Database::change_schema(const std::vector<std::string>&) {
    return Error{Errc::unsupported, "This store does not change its schema."};
}

Status Database::write_each(const std::function<Status(WriteTx&)>& fn) {
    auto outcome = write_and_wait({}, [&fn](WriteTx& tx) -> Result<std::string> {
        STOA_CHECK(fn(tx));
        return std::string();
    });
    if (!outcome) return std::move(outcome).error();
    return {};
}

Result<std::int64_t> Database::purge_receipts(UnixSeconds now) {
    std::int64_t purged = 0;
    STOA_CHECK(write_each([&](WriteTx& tx) -> Status {
        std::vector<std::pair<Value, Value>> keys;
        const Value bounds[] = {now - limits::receipt_lifetime_s, kPurgeRowsMax};
        STOA_CHECK(tx.raw().query("SELECT account_id, request_key FROM receipts WHERE created_at < ? LIMIT ?", bounds,
                                  [&](const Row& row) {
                                      keys.emplace_back(row.value(0), row.value(1));
                                      return true;
                                  }));
        std::int64_t rows = 0;
        for (const auto& [account, request_key] : keys) {
            const Value key[] = {account, request_key};
            STOA_TRY(const auto removed,
                     tx.raw().execute("DELETE FROM receipts WHERE account_id=? AND request_key=?", key));
            rows += removed;
        }
        tx.on_commit([&purged, rows] { purged += rows; });  // before the wait ends
        return {};
    }));
    return purged;
}

}  // namespace stoa::db
