#include <gtest/gtest.h>

#include "rest/leaky_buckets.hpp"
#include "rest/operating_meter.hpp"
#include "rest/request_key.hpp"

namespace stoa::rest {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

TEST(LeakyBuckets, take_as_many_as_they_hold_and_not_one_more) {
    LeakyBuckets buckets(50, 2);
    for (int i = 0; i < 50; ++i)
        ASSERT_EQ(buckets.enter(1, "9.9.9.9", kSecond), 0) << i;
    EXPECT_EQ(buckets.enter(1, "9.9.9.9", kSecond), 1);
    EXPECT_EQ(buckets.enter(1, "9.9.9.9", kSecond + kSecond / 2), 0) << "half a second drains one";
    EXPECT_EQ(buckets.enter(1, "9.9.9.9", kSecond + kSecond / 2), 1);
    EXPECT_EQ(buckets.enter(2, "9.9.9.9", kSecond), 0) << "another portal";
    EXPECT_EQ(buckets.enter(1, "9.9.9.8", kSecond), 0) << "another source";
}

TEST(LeakyBuckets, say_when_there_is_room_again) {
    LeakyBuckets buckets(1, 0.1);
    EXPECT_EQ(buckets.enter(1, "a", 0), 0);
    EXPECT_EQ(buckets.enter(1, "a", 0), 10);
    EXPECT_EQ(buckets.enter(1, "a", 4 * kSecond), 6);
    EXPECT_EQ(buckets.enter(1, "a", 10 * kSecond), 0);
}

TEST(LeakyBuckets, stay_bounded_and_can_be_off) {
    LeakyBuckets buckets(10, 1, 160);
    for (int i = 0; i < 10'000; ++i)
        buckets.enter(1, "host" + std::to_string(i), 0);
    EXPECT_LE(buckets.entries(), 160u);
    LeakyBuckets off(0, 1);
    for (int i = 0; i < 1'000; ++i)
        EXPECT_EQ(off.enter(1, "a", 0), 0);
}

TEST(OperatingMeter, refuses_at_the_limit_until_the_oldest_minute_is_over) {
    OperatingMeter meter(10);
    const OperatingMeter::Key key{1, 5, 3};
    EXPECT_EQ(meter.refused_for_s(key, 0), 0);
    EXPECT_EQ(meter.add(key, 6 * kSecond, 30 * kSecond), 6 * kSecond);
    EXPECT_EQ(meter.refused_for_s(key, 61 * kSecond), 0);
    EXPECT_EQ(meter.add(key, 4 * kSecond, 70 * kSecond), 10 * kSecond);
    EXPECT_EQ(meter.refused_for_s(key, 70 * kSecond), 531) << "minute 0 is forgotten at 600 s";
    EXPECT_EQ(meter.refused_for_s({1, 6, 3}, 70 * kSecond), 0) << "another credential";
    EXPECT_EQ(meter.refused_for_s({1, 5, 4}, 70 * kSecond), 0) << "another method";
    EXPECT_EQ(meter.refused_for_s(key, 601 * kSecond), 0);
    EXPECT_EQ(meter.add(key, 1, 602 * kSecond), 4 * kSecond + 1);
    EXPECT_EQ(meter.add(key, 1, 5'000 * kSecond), 1) << "everything is long ago";
}

TEST(OperatingMeter, stays_bounded) {
    OperatingMeter meter(0, 160);
    for (int i = 0; i < 10'000; ++i)
        meter.add({1, i, 1}, 10, 0);
    EXPECT_LE(meter.entries(), 160u);
}

TEST(RequestKey, accepts_1_to_255_printable_characters) {
    EXPECT_FALSE(is_valid_idempotency_key(""));
    EXPECT_TRUE(is_valid_idempotency_key("a b~!"));
    EXPECT_TRUE(is_valid_idempotency_key(std::string(255, 'x')));
    EXPECT_FALSE(is_valid_idempotency_key(std::string(256, 'x')));
    EXPECT_FALSE(is_valid_idempotency_key("tab\t"));
    EXPECT_FALSE(is_valid_idempotency_key("\xC3\xA9"));
}

TEST(RequestKey, is_scoped_to_credential_user_and_method) {
    api::Identity a;
    a.credential_id = 1;
    a.actor.user = 1;
    api::Identity b = a;
    b.actor.user = 2;
    EXPECT_EQ(idempotency_scope_key(a, "M.add", "k"), idempotency_scope_key(a, "m.ADD", "k"));
    EXPECT_NE(idempotency_scope_key(a, "m.add", "k"), idempotency_scope_key(b, "m.add", "k"));
    EXPECT_NE(idempotency_scope_key(a, "m.add", "k"), idempotency_scope_key(a, "m.set", "k"));
    EXPECT_NE(request_digest("m", json::Value(1)), request_digest("m", json::Value(2)));
    EXPECT_NE(make_request_id(), make_request_id());
    EXPECT_TRUE(is_valid_request_id(make_request_id()));
    EXPECT_FALSE(is_valid_request_id("a b"));
    EXPECT_FALSE(is_valid_request_id(std::string(129, 'a')));
}

TEST(RequestKey, takes_over_valid_ids_of_trusted_proxies_only) {
    const auto proxies = TrustedProxies::parse({"10.0.0.0/8"});
    const RequestId taken = choose_request_id(*proxies, "10.1.2.3", "balancer-1");
    EXPECT_TRUE(taken.taken_over);
    EXPECT_EQ(taken.text, "balancer-1");
    for (const auto& [peer, given] : {std::pair{"192.0.2.1", "balancer-1"}, {"10.1.2.3", "a b"}, {"10.1.2.3", ""}}) {
        const RequestId own = choose_request_id(*proxies, peer, given);
        EXPECT_FALSE(own.taken_over);
        EXPECT_NE(own.text, given);
        EXPECT_TRUE(is_valid_request_id(own.text));
    }
    EXPECT_FALSE(choose_request_id({}, "10.1.2.3", "balancer-1").taken_over);
}

}  // namespace
}  // namespace stoa::rest
