#include "db/homes/homes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <future>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"

namespace stoa::db {
namespace {

using Outcome = Result<WriteOutcome>;

std::vector<TableDef> tables() {
    return {{"deal", {{"id"}, {"title", ColumnType::varchar}}, {"id"}, {}}};
}

class HomesTest : public testing::Test {
  protected:
    void SetUp() override {
        log::configure(log::Level::off, log::Format::logfmt);
        std::string pattern = testing::TempDir() + "stoa-homes-XXXXXX";
        ASSERT_NE(mkdtemp(pattern.data()), nullptr);
        folder_ = pattern;
    }
    void TearDown() override {
        homes_.reset();
        std::filesystem::remove_all(folder_);
    }
    std::string path(const std::string& name) const { return folder_ + "/" + name + ".db"; }

    Result<std::unique_ptr<Database>> open_file(const std::string& file) {
        SqliteOptions options;
        options.path = file;
        return open_sqlite(options);
    }
    std::unique_ptr<Database> store(const std::string& name) {
        auto opened = open_file(path(name));
        EXPECT_TRUE(opened.ok());
        EXPECT_TRUE((*opened)->migrate({}, tables()).ok());
        return std::move(*opened);
    }
    /// Homes are files; none can be opened while shut_ is set.
    void serve(const std::string& name = "local") {
        auto homes = Homes::open(*open_file(path(name)), path(name),
                                 [this](const HomeAddress& home) -> Result<std::unique_ptr<Database>> {
                                     ++opened_;
                                     if (shut_) return Error{Errc::unavailable, "It is shut."};
                                     return open_file(home.address);
                                 });
        ASSERT_TRUE(homes.ok());
        const Status migrated = (*homes)->migrate({}, tables());
        ASSERT_TRUE(migrated.ok()) << migrated.error().message;
        homes_ = std::move(*homes);
    }
    /// As a mover does it, in another process. `quietly`: without the shared number.
    void leave(const std::string& from, AccountId account, const std::string& to, bool quietly = false) {
        auto database = *open_file(path(from));
        const auto words = std::move(*SharedWords::open(path(from)));
        if (!quietly) words->begin_homes_change();
        auto outcome = database->write_and_wait({}, [&](WriteTx& tx) -> Result<std::string> {
            STOA_CHECK(insert_home(tx, {account, {path(to), {}}, 1}));
            return std::string();
        });
        EXPECT_TRUE(outcome.ok());
        if (!quietly) words->end_homes_change();
        database->close();
    }
    std::future<Outcome> submit(AccountId account, std::int64_t id, int timeout_ms = 15'000) {
        auto promise = std::make_shared<std::promise<Outcome>>();
        auto future = promise->get_future();
        homes_->write(
            {account, {}, {}, timeout_ms},
            [id](WriteTx& tx) -> Result<std::string> {
                const Assignment row[] = {{"id", id}, {"title", std::string("deal")}};
                STOA_CHECK(tx.insert("deal", row));
                return std::string();
            },
            [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
        return future;
    }
    Status add(AccountId account, std::int64_t id) {
        auto outcome = submit(account, id).get();
        return outcome ? Status() : Status(outcome.error());
    }
    Result<std::int64_t> count(Database& database, AccountId account) {
        std::int64_t rows = 0;
        STOA_CHECK(database.read(account, [&](Tx& tx) -> Status {
            STOA_TRY(rows, tx.count("deal", Condition::always()));
            return {};
        }));
        return rows;
    }
    std::int64_t must_count(Database& database, AccountId account) {
        const auto rows = count(database, account);
        EXPECT_TRUE(rows.ok()) << (rows ? "" : rows.error().message);
        return rows.value_or(-1);
    }

    std::string folder_;
    std::atomic<bool> shut_{false};
    std::atomic<int> opened_{0};
    std::unique_ptr<Homes> homes_;
};

TEST_F(HomesTest, without_other_homes_everything_is_in_the_store_at_hand) {
    serve();
    ASSERT_TRUE(add(1, 1).ok());
    EXPECT_EQ(must_count(*homes_, 1), 1);
    EXPECT_TRUE(homes_->moved_to().address.empty());
    EXPECT_FALSE(homes_->blocks());
    EXPECT_EQ(opened_, 0);
    int stores = 0;
    EXPECT_TRUE(homes_
                    ->look_up([&](Tx&, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
                        ++stores;
                        EXPECT_TRUE(lives_here(1));
                        return false;
                    })
                    .ok());
    EXPECT_EQ(stores, 1);
}

TEST_F(HomesTest, a_read_sees_at_once_that_the_account_left) {
    serve();
    ASSERT_TRUE(add(1, 1).ok());
    auto other = store("other");
    for (AccountId account = 1; account <= 20; ++account) {
        ASSERT_TRUE(add(account, 100).ok());
        const std::int64_t before = must_count(*homes_, account);
        leave("local", account, "other");
        EXPECT_EQ(must_count(*homes_, account), 0) << before;
    }
    other->close();
}

TEST_F(HomesTest, without_the_shared_number_a_read_sees_it_a_little_later) {
    serve();
    ASSERT_TRUE(add(1, 1).ok());
    EXPECT_EQ(must_count(*homes_, 1), 1);
    leave("local", 1, "other", true);
    const std::int64_t begin = system_clock().monotonic_us();
    while (must_count(*homes_, 1) != 0 && system_clock().monotonic_us() - begin < 5'000'000) {
    }
    EXPECT_LT(system_clock().monotonic_us() - begin, 1'000'000);
}

TEST_F(HomesTest, a_write_never_goes_to_a_store_that_was_left) {
    serve();
    ASSERT_TRUE(add(1, 1).ok());
    leave("local", 1, "other", true);  // only the write itself can find out
    ASSERT_TRUE(add(1, 2).ok());
    homes_->close();
    auto local = store("local");
    EXPECT_EQ(must_count(*local, 1), 1);
    auto other = store("other");
    EXPECT_EQ(must_count(*other, 1), 1);
}

TEST_F(HomesTest, when_everything_left_new_accounts_are_made_there_and_moves_from_there_count) {
    serve();
    leave("local", 0, "other");
    ASSERT_TRUE(add(5, 1).ok());
    EXPECT_EQ(homes_->moved_to().address, path("other"));
    homes_.reset();
    leave("other", 5, "third");
    serve();  // from the start
    ASSERT_TRUE(add(5, 2).ok());
    ASSERT_TRUE(add(6, 2).ok());
    homes_.reset();
    auto other = store("other");
    EXPECT_EQ(must_count(*other, 5), 1);
    EXPECT_EQ(must_count(*other, 6), 1);
    auto third = store("third");
    EXPECT_EQ(must_count(*third, 5), 1);
}

TEST_F(HomesTest, writes_wait_for_a_home_that_cannot_be_opened_yet) {
    serve();
    shut_ = true;
    leave("local", 1, "other");
    auto patient = submit(1, 1);
    auto late = submit(1, 2, 300);
    auto stays = submit(2, 1);
    EXPECT_TRUE(stays.get().ok());  // others do not wait
    const auto refused = late.get();
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_NE(refused.error().message.find("It is shut"), std::string::npos);
    shut_ = false;
    EXPECT_TRUE(patient.get().ok());
    EXPECT_EQ(must_count(*homes_, 1), 1);
}

TEST_F(HomesTest, reads_of_a_home_that_cannot_be_opened_are_refused_and_others_go_on) {
    serve();
    shut_ = true;
    leave("local", 1, "other");
    const auto refused = count(*homes_, 1);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_EQ(must_count(*homes_, 2), 0);
    // A look-up asks whom it can, and says that somebody was missing.
    int stores = 0;
    const Status looked = homes_->look_up([&](Tx&, FunctionRef<bool(AccountId)>) -> Result<bool> {
        ++stores;
        return false;
    });
    EXPECT_EQ(stores, 1);
    EXPECT_EQ(looked.error().code, Errc::unavailable);
    shut_ = false;
    EXPECT_EQ(must_count(*homes_, 1), 0);
}

TEST_F(HomesTest, the_queue_of_writes_that_wait_is_bounded) {
    serve();
    shut_ = true;
    leave("local", 1, "other");
    ASSERT_FALSE(count(*homes_, 1).ok());  // now it is known that the account left
    std::vector<std::future<Outcome>> waiting;
    for (std::size_t i = 0; i < limits::home_queue_max; ++i)
        waiting.push_back(submit(1, static_cast<std::int64_t>(i) + 1));
    // While the thread tries to open the home the queue is with it, so try until it is back.
    bool refused = false;
    for (int i = 0; i < 2'000 && !refused; ++i) {
        auto one_more = submit(1, 100'000 + i);
        refused = one_more.wait_for(std::chrono::milliseconds(1)) == std::future_status::ready &&
                  one_more.get().error().code == Errc::busy;
    }
    EXPECT_TRUE(refused);
    shut_ = false;
    for (auto& write : waiting)
        EXPECT_TRUE(write.get().ok());
}

TEST_F(HomesTest, closing_answers_everybody) {
    serve();
    shut_ = true;
    leave("local", 1, "other");
    auto waiting = submit(1, 1, 1'500);
    homes_->close();
    EXPECT_FALSE(waiting.get().ok());
    EXPECT_FALSE(submit(1, 2).get().ok());
}

TEST_F(HomesTest, a_number_that_a_dead_mover_left_odd_is_put_right) {
    serve();
    const auto words = std::move(*SharedWords::open(path("local")));
    words->begin_homes_change();
    const std::int64_t begin = system_clock().monotonic_us();
    while (words->homes_epoch() % 2 != 0 && system_clock().monotonic_us() - begin < 5'000'000)
        (void)must_count(*homes_, 1);
    EXPECT_EQ(words->homes_epoch() % 2, 0U);
    // A living one holds the lock: nobody meddles.
    ASSERT_TRUE(words->try_lock_for_move());
    words->begin_homes_change();
    std::this_thread::sleep_for(std::chrono::milliseconds(1'100));
    (void)must_count(*homes_, 1);
    EXPECT_EQ(words->homes_epoch() % 2, 1U);
    words->end_homes_change();
}

TEST_F(HomesTest, accounts_that_are_on_their_way_in_are_not_found) {
    serve();
    auto outcome = homes_->write_and_wait({}, [&](WriteTx& tx) -> Result<std::string> {
        TransferRow row;
        row.account = 3;
        row.direction = TransferDirection::in;
        row.id = "restore:1";
        STOA_CHECK(put_transfer(tx, row));
        return std::string();
    });
    ASSERT_TRUE(outcome.ok());
    EXPECT_TRUE(homes_
                    ->look_up([&](Tx&, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
                        EXPECT_TRUE(lives_here(1));
                        EXPECT_FALSE(lives_here(3));
                        return false;
                    })
                    .ok());
}

TEST_F(HomesTest, housekeeping_reaches_every_home) {
    serve();
    leave("local", 1, "other");
    ASSERT_TRUE(add(1, 1).ok());
    ASSERT_TRUE(add(2, 1).ok());
    std::atomic<int> stores{0};
    ASSERT_TRUE(homes_
                    ->write_each([&](WriteTx& tx) -> Status {
                        ++stores;
                        STOA_CHECK(tx.raw().execute("UPDATE deal SET title = 'swept'", {}));
                        return {};
                    })
                    .ok());
    EXPECT_EQ(stores, 2);
    homes_.reset();
    for (const auto& [name, account] : {std::pair<std::string, AccountId>{"local", 2}, {"other", 1}}) {
        auto swept = store(name);
        std::int64_t rows = 0;
        ASSERT_TRUE(swept
                        ->read(account,
                               [&](Tx& tx) -> Status {
                                   STOA_TRY(rows, tx.count("deal", Condition::equals("title", std::string("swept"))));
                                   return {};
                               })
                        .ok());
        EXPECT_EQ(rows, 1) << name;
    }
}

}  // namespace
}  // namespace stoa::db
