// Writes per second with everything durable, beside what SQLite gives when used plainly and what the disk gives at
// best; and the cost of reads. Same file system, same run. Usage: stoa_db_bench [FOLDER] [SECONDS-PER-LINE]

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/thread_annotations.hpp"
#include "db/database.hpp"

namespace stoa::db {
namespace {

constexpr int kThreads = 64;
constexpr int kRowsPerCommit = 64;
constexpr int kRounds = 4;
constexpr int kDealColumns = 45;
constexpr const char* kAnswer = R"({"result":12345,"time":{"start":1700000000.1,"finish":1700000000.2}})";
constexpr const char* kPayload = R"({"entity":"deal","id":12345,"fields":["TITLE","STAGE_ID"]})";

using SteadyClock = std::chrono::steady_clock;

double seconds_since(SteadyClock::time_point begin) {
    return std::chrono::duration<double>(SteadyClock::now() - begin).count();
}

double cpu_us(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

[[noreturn]] void die(const std::string& what) {
    std::fprintf(stderr, "stoa_db_bench: %s\n", what.c_str());
    std::exit(1);
}

void must(const Status& status) {
    if (!status.ok()) die(status.error().message);
}

struct Speed {
    std::size_t writes = 0;
    double per_second = 0;
    double p50_ms = 0;
    double p99_ms = 0;
    double cpu_us = 0;  ///< of the whole process, per write
};

Speed speed_of(std::vector<float> latencies_ms, double seconds) {
    Speed speed;
    if (latencies_ms.empty()) return speed;
    std::sort(latencies_ms.begin(), latencies_ms.end());
    speed.writes = latencies_ms.size();
    speed.per_second = static_cast<double>(latencies_ms.size()) / seconds;
    speed.p50_ms = latencies_ms[latencies_ms.size() / 2];
    speed.p99_ms = latencies_ms[latencies_ms.size() * 99 / 100];
    return speed;
}

void print(const char* what, const Speed& speed) {
    std::printf("%-56s %7.0f /s   p50 %6.2f ms   p99 %7.2f ms   CPU %4.0f us\n", what, speed.per_second, speed.p50_ms,
                speed.p99_ms, speed.cpu_us);
    std::fflush(stdout);
}

/// Runs `operation(thread)` from 64 threads for the time given; false = stopped before it was done.
Speed from_threads(double seconds, std::atomic<bool>& stop, const std::function<bool(int)>& operation) {
    std::vector<std::vector<float>> latencies(kThreads);
    std::vector<std::thread> threads;
    const auto begin = SteadyClock::now();
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            while (!stop) {
                const auto start = SteadyClock::now();
                if (!operation(t)) return;
                latencies[static_cast<std::size_t>(t)].push_back(static_cast<float>(seconds_since(start) * 1e3));
            }
        });
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    stop = true;
    const double elapsed = seconds_since(begin);  // one more write of each thread at most is counted but not timed
    for (auto& thread : threads)
        thread.join();
    std::vector<float> all;
    for (const auto& some : latencies)
        all.insert(all.end(), some.begin(), some.end());
    return speed_of(std::move(all), elapsed);
}

/// A request id as a balancer makes them: no order.
std::string random_key(std::mt19937_64& random) {
    char text[40];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(random()),
                  static_cast<unsigned long long>(random()));
    return text;
}

/// Never the same twice: a repeated key would be answered from its receipt.
std::uint64_t next_seed() {
    static std::uint64_t seed = 0;
    return ++seed;
}

TableDef deal_table() {
    TableDef table{"deal", {{"id"}}, {"id"}, {{"stage", {"stage_id"}, false}}};
    table.columns.push_back({"title", ColumnType::varchar});
    table.columns.push_back({"stage_id", ColumnType::varchar, 50});
    for (int i = 3; i < kDealColumns; ++i) {
        const auto type = i % 3 == 0 ? ColumnType::integer : ColumnType::varchar;
        table.columns.push_back({"field_" + std::to_string(i), type, 100});
    }
    return table;
}

