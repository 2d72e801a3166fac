// Reads on an I/O thread: while one waits for its server the thread goes on with others; what might take longer is sent
// elsewhere.

#include <poll.h>

#include <thread>

#include "base/clock.hpp"
#include "base/fibers.hpp"
#include "db/contract/test_store.hpp"

namespace stoa::db::mariadb {
namespace {

class FiberRead : public testing::Test {
  protected:
    static TestMariadb& server() {
        static TestMariadb server;
        return server;
    }
    void SetUp() override {
        log::configure(log::Level::off, log::Format::logfmt);
        if (!server().process().running()) {
            ASSERT_TRUE(server().process().restart().ok());
            server().wait_until_ready();
        }
        schema_ = server().new_schema();
        auto opened = open_mariadb(server().options(schema_));
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        db_ = std::move(*opened);
    }

    Status sleep(double seconds) {
        return db_->read(1, [&](Tx& tx) {
            const Value values[] = {seconds};
            return tx.raw().query("SELECT sleep(?)", values, [](const Row&) { return true; });
        });
    }
    /// So many sessions are open and idle afterwards.
    void open_sessions(int count) {
        std::vector<std::thread> readers;
        for (int i = 0; i < count; ++i)
            readers.emplace_back([this] { EXPECT_TRUE(sleep(0.3).ok()); });
        for (auto& reader : readers)
            reader.join();
    }
    /// What an I/O thread does, until `done` or too long.
    template <class Done>
    static bool loop(Fibers& fibers, Done done) {
        const auto until_us = system_clock().monotonic_us() + 20'000'000;
        while (!done() && system_clock().monotonic_us() < until_us) {
            pollfd wanted{fibers.fd(), POLLIN, 0};
            if (::poll(&wanted, 1, 100) == 1) fibers.resume_ready();
        }
        return done();
    }

    std::string schema_;
    std::unique_ptr<Database> db_;
};

TEST_F(FiberRead, lets_its_thread_go_on_while_it_waits) {
    open_sessions(3);
    Fibers fibers;
    const Fibers::Home home(fibers);
    int begun = 0, ended = 0, begun_before_the_first_ended = 0;
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(fibers.start([&] {
            ++begun;
            const auto status = sleep(0.2);
            EXPECT_TRUE(status.ok()) << status.error().message;
            if (ended++ == 0) begun_before_the_first_ended = begun;
        }));
    }
    EXPECT_TRUE(loop(fibers, [&] { return ended == 3; }));
    EXPECT_EQ(begun_before_the_first_ended, 3);
}

TEST_F(FiberRead, keeps_the_statements_of_several_apart) {
    open_sessions(4);
    Fibers fibers;
    const Fibers::Home home(fibers);
    int ended = 0;
    for (int i = 0; i < 4; ++i) {
        ASSERT_TRUE(fibers.start([&, i] {
            // None is prepared yet, so each waits between building and binding.
            const auto status = db_->read(1, [&](Tx& tx) -> Status {
                for (int n = 0; n < 20; ++n) {
                    const Value values[] = {std::int64_t{100 * i + n}};
                    const std::string sql = "SELECT ? + " + std::to_string(i) + " * 0 + " + std::to_string(n) + " * 0";
                    STOA_CHECK(tx.raw().query(sql, values, [&](const Row& row) {
                        EXPECT_EQ(row.integer(0), 100 * i + n);
                        return true;
                    }));
                }
                return Status();
            });
            EXPECT_TRUE(status.ok()) << status.error().message;
            ++ended;
        }));
    }
    EXPECT_TRUE(loop(fibers, [&] { return ended == 4; }));
}

TEST_F(FiberRead, is_sent_elsewhere_when_no_session_is_at_hand) {
    Fibers fibers;
    const Fibers::Home home(fibers);
    int ended = 0;
    // Opening the database left one session.
    ASSERT_TRUE(fibers.start([&] {
        EXPECT_TRUE(sleep(0.2).ok());
        ++ended;
    }));
    ASSERT_TRUE(fibers.start([&] {
        const auto status = sleep(0);
        ASSERT_FALSE(status.ok());
        EXPECT_TRUE(is_must_wait(status.error())) << status.error().message;
        ++ended;
    }));
    EXPECT_EQ(ended, 1) << "at once";
    EXPECT_TRUE(loop(fibers, [&] { return ended == 2; }));
}

TEST_F(FiberRead, is_sent_elsewhere_when_its_server_dies) {
    open_sessions(2);
    Fibers fibers;
    const Fibers::Home home(fibers);
    Status status;
    bool ended = false;
    ASSERT_TRUE(fibers.start([&] {
        status = sleep(15);
        ended = true;
    }));
    server().process().kill();
    ASSERT_TRUE(loop(fibers, [&] { return ended; }));
    ASSERT_FALSE(status.ok());
    EXPECT_TRUE(is_must_wait(status.error())) << status.error().message;
}

}  // namespace
}  // namespace stoa::db::mariadb
