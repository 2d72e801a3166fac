#include "db/mariadb/writer.hpp"

#include <pthread.h>

#include <algorithm>
#include <thread>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "base/random.hpp"
#include "db/committing_thread.hpp"
#include "db/write_rules.hpp"

namespace stoa::db::mariadb {
namespace {

constexpr std::int64_t kBackoffUs = 2'000;  ///< before a lost transaction runs again; doubles
constexpr std::int64_t kBackoffMaxUs = 100'000;
constexpr std::int64_t kCommitGraceUs = 2'000'000;  ///< a COMMIT begun in time is not cut off at the deadline
/// Galera: of a statement, which waits for no other node. A prepared one is sometimes not answered at all when its
/// transaction was rolled back for another node's (seen with MariaDB 10.11.19).
constexpr std::int64_t kGaleraStatementUs = 4'000'000;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}
Binding integer(std::int64_t value) {
    return {Binding::Kind::integer, value, {}, nullptr};
}
Binding text(std::string_view value) {
    return {Binding::Kind::text, 0, value, nullptr};
}

Counter& reruns() {
    static Counter& reruns = counter("stoa_db_reruns_total", "Write transactions that were lost and run again.");
    return reruns;
}

}  // namespace

Writer::Writer(Servers& servers, Options options) : servers_(servers), options_(options) {
    for (int i = 0; i < options_.threads; ++i)
        threads_.emplace_back([this] { run(); });
}

void Writer::submit(WriteRequest request, WriteFn fn, WriteDone done) {
    if (auto status = check_request(request); !status.ok()) return done(std::move(status).error());
    Member member{std::move(request), std::move(fn), std::move(done), 0};
    member.deadline_us = now_us() + std::int64_t{member.request.timeout_ms} * 1000;
    // What is lost in its COMMIT must be found again: housekeeping gets a key of its own too.
    if (member.request.key.empty()) member.request.key = "tx:" + random_alnum(20);
    Error refusal;
    {
        MutexLock lock(mutex_);
        if (closing_) {
            refusal = {Errc::unavailable, "The server is stopping.", {}, {}, 1};
        } else if (waiting_ >= options_.queue_max) {
            refusal = {Errc::busy, "Too many writes are waiting.", {}, {}, 1};
        } else {
            Account& account = accounts_[member.request.account];
            const AccountId id = member.request.account;
            if (account.waiting.empty() && !account.running) ready_.push_back(id);
            account.waiting.push_back(std::move(member));
            ++waiting_;
            wake_.notify_one();
            return;
        }
    }
    count_refused(refusal.code);
    member.done(std::move(refusal));
}