std::unique_ptr<Database> open_store(const std::string& path) {
    SqliteOptions options;
    options.path = path;
    auto db = open_sqlite(options);
    if (!db.ok()) die(db.error().message);
    must((*db)->migrate(core_migrations(), {deal_table()}));
    return std::move(*db);
}

/// What one write of ours does, by hand: the same rows in the same tables.
class Plain {
  public:
    Plain(const std::string& path, const std::atomic<bool>& stop) : stop_(stop) {
        if (sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr) !=
            SQLITE_OK) {
            die("cannot open " + path);
        }
        sqlite3_busy_handler(handle_, &Plain::wait_for_lock, this);
        sqlite3_exec(handle_, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL", nullptr, nullptr, nullptr);
    }
    ~Plain() {
        for (auto* statement : statements_)
            sqlite3_finalize(statement);
        sqlite3_close(handle_);
    }
    Plain(const Plain&) = delete;
    Plain& operator=(const Plain&) = delete;

    /// False when told to stop before the lock was to be had.
    bool begin() {
        auto* statement_begin = statement(0, "BEGIN IMMEDIATE");
        const int code = sqlite3_step(statement_begin);
        sqlite3_reset(statement_begin);
        if (code != SQLITE_DONE && code != SQLITE_BUSY) die(sqlite3_errmsg(handle_));
        return code == SQLITE_DONE;
    }
    void commit() { run(1, "COMMIT"); }
    void write(const std::string& key) {
        const auto id = take_id(2, "deal");
        auto* deal = statement(3, "INSERT INTO deal (account_id, id, title, stage_id) VALUES (1, ?1, ?2, 'NEW')");
        sqlite3_bind_int64(deal, 1, id);
        sqlite3_bind_text(deal, 2, "A deal of the benchmark", -1, SQLITE_STATIC);
        finish(deal);
        const auto event = take_id(2, "outbox");
        auto* outbox = statement(4, "INSERT INTO outbox VALUES (1, ?1, 'deal_added', ?2, 1, 1700000000000000)");
        sqlite3_bind_int64(outbox, 1, event);
        sqlite3_bind_text(outbox, 2, kPayload, -1, SQLITE_STATIC);
        finish(outbox);
        auto* receipt = statement(5, "INSERT INTO receipts VALUES (1, ?1, 'digest', ?2, 1700000000)");
        sqlite3_bind_text(receipt, 1, key.c_str(), -1, SQLITE_STATIC);
        sqlite3_bind_text(receipt, 2, kAnswer, -1, SQLITE_STATIC);
        finish(receipt);
    }

  private:
    /// The steps of sqlite3_busy_timeout(), which cannot be stopped.
    static int wait_for_lock(void* self, int attempt) {
        constexpr int kDelaysMs[] = {1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100};
        constexpr int kLast = static_cast<int>(std::size(kDelaysMs)) - 1;
        if (static_cast<Plain*>(self)->stop_) return 0;
        std::this_thread::sleep_for(std::chrono::milliseconds(kDelaysMs[std::min(attempt, kLast)]));
        return 1;
    }
    sqlite3_stmt* statement(std::size_t index, const char* sql) {
        if (statements_.size() <= index) statements_.resize(index + 1);
        auto*& found = statements_[index];
        if (found == nullptr && sqlite3_prepare_v2(handle_, sql, -1, &found, nullptr) != SQLITE_OK) {
            die(sqlite3_errmsg(handle_));
        }
        return found;
    }
    void finish(sqlite3_stmt* statement) {
        const int code = sqlite3_step(statement);
        if (code != SQLITE_DONE && code != SQLITE_ROW) die(std::string("plain SQLite: ") + sqlite3_errmsg(handle_));
        sqlite3_reset(statement);
    }
    void run(std::size_t index, const char* sql) { finish(statement(index, sql)); }
    std::int64_t take_id(std::size_t index, const char* name) {
        auto* next = statement(index,
                               "INSERT INTO sequences VALUES (1, ?1, 2) ON CONFLICT (account_id, name) "
                               "DO UPDATE SET next_id = next_id + 1 RETURNING next_id - 1");
        sqlite3_bind_text(next, 1, name, -1, SQLITE_STATIC);
        if (sqlite3_step(next) != SQLITE_ROW) die(sqlite3_errmsg(handle_));
        const auto id = sqlite3_column_int64(next, 0);
        finish(next);
        return id;
    }

