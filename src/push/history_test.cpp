// What is kept for whoever comes back, and that it is said when something is not kept any more.

#include "push/history.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace stoa::push {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;

class HistoryTest : public ::testing::Test {
  protected:
    HistoryTest() { history_.begin({5, 0}); }
    void add(std::int64_t now_us = 0, std::size_t bytes = 10) {
        auto entry = std::make_shared<Entry>();
        entry->position = {5, history_.top().number + 1};
        entry->routes = {"u1"};
        entry->frame = net::text_frame(std::string(bytes, 'x'));
        history_.add(entry, now_us);
    }
    /// The numbers behind a position; nothing when some are missing.
    std::optional<std::vector<std::uint64_t>> after(Position position) const {
        std::vector<std::uint64_t> numbers;
        const bool whole =
            history_.read_after(position, [&](const EntryPtr& entry) { numbers.push_back(entry->position.number); });
        if (!whole) return std::nullopt;
        return numbers;
    }
    using Numbers = std::vector<std::uint64_t>;
    History history_;
};

TEST_F(HistoryTest, WhoeverComesBackGetsExactlyWhatItLacks) {
    for (int i = 0; i < 3; ++i)
        add();
    EXPECT_EQ(after({5, 0}), (Numbers{1, 2, 3}));
    EXPECT_EQ(after({5, 2}), Numbers{3});
    EXPECT_EQ(after({5, 3}), Numbers{});
}

TEST_F(HistoryTest, PositionsThatAreNotOfThisStreamAreToldApart) {
    add();
    EXPECT_EQ(after({5, 2}), std::nullopt) << "it has seen more than there is";
    EXPECT_EQ(after({4, 1}), std::nullopt) << "an earlier epoch";
    EXPECT_EQ(after({6, 0}), std::nullopt);
    EXPECT_EQ(after({}), std::nullopt);
    history_.begin({7, 10});
    EXPECT_EQ(after({7, 10}), Numbers{});
    EXPECT_EQ(after({7, 9}), std::nullopt);
}

TEST_F(HistoryTest, ItKeepsSoManyMessages) {
    for (std::size_t i = 0; i < limits::push_history_messages_max; ++i)
        add();
    EXPECT_TRUE(after({5, 0}).has_value());
    add();
    EXPECT_FALSE(after({5, 0}).has_value());
    EXPECT_EQ(after({5, 1})->size(), limits::push_history_messages_max);
}

TEST_F(HistoryTest, ItKeepsSoManyBytes) {
    while (history_.size() == history_.top().number)
        add(0, 40'000);
    EXPECT_LE(history_.bytes(), limits::push_history_bytes_max);
    EXPECT_GT(history_.bytes(), limits::push_history_bytes_max - 50'000);
    EXPECT_FALSE(after({5, 0}).has_value());
    EXPECT_TRUE(after({5, 1}).has_value());
}

TEST_F(HistoryTest, ItKeepsThemForSoLong) {
    add(0);
    add(10 * kSecondUs);
    history_.age(limits::push_history_lifetime_s * kSecondUs);
    EXPECT_EQ(after({5, 0}), (Numbers{1, 2}));
    history_.age(limits::push_history_lifetime_s * kSecondUs + 1);
    EXPECT_EQ(after({5, 0}), std::nullopt);
    EXPECT_EQ(after({5, 1}), Numbers{2});
    history_.age(1'000 * kSecondUs);
    EXPECT_EQ(history_.bytes(), 0U);
    EXPECT_EQ(after({5, 2}), Numbers{}) << "who has seen all lacks nothing";
}

}  // namespace
}  // namespace stoa::push
