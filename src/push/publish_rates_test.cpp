// How much clients may send: at the limit, and one more.

#include "push/publish_rates.hpp"

#include <gtest/gtest.h>

#include "push/subscriber.hpp"

namespace stoa::push {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kNowUs = 5 * kSecondUs;

Session sender(UserId user, AccountId account = 1, const std::string& app = {}) {
    Session session;
    session.account = account;
    session.user = user;
    session.app = app;
    return session;
}

/// How many of so many are taken at that moment.
int taken(PublishRates& rates, const Session& who, int tries, std::int64_t now_us = kNowUs) {
    int count = 0;
    for (int i = 0; i < tries; ++i)
        count += rates.take(who, now_us).ok() ? 1 : 0;
    return count;
}

TEST(PublishRates, a_sender_sends_so_many_at_once_and_not_one_more) {
    PublishRates rates({});
    constexpr int kMax = limits::push_sender_messages_per_s_max;
    EXPECT_EQ(taken(rates, sender(1), kMax), kMax);
    const Status refused = rates.take(sender(1), kNowUs);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, Errc::busy);
    EXPECT_EQ(refused.error().api_code, "QUERY_LIMIT_EXCEEDED");
    EXPECT_EQ(refused.error().retry_after_s, 1);
    EXPECT_EQ(refused.error().message, "At most 50 messages a second are taken from one sender.");
}

TEST(PublishRates, what_was_used_comes_back_evenly_and_refusals_cost_nothing) {
    PublishRates rates({});
    constexpr int kMax = limits::push_sender_messages_per_s_max;
    EXPECT_EQ(taken(rates, sender(1), 10 * kMax), kMax);
    EXPECT_EQ(taken(rates, sender(1), 2, kNowUs + kSecondUs / kMax - 1), 0);
    EXPECT_EQ(taken(rates, sender(1), 2, kNowUs + kSecondUs / kMax), 1);
    EXPECT_EQ(taken(rates, sender(1), 2 * kMax, kNowUs + 10 * kSecondUs), kMax) << "no more than a second's worth";
}

TEST(PublishRates, senders_are_users_of_an_account_or_of_an_application_there) {
    PublishRates rates({.sender_per_s = 2, .account_per_s = 0});
    EXPECT_EQ(taken(rates, sender(1), 3), 2);
    EXPECT_EQ(taken(rates, sender(2), 3), 2);
    EXPECT_EQ(taken(rates, sender(1, 2), 3), 2);
    EXPECT_EQ(taken(rates, sender(1, 1, "a1"), 3), 2);
    EXPECT_EQ(taken(rates, sender(1), 1), 0);
}

TEST(PublishRates, an_accounts_senders_send_so_many_together_and_not_one_more) {
    PublishRates rates({});
    constexpr int kMax = limits::push_account_messages_per_s_max;
    constexpr int kEach = limits::push_sender_messages_per_s_max;
    for (UserId user = 1; user <= kMax / kEach; ++user)
        EXPECT_EQ(taken(rates, sender(user), kEach), kEach);
    const Status refused = rates.take(sender(1'000), kNowUs);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message, "At most 1000 messages a second are taken from the clients of one account.");
    EXPECT_TRUE(rates.take(sender(1'000, 2), kNowUs).ok()) << "another account";
    EXPECT_EQ(taken(rates, sender(1'000), 2, kNowUs + kSecondUs / kMax), 1) << "the refusals cost its sender nothing";
}

TEST(PublishRates, zero_is_no_limit) {
    PublishRates rates({.sender_per_s = 0, .account_per_s = 0});
    EXPECT_EQ(taken(rates, sender(1), 100'000), 100'000);
    EXPECT_EQ(rates.senders(), 0U);
}

TEST(PublishRates, so_many_senders_are_known_and_those_who_have_rested_are_forgotten) {
    PublishRates rates({.sender_per_s = 50, .account_per_s = 0});
    for (std::size_t i = 0; i < limits::push_senders_max; ++i)
        ASSERT_TRUE(rates.take(sender(static_cast<UserId>(i) + 1), kNowUs).ok());
    EXPECT_EQ(rates.take(sender(1'000'000), kNowUs).error().message, "Too many clients send at the moment.");
    EXPECT_TRUE(rates.take(sender(1), kNowUs).ok()) << "one that is known";
    rates.age(kNowUs + kSecondUs / 50);
    EXPECT_EQ(rates.senders(), 1U) << "who has sent twice is not at rest yet";
    EXPECT_TRUE(rates.take(sender(1'000'000), kNowUs + kSecondUs / 50).ok());
}

}  // namespace
}  // namespace stoa::push
