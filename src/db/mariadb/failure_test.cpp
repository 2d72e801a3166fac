// Sessions that break, servers that die, hang or take no writes: callers wait, nothing is lost, nothing is done twice.

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "base/clock.hpp"
#include "db/contract/cutting_relay.hpp"
#include "db/contract/test_store.hpp"
#include "db/mariadb/connection.hpp"

namespace stoa::db::mariadb {
namespace {

using std::chrono::steady_clock;

std::int64_t ms_since(steady_clock::time_point start) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - start).count();
}

/// A server of its own, which may be hurt; shared by the tests here, each in a schema of its own.
class Failure : public testing::Test {
  protected:
    static TestMariadb& server() {
        static TestMariadb server;
        return server;
    }
    void SetUp() override {
        log::configure(log::Level::off, log::Format::logfmt);
        if (!server().process().running()) restart();
        schema_ = server().new_schema();
        db_ = open(server().options(schema_));
        const auto status = db_->migrate(core_migrations(), test_tables());
        ASSERT_TRUE(status.ok()) << status.error().message;
    }
    static std::unique_ptr<Database> open(const MariadbOptions& options) {
        auto opened = open_mariadb(options);
        EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
        return opened.ok() ? std::move(*opened) : nullptr;
    }
    static void restart() {
        const auto status = server().process().restart();
        EXPECT_TRUE(status.ok());
        server().wait_until_ready();
    }

    static Result<WriteOutcome> add(Database& db, AccountId account, const std::string& key, int timeout_ms = 15'000) {
        return db.write_and_wait({account, key, "d", timeout_ms}, [&key](WriteTx& tx) -> Result<std::string> {
            STOA_TRY(const auto id, tx.next_id("deal"));
            const Assignment row[] = {{"id", id}, {"title", key}};
            STOA_CHECK(tx.insert("deal", row));
            return std::to_string(id);
        });
    }
    /// Titles of one account's deals; a title twice is a write done twice.
    std::multiset<std::string> titles(AccountId account) {
        std::multiset<std::string> found;
        const auto status = db_->read(account, [&](Tx& tx) {
            Select select;
            select.table = "deal";
            select.columns_sql = "title";
            select.limit = 100'000;
            return tx.select(select, [&](const Row& row) {
                found.emplace(row.text(0));
                return true;
            });
        });
        EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
        return found;
    }

    std::string schema_;
    std::unique_ptr<Database> db_;
};

TEST_F(Failure, a_commit_whose_answer_is_lost_counts_once) {
    CuttingRelay relay(server().port());
    auto options = server().options(schema_);
    options.url.hosts = {{"127.0.0.1", relay.port()}};
    const auto through_relay = open(options);
    for (const auto when : {CuttingRelay::When::after_server_answered, CuttingRelay::When::before_server_sees_it}) {
        relay.cut("COMMIT", 2, when);
        const std::string key = when == CuttingRelay::When::after_server_answered ? "after" : "before";
        const auto outcome = add(*through_relay, 1, key);
        ASSERT_TRUE(outcome.ok()) << outcome.error().message;
        EXPECT_FALSE(outcome->replayed);
        EXPECT_FALSE(outcome->token.empty());
    }
    EXPECT_EQ(relay.cuts(), 4);
    EXPECT_EQ(titles(1), (std::multiset<std::string>{"after", "before"}));
}

