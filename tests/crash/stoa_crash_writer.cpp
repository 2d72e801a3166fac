// Kills a writing process at random moments and checks what is left.
//
//   stoa_crash_writer rounds FILE ROUNDS SEED   ROUNDS times: start "write", kill -9, check; on one store
//   stoa_crash_writer write FILE SEED           16 threads write until killed; each acknowledged key goes to stdout
//
// Each write adds one row for its key, one event and one receipt. After a kill, of every key: acknowledged means the
// row is there exactly once; row, event and receipt are there together or not at all; and a client that was not
// answered asks again and gets its effect exactly once.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/log.hpp"
#include "db/database.hpp"

namespace stoa::db {
namespace {

constexpr int kThreads = 16;
constexpr AccountId kAccount = 1;
/// Rows beyond this many are removed after a round, oldest first, so that the store stays small.
constexpr std::int64_t kRowsKept = 2'000;

[[noreturn]] void fail(const std::string& what) {
    std::printf("FAILED: %s\n", what.c_str());
    std::exit(1);
}

void must(const Status& status, const char* what) {
    if (!status.ok()) fail(std::string(what) + ": " + status.error().message);
}

std::unique_ptr<Database> open_store(const std::string& path) {
    SqliteOptions options;
    options.path = path;
    auto db = open_sqlite(options);
    if (!db.ok()) fail("open: " + db.error().message);
    const TableDef effects{
        "effect", {{"id"}, {"request_key", ColumnType::varchar}}, {"id"}, {{"key", {"request_key"}}}};
    must((*db)->migrate(core_migrations(), {effects}), "migrate");
    return std::move(*db);
}

Result<WriteOutcome> write_once(Database& db, const std::string& key) {
    return db.write_and_wait({kAccount, key, "digest of " + key}, [&key](WriteTx& tx) -> Result<std::string> {
        STOA_TRY(const auto id, tx.next_id("effect"));
        const Assignment row[] = {{"id", id}, {"request_key", key}};
        STOA_CHECK(tx.insert("effect", row));
        const Assignment event[] = {{"id", id},
                                    {"name", std::string("effect_added")},
                                    {"payload", key},
                                    {"user_id", std::int64_t{0}},
                                    {"created_us", std::int64_t{0}}};
        STOA_CHECK(tx.insert("outbox", event));
        return std::to_string(id);
    });
}

/// Never returns: the parent kills it.
[[noreturn]] void write_until_killed(const std::string& path, const std::string& seed) {
    auto db = open_store(path);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&db, &seed, t] {
            for (int n = 0;; ++n) {
                const auto key = seed + "." + std::to_string(t) + "." + std::to_string(n);
                const auto outcome = write_once(*db, key);
                if (!outcome.ok()) fail("write: " + outcome.error().message);
                const auto line = key + "\n";
                // One write(2) of less than PIPE_BUF: never mixed with another thread's, nothing kept in a buffer.
                if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::exit(1);
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    std::exit(1);
}

struct Child {
    pid_t pid = -1;
    int out = -1;
};

Child start_writer(const char* program, const std::string& path, const std::string& seed) {
    int ends[2];
    if (::pipe(ends) != 0) fail("pipe");
    const pid_t pid = ::fork();
    if (pid < 0) fail("fork");
    if (pid == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        ::execl(program, program, "write", path.c_str(), seed.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    ::close(ends[1]);
    return {pid, ends[0]};
}

/// Lets the child run for `run_us` after its first acknowledgement (or from its start: then the kill may meet
/// recovery), kills it and returns what it acknowledged.
std::vector<std::string> run_and_kill(const Child& child, int run_us, bool from_start) {
    std::string text;
    std::atomic<bool> begun{from_start};
    std::thread reader([&] {
        char buffer[65536];
        for (ssize_t n = 0; (n = ::read(child.out, buffer, sizeof buffer)) > 0;) {
            text.append(buffer, static_cast<std::size_t>(n));
            begun = true;
        }
    });
    for (int waited = 0; !begun; ++waited) {
        if (waited > 20'000) fail("the writer does not write");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::this_thread::sleep_for(std::chrono::microseconds(run_us));
    ::kill(child.pid, SIGKILL);
    int status = 0;
    ::waitpid(child.pid, &status, 0);
    reader.join();
    ::close(child.out);
    if (!WIFSIGNALED(status))
        fail("the writer ended by itself: " + text.substr(text.size() - std::min<std::size_t>(text.size(), 300)));
    std::vector<std::string> keys;
    for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
        keys.push_back(text.substr(begin, end - begin));
    }
    return keys;
}

std::int64_t number(Database& db, std::string_view sql) {
    std::int64_t result = -1;
    must(db.read(0,
                 [&](Tx& tx) {
                     return tx.raw().query(sql, {}, [&](const Row& row) {
                         result = row.integer(0);
                         return true;
                     });
                 }),
         "query");
    return result;
}

/// Row, event, receipt and id belong together, over the whole store.
void check_pairs(Database& db) {
    const auto none = [&](const char* what, std::string_view sql) {
        if (const auto n = number(db, sql); n != 0) fail(std::string(what) + ": " + std::to_string(n));
    };
    none("effects without receipt",
         "SELECT count(*) FROM effect WHERE (account_id, request_key) NOT IN "
         "(SELECT account_id, request_key FROM receipts)");
    none("receipts without effect",
         "SELECT count(*) FROM receipts WHERE (account_id, request_key) NOT IN "
         "(SELECT account_id, request_key FROM effect)");
    none("effects without event",
         "SELECT count(*) FROM effect WHERE (account_id, id) NOT IN "
         "(SELECT account_id, id FROM outbox)");
    none("events without effect",
         "SELECT count(*) FROM outbox WHERE (account_id, id) NOT IN "
         "(SELECT account_id, id FROM effect)");
    none("receipts with another answer",
         "SELECT count(*) FROM effect e JOIN receipts r ON r.account_id=e.account_id "
         "AND r.request_key=e.request_key WHERE r.answer <> CAST(e.id AS TEXT)");
    none("ids not counted without a gap",
         "SELECT (SELECT next_id FROM sequences WHERE account_id=1 AND name='effect') - 1 - max(id) FROM effect");
}

void check(Database& db, const std::string& round, const std::vector<std::string>& acknowledged) {
    std::unordered_set<std::string> present;
    must(db.read(0,
                 [&](Tx& tx) {
                     const Value prefix[] = {round + ".%"};
                     return tx.raw().query("SELECT request_key FROM effect WHERE request_key LIKE ?1", prefix,
                                           [&](const Row& row) {
                                               if (!present.emplace(row.text(0)).second) {
                                                   fail("twice: " + std::string(row.text(0)));
                                               }
                                               return true;
                                           });
                 }),
         "read");
    for (const auto& key : acknowledged) {
        if (present.count(key) == 0) fail("acknowledged but lost: " + key);
    }
    check_pairs(db);
    if (number(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check<>'ok'") != 0) {
        fail("damaged pages");
    }
}

/// What clients do that were cut off: ask again with the same key. Present: the stored answer; absent: done now.
int retry_unanswered(Database& db, const std::string& round, const std::vector<std::string>& acknowledged) {
    int next[kThreads] = {};
    for (const auto& key : acknowledged) {
        ++next[std::atoi(key.c_str() + round.size() + 1)];
    }
    int replayed = 0;
    for (int t = 0; t < kThreads; ++t) {
        const auto key = round + "." + std::to_string(t) + "." + std::to_string(next[t]);
        const auto outcome = write_once(db, key);
        if (!outcome.ok()) fail("retry: " + outcome.error().message);
        replayed += outcome->replayed ? 1 : 0;
    }
    return replayed;
}

void keep_small(Database& db) {
    const auto outcome = db.write_and_wait({0, "", ""}, [](WriteTx& tx) -> Result<std::string> {
        const Value kept[] = {kRowsKept};
        for (const auto* sql :
             {"DELETE FROM receipts WHERE (account_id, request_key) IN (SELECT account_id, request_key FROM effect "
              "WHERE id <= (SELECT max(id) FROM effect) - ?1)",
              "DELETE FROM outbox WHERE id <= (SELECT max(id) FROM effect) - ?1",
              "DELETE FROM effect WHERE id <= (SELECT max(id) FROM effect) - ?1"}) {
            STOA_TRY(const auto n, tx.raw().execute(sql, kept));
            (void)n;
        }
        return std::string();
    });
    if (!outcome.ok()) fail("clean: " + outcome.error().message);
}

int rounds(const char* program, const std::string& path, int count, unsigned seed) {
    std::printf("seed %u, %d rounds, store %s\n", seed, count, path.c_str());
    std::mt19937 random(seed);
    const auto begin = std::chrono::steady_clock::now();
    std::int64_t acknowledged_total = 0;
    int replayed_total = 0;
    for (int i = 0; i < count; ++i) {
        const auto round = std::to_string(seed) + "." + std::to_string(i);
        // One in five is killed while it opens, recovers or begins.
        const bool from_start = random() % 5 == 0;
        const int run_us = static_cast<int>(random() % (from_start ? 40'000 : 150'000));
        const auto acknowledged = run_and_kill(start_writer(program, path, round), run_us, from_start);
        auto db = open_store(path);
        check(*db, round, acknowledged);
        const int replayed = retry_unanswered(*db, round, acknowledged);
        check_pairs(*db);
        keep_small(*db);
        db->close();
        acknowledged_total += static_cast<std::int64_t>(acknowledged.size());
        replayed_total += replayed;
        if ((i + 1) % 10 == 0) {
            std::printf("%4d kills, %lld writes acknowledged, none lost, none twice; %d of the unanswered were saved\n",
                        i + 1, static_cast<long long>(acknowledged_total), replayed_total);
            std::fflush(stdout);
        }
    }
    std::printf("passed in %.1f s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    return 0;
}

}  // namespace
}  // namespace stoa::db

int main(int argc, char** argv) {
    stoa::log::configure(stoa::log::Level::warn, stoa::log::Format::logfmt);
    if (argc == 4 && std::strcmp(argv[1], "write") == 0) stoa::db::write_until_killed(argv[2], argv[3]);
    if (argc == 5 && std::strcmp(argv[1], "rounds") == 0) {
        return stoa::db::rounds("/proc/self/exe", argv[2], std::atoi(argv[3]),
                                static_cast<unsigned>(std::strtoul(argv[4], nullptr, 10)));
    }
    std::fprintf(stderr, "Usage: stoa_crash_writer rounds FILE ROUNDS SEED | write FILE PREFIX\n");
    return 2;
}
