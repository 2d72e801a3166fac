// Many writes together: groups, queue, deadlines, other processes, closing.

#include "db/sqlite/writer.hpp"

#include <chrono>
#include <future>
#include <thread>

#include "base/clock.hpp"
#include "db/contract/test_store.hpp"
#include "db/sqlite/reader_pool.hpp"

namespace stoa::db::sqlite {
namespace {

using Outcome = Result<WriteOutcome>;

class WriterTest : public StoreTest {
  protected:
    /// Holds the writer inside a function until let go; what is submitted meanwhile becomes the next group.
    class Hold {
      public:
        explicit Hold(Database& db) {
            std::promise<void> entered;
            auto running = entered.get_future();
            db.write(
                {1, "", ""},
                [this, &entered](WriteTx&) -> Result<std::string> {
                    entered.set_value();
                    release_.get_future().wait();
                    // Longer than a group may run, so that nobody joins this one.
                    std::this_thread::sleep_for(std::chrono::milliseconds(30));
                    return std::string();
                },
                [this](const Outcome&) { done_.set_value(); });
            running.wait();
        }
        ~Hold() { release(); }
        Hold(const Hold&) = delete;
        Hold& operator=(const Hold&) = delete;
        void release() {
            if (std::exchange(released_, true)) return;
            release_.set_value();
            done_.get_future().wait();
        }

      private:
        std::promise<void> release_;
        std::promise<void> done_;
        bool released_ = false;
    };

    std::future<Outcome> submit(WriteRequest request, WriteFn fn) {
        auto promise = std::make_shared<std::promise<Outcome>>();
        db_->write(std::move(request), std::move(fn), [promise](Outcome o) { promise->set_value(std::move(o)); });
        return promise->get_future();
    }
    static WriteFn insert(std::int64_t id, const Status& then = {}) {
        return [id, then](WriteTx& tx) -> Result<std::string> {
            const Assignment row[] = {{"id", id}};
            STOA_CHECK(tx.insert("deal", row));
            STOA_CHECK(then);
            return std::to_string(id);
        };
    }
    void reopen(std::size_t group_max, std::size_t queue_max) {
        db_->close();
        options_.commit_group_max = group_max;
        options_.write_queue_max = queue_max;
        open();
    }
};

TEST_F(WriterTest, what_waits_is_committed_together) {
    Hold hold(*db_);
    std::vector<std::future<Outcome>> outcomes;
    for (std::int64_t id = 1; id <= 10; ++id)
        outcomes.push_back(submit({1, std::to_string(id), "d"}, insert(id)));
    EXPECT_EQ(db_->stats().queue_length, 10U);
    const auto before = db_->stats();
    hold.release();
    for (auto& outcome : outcomes)
        EXPECT_TRUE(outcome.get().ok());
    EXPECT_LE(db_->stats().commits - before.commits, 3U);  // one, unless the machine is very busy
    EXPECT_EQ(db_->stats().transactions - before.transactions, 11U);
    EXPECT_EQ(ids(1).size(), 10U);
}

TEST_F(WriterTest, a_group_is_no_larger_than_allowed) {
    reopen(4, 100);
    Hold hold(*db_);
    std::vector<std::future<Outcome>> outcomes;
    for (std::int64_t id = 1; id <= 9; ++id)
        outcomes.push_back(submit({1, "", ""}, insert(id)));
    const auto before = db_->stats();
    hold.release();
    for (auto& outcome : outcomes)
        EXPECT_TRUE(outcome.get().ok());
    EXPECT_GE(db_->stats().commits - before.commits, 3U);  // 4 + 4 + 1
}

TEST_F(WriterTest, a_failing_request_does_not_hurt_its_group) {
    // The failing ones first, in the middle and last.
    for (const std::int64_t start : {0, 100}) {
        std::vector<std::string> called;
        std::vector<std::future<Outcome>> outcomes;
        {
            Hold hold(*db_);
            for (std::int64_t i = 1; i <= 6; ++i) {
                const bool fails = start == 0 ? i % 2 == 0 : i % 2 == 1;
                const auto fn = insert(start + i, fails ? Status(Error(forbidden())) : Status());
                outcomes.push_back(submit({1, std::to_string(start + i), "d"}, [&called, fn, i](WriteTx& tx) {
                    tx.on_commit([&called, i] { called.push_back(std::to_string(i)); });
                    return fn(tx);
                }));
            }
        }
        for (std::size_t i = 1; i <= 6; ++i) {
            const bool fails = start == 0 ? i % 2 == 0 : i % 2 == 1;
            auto outcome = outcomes[i - 1].get();
            EXPECT_EQ(outcome.ok(), !fails);
            if (fails) {
                EXPECT_EQ(outcome.error().code, Errc::forbidden);
            }
        }
        EXPECT_EQ(called.size(), 3U);
    }
    EXPECT_EQ(ids(1), (Ids{1, 3, 5, 102, 104, 106}));
    EXPECT_EQ(number("SELECT count(*) FROM receipts"), 6);
}

TEST_F(WriterTest, an_exception_in_a_group_does_not_hurt_the_others) {
    std::future<Outcome> a;
    std::future<Outcome> b;
    std::future<Outcome> c;
    {
        Hold hold(*db_);
        a = submit({1, "", ""}, insert(1));
        b = submit({1, "", ""}, [](WriteTx& tx) -> Result<std::string> {
            const Assignment row[] = {{"id", std::int64_t{2}}};
            STOA_CHECK(tx.insert("deal", row));
            throw std::runtime_error("broken");
        });
        c = submit({1, "", ""}, insert(3));
    }
    EXPECT_TRUE(a.get().ok());
    EXPECT_EQ(b.get().error().code, Errc::internal);
    EXPECT_TRUE(c.get().ok());
    EXPECT_EQ(ids(1), (Ids{1, 3}));
}

TEST_F(WriterTest, the_same_key_twice_in_one_group_runs_once) {
    std::future<Outcome> first;
    std::future<Outcome> second;
    std::future<Outcome> other;
    {
        Hold hold(*db_);
        first = submit({1, "key", "d"}, insert(1));
        second = submit({1, "key", "d"}, insert(2));
        other = submit({1, "key", "another"}, insert(3));
    }
    EXPECT_FALSE(first.get()->replayed);
    auto replayed = second.get();
    ASSERT_TRUE(replayed.ok());
    EXPECT_TRUE(replayed->replayed);
    EXPECT_EQ(replayed->answer, "1");
    EXPECT_EQ(other.get().error().api_code, "IDEMPOTENCY_KEY_REUSED");
    EXPECT_EQ(ids(1), (Ids{1}));
}

TEST_F(WriterTest, callbacks_run_in_order_after_the_commit) {
    std::vector<int> order;
    std::vector<std::future<Outcome>> outcomes;
    {
        Hold hold(*db_);
        for (int i = 1; i <= 5; ++i) {
            outcomes.push_back(submit({1, "", ""}, [&order, i](WriteTx& tx) -> Result<std::string> {
                tx.on_commit([&order, i] { order.push_back(i); });
                return std::string();
            }));
        }
    }
    for (auto& outcome : outcomes)
        EXPECT_TRUE(outcome.get().ok());
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4, 5}));
}