TEST_F(Failure, a_process_that_is_silent_in_its_transaction_does_not_keep_the_account) {
    const auto other = open(server().options(schema_));
    std::promise<void> begun;
    std::atomic<int> runs{0};
    std::thread silent([&] {
        const auto outcome = db_->write_and_wait({1, "silent", "d"}, [&](WriteTx& tx) -> Result<std::string> {
            STOA_TRY(const auto id, tx.next_id("deal"));
            if (++runs == 1) {
                begun.set_value();
                std::this_thread::sleep_for(std::chrono::milliseconds(3'000));
            }
            const Assignment row[] = {{"id", id}, {"title", std::string("silent")}};
            STOA_CHECK(tx.insert("deal", row));
            return std::to_string(id);
        });
        EXPECT_TRUE(outcome.ok()) << outcome.error().message;
    });
    begun.get_future().wait();
    const auto start = steady_clock::now();
    EXPECT_TRUE(add(*other, 1, "other").ok());
    EXPECT_LT(ms_since(start), 2'500) << "not when the silent one goes on";
    silent.join();
    EXPECT_EQ(runs, 2) << "its first transaction was given up, so it ran again";
    EXPECT_EQ(titles(1), (std::multiset<std::string>{"other", "silent"}));
}

TEST_F(Failure, what_runs_after_a_lost_commit_answer_runs_once) {
    CuttingRelay relay(server().port());
    auto options = server().options(schema_);
    options.url.hosts = {{"127.0.0.1", relay.port()}};
    const auto through_relay = open(options);
    relay.cut("COMMIT", 1, CuttingRelay::When::after_server_answered);
    int called = 0;
    const auto outcome = through_relay->write_and_wait({1, "", ""}, [&](WriteTx& tx) -> Result<std::string> {
        tx.on_commit([&called] { ++called; });
        const Assignment row[] = {{"id", std::int64_t{1}}};
        STOA_CHECK(tx.insert("deal", row));
        return std::string("answer");
    });
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    EXPECT_EQ(outcome->answer, "answer");
    EXPECT_EQ(called, 1);
}

TEST_F(Failure, a_killed_server_that_comes_back_loses_nothing_and_does_nothing_twice) {
    constexpr int kThreads = 8;
    std::vector<std::set<std::string>> acknowledged(kThreads);
    std::atomic<int> failed{0};
    std::atomic<int> saved{0};
    std::mutex mutex;
    std::string first_failure;
    const auto fail = [&](const Error& error) {
        ++failed;
        const std::lock_guard lock(mutex);
        if (first_failure.empty()) first_failure = error.message;
    };
    std::vector<std::jthread> writers;
    for (int t = 0; t < kThreads; ++t) {
        writers.emplace_back([&, t](const std::stop_token& stop) {
            for (int i = 0; !stop.stop_requested(); ++i) {
                const std::string key = "t" + std::to_string(t) + "-" + std::to_string(i);
                if (const auto added = add(*db_, 1 + t % 3, key)) {
                    acknowledged[static_cast<std::size_t>(t)].insert(key);
                    ++saved;
                } else {
                    fail(added.error());
                }
                // Reads wait as well.
                const auto read = db_->read(1, [](Tx& tx) -> Status {
                    STOA_TRY(const auto n, tx.count("deal", {}, 1));
                    (void)n;
                    return {};
                });
                if (!read) fail(read.error());
            }
        });
    }
    for (int round = 0; round < 3; ++round) {
        EXPECT_TRUE(fixture::eventually([&] { return saved >= 40 * (round + 1); }, 60'000));
        server().process().kill();
        restart();
    }
    EXPECT_TRUE(fixture::eventually([&] { return saved >= 160; }, 60'000));
    writers.clear();  // stops and joins them
    EXPECT_EQ(failed, 0) << first_failure;
    std::multiset<std::string> expected;
    std::multiset<std::string> found;
    for (const auto& keys : acknowledged)
        expected.insert(keys.begin(), keys.end());
    for (const AccountId account : {1, 2, 3})
        found.merge(titles(account));
    EXPECT_GT(expected.size(), 100U);
    EXPECT_EQ(found, expected);
}

TEST_F(Failure, a_frozen_server_costs_no_longer_than_the_deadline) {
    ASSERT_TRUE(add(*db_, 1, "before").ok());
    server().process().freeze();
    const auto start = steady_clock::now();
    const auto outcome = add(*db_, 1, "while frozen", 500);
    const auto waited = ms_since(start);
    server().process().thaw();
    ASSERT_FALSE(outcome.ok());
    EXPECT_TRUE(outcome.error().code == Errc::timeout || outcome.error().code == Errc::unavailable);
    EXPECT_GT(outcome.error().retry_after_s, 0);
    EXPECT_GE(waited, 400);
    EXPECT_LT(waited, 10'000);
    ASSERT_TRUE(add(*db_, 1, "after").ok());
    // Whether it happened is told by asking again with its key.
    ASSERT_TRUE(add(*db_, 1, "while frozen").ok());
    EXPECT_EQ(titles(1), (std::multiset<std::string>{"after", "before", "while frozen"}));
}

TEST_F(Failure, a_statement_is_cut_off_at_a_limit_of_its_own) {
    const MariadbOptions options = server().options(schema_);
    const auto& host = options.url.hosts.front();
    mariadb::DeadlineWatch watch;
    mariadb::Connection::Failure failure;
    const auto session =
        mariadb::Connection::open({.server = {host.name, host.port}, .purpose = mariadb::Purpose::write},
                                  {options.url.user, options.password, options.url.path, {}}, watch, failure);
    ASSERT_NE(session, nullptr) << failure.error.message;
    const auto ignore = [](const Row&) { return true; };
    session->set_statement_limit(200'000);
    EXPECT_TRUE(session->query("SELECT 1", {}, ignore).ok());
    const auto start = steady_clock::now();
    EXPECT_FALSE(session->query("SELECT sleep(20)", {}, ignore).ok());
    EXPECT_EQ(session->trouble(), mariadb::Trouble::lost);
    EXPECT_LT(ms_since(start), 10'000) << "long before the sleep is over";
}

TEST_F(Failure, a_server_that_was_only_frozen_for_a_moment_is_waited_for) {
    server().process().freeze();
    auto write = std::async(std::launch::async, [&] { return add(*db_, 1, "patient"); });
    auto read = std::async(std::launch::async, [&] { return titles(1).size(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
    server().process().thaw();
    EXPECT_TRUE(write.get().ok());
    EXPECT_LE(read.get(), 1U);
}

TEST_F(Failure, writes_wait_while_the_server_is_read_only) {
    server().sql("SET GLOBAL read_only=1");
    const auto refused = add(*db_, 1, "too early", 700);
    auto waiting = std::async(std::launch::async, [&] { return add(*db_, 1, "waits"); });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    server().sql("SET GLOBAL read_only=0");
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_NE(refused.error().message.find("read-only"), std::string::npos) << refused.error().message;
    EXPECT_TRUE(waiting.get().ok());
    EXPECT_EQ(titles(1), (std::multiset<std::string>{"waits"}));
}

TEST_F(Failure, sessions_that_an_operator_ends_are_replaced) {
    ASSERT_TRUE(add(*db_, 1, "one").ok());
    EXPECT_EQ(titles(1).size(), 1U);
    server().sql("KILL CONNECTION USER stoa@'127.0.0.1'");
    ASSERT_TRUE(add(*db_, 1, "two").ok());
    EXPECT_EQ(titles(1).size(), 2U);
}

TEST_F(Failure, two_programs_that_read_then_write_lose_no_update) {
    const auto other = open(server().options(schema_));
    ASSERT_TRUE(db_->write_and_wait({1, "", ""},
                                    [](WriteTx& tx) -> Result<std::string> {
                                        const Assignment row[] = {{"id", std::int64_t{1}}, {"amount", std::int64_t{0}}};
                                        STOA_CHECK(tx.insert("deal", row));
                                        return std::string();
                                    })
                    .ok());
    const auto count_up = [](Database& db) {
        for (int i = 0; i < 50; ++i) {
            const auto outcome = db.write_and_wait({1, "", ""}, [](WriteTx& tx) -> Result<std::string> {
                std::int64_t amount = 0;
                Select select;
                select.table = "deal";
                select.columns_sql = "amount";
                STOA_CHECK(tx.select(select, [&](const Row& row) {
                    amount = row.integer(0);
                    return true;
                }));
                const Assignment changes[] = {{"amount", amount + 1}};
                STOA_TRY(const auto n, tx.update("deal", changes, {}));
                return std::to_string(n);
            });
            EXPECT_TRUE(outcome.ok());
        }
    };
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] { count_up(t % 2 == 0 ? *db_ : *other); });
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(server().sql("SELECT amount FROM " + schema_ + ".deal"), "200\n");
}

TEST_F(Failure, one_key_sent_through_two_programs_at_once_runs_once) {
    const auto other = open(server().options(schema_));
    for (int i = 0; i < 30; ++i) {
        const std::string key = "key " + std::to_string(i);
        auto here = std::async(std::launch::async, [&] { return add(*db_, 1, key); });
        const auto there = add(*other, 1, key);
        const auto first = here.get();
        ASSERT_TRUE(first.ok() && there.ok());
        EXPECT_EQ(first->answer, there->answer);
        EXPECT_NE(first->replayed, there->replayed);
    }
    EXPECT_EQ(titles(1).size(), 30U);
}

TEST_F(Failure, a_queue_at_its_limit_takes_no_more) {
    auto options = server().options(schema_);
    options.write_queue_max = 3;
    options.writers = 1;
    const auto small = open(options);
    std::promise<void> running;
    std::promise<void> go;
    auto gate = go.get_future().share();
    std::atomic<int> done{0};
    std::atomic<int> busy{0};
    const auto submit = [&](const WriteFn& fn) {
        small->write({1, "", ""}, fn, [&](const Result<WriteOutcome>& outcome) {
            if (outcome) ++done;
            if (!outcome && outcome.error().code == Errc::busy && outcome.error().retry_after_s > 0) ++busy;
        });
    };
    submit([&, told = false](WriteTx&) mutable -> Result<std::string> {
        if (!std::exchange(told, true)) running.set_value();
        gate.wait();
        return std::string();
    });
    running.get_future().wait();
    for (int i = 0; i < 4; ++i)
        submit([](WriteTx&) -> Result<std::string> { return std::string(); });
    EXPECT_EQ(busy, 1);
    go.set_value();
    small->close();
    EXPECT_EQ(done, 4);
}

TEST(Opening, says_what_is_wrong_with_the_login) {
    log::configure(log::Level::off, log::Format::logfmt);
    auto& server = TestMariadb::instance();
    const auto why = [&](const MariadbOptions& options) {
        const auto opened = open_mariadb(options);
        EXPECT_FALSE(opened.ok());
        return opened.ok() ? std::string() : opened.error().message;
    };
    auto wrong_password = server.options(server.new_schema());
    wrong_password.password = "no";
    wrong_password.open_timeout_ms = 300;
    EXPECT_NE(why(wrong_password).find("Access denied"), std::string::npos) << why(wrong_password);
    EXPECT_EQ(why(wrong_password).find("password: no"), std::string::npos);
    auto wrong_schema = server.options("nowhere");
    wrong_schema.open_timeout_ms = 300;
    EXPECT_NE(why(wrong_schema).find("nowhere"), std::string::npos) << why(wrong_schema);
    auto nobody = server.options("x");
    nobody.url.hosts = {{"127.0.0.1", fixture::free_port()}};
    nobody.open_timeout_ms = 300;
    EXPECT_NE(why(nobody).find("127.0.0.1:"), std::string::npos) << why(nobody);
}

TEST(Opening, a_schema_of_a_newer_program_is_refused) {
    log::configure(log::Level::off, log::Format::logfmt);
    auto& server = TestMariadb::instance();
    const auto schema = server.new_schema();
    auto opened = open_mariadb(server.options(schema));
    ASSERT_TRUE(opened.ok());
    ASSERT_TRUE((*opened)->migrate(core_migrations(), {}).ok());
    server.sql("INSERT INTO " + schema + ".schema_migrations VALUES (99999, 'future', 0)");
    const auto status = (*opened)->migrate(core_migrations(), {});
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, Errc::unsupported);
    EXPECT_NE(status.error().message.find("newer"), std::string::npos);
}

TEST(Opening, many_programs_at_once_make_the_schema_once) {
    log::configure(log::Level::off, log::Format::logfmt);
    auto& server = TestMariadb::instance();
    const auto schema = server.new_schema();
    std::vector<std::future<Status>> starts;
    for (int i = 0; i < 4; ++i) {
        starts.push_back(std::async(std::launch::async, [&]() -> Status {
            STOA_TRY(auto db, open_mariadb(server.options(schema)));
            return db->migrate(core_migrations(), test_tables());
        }));
    }
    for (auto& start : starts) {
        const auto status = start.get();
        EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
    }
}

}  // namespace
}  // namespace stoa::db::mariadb
