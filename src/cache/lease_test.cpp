// The parts of read leases that need no Redis.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "cache/redis/flights.hpp"
#include "cache/redis/lease_session.hpp"
#include "cache/redis/read_lease.hpp"
#include "cache/redis/roster.hpp"
#include "cache/token_board.hpp"

namespace stoa::cache {
namespace {

using redis::Flights;
using redis::Holder;
using redis::kLeaseUs;
using redis::Publish;
using redis::ReadLease;
using redis::Roster;
using Token = std::optional<std::string>;

TEST(TokenBoard, a_full_part_says_unknown_until_what_it_forgot_would_have_ended) {
    ManualClock clock;
    TokenBoard board(clock, 16 * 2);  // two accounts in each of its 16 parts
    board.put(16, "0-1-1");
    board.put(32, "0-1-2");
    EXPECT_EQ(board.token_of(16), Token("0-1-1"));
    EXPECT_EQ(board.token_of(48), Token(""));
    board.put(48, "0-1-3");
    EXPECT_EQ(board.token_of(48), std::nullopt);
    EXPECT_EQ(board.token_of(16), std::nullopt);
    EXPECT_EQ(board.token_of(17), Token(""));  // another part
    board.put(32, "0-1-4");                    // what it has, it goes on with
    clock.advance_s(61);
    EXPECT_EQ(board.token_of(48), Token(""));
    board.put(48, "0-1-5");  // the others have ended and made room
    EXPECT_EQ(board.token_of(48), Token("0-1-5"));
}

std::vector<std::string> ids(const std::vector<Holder>& holders) {
    std::vector<std::string> out;
    for (const Holder& holder : holders)
        out.push_back(holder.id);
    std::sort(out.begin(), out.end());
    return out;
}

TEST(Roster, a_member_that_does_not_renew_holds_no_lease_any_more) {
    using Ids = std::vector<std::string>;
    Roster roster;
    roster.saw({{"a", 1}, {"b", 1}}, 1'000'000);
    roster.saw({{"a", 2}, {"b", 1}}, 1'200'000);
    EXPECT_EQ(ids(roster.holders(1'200'000)), (Ids{"a", "b"}));
    EXPECT_EQ(ids(roster.holders(1'000'000 + kLeaseUs - 1)), (Ids{"a", "b"}));
    EXPECT_EQ(ids(roster.holders(1'000'000 + kLeaseUs)), (Ids{"a"}));
    const auto lapsed = roster.lapsed(1'000'000 + kLeaseUs);
    ASSERT_EQ(lapsed.size(), 1U);
    EXPECT_EQ(lapsed[0].id, "b");
    EXPECT_EQ(lapsed[0].renewal, 1U);
    roster.saw({{"a", 2}, {"b", 2}}, 1'600'000);  // it only slept
    EXPECT_EQ(ids(roster.holders(1'700'000)), (Ids{"b"}));
    roster.saw({}, 1'700'000);
    EXPECT_TRUE(roster.lapsed(9'000'000).empty());
}

class FlightsTest : public ::testing::Test {
  protected:
    std::vector<Publish> one(AccountId account) {
        std::vector<Publish> out;
        out.push_back({account, "0-1-1", [](bool) {}});
        return out;
    }
    std::size_t finished(std::int64_t now_us) { return flights_.take_finished(now_us).publishes.size(); }
    Flights flights_;
};

TEST_F(FlightsTest, end_with_the_last_acknowledgement) {
    flights_.send(1, one(1));
    EXPECT_TRUE(flights_.waits_for_store());
    flights_.acknowledged("b", 1);  // overtook the answer
    flights_.answered({{"a", 500}, {"b", 500}, {"c", 500}}, 100, 100);
    EXPECT_FALSE(flights_.waits_for_store());
    flights_.send(2, one(2));
    flights_.answered({{"a", 600}}, 150, 150);
    EXPECT_EQ(finished(200), 0U);
    flights_.acknowledged("c", 1);
    EXPECT_EQ(finished(200), 0U);
    flights_.acknowledged("a", 1);
    EXPECT_EQ(finished(200), 1U);
    flights_.acknowledged("a", 2);
    EXPECT_EQ(finished(200), 1U);
    EXPECT_TRUE(flights_.empty());
}

TEST_F(FlightsTest, end_with_the_last_lease_and_not_before_the_list_is_complete) {
    flights_.send(1, one(1));
    flights_.answered({{"a", 500}, {"b", 700}}, 100, 100);
    EXPECT_EQ(flights_.next_us(), 700);
    EXPECT_EQ(finished(699), 0U);
    EXPECT_EQ(finished(700), 1U);
    flights_.send(2, one(1));
    flights_.answered({}, 900, 800);
    EXPECT_EQ(flights_.next_us(), 900);
    EXPECT_EQ(finished(899), 0U);
    EXPECT_EQ(finished(900), 1U);
}

TEST_F(FlightsTest, that_the_store_did_not_take_give_back_what_was_in_them) {
    flights_.send(1, one(7));
    const auto gone = flights_.let_go();
    ASSERT_EQ(gone.size(), 1U);
    EXPECT_TRUE(gone[0].done);
    EXPECT_TRUE(flights_.let_go().empty());
    const auto refused = flights_.take_refused();
    ASSERT_EQ(refused.size(), 1U);
    EXPECT_EQ(refused[0].account, 7);
    EXPECT_FALSE(refused[0].done);
    EXPECT_TRUE(flights_.empty());
}

TEST(ReadLease, begins_with_its_echo_and_never_outlasts_the_look_at_its_master) {
    const Address master{"10.0.0.1", 6379};
    const std::int64_t now_us = system_clock().monotonic_us();
    ReadLease lease;
    lease.begin_with(master);
    lease.ask(1, now_us);
    lease.heard(1);
    EXPECT_FALSE(lease.holds());  // nobody has found that master yet
    lease.confirm(master, now_us + 60'000'000);
    lease.ask(2, now_us);
    EXPECT_FALSE(lease.holds());
    lease.heard(3);
    EXPECT_FALSE(lease.holds());
    lease.ask(4, now_us - kLeaseUs);
    lease.heard(4);
    EXPECT_FALSE(lease.holds());  // heard too late
    lease.ask(5, now_us + 60'000'000);
    lease.heard(5);
    EXPECT_TRUE(lease.holds());
    lease.end();
    EXPECT_FALSE(lease.holds());
    lease.ask(6, now_us + 60'000'000);
    lease.confirm({"10.0.0.2", 6379}, now_us + 60'000'000);
    lease.heard(6);
    EXPECT_FALSE(lease.holds());  // another is the master now
}

TEST(LeaseSession, takes_only_what_is_a_token) {
    std::string found;
    redis::LeaseSession::for_each_token("1 0-1-5 x 0-1-6 2 nonsense 3 0-2-7", [&](AccountId account, auto token) {
        found += std::to_string(account) + "=" + std::string(token) + ";";
    });
    EXPECT_EQ(found, "1=0-1-5;3=0-2-7;");
}

}  // namespace
}  // namespace stoa::cache
