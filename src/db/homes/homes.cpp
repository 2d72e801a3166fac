#include "db/homes/homes.hpp"

#include <pthread.h>

#include <algorithm>
#include <set>

#include "base/clock.hpp"
#include "base/fibers.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"

namespace stoa::db {
namespace {

/// However quiet the shared number is, the table is looked into after this.
constexpr std::int64_t kLookAgainUs = 250'000;
constexpr std::int64_t kOpenRetryUs = 200'000;
/// A number that stays odd longer was left so by a mover that is gone.
constexpr std::int64_t kRepairAfterUs = 1'000'000;

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

Error not_open(const Error& why) {
    const std::string detail = why.message.empty() ? "" : " (" + why.message + ")";
    return {
        Errc::unavailable, "The database of this account cannot be reached at the moment" + detail + ".", {}, {}, 1};
}

/// Accounts whose rows are here in part.
Result<std::set<AccountId>> arriving_accounts(Tx& tx) {
    std::set<AccountId> arriving;
    STOA_TRY(const auto transfers, read_transfers(tx));
    for (const TransferRow& transfer : transfers) {
        if (transfer.direction == TransferDirection::in) arriving.insert(transfer.account);
    }
    return arriving;
}

Error stopping() {
    return {Errc::unavailable, "The server is stopping.", {}, {}, 1};
}

}  // namespace

struct Homes::Job {
    WriteRequest request;
    WriteFn fn;
    WriteDone done;
    std::int64_t deadline_us = 0;
    bool moved = false;
};

Result<std::unique_ptr<Homes>> Homes::open(std::unique_ptr<Database> local, const std::string& local_path,
                                           HomeOpener opener) {
    std::unique_ptr<SharedWords> words;
    if (!local_path.empty()) {
        STOA_TRY(words, SharedWords::open(local_path));
    }
    return std::unique_ptr<Homes>(new Homes(std::move(local), std::move(words), std::move(opener)));
}

Homes::Homes(std::unique_ptr<Database> local, std::unique_ptr<SharedWords> words, HomeOpener opener)
    : local_(std::move(local)),
      words_(std::move(words)),
      opener_(std::move(opener)),
      known_epoch_(words_ ? words_->homes_epoch() | 1U : 0) {  // odd: never equal, so the first read looks
    HomeMap first;
    first.local = local_.get();
    first.directory = local_.get();
    publish(std::move(first), true);
}

// --- Reads ---------------------------------------------------------------------------------------------------------

Status Homes::read(AccountId account, FunctionRef<Status(Tx&)> fn, const ReadOptions& options) {
    STOA_TRY(Database* const home, home_of(account));
    return home->read(account, fn, options);
}

Result<Database*> Homes::home_of(AccountId account) {
    STOA_TRY(const HomeMap* const known, current_map());
    if (Database* const home = known->home(account)) return home;
    return wait_for(account);
}

Result<const HomeMap*> Homes::current_map() {
    if (words_ == nullptr) return &map();
    // In this order: the map is stored before the number that it belongs to, so it is at least as new.
    const std::uint64_t epoch = known_epoch_.load(std::memory_order_acquire);
    const std::int64_t looked_at_us = looked_at_us_.load(std::memory_order_acquire);
    const HomeMap& known = map();
    const bool unchanged = words_->homes_epoch() == epoch && now_us() - looked_at_us < kLookAgainUs;
    if (unchanged || known.left()) return &known;
    return look_again(known);
}

/// Reads the table. Never waits for a home: whoever needs one that is not open does.
Result<const HomeMap*> Homes::look_again(const HomeMap& known) {
    const std::uint64_t epoch = words_->homes_epoch();  // before the table: a change in between is seen next time
    const std::int64_t at = now_us();
    if (epoch % 2 != 0 && at - looked_at_us_.load() > kRepairAfterUs && words_->try_lock_for_move()) {
        words_->end_homes_change();
        words_->unlock_for_move();
    }
    std::vector<HomeRow> rows;
    std::vector<TransferRow> transfers;
    STOA_CHECK(local_->read(0, [&](Tx& tx) -> Status {
        STOA_TRY(rows, read_homes(tx));
        STOA_TRY(transfers, read_transfers(tx));
        return {};
    }));
    std::vector<HomeAddress> coming;
    for (const TransferRow& transfer : transfers) {
        if (transfer.direction == TransferDirection::out && !known.open.contains(transfer.other.address))
            coming.push_back(transfer.other);
    }
    const bool changed = rows != known.local_rows;
    if (changed || !coming.empty()) ask(std::move(coming));
    const HomeMap* current = &known;
    if (changed) {
        // The mover has copied these rows to the new directory, so they hold there, too.
        HomeMap next = known;
        next.moved.clear();
        for (const HomeRow& row : rows) {
            if (row.account != 0) {
                next.moved[row.account] = row.home;
                continue;
            }
            next.directory_address = row.home;
            const auto opened = known.open.find(row.home.address);
            next.directory = opened == known.open.end() ? nullptr : opened->second;
        }
        next.local_rows = std::move(rows);
        current = publish(std::move(next), false);
    }
    if (epoch % 2 == 0) known_epoch_ = epoch;
    looked_at_us_ = at;
    return current;
}

/// Until the home is open, or could not be opened.
Result<Database*> Homes::wait_for(AccountId account) {
    if (Fibers::of_this_thread() != nullptr) return must_wait();
    const std::int64_t until_us = now_us() + std::int64_t{limits::home_open_wait_ms} * 1000;
    const std::uint64_t asked = ask({});
    MutexLock lock(mutex_);
    for (;;) {
        if (Database* const home = map().home(account)) return home;
        const std::int64_t left_us = until_us - now_us();
        if (closing_ || left_us <= 0 || served_ >= asked) return not_open(problem_);
        (void)published_.wait_us(mutex_, left_us);
    }
}

Status Homes::look_up(LookUpFn fn) {
    STOA_TRY(const HomeMap* const known, current_map());
    Status problem;
    std::set<const Database*> asked;
    const auto ask_store = [&](const HomeMap& now, Database* store) -> Result<bool> {
        asked.insert(store);
        bool found = false;
        STOA_CHECK(store->read(0, [&](Tx& tx) -> Status {
            STOA_TRY(const auto arriving, arriving_accounts(tx));
            const auto lives_here = [&](AccountId account) {
                return now.home(account) == store && (now.moved.contains(account) || !arriving.contains(account));
            };
            STOA_TRY(found, fn(tx, lives_here));
            return {};
        }));
        return found;
    };
    for (Database* store : known->stores()) {
        if (store == nullptr) continue;
        const auto found = ask_store(*known, store);
        if (found && *found) return {};
        if (!found && problem) problem = found.error();
    }
    // Only now those that nobody has needed so far.
    for (const AccountId account : known->not_open()) {
        const auto store = wait_for(account);
        if (store && asked.contains(*store)) continue;
        const auto found = store ? ask_store(map(), *store) : Result<bool>(store.error());
        if (found && *found) return {};
        if (!found && problem) problem = found.error();
    }
    return problem;
}

// --- Writes --------------------------------------------------------------------------------------------------------

void Homes::write(WriteRequest request, WriteFn fn, WriteDone done) {
    const HomeMap& known = map();
    Database* const home = known.home(request.account);
    if (home != nullptr && home != local_.get()) return home->write(std::move(request), std::move(fn), std::move(done));
    auto job = std::make_shared<Job>();
    job->deadline_us = now_us() + std::int64_t{request.timeout_ms} * 1000;
    job->request = std::move(request);
    job->fn = std::move(fn);
    job->done = std::move(done);
    if (home == nullptr) return follow(std::move(job));
    if (words_ == nullptr) return local_->write(std::move(job->request), std::move(job->fn), std::move(job->done));
    local_->write(
        job->request,
        [job](WriteTx& tx) -> Result<std::string> {
            STOA_TRY(job->moved, lives_elsewhere(tx, tx.account()));
            if (job->moved) return not_open({});
            return job->fn(tx);
        },
        [this, job](Result<WriteOutcome> outcome) {
            if (!outcome && job->moved) return follow(job);
            job->done(std::move(outcome));
        });
}

/// May be called on the committing thread, so the waiting is the thread's.
void Homes::follow(std::shared_ptr<Job> job) {
    Error refusal;
    {
        MutexLock lock(mutex_);
        if (closing_) {
            refusal = stopping();
        } else if (jobs_.size() >= limits::home_queue_max) {
            refusal = {Errc::busy, "Too many writes are waiting.", {}, {}, 1};
        } else {
            job->moved = false;
            jobs_.push_back(std::move(job));
            wake();
            return;
        }
    }
    job->done(std::move(refusal));
}

Status Homes::write_each(const std::function<Status(WriteTx&)>& fn) {
    STOA_TRY(const HomeMap* const known, current_map());
    Status problem;
    for (Database* store : known->stores()) {
        if (store == nullptr) continue;
        // The store at hand goes through write(): it may be left at any moment.
        const Status written = store == local_.get() ? Database::write_each(fn) : store->write_each(fn);
        if (!written && problem) problem = written;
    }
    return problem;
}

// --- The thread ----------------------------------------------------------------------------------------------------

std::uint64_t Homes::ask(std::vector<HomeAddress> wanted) {
    MutexLock lock(mutex_);
    for (HomeAddress& address : wanted) {
        if (std::find(wanted_.begin(), wanted_.end(), address) == wanted_.end()) wanted_.push_back(std::move(address));
    }
    return wake();
}

std::uint64_t Homes::wake() {
    if (!thread_.joinable() && !closing_) thread_ = std::thread([this] { run(); });
    wake_.notify_one();
    return ++asked_;
}

void Homes::run() {
    pthread_setname_np(pthread_self(), "db-homes");
    std::uint64_t asked = 0;
    while (wait_for_work(asked)) {
        Status done = refresh();
        {
            MutexLock lock(mutex_);
            if (!done) {
                log::warn("home_unreachable", {{"why", std::string_view(done.error().message)},
                                               {"do", "check the address and the database there; it is tried again"}});
            }
            problem_ = done ? Error{} : std::move(done).error();
            served_ = asked;
            published_.notify_all();
        }
        send_on();
    }
}

/// False when closing and nothing waits any more.
bool Homes::wait_for_work(std::uint64_t& asked) {
    MutexLock lock(mutex_);
    while (asked_ == asked && !closing_) {
        if (jobs_.empty()) {
            wake_.wait(mutex_);
        } else if (!wake_.wait_us(mutex_, kOpenRetryUs)) {
            break;  // what waits is tried again
        }
    }
    asked = asked_;
    return !closing_ || !jobs_.empty();
}

/// Reads the tables anew and opens what is not open. An error leaves out what could not be opened.
Status Homes::refresh() {
    MutexLock serial(refresh_mutex_);
    HomeMap next;
    next.local = local_.get();
    next.directory = local_.get();
    STOA_CHECK(local_->read(0, [&](Tx& tx) -> Status {
        STOA_TRY(next.local_rows, read_homes(tx));
        return {};
    }));
    Status problem;
    const auto open = [&](const HomeAddress& home) -> Database* {
        auto database = opened(home);
        if (!database) {
            if (problem) problem = std::move(database).error();
            return nullptr;
        }
        next.open[home.address] = *database;
        return *database;
    };
    std::vector<HomeRow> rows = next.local_rows;
    for (bool again = true; again && next.directory != nullptr;) {
        again = false;
        const auto everything =
            std::find_if(rows.begin(), rows.end(), [](const HomeRow& row) { return row.account == 0; });
        if (everything == rows.end() || everything->home == next.directory_address) break;
        next.directory_address = everything->home;
        next.directory = open(next.directory_address);
        rows.clear();
        if (next.directory == nullptr) break;
        STOA_CHECK(next.directory->read(0, [&](Tx& tx) -> Status {
            STOA_TRY(rows, read_homes(tx));
            return {};
        }));
        again = true;
    }
    for (const HomeRow& row : rows) {
        if (row.account == 0) continue;
        next.moved[row.account] = row.home;
        if (!next.open.contains(row.home.address)) (void)open(row.home);
    }
    std::vector<HomeAddress> wanted;
    {
        MutexLock lock(mutex_);
        wanted.swap(wanted_);
    }
    for (const HomeAddress& home : wanted) {
        if (!next.open.contains(home.address)) (void)open(home);
    }
    publish(std::move(next), true);
    return problem;
}

Result<Database*> Homes::opened(const HomeAddress& home) {
    const auto known = homes_.find(home.address);
    if (known != homes_.end()) return known->second.get();
    STOA_TRY(auto database, opener_(home));
    if (migrated_) STOA_CHECK(database->migrate(steps_, tables_));
    Database* const opened = database.get();
    homes_[home.address] = std::move(database);
    return opened;
}

/// Rows of `homes` are only ever added, so who has fewer looked earlier: his map is dropped. `complete`: homes that
/// could be opened are; it replaces one of the same rows that is not.
const HomeMap* Homes::publish(HomeMap next, bool complete) {
    MutexLock lock(mutex_);
    const std::size_t known = maps_.empty() ? 0 : maps_.back()->local_rows.size();
    const bool newer = next.local_rows.size() > known || (complete && next.local_rows.size() == known);
    if (maps_.empty() || (newer && *maps_.back() != next)) {
        maps_.push_back(std::make_unique<const HomeMap>(std::move(next)));
        map_.store(maps_.back().get(), std::memory_order_release);
    }
    published_.notify_all();
    return maps_.back().get();
}

/// Hands waiting writes to the homes that are open by now, and gives back those whose time is over.
void Homes::send_on() {
    std::deque<std::shared_ptr<Job>> waiting;
    Error why;
    {
        MutexLock lock(mutex_);
        waiting.swap(jobs_);
        why = closing_ ? stopping() : not_open(problem_);
    }
    const HomeMap& known = map();
    std::deque<std::shared_ptr<Job>> kept;
    for (auto& job : waiting) {
        const std::int64_t left_us = job->deadline_us - now_us();
        Database* const home = known.home(job->request.account);
        if (left_us <= 0) {
            job->done(why);
        } else if (home == nullptr) {
            kept.push_back(std::move(job));
        } else {
            job->request.timeout_ms = static_cast<int>(left_us / 1000) + 1;
            if (home != local_.get()) {
                home->write(std::move(job->request), std::move(job->fn), std::move(job->done));
            } else {
                write(std::move(job->request), std::move(job->fn), std::move(job->done));
            }
        }
    }
    MutexLock lock(mutex_);
    jobs_.insert(jobs_.begin(), std::make_move_iterator(kept.begin()), std::make_move_iterator(kept.end()));
}

// --- All homes together --------------------------------------------------------------------------------------------

Status Homes::migrate(const std::vector<Migration>& steps, const std::vector<TableDef>& tables) {
    bool filling = false;
    STOA_CHECK(local_->read(0, [&](Tx& tx) -> Status {
        STOA_TRY(const bool there, has_home_tables(tx, words_ != nullptr));
        if (!there) return {};
        STOA_TRY(const auto arriving, arriving_accounts(tx));
        filling = arriving.contains(0);
        return {};
    }));
    if (!filling) return migrate_to_fill(steps, tables);
    return Error{Errc::unavailable,
                 "This database is being filled by a move or a restore that is not finished. Wait for it, or run that "
                 "command again.",
                 {},
                 {},
                 5};
}

Status Homes::migrate_to_fill(const std::vector<Migration>& steps, const std::vector<TableDef>& tables) {
    {
        MutexLock serial(refresh_mutex_);
        steps_ = steps;
        tables_ = tables;
        migrated_ = true;
    }
    std::vector<HomeRow> rows;
    STOA_CHECK(local_->read(0, [&](Tx& tx) -> Status {
        STOA_TRY(const bool there, has_home_tables(tx, words_ != nullptr));
        if (!there) return {};
        STOA_TRY(rows, read_homes(tx));
        return {};
    }));
    const bool left = std::any_of(rows.begin(), rows.end(), [](const HomeRow& row) { return row.account == 0; });
    if (!left) STOA_CHECK(local_->migrate(steps, tables));
    if (rows.empty()) return {};
    Status refreshed = refresh();
    if (refreshed) return {};
    if (map().directory == nullptr) return refreshed;
    log::warn("home_unreachable", {{"why", std::string_view(refreshed.error().message)},
                                   {"do", "its accounts answer 503 until it is back"}});
    return {};
}

DatabaseStats Homes::stats() const {
    DatabaseStats sum = local_->stats();
    const HomeMap& known = map();
    for (const auto& [address, database] : known.open) {
        const DatabaseStats part = database->stats();
        sum.commits += part.commits;
        sum.transactions += part.transactions;
        sum.queue_length += part.queue_length;
    }
    return sum;
}

bool Homes::blocks() const {
    // Asked before each read, so without a look into the table: one that finds out late waits once.
    const HomeMap& known = map();
    if (known.directory != known.local || !known.moved.empty()) return true;
    return local_->blocks();
}

bool Homes::has_replicas() const {
    const HomeMap& known = map();
    if (known.directory == known.local && local_->has_replicas()) return true;
    return std::any_of(known.open.begin(), known.open.end(),
                       [](const auto& home) { return home.second->has_replicas(); });
}

HomeAddress Homes::address_of(AccountId account) const {
    const HomeMap& known = map();
    const auto moved = known.moved.find(account);
    return moved == known.moved.end() ? known.directory_address : moved->second;
}

std::vector<AccountId> Homes::moved_accounts() const {
    std::vector<AccountId> accounts;
    for (const auto& [account, home] : map().moved)
        accounts.push_back(account);
    return accounts;
}

void Homes::close() {
    local_->close();  // first: what it has still to answer may have to be sent on
    std::thread thread;
    {
        MutexLock lock(mutex_);
        closing_ = true;
        wake_.notify_one();
        published_.notify_all();
        thread.swap(thread_);
    }
    if (thread.joinable()) thread.join();
    MutexLock serial(refresh_mutex_);
    for (auto& [address, database] : homes_)
        database->close();
}

}  // namespace stoa::db