TEST_F(WriterTest, a_throwing_callback_does_not_keep_the_others_from_their_answer) {
    std::future<Outcome> other;
    {
        Hold hold(*db_);
        db_->write({1, "", ""}, insert(1), [](const Outcome&) { throw std::runtime_error("broken"); });
        other = submit({1, "", ""}, [](WriteTx& tx) -> Result<std::string> {
            tx.on_commit([] { throw std::runtime_error("broken too"); });
            return std::string();
        });
    }
    EXPECT_TRUE(other.get().ok());
    EXPECT_EQ(ids(1), (Ids{1}));
}

TEST_F(WriterTest, a_queue_at_its_limit_takes_no_more) {
    reopen(256, 3);
    Hold hold(*db_);
    std::vector<std::future<Outcome>> outcomes;
    for (std::int64_t id = 1; id <= 3; ++id)
        outcomes.push_back(submit({1, "", ""}, insert(id)));
    auto refused = submit({1, "", ""}, insert(4)).get();  // at once
    EXPECT_EQ(refused.error().code, Errc::busy);
    EXPECT_EQ(refused.error().retry_after_s, 1);
    hold.release();
    for (auto& outcome : outcomes)
        EXPECT_TRUE(outcome.get().ok());
    EXPECT_EQ(ids(1), (Ids{1, 2, 3}));
}