    const std::atomic<bool>& stop_;
    sqlite3* handle_ = nullptr;
    std::vector<sqlite3_stmt*> statements_;
};

Speed plain_from_threads(const std::string& path, double seconds) {
    std::atomic<bool> stop{false};
    std::deque<Plain> connections;
    std::deque<std::mt19937_64> random;
    for (int i = 0; i < kThreads; ++i) {
        connections.emplace_back(path, stop);
        random.emplace_back(next_seed());
    }
    return from_threads(seconds, stop, [&](int thread) {
        auto& connection = connections[static_cast<std::size_t>(thread)];
        if (!connection.begin()) return false;
        connection.write(random_key(random[static_cast<std::size_t>(thread)]));
        connection.commit();
        return true;
    });
}

Speed ceiling(const std::string& path, double seconds) {
    const std::atomic<bool> stop{false};
    Plain connection(path, stop);
    std::mt19937_64 random(next_seed());
    std::vector<float> latencies;
    const auto begin = SteadyClock::now();
    while (seconds_since(begin) < seconds) {
        const auto start = SteadyClock::now();
        if (!connection.begin()) die("somebody else writes");
        for (int i = 0; i < kRowsPerCommit; ++i)
            connection.write(random_key(random));
        connection.commit();
        latencies.insert(latencies.end(), kRowsPerCommit, static_cast<float>(seconds_since(start) * 1e3));
    }
    return speed_of(std::move(latencies), seconds_since(begin));
}

