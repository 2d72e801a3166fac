#include "db/sqlite/writer.hpp"

#include <pthread.h>
#include <sqlite3.h>

#include <exception>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "db/committing_thread.hpp"
#include "db/sqlite/receipts.hpp"
#include "db/write_rules.hpp"

namespace stoa::db::sqlite {
namespace {

/// How long functions may run before what is done is committed: bounds how long the first of a group waits.
constexpr std::int64_t kGroupRunUs = 20'000;
/// Pages in the log at which it is copied back: at once, or when nothing waits for this long.
constexpr int kCheckpointPages = 2'000;
/// From here on the writer also waits for readers, so that the log can start anew: 128 MB.
constexpr int kRestartPages = 16'000;
constexpr int kIdleCheckpointPages = 64;
constexpr std::int64_t kIdleUs = 200'000;
/// The lock: how often it is asked for, how long one statement goes on asking, and how long its last holder leaves it
/// to others who ask.
constexpr int kPollUs = 500;
constexpr std::int64_t kPollForUs = 100'000;
constexpr int kStepAsideUs = 1'500;
constexpr std::int64_t kAskedLatelyUs = 5'000;

Error not_committed() {
    return {Errc::unavailable, "The database could not save: nothing was changed, try again.", {}, {}, 1};
}

}  // namespace

Writer::Writer(std::unique_ptr<Connection> connection, Options options)
    : options_(std::move(options)), connection_(std::move(connection)), checkpoint_at_pages_(kCheckpointPages) {
    sqlite3_wal_hook(
        connection_->handle(),
        [](void* self, sqlite3*, const char*, int pages) {
            static_cast<Writer*>(self)->wal_pages_ = pages;
            ++static_cast<Writer*>(self)->commits_;
            return SQLITE_OK;
        },
        this);
    sqlite3_busy_handler(connection_->handle(), &Writer::keep_waiting, this);
    MutexLock lock(close_mutex_);
    thread_ = std::thread([this] { run(); });
}

void Writer::submit(WriteRequest request, WriteFn fn, WriteDone done) {
    if (auto status = check_request(request); !status.ok()) return done(std::move(status).error());
    Pending pending{std::move(request), std::move(fn), std::move(done), 0};
    pending.deadline_us = stoa::system_clock().monotonic_us() + std::int64_t{pending.request.timeout_ms} * 1000;
    Error refusal;
    {
        MutexLock lock(mutex_);
        if (closing_) {
            refusal = {Errc::unavailable, "The server is stopping.", {}, {}, 1};
        } else if (queue_.size() >= options_.queue_max) {
            refusal = {Errc::busy, "Too many writes are waiting.", {}, {}, 1};
        } else {
            queue_.push_back(std::move(pending));
            if (queue_.size() == 1) wake_.notify_one();
            return;
        }
    }
    count_refused(refusal.code);
    pending.done(std::move(refusal));
}

void Writer::finish() {
    {
        MutexLock lock(mutex_);
        closing_ = true;
        wake_.notify_one();
    }
    MutexLock lock(close_mutex_);
    if (thread_.joinable()) thread_.join();
}

void Writer::close() {
    finish();
    MutexLock lock(close_mutex_);
    connection_.reset();
}

DatabaseStats Writer::stats() const {
    MutexLock lock(mutex_);
    return {commits_.load(), transactions_.load(), queue_.size()};
}

void Writer::run() {
    pthread_setname_np(pthread_self(), "db-writer");
    mark_committing_thread(this);
    while (wait_for_work()) {
        commit_group();
        if (wal_pages_ >= checkpoint_at_pages_) checkpoint();
    }
}

/// False when closing and nothing waits.
bool Writer::wait_for_work() {
    for (;;) {
        {
            MutexLock lock(mutex_);
            bool quiet = false;
            while (queue_.empty() && !closing_ && !quiet) {
                quiet = !wake_.wait_us(mutex_, checkpoint_due_ ? kIdleUs : options_.quiet_us);
            }
            if (!queue_.empty()) return true;
            if (closing_) return false;
        }
        if (checkpoint_due_) {
            checkpoint();
        } else {
            rest();
        }
    }
}

std::optional<Writer::Pending> Writer::take() {
    MutexLock lock(mutex_);
    if (queue_.empty()) return std::nullopt;
    std::optional<Pending> pending(std::move(queue_.front()));
    queue_.pop_front();
    return pending;
}

void Writer::refuse_expired() {
    std::vector<Pending> expired;
    {
        const auto now = stoa::system_clock().monotonic_us();
        MutexLock lock(mutex_);
        std::deque<Pending> kept;
        for (auto& pending : queue_) {
            if (pending.deadline_us <= now) {
                expired.push_back(std::move(pending));
            } else {
                kept.push_back(std::move(pending));
            }
        }
        queue_.swap(kept);
    }
    for (auto& pending : expired) {
        count_refused(Errc::timeout);
        pending.done(timed_out());
    }
}

void Writer::commit_group() {
    if (!begin()) return;
    const auto started = stoa::system_clock().monotonic_us();
    bool saved = true;
    // Requests that arrive while the group runs join it.
    while (saved && group_.size() < options_.commit_group_max &&
           stoa::system_clock().monotonic_us() - started < kGroupRunUs) {
        auto pending = take();
        if (!pending) break;
        saved = run_member(std::move(*pending));
    }
    if (saved && !commit()) give_up(not_committed());
    tell_group();
}

bool Writer::commit() {
    static Histogram& duration = histogram("stoa_db_commit_seconds", "Time of the commits of the embedded store.");
    const auto started = stoa::system_clock().monotonic_us();
    const bool committed = connection_->execute("COMMIT").ok();
    duration.observe(static_cast<double>(stoa::system_clock().monotonic_us() - started) / 1e6);
    if (!committed) return false;
    checkpoint_due_ = wal_pages_ >= kIdleCheckpointPages;
    return true;
}

/// While another process has the lock. SQLite hands it to whoever asks at the right moment, so say that somebody asks.
int Writer::keep_waiting(void* self, int tries) {
    Writer& writer = *static_cast<Writer*>(self);
    const std::int64_t now = stoa::system_clock().monotonic_us();
    if (tries == 0) writer.waiting_since_us_ = now;
    if (now - writer.waiting_since_us_ > kPollForUs) return 0;
    if (writer.options_.words) writer.options_.words->wait_for_writer(now);
    std::this_thread::sleep_for(std::chrono::microseconds(kPollUs));
    return 1;
}

/// Leaves the lock to another process that asks for it: under load this one would have it again at once, and again.
void Writer::step_aside() const {
    if (!options_.words) return;
    const std::int64_t asked_us = options_.words->waiting_seen_us();
    if (asked_us == 0) return;
    options_.words->wait_for_writer(0);
    if (stoa::system_clock().monotonic_us() - asked_us < kAskedLatelyUs)
        std::this_thread::sleep_for(std::chrono::microseconds(kStepAsideUs));
}

/// Takes the write lock. False when nobody waits any more, or all who wait were told that it is not to be had.
bool Writer::begin() {
    step_aside();
    for (;;) {
        auto begun = connection_->execute("BEGIN IMMEDIATE");
        if (begun.ok()) {
            if (waiting_since_us_ != 0 && options_.words) options_.words->wait_for_writer(0);
            waiting_since_us_ = 0;
            return true;
        }
        refuse_expired();
        if (begun.error().code != Errc::busy) {
            while (group_.size() < options_.commit_group_max) {
                auto pending = take();
                if (!pending) break;
                group_.push_back({std::move(*pending), begun.error(), {}});
            }
            tell_group();
            return false;
        }
        MutexLock lock(mutex_);
        if (queue_.empty()) return false;  // another process holds the lock; everybody here has given up
    }
}

/// Runs one request inside the open transaction. False when the transaction was lost with all its members.
bool Writer::run_member(Pending pending) {
    if (pending.deadline_us <= stoa::system_clock().monotonic_us()) {
        count_refused(Errc::timeout);
        group_.push_back({std::move(pending), timed_out(), {}});
        return true;
    }
    // Nothing before it: the whole transaction can be its savepoint.
    const bool first = group_.empty();
    if (!first) {
        if (auto opened = connection_->execute("SAVEPOINT request"); !opened.ok()) {
            group_.push_back({std::move(pending), not_committed(), {}});
            give_up(not_committed());
            return false;
        }
    }
    SqliteWriteTx tx(*connection_, pending.request.account);
    auto outcome = run_request(pending, tx);
    const bool kept = outcome.ok();
    group_.push_back({std::move(pending), std::move(outcome), tx.take_on_commit()});
    bool intact = connection_->in_transaction();
    if (!kept) group_.back().on_commit.clear();
    if (intact && first && !kept) {
        (void)connection_->execute("ROLLBACK");
        tell_group();
        return begin();
    }
    if (intact && !first) {
        if (!kept) intact = connection_->execute("ROLLBACK TO request").ok();
        intact = connection_->execute("RELEASE request").ok() && intact;
    }
    if (!intact) give_up(not_committed());
    return intact;
}

Result<WriteOutcome> Writer::run_request(Pending& pending, SqliteWriteTx& tx) {
    const auto& request = pending.request;
    const Connection::TransactionOnly guard(*connection_);
    try {
        if (!request.key.empty()) {
            STOA_TRY(auto receipt, find_receipt(*connection_, request));
            if (receipt && receipt->digest != request.digest) return reused_key();
            if (receipt) return WriteOutcome{std::move(receipt->answer), true, {}};
        }
        STOA_TRY(auto answer, pending.fn(tx));
        if (answer.size() > limits::receipt_answer_bytes_max) {
            return answer_too_long();
        }
        if (!request.key.empty()) {
            STOA_CHECK(insert_receipt(*connection_, request, answer, stoa::system_clock().now()));
        }
        return WriteOutcome{std::move(answer), false, {}};
    } catch (const std::exception& e) {
        log::error("write_threw", {{"what", e.what()}, {"do", "report this as a bug"}});
    } catch (...) {
        log::error("write_threw", {{"what", "not a std::exception"}, {"do", "report this as a bug"}});
    }
    return internal_error("A write failed unexpectedly.");
}

/// The transaction is lost: whatever its members saw or did never happened.
void Writer::give_up(const Error& error) {
    for (std::size_t i = 0; i < group_.size(); ++i)
        count_refused(error.code);
    if (connection_->in_transaction()) (void)connection_->execute("ROLLBACK");
    for (auto& member : group_) {
        member.outcome = error;
        member.on_commit.clear();
    }
}

void Writer::tell_group() {
    const auto call = [](auto&& fn) {
        try {
            fn();
        } catch (...) {  // what is committed stays committed, and the others must be told
            log::error("after_commit_threw", {{"do", "report this as a bug"}});
        }
    };
    for (auto& member : group_) {
        if (member.outcome.ok() && !member.outcome->replayed) ++transactions_;
        for (const auto& fn : member.on_commit)
            call(fn);
    }
    for (auto& member : group_)
        call([&] { member.pending.done(std::move(member.outcome)); });
    group_.clear();
}

/// Copies the log back into the file, as far as no reader still needs it. Readers go on meanwhile.
void Writer::checkpoint() {
    int pages = 0;
    int copied = 0;
    const int mode = wal_pages_ >= kRestartPages ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
    sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr, mode, &pages, &copied);
    checkpoint_due_ = false;
    checkpoint_at_pages_ = copied >= pages ? kCheckpointPages : pages + kCheckpointPages;
    if (copied >= pages) wal_pages_ = 0;
}

void Writer::rest() {
    connection_->release_memory();
    if (options_.when_quiet) options_.when_quiet();
}

}  // namespace stoa::db::sqlite
