#include "db/transfer/move.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "base/clock.hpp"
#include "db/transfer/test_portal.hpp"

namespace stoa::db::transfer {
namespace {

class Move : public TransferTest {
  protected:
    void SetUp() override {
        TransferTest::SetUp();
        auto database = store(old_file());
        fill(*database, 1, 3'000);
        fill(*database, 2, 50);
        database->close();
    }
    MoveReport must_move(const MoveOptions& wanted) {
        auto moved = move(wanted);
        EXPECT_TRUE(moved.ok()) << (moved ? "" : moved.error().message);
        return moved.value_or({});
    }
    static std::string refusal(const MoveOptions& wanted) {
        const auto moved = move(wanted);
        return moved ? "(moved)" : moved.error().message;
    }
};

TEST_F(Move, everything_arrives_and_the_old_file_leads_there) {
    auto before = store(old_file());
    ASSERT_TRUE(add_deal(*before, 1, "with receipt", "key-1").ok());
    const Digests sums = digests(*before);
    before->close();

    const MoveReport report = must_move(options());
    EXPECT_FALSE(report.resumed);
    EXPECT_EQ(report.compared, "all_rows");
    EXPECT_GT(report.rows, 3'000);

    auto after = store(new_home());
    EXPECT_EQ(digests(*after, new_engine()), sums);
    after->close();

    homes_ = serve();
    EXPECT_EQ(homes_->moved_to().address, new_home());
    // The receipt came along: asked again, the same answer, and nothing is done twice.
    ASSERT_TRUE(add_deal(*homes_, 1, "with receipt", "key-1").ok());
    EXPECT_EQ(number(*homes_, 1, "SELECT count(*) FROM deal WHERE title = 'with receipt'"), 1);
    // Sequences go on.
    ASSERT_TRUE(add_deal(*homes_, 1, "later").ok());
    EXPECT_EQ(number(*homes_, 1, "SELECT id FROM deal WHERE title = 'later'"), 3'002);
    homes_->close();
    auto again = store(new_home());
    EXPECT_EQ(number(*again, 1, "SELECT count(*) FROM deal WHERE title = 'later'"), 1);
}

TEST_F(Move, one_account_goes_and_the_others_stay) {
    homes_ = serve();
    must_move(options(1));
    EXPECT_EQ(number(*homes_, 1, "SELECT count(*) FROM deal WHERE account_id = 1"), 3'000);
    EXPECT_EQ(number(*homes_, 2, "SELECT count(*) FROM deal WHERE account_id = 2"), 50);
    ASSERT_TRUE(add_deal(*homes_, 1, "one").ok());
    ASSERT_TRUE(add_deal(*homes_, 2, "two").ok());
    homes_.reset();

    auto left = store(old_file());
    EXPECT_EQ(number(*left, 0, "SELECT count(*) FROM deal WHERE account_id = 1"), 0);
    EXPECT_EQ(number(*left, 0, "SELECT count(*) FROM deal WHERE title = 'two'"), 1);
    EXPECT_EQ(number(*left, 0, "SELECT count(*) FROM transfers"), 0);
    EXPECT_EQ(number(*left, 0, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'stoa_move%'"), 0);
    auto there = store(new_home());
    EXPECT_EQ(number(*there, 0, "SELECT count(*) FROM deal WHERE title = 'one' AND account_id = 1"), 1);
    EXPECT_EQ(number(*there, 0, "SELECT count(*) FROM deal WHERE account_id = 2"), 0);
}

TEST_F(Move, credentials_are_found_by_their_hash_wherever_the_account_lives) {
    homes_ = serve();
    must_move(options(1));
    const auto accounts_of = [&](const std::string& where) {
        std::vector<std::int64_t> found;
        const Status looked = homes_->look_up([&](Tx& tx, FunctionRef<bool(AccountId)> lives_here) -> Result<bool> {
            STOA_CHECK(tx.raw().query("SELECT account_id FROM sessions WHERE " + where, {}, [&](const Row& row) {
                if (lives_here(row.integer(0))) found.push_back(row.integer(0));
                return true;
            }));
            return false;
        });
        EXPECT_TRUE(looked.ok()) << looked.error().message;
        return found;
    };
    EXPECT_EQ(accounts_of("cookie_hash = 'hash1'"), (std::vector<std::int64_t>{1}));
    EXPECT_EQ(accounts_of("cookie_hash = 'hash2'"), (std::vector<std::int64_t>{2}));
    EXPECT_EQ(accounts_of("1"), (std::vector<std::int64_t>{2, 1}));
    EXPECT_TRUE(accounts_of("cookie_hash = 'none'").empty());
}

TEST_F(Move, a_store_that_was_left_refuses_changes_by_itself) {
    must_move(options());
    auto old_program = open_file(old_file());  // one that does not look into `homes`
    const Status refused = add_deal(**old_program, 1, "late");
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().message.find("lives in another database"), std::string::npos);
}

TEST_F(Move, running_it_again_afterwards_says_so) {
    must_move(options());
    EXPECT_TRUE(must_move(options()).was_done);
    auto elsewhere = options();
    elsewhere.to.address = another_home();
    EXPECT_NE(refusal(elsewhere).find("already"), std::string::npos);
}

TEST_F(Move, a_target_that_is_not_empty_is_refused) {
    auto there = store(new_home());
    fill(*there, 2, 1);
    there->close();
    EXPECT_NE(refusal(options()).find("not empty"), std::string::npos);
    EXPECT_NE(refusal(options(2)).find("already"), std::string::npos);
    must_move(options(1));
}

TEST_F(Move, what_is_not_there_or_does_not_fit_is_refused) {
    EXPECT_NE(refusal(options(9)).find("no account 9"), std::string::npos);
    auto stray = store(old_file());
    ASSERT_TRUE(change(*stray, 0, [](WriteTx& tx) -> Status {
                    STOA_CHECK(tx.raw().execute("CREATE TABLE stray (id BIGINT NOT NULL, PRIMARY KEY (id))", {}));
                    return {};
                }).ok());
    stray->close();
    EXPECT_NE(refusal(options()).find("stray"), std::string::npos);
}

TEST_F(Move, a_value_that_the_target_could_not_keep_stops_it_before_the_switch) {
    auto long_one = store(old_file());
    ASSERT_TRUE(add_deal(*long_one, 1, std::string(60, 'x')).ok());  // `code` has 50 characters
    long_one->close();
    EXPECT_NE(refusal(options()).find("code"), std::string::npos);
    homes_ = serve();
    EXPECT_TRUE(homes_->moved_to().address.empty());
    EXPECT_TRUE(add_deal(*homes_, 1, "goes on").ok());
}

TEST_F(Move, giving_up_leaves_no_trace_on_either_side) {
    auto stopping = options();
    stopping.pause_ms_max = 0;  // no switch fits into that
    EXPECT_NE(refusal(stopping).find("pause"), std::string::npos);
    auto between = store(old_file());
    EXPECT_EQ(number(*between, 0, "SELECT count(*) FROM transfers"), 1);
    EXPECT_GT(number(*between, 0, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'stoa_move%'"), 0);
    between->close();

    auto other = options(1);
    EXPECT_NE(refusal(other).find("not finished"), std::string::npos);
    ASSERT_TRUE(abandon(options(), [](const HomeAddress&) -> Result<Engine> { return new_engine(); }).ok());
    auto left = store(old_file());
    EXPECT_EQ(number(*left, 0, "SELECT count(*) FROM transfers"), 0);
    EXPECT_EQ(number(*left, 0, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'stoa_move%'"), 0);
    EXPECT_EQ(number(*left, 0, "SELECT count(*) FROM sqlite_schema WHERE name = 'transfer_log'"), 0);
    left->close();
    auto there = store(new_home());
    EXPECT_EQ(number(*there, 0, "SELECT count(*) FROM transfers"), 0);
    EXPECT_EQ(number(*there, 0, "SELECT count(*) FROM deal"), 0);
    there->close();
    EXPECT_TRUE(abandon(options(), [](const HomeAddress&) -> Result<Engine> { return new_engine(); }).ok());
    must_move(other);
}

TEST_F(Move, a_mover_that_stopped_is_resumed_and_changes_in_between_are_not_missed) {
    auto stopping = options();
    stopping.pause_ms_max = 0;
    EXPECT_NE(refusal(stopping).find("pause"), std::string::npos);
    auto between = store(old_file());
    ASSERT_TRUE(add_deal(*between, 1, "in between").ok());
    ASSERT_TRUE(change(*between, 1, [](WriteTx& tx) -> Status {
                    STOA_CHECK(tx.remove("deal", Condition::equals("id", std::int64_t{7})));
                    const Assignment swap[] = {{"code", std::string("c9")}};
                    STOA_CHECK(tx.remove("deal", Condition::equals("id", std::int64_t{9})));
                    STOA_CHECK(tx.update("deal", swap, Condition::equals("id", std::int64_t{8})));
                    return {};
                }).ok());
    const Digests sums = digests(*between);
    between->close();
    const MoveReport report = must_move(options());
    EXPECT_TRUE(report.resumed);
    auto there = store(new_home());
    EXPECT_EQ(digests(*there, new_engine()), sums);
}

TEST_F(Move, a_log_that_stays_long_ends_the_attempt_at_its_limits) {
    auto stopping = options();
    stopping.pause_ms_max = 0;
    (void)move(stopping);
    auto between = store(old_file());
    const std::int64_t waiting = number(*between, 0, "SELECT max(position) - min(position) FROM transfer_log");
    fill(*between, 3, 1'000);
    const std::int64_t entries =
        number(*between, 0, "SELECT max(position) - min(position) FROM transfer_log") - waiting;
    EXPECT_GT(entries, 1'000);
    between->close();
    auto limited = options();
    limited.rounds_max = 0;
    EXPECT_NE(refusal(limited).find("faster"), std::string::npos);
    limited.rounds_max = 1;
    limited.log_rows_max = 1'000;
    EXPECT_NE(refusal(limited).find("faster"), std::string::npos);
    limited.log_rows_max = entries + waiting + 1;
    EXPECT_TRUE(must_move(limited).resumed);
}

/// A large store takes its time to be compared, and all that changes meanwhile is to be compared, too.
TEST_F(Move, what_changes_during_the_comparison_is_compared_before_the_switch) {
    auto serving = store(old_file());
    fill(*serving, 3, 25'000);
    const auto touch_all = [&] {
        EXPECT_TRUE(change(*serving, 3, [](WriteTx& tx) -> Status {
                        STOA_CHECK(tx.raw().execute("UPDATE deal SET amount = amount + 1 WHERE account_id = 3", {}));
                        return {};
                    }).ok());
    };
    int comparisons = 0;
    bool switching = false;
    auto disturbed = options();
    disturbed.progress = [&](const MoveProgress& progress) {
        switching = switching || progress.phase == "switching";
        if (progress.phase != "comparing") return;
        if (++comparisons == 1) return touch_all();
        auto there = store(new_home());
        EXPECT_TRUE(change(*there, 3, [](WriteTx& tx) -> Status {
                        STOA_CHECK(tx.raw().execute("UPDATE deal SET amount = 0 WHERE account_id = 3", {}));
                        return {};
                    }).ok());
    };
    EXPECT_NE(refusal(disturbed).find("differs"), std::string::npos);
    EXPECT_EQ(comparisons, 2);
    EXPECT_FALSE(switching);
    ASSERT_TRUE(abandon(disturbed, [](const HomeAddress&) -> Result<Engine> { return new_engine(); }).ok());

    comparisons = 0;
    auto undisturbed = options();
    undisturbed.progress = [&](const MoveProgress& progress) {
        if (progress.phase == "comparing" && ++comparisons <= 2) touch_all();
    };
    const MoveReport report = must_move(undisturbed);
    EXPECT_LE(report.touched, 1'000);
    EXPECT_GE(comparisons, 3);
    const Digests sums = digests(*serving);
    auto there = store(new_home());
    EXPECT_EQ(digests(*there, new_engine()), sums);
}

TEST_F(Move, a_forgotten_capture_is_ended_and_the_move_starts_again) {
    auto stopping = options();
    stopping.pause_ms_max = 0;
    (void)move(stopping);
    auto serving = store(old_file());
    const UnixSeconds now = system_clock().now();
    EXPECT_FALSE(*end_forgotten_capture(*serving, old_file(), now + 60));
    EXPECT_TRUE(*end_forgotten_capture(*serving, old_file(), now + 2 * 3600));
    EXPECT_FALSE(*end_forgotten_capture(*serving, old_file(), now + 3 * 3600));
    ASSERT_TRUE(add_deal(*serving, 1, "not captured").ok());
    const Digests sums = digests(*serving);
    serving->close();
    EXPECT_FALSE(must_move(options()).resumed);
    auto there = store(new_home());
    EXPECT_EQ(digests(*there, new_engine()), sums);
}

/// Writers and readers through the serving process while everything moves.
TEST_F(Move, under_load_no_request_fails_and_none_is_lost_or_doubled) {
    homes_ = serve();
    std::atomic<bool> stop{false};
    std::atomic<int> failed{0};
    std::atomic<int> stale{0};
    std::atomic<std::int64_t> slowest_us{0};
    std::vector<std::vector<std::string>> acknowledged(6);
    std::vector<std::thread> threads;
    for (std::size_t writer = 0; writer < acknowledged.size(); ++writer) {
        threads.emplace_back([&, writer] {
            const AccountId account = writer % 2 == 0 ? 1 : 2;
            for (int i = 0; !stop; ++i) {
                const std::string title = "w" + std::to_string(writer) + "-" + std::to_string(i);
                const std::int64_t begin = system_clock().monotonic_us();
                const Status added = add_deal(*homes_, account, title, title);
                slowest_us = std::max(slowest_us.load(), system_clock().monotonic_us() - begin);
                if (!added) {
                    ++failed;
                    continue;
                }
                acknowledged[writer].push_back(title);
                // Read one's own write, wherever it went.
                const auto seen = number(*homes_, account,
                                         "SELECT count(*) FROM deal WHERE account_id = " + std::to_string(account) +
                                             " AND code = '" + title + "'");
                if (seen != 1) ++stale;
            }
        });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const MoveReport report = must_move(options());
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    stop = true;
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(stale, 0);
    std::size_t total = 0;
    for (const auto& titles : acknowledged)
        total += titles.size();
    EXPECT_EQ(number(*homes_, 0, "SELECT count(*) FROM deal WHERE title LIKE 'w%'"), static_cast<std::int64_t>(total));
    EXPECT_EQ(number(*homes_, 0, "SELECT count(DISTINCT title) FROM deal WHERE title LIKE 'w%'"),
              static_cast<std::int64_t>(total));
    EXPECT_EQ(number(*homes_, 0, "SELECT count(*) FROM outbox"), static_cast<std::int64_t>(total));
    EXPECT_LE(report.pause_ms, 2'000);
    std::printf("%zu writes, pause %lld ms, slowest write %lld ms, compared %s, %lld attempt(s)\n", total,
                static_cast<long long>(report.pause_ms), static_cast<long long>(slowest_us / 1000),
                report.compared.c_str(), static_cast<long long>(report.attempts));
}

/// A process that moves, killed at random points until it is through; then the next store.
TEST_F(Move, killed_at_any_point_the_store_works_and_the_move_goes_on) {
    std::mt19937 random(20240517);
    int kills = 0;
    int stores = 0;
    const auto begin_anew = [&] {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directory(folder_);
        new_home_ = another_home();
        auto database = store(old_file());
        fill(*database, 1, 1'000);
        database->close();
        ++stores;
    };
    while (kills < 20) {
        begin_anew();
        int serial = 0;
        for (bool through = false; !through;) {
            const pid_t mover = fork();
            if (mover == 0) {
                const auto moved = move(options());
                _exit(moved ? 0 : 1);
            }
            std::this_thread::sleep_for(std::chrono::microseconds(random() % (on_mariadb() ? 700'000 : 150'000)));
            ::kill(mover, SIGKILL);
            int status = 0;
            ::waitpid(mover, &status, 0);
            through = WIFEXITED(status) && WEXITSTATUS(status) == 0;
            kills += through ? 0 : 1;
            auto serving = serve();
            const std::string title = "round " + std::to_string(serial++);
            ASSERT_TRUE(add_deal(*serving, 1, title, title).ok()) << title;
            EXPECT_EQ(number(*serving, 1, "SELECT count(*) FROM deal WHERE account_id = 1 AND title LIKE 'round%'"),
                      serial);
            serving->close();
        }
        must_move(options());
        auto serving = serve();
        EXPECT_EQ(serving->moved_to().address, new_home());
        EXPECT_EQ(number(*serving, 1, "SELECT count(*) FROM deal WHERE account_id = 1"), 1'000 + serial);
        EXPECT_EQ(number(*serving, 0, "SELECT count(*) FROM transfers"), 0);
        serving->close();
    }
    std::printf("%d kills of %d moves\n", kills, stores);
}

}  // namespace
}  // namespace stoa::db::transfer