Result<std::string> add_deal(WriteTx& tx) {
    STOA_TRY(const auto id, tx.next_id("deal"));
    const Assignment deal[] = {
        {"id", id}, {"title", std::string("A deal of the benchmark")}, {"stage_id", std::string("NEW")}};
    STOA_CHECK(tx.insert("deal", deal));
    STOA_TRY(const auto event, tx.next_id("outbox"));
    const Assignment outbox[] = {{"id", event},
                                 {"name", std::string("deal_added")},
                                 {"payload", std::string(kPayload)},
                                 {"user_id", std::int64_t{1}},
                                 {"created_us", std::int64_t{1'700'000'000'000'000}}};
    STOA_CHECK(tx.insert("outbox", outbox));
    return std::string(kAnswer);
}

Speed ours_from_threads(Database& db, double seconds) {
    std::deque<std::mt19937_64> random;
    for (int i = 0; i < kThreads; ++i)
        random.emplace_back(next_seed());
    std::atomic<bool> stop{false};
    return from_threads(seconds, stop, [&](int thread) {
        const auto outcome =
            db.write_and_wait({1, random_key(random[static_cast<std::size_t>(thread)]), "digest"}, add_deal);
        if (!outcome.ok()) die(outcome.error().message);
        return true;
    });
}

/// As the server does it: one thread keeps 64 requests in flight and sleeps on none of them.
Speed ours_in_flight(Database& db, double seconds) {
    Mutex mutex;
    CondVar changed;
    int in_flight = 0;
    std::vector<float> latencies;
    std::mt19937_64 random(next_seed());
    const auto begin = SteadyClock::now();
    while (seconds_since(begin) < seconds) {
        {
            MutexLock lock(mutex);
            while (in_flight >= kThreads)
                changed.wait(mutex);
            ++in_flight;
        }
        const auto start = SteadyClock::now();
        db.write({1, random_key(random), "digest"}, add_deal, [&, start](Result<WriteOutcome> outcome) {
            if (!outcome.ok()) die(outcome.error().message);
            MutexLock lock(mutex);
            latencies.push_back(static_cast<float>(seconds_since(start) * 1e3));
            // Half of them must be free before the thread is woken: a group's answers come in one burst.
            if (--in_flight == kThreads / 2 || in_flight == 0) changed.notify_one();
        });
    }
    MutexLock lock(mutex);
    while (in_flight > 0)
        changed.wait(mutex);
    return speed_of(latencies, seconds_since(begin));
}

/// Best of several runs, CPU of the reading thread.
double best_us(int runs, int count, const std::function<void(int)>& operation) {
    double best = 1e9;
    for (int run = 0; run < runs; ++run) {
        const double begin = cpu_us(CLOCK_THREAD_CPUTIME_ID);
        for (int i = 0; i < count; ++i)
            operation(i);
        best = std::min(best, (cpu_us(CLOCK_THREAD_CPUTIME_ID) - begin) / count);
    }
    return best;
}

std::string all_columns() {
    std::string list;
    for (const auto& column : deal_table().columns)
        list += (list.empty() ? "" : ",") + column.name;
    return list;
}

void fill(Database& db, int rows) {
    const auto outcome = db.write_and_wait({2, "", ""}, [&](WriteTx& tx) -> Result<std::string> {
        for (std::int64_t id = 1; id <= rows; ++id) {
            std::vector<Assignment> row{
                {"id", id}, {"title", "Deal " + std::to_string(id)}, {"stage_id", std::string("NEW")}};
            for (int i = 3; i < kDealColumns; ++i) {
                Value value = i % 3 == 0 ? Value(id * i) : Value("text of field " + std::to_string(i));
                row.push_back({"field_" + std::to_string(i), std::move(value)});
            }
            STOA_CHECK(tx.insert("deal", row));
        }
        return std::string();
    });
    if (!outcome.ok()) die(outcome.error().message);
}

volatile std::size_t g_sink = 0;

std::size_t read_row(const Row& row) {
    std::size_t bytes = 0;
    for (int i = 0; i < kDealColumns; ++i) {
        if (i == 0 || (i >= 3 && i % 3 == 0)) {
            bytes += static_cast<std::size_t>(row.integer(i));
        } else {
            bytes += row.text(i).size();
        }
    }
    return bytes;
}

void read_speeds(Database& db, const std::string& path) {
    constexpr int kRows = 10'000;
    fill(db, kRows);
    const std::string columns = all_columns();
    std::mt19937 random(3);
    std::size_t bytes = 0;

    const double point = best_us(9, 20'000, [&](int) {
        const std::int64_t id = 1 + random() % kRows;
        must(db.read(2, [&](Tx& tx) {
            Select select;
            select.table = "deal";
            select.columns_sql = columns;
            select.where = Condition::equals("id", id);
            select.limit = 1;
            return tx.select(select, [&](const Row& row) {
                bytes += read_row(row);
                return true;
            });
        }));
    });
    const double list = best_us(5, 400, [&](int) {
        must(db.read(2, [&](Tx& tx) {
            Select select;
            select.table = "deal";
            select.columns_sql = columns;
            select.where = Condition::compare("id", Condition::Op::gt, std::int64_t(random() % kRows));
            select.order = {{{"id", {}}, false}};
            return tx.select(select, [&](const Row& row) {
                bytes += read_row(row);
                return true;
            });
        }));
    });

    sqlite3* handle = nullptr;
    sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    sqlite3_exec(handle, "PRAGMA cache_size=-8192", nullptr, nullptr, nullptr);
    sqlite3_stmt* statement = nullptr;
    const std::string sql = "SELECT " + columns + " FROM deal WHERE account_id=?1 AND id=?2 LIMIT 1";
    sqlite3_prepare_v3(handle, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    const double bare = best_us(9, 20'000, [&](int) {
        sqlite3_bind_int64(statement, 1, 2);
        sqlite3_bind_int64(statement, 2, 1 + static_cast<int>(random() % kRows));
        if (sqlite3_step(statement) != SQLITE_ROW) die("no row");
        for (int i = 0; i < kDealColumns; ++i) {
            if (i == 0 || (i >= 3 && i % 3 == 0)) {
                bytes += static_cast<std::size_t>(sqlite3_column_int64(statement, i));
            } else {
                bytes += sqlite3_column_text(statement, i) != nullptr
                             ? static_cast<std::size_t>(sqlite3_column_bytes(statement, i))
                             : 0;
            }
        }
        sqlite3_reset(statement);
    });
    sqlite3_finalize(statement);
    sqlite3_close(handle);

    g_sink = bytes;
    std::printf("%-56s %7.2f us CPU\n", "point read of 45 columns, db.read()", point);
    std::printf("%-56s %7.2f us CPU\n", "the same, one SQLite statement by hand", bare);
    std::printf("%-56s %7.2f us CPU\n", "list of 50 rows of 45 columns, db.read()", list);
}

int run(const std::string& folder, double seconds) {
    log::configure(log::Level::warn, log::Format::logfmt);
    const std::string plain_path = folder + "/plain.db";
    const std::string ours_path = folder + "/ours.db";
    const std::string ceiling_path = folder + "/ceiling.db";
    for (const auto& path : {plain_path, ceiling_path})
        open_store(path)->close();  // the same tables
    auto db = open_store(ours_path);

    std::printf("Durable writes of record + event + receipt, best of %d rounds of %.1f s, folder %s\n", kRounds,
                seconds, folder.c_str());
    Speed a;
    Speed b;
    Speed in_flight;
    Speed c;
    const auto keep_best = [](Speed& best, const std::function<Speed()>& measure) {
        const double cpu = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
        auto speed = measure();
        speed.cpu_us = (cpu_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / static_cast<double>(speed.writes);
        if (speed.per_second > best.per_second) best = speed;
    };
    const auto before = db->stats();
    for (int round = 0; round < kRounds; ++round) {  // in turn: another program's load meets all alike
        keep_best(a, [&] { return plain_from_threads(plain_path, seconds); });
        keep_best(b, [&] { return ours_from_threads(*db, seconds); });
        keep_best(in_flight, [&] { return ours_in_flight(*db, seconds); });
        keep_best(c, [&] { return ceiling(ceiling_path, seconds); });
    }
    const auto after = db->stats();
    print("a  plain SQLite, 64 threads and connections, WAL FULL", a);
    print("b  db.write, 64 threads that wait", b);
    print("b' db.write, 64 in flight from one thread", in_flight);
    print("c  plain SQLite, one thread, 64 such writes per commit", c);
    std::printf("b/a %.2f   b/c %.2f   b'/c %.2f   writes per commit of ours %.1f\n", b.per_second / a.per_second,
                b.per_second / c.per_second, in_flight.per_second / c.per_second,
                static_cast<double>(after.transactions - before.transactions) /
                    static_cast<double>(after.commits - before.commits));
    read_speeds(*db, ours_path);
    db->close();
    return 0;
}

}  // namespace
}  // namespace stoa::db

int main(int argc, char** argv) {
    std::string folder = argc > 1 ? argv[1] : "";
    const bool own = folder.empty();
    if (own) {
        std::string pattern = (std::filesystem::temp_directory_path() / "stoa-db-bench-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) return 1;
        folder = pattern;
    }
    const double seconds = argc > 2 ? std::strtod(argv[2], nullptr) : 0.7;
    const int status = stoa::db::run(folder, seconds);
    if (own) std::filesystem::remove_all(folder);
    return status;
}