TEST_F(WriterTest, a_request_whose_time_passed_in_the_queue_is_not_run) {
    std::future<Outcome> late;
    std::future<Outcome> patient;
    {
        Hold hold(*db_);
        late = submit({1, "", "", 10}, insert(1));
        patient = submit({1, "", ""}, insert(2));
    }
    EXPECT_EQ(late.get().error().code, Errc::timeout);
    EXPECT_TRUE(patient.get().ok());
    EXPECT_EQ(ids(1), (Ids{2}));
}

TEST_F(WriterTest, a_write_waits_while_another_process_writes) {
    auto other = Connection::open({options_.path, 1 << 20, false, false, 0});
    ASSERT_TRUE(other.ok());
    ASSERT_TRUE((*other)->execute("BEGIN IMMEDIATE").ok());
    auto late = submit({1, "", "", 250}, insert(1));
    auto patient = submit({1, "", "", 10'000}, insert(2));
    EXPECT_EQ(late.get().error().code, Errc::timeout);
    ASSERT_TRUE((*other)->execute("COMMIT").ok());
    EXPECT_TRUE(patient.get().ok());
    EXPECT_EQ(ids(1), (Ids{2}));
}

TEST_F(WriterTest, two_programs_write_to_one_file) {
    auto second = open_sqlite(options_);
    ASSERT_TRUE(second.ok());
    const auto add = [](Database& db) {
        for (int i = 0; i < 100; ++i) {
            auto outcome = db.write_and_wait({1, "", ""}, [](WriteTx& tx) -> Result<std::string> {
                STOA_TRY(const auto id, tx.next_id("deal"));
                const Assignment row[] = {{"id", id}};
                STOA_CHECK(tx.insert("deal", row));
                return std::string();
            });
            ASSERT_TRUE(outcome.ok()) << outcome.error().message;
        }
    };
    std::thread thread([&] { add(**second); });
    add(*db_);
    thread.join();
    EXPECT_EQ(ids(1).size(), 200U);
    (*second)->close();
}

TEST_F(WriterTest, close_finishes_the_queue_and_refuses_what_comes_later) {
    std::vector<std::future<Outcome>> outcomes;
    std::thread closer;
    {
        Hold hold(*db_);
        for (std::int64_t id = 1; id <= 5; ++id)
            outcomes.push_back(submit({1, "", ""}, insert(id)));
        closer = std::thread([&] { db_->close(); });
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        EXPECT_EQ(submit({1, "", ""}, insert(6)).get().error().code, Errc::unavailable);
    }
    closer.join();
    for (auto& outcome : outcomes)
        EXPECT_TRUE(outcome.get().ok());
    EXPECT_EQ(db_->read(1, [](Tx&) { return ok_status(); }).error().code, Errc::unavailable);
    EXPECT_EQ(db_->write_and_wait({1, "", ""}, insert(7)).error().code, Errc::unavailable);
    db_->close();
    open();
    EXPECT_EQ(ids(1), (Ids{1, 2, 3, 4, 5}));
}

TEST_F(WriterTest, close_waits_for_open_reads) {
    std::promise<void> reading;
    std::promise<void> release;
    std::thread reader([&] {
        EXPECT_TRUE(db_->read(1,
                              [&](Tx& tx) -> Status {
                                  reading.set_value();
                                  release.get_future().wait();
                                  EXPECT_EQ(tx.count("deal", {}).value_or(-1), 0);
                                  return {};
                              })
                        .ok());
    });
    reading.get_future().wait();
    std::thread closer([&] { db_->close(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    release.set_value();
    reader.join();
    closer.join();
}

TEST_F(WriterTest, threads_that_end_hand_their_reading_connection_on) {
    for (int i = 0; i < 50; ++i)
        std::thread([&] { EXPECT_EQ(ids(1), Ids{}); }).join();
    const auto open_files = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    for (int i = 0; i < 50; ++i)
        std::thread([&] { EXPECT_EQ(ids(1), Ids{}); }).join();
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}), open_files);
}

TEST_F(WriterTest, many_threads_write_and_each_effect_happens_once) {
    constexpr int kThreads = 8;
    constexpr int kWrites = 50;
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kWrites; ++i) {
                // Each key is sent by two threads.
                const auto key = std::to_string(t / 2) + "." + std::to_string(i);
                auto outcome = db_->write_and_wait({1, key, "d"}, [](WriteTx& tx) -> Result<std::string> {
                    STOA_TRY(const auto id, tx.next_id("deal"));
                    const Assignment row[] = {{"id", id}};
                    STOA_CHECK(tx.insert("deal", row));
                    return std::to_string(id);
                });
                ASSERT_TRUE(outcome.ok()) << outcome.error().message;
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(ids(1).size(), static_cast<std::size_t>(kThreads / 2 * kWrites));
    EXPECT_EQ(ids(1).back(), kThreads / 2 * kWrites);
    EXPECT_EQ(number("SELECT count(*) FROM receipts"), kThreads / 2 * kWrites);
}

TEST_F(WriterTest, connections_at_rest_give_their_memory_back_and_work_again) {
    const ConnectionOptions options{options_.path, 1 << 20, false, true, 100};
    const auto pool = std::make_shared<ReaderPool>(options);
    const auto read = [&] {
        auto lease = pool->lease();
        ASSERT_TRUE(lease.ok());
        EXPECT_TRUE(lease->connection().query("SELECT 1", {}, [](const Row&) { return true; }).ok());
    };
    const auto kept_prepared = [&] { return pool->lease()->connection().statements().size(); };
    read();
    EXPECT_FALSE(pool->trim_idle());  // was used since the last look
    {
        const auto reading = pool->lease();
        EXPECT_FALSE(pool->trim_idle());
        EXPECT_FALSE(pool->trim_idle());  // in use now
    }
    EXPECT_TRUE(pool->trim_idle());
    EXPECT_FALSE(pool->trim_idle());  // nothing left to free
    EXPECT_EQ(kept_prepared(), 0U);
    read();
    EXPECT_GT(kept_prepared(), 0U);
    // Readers and the trimmer at the same time.
    std::atomic<bool> stop{false};
    std::thread trimmer([&] {
        while (!stop)
            pool->trim_idle();
    });
    for (int i = 0; i < 2'000; ++i)
        read();
    stop = true;
    trimmer.join();
    pool->close();
}

TEST_F(WriterTest, a_program_that_writes_all_the_time_lets_others_in) {
    std::atomic<bool> stop{false};
    std::atomic<std::int64_t> next{1};
    std::vector<std::thread> busy;
    for (int i = 0; i < 8; ++i) {
        busy.emplace_back([&] {
            while (!stop)
                add_deal(1, next++, "busy");
        });
    }
    auto other = open_sqlite(options_);
    ASSERT_TRUE(other.ok());
    std::int64_t slowest_us = 0;
    for (std::int64_t id = 1; id <= 50; ++id) {
        const std::int64_t begin = stoa::system_clock().monotonic_us();
        const auto written = (*other)->write_and_wait({.account = 2}, [&](WriteTx& tx) -> Result<std::string> {
            const Assignment row[] = {{"id", id}};
            STOA_CHECK(tx.insert("deal", row));
            return std::string();
        });
        ASSERT_TRUE(written.ok()) << written.error().message;
        slowest_us = std::max(slowest_us, stoa::system_clock().monotonic_us() - begin);
    }
    stop = true;
    for (auto& thread : busy)
        thread.join();
    EXPECT_LT(slowest_us, 500'000);
    (*other)->close();
}

TEST_F(WriterTest, a_quiet_writer_says_so) {
    auto connection = Connection::open({options_.path, 1 << 20, false, false, 100});
    ASSERT_TRUE(connection.ok());
    std::promise<void> quiet;
    std::atomic<bool> said{false};
    Writer::Options options;
    options.quiet_us = 1'000;
    options.when_quiet = [&] {
        if (!said.exchange(true)) quiet.set_value();
    };
    Writer writer(std::move(*connection), std::move(options));
    quiet.get_future().wait();
    writer.close();
}

TEST_F(WriterTest, the_log_does_not_grow_without_end) {
    const std::string text(6'000, 'x');
    for (std::int64_t block = 0; block < 30; ++block) {
        ASSERT_TRUE(change(1, [&](WriteTx& tx) -> Status {
                        for (std::int64_t i = 0; i < 200; ++i) {
                            const Assignment row[] = {{"id", block * 200 + i}, {"uf", text}};
                            STOA_CHECK(tx.insert("deal", row));
                        }
                        return {};
                    }).ok());
    }
    EXPECT_GT(std::filesystem::file_size(options_.path), 20U << 20);
    EXPECT_LT(std::filesystem::file_size(options_.path + "-wal"), 24U << 20);
}

}  // namespace
}  // namespace stoa::db::sqlite