void Writer::close() {
    {
        MutexLock lock(mutex_);
        closing_ = true;
        wake_.notify_all();
    }
    for (auto& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

DatabaseStats Writer::stats() const {
    MutexLock lock(mutex_);
    return {commits_.load(), transactions_.load(), waiting_};
}

void Writer::run() {
    pthread_setname_np(pthread_self(), "db-writer");
    mark_committing_thread(this);
    for (Group group = take(); !group.empty(); group = take()) {
        const AccountId account = group.front().request.account;
        commit_group(group);
        // Released before the answers go out: the next group may start while clients are told.
        finish_account(account);
        tell(group);
    }
}

/// All that waits for one account, up to a bound; nothing when closing and no work is left.
Writer::Group Writer::take() {
    MutexLock lock(mutex_);
    while (ready_.empty()) {
        if (closing_ && waiting_ == 0) return {};
        if (closing_) {
            wake_.wait_us(mutex_, 10'000);
        } else {
            wake_.wait_us(mutex_, 60'000'000);
        }
    }
    const AccountId id = ready_.front();
    ready_.pop_front();
    Account& account = accounts_[id];
    account.running = true;
    Group group;
    while (!account.waiting.empty() && group.size() < options_.commit_group_max) {
        group.push_back(std::move(account.waiting.front()));
        account.waiting.pop_front();
    }
    waiting_ -= group.size();
    return group;
}

void Writer::finish_account(AccountId id) {
    MutexLock lock(mutex_);
    const auto at = accounts_.find(id);
    at->second.running = false;
    if (at->second.waiting.empty()) {
        accounts_.erase(at);  // an idle account costs nothing
    } else {
        ready_.push_back(id);
        wake_.notify_one();
    }
}

void Writer::commit_group(Group& group) {
    std::int64_t backoff_us = kBackoffUs;
    while (attempt(group) == Step::again) {
        reruns().add();
        std::this_thread::sleep_for(std::chrono::microseconds(backoff_us));
        backoff_us = std::min(2 * backoff_us, kBackoffMaxUs);
    }
}

/// One try to run and commit all members that are not finished.
Writer::Step Writer::attempt(Group& group) {
    expire(group, timed_out());
    std::int64_t deadline_us = 0;
    for (const auto& member : group) {
        if (!member.finished) deadline_us = std::max(deadline_us, member.deadline_us);
    }
    if (deadline_us == 0) return Step::done;

    auto lease = servers_.primary(Purpose::write, deadline_us);
    if (!lease) {
        expire(group, lease.error());
        return std::any_of(group.begin(), group.end(), [](const Member& m) { return !m.finished; }) ? Step::again
                                                                                                    : Step::done;
    }
    Connection& connection = **lease;
    connection.set_deadline(deadline_us + kCommitGraceUs);
    if (options_.galera) connection.set_statement_limit(kGaleraStatementUs);
    const auto lost = [&] {
        const Trouble trouble = connection.trouble();
        if (trouble < Trouble::lost) (void)connection.command("ROLLBACK");
        if (trouble >= Trouble::demoted) servers_.suspect(lease->server(), trouble);
        return Step::again;
    };
    if (auto begun = begin(connection, group.front().request.account); !begun) {
        if (connection.trouble() >= Trouble::rerun) return lost();
        for (auto& member : group)
            finish(member, begun.error());  // e.g. the tables are not there: waiting would not help
        return Step::done;
    }
    if (!run_members(connection, group)) return lost();
    if (options_.galera && !connection.command("RELEASE SAVEPOINT witness")) return lost();
    const auto started = now_us();
    const auto committed = connection.command("COMMIT");
    static Histogram& duration = histogram("stoa_db_commit_seconds", "Time of the commits of the database.");
    duration.observe(static_cast<double>(now_us() - started) / 1e6);
    if (!committed) {
        for (auto& member : group) {
            if (!member.finished && member.ran && member.outcome.ok()) member.in_doubt = true;
        }
        return lost();
    }
    ++commits_;
    const CommitToken token = connection.take_last_gtid();
    for (auto& member : group) {
        if (member.finished) continue;
        member.finished = true;
        if (!member.outcome.ok()) continue;
        member.outcome->token = token;
        if (!member.outcome->replayed) ++transactions_;
    }
    return Step::done;
}

/// Waits for the account's turn.
///
/// A node of Galera sometimes rolls a transaction back for one of another node without telling: the next statement
/// is answered as if nothing had happened and begins a new transaction, whose COMMIT would save the second half (seen
/// with MariaDB 10.11.19, galera 26.4.23). A savepoint lives no longer than its transaction, so that one that can still
/// be released proves that all of it is there.
Status Writer::begin(Connection& connection, AccountId account) {
    if (options_.galera) STOA_CHECK(connection.command("SAVEPOINT witness"));
    const Binding lock[] = {integer(account)};
    STOA_CHECK(
        connection.execute("INSERT INTO sequences (account_id, name, next_id) VALUES (?, '_writes', 2) "
                           "ON DUPLICATE KEY UPDATE next_id = next_id + 1",
                           lock));
    return {};
}

/// False when the transaction is lost with all its members.
bool Writer::run_members(Connection& connection, Group& group) {
    const auto open = std::count_if(group.begin(), group.end(), [](const Member& m) { return !m.finished; });
    for (auto& member : group) {
        if (!member.finished && !run_member(connection, member, open == 1)) return false;
    }
    return true;
}

bool Writer::run_member(Connection& connection, Member& member, bool alone) {
    member.ran = false;
    alone = alone && !options_.galera;  // there the error may come of a transaction that is gone, see begin()
    if (!alone && !connection.command("SAVEPOINT request")) return false;
    MariadbWriteTx tx(connection, member.request.account);
    auto outcome = run_request(connection, member, tx);
    if (connection.trouble() >= Trouble::rerun) return false;
    connection.clear_trouble();
    if (!outcome.ok()) {
        member.outcome = std::move(outcome).error();
        member.on_commit.clear();
        member.in_doubt = false;  // its receipt was not there, so the earlier COMMIT did not happen
        return connection.command(alone ? "ROLLBACK" : "ROLLBACK TO SAVEPOINT request").ok();
    }
    const bool earlier_run_counts = outcome->replayed && member.in_doubt;
    if (!earlier_run_counts) {
        member.outcome = std::move(outcome);
        member.on_commit = tx.take_on_commit();
        member.in_doubt = false;
    }
    member.ran = true;
    return true;
}

Result<WriteOutcome> Writer::run_request(Connection& connection, Member& member, MariadbWriteTx& tx) {
    const auto& request = member.request;
    try {
        std::string digest;
        std::string stored;
        bool found = false;
        const Binding key[] = {integer(request.account), text(request.key)};
        STOA_CHECK(connection.query("SELECT digest, answer FROM receipts WHERE account_id=? AND request_key=?", key,
                                    [&](const Row& row) {
                                        found = true;
                                        digest = row.text(0);
                                        stored = row.text(1);
                                        return true;
                                    }));
        if (found && digest != request.digest) return reused_key();
        if (found) return WriteOutcome{std::move(stored), true, {}};
        STOA_TRY(auto answer, member.fn(tx));
        if (answer.size() > limits::receipt_answer_bytes_max) return answer_too_long();
        const Binding receipt[] = {integer(request.account), text(request.key), text(request.digest), text(answer),
                                   integer(system_clock().now())};
        STOA_CHECK(
            connection.execute("INSERT INTO receipts (account_id, request_key, digest, answer, created_at) "
                               "VALUES (?, ?, ?, ?, ?)",
                               receipt));
        return WriteOutcome{std::move(answer), false, {}};
    } catch (const std::exception& e) {
        log::error("write_threw", {{"what", e.what()}, {"do", "report this as a bug"}});
    } catch (...) {
        log::error("write_threw", {{"what", "not a std::exception"}, {"do", "report this as a bug"}});
    }
    return internal_error("A write failed unexpectedly.");
}

/// Those whose time is over get the error.
void Writer::expire(Group& group, const Error& why) {
    const auto now = now_us();
    for (auto& member : group) {
        if (!member.finished && member.deadline_us <= now) finish(member, why);
    }
}

void Writer::finish(Member& member, Error error) {
    if (member.finished) return;
    member.finished = true;
    member.on_commit.clear();
    if (member.in_doubt) {
        error.message =
            "The database went away while this change was saved. Send the same request again with the same "
            "Idempotency-Key to learn what became of it.";
    }
    count_refused(error.code);
    member.outcome = std::move(error);
}

void Writer::tell(Group& group) {
    const auto call = [](auto&& fn) {
        try {
            fn();
        } catch (...) {  // what is committed stays committed, and the others must be told
            log::error("after_commit_threw", {{"do", "report this as a bug"}});
        }
    };
    for (auto& member : group) {
        for (const auto& fn : member.on_commit)
            call(fn);
    }
    for (auto& member : group)
        call([&] { member.done(std::move(member.outcome)); });
}

}  // namespace stoa::db::mariadb
