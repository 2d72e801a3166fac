// Who may listen to what: the channels that a client shows.

#include "push/hub.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/limits.hpp"

namespace stoa::push {
namespace {

using Kind = api::PushChannel::Kind;

class HubTest : public ::testing::Test {
  protected:
    std::string name(Kind kind, UserId user, AccountId account = 1, const std::string& app = {}, int lives_s = 60) {
        return hub_.channels().sign({kind, account, user, system_clock().now() + lives_s, app});
    }
    Errc refusal(const std::string& channels) {
        const auto session = hub_.open(channels);
        return session ? Errc::internal : session.error().code;
    }
    Hub hub_{api::PushChannels("a key of some length")};
};

TEST_F(HubTest, AClientListensToItsUserAndToTheAccount) {
    const auto session = hub_.open(name(Kind::user, 17) + "/" + name(Kind::account, 0));
    ASSERT_TRUE(session.ok());
    EXPECT_EQ(session->account, 1);
    EXPECT_EQ(session->user, 17);
    EXPECT_EQ(session->routes, (std::vector<std::string>{"u17", "all"}));
    const auto app = hub_.open(name(Kind::app_user, 17, 1, "a1") + "/" + name(Kind::app, 0, 1, "a1"));
    ASSERT_TRUE(app.ok());
    EXPECT_EQ(app->routes, (std::vector<std::string>{"xa1:17", "xa1"}));
}

TEST_F(HubTest, ChannelsThatDoNotBelongTogetherAreRefused) {
    EXPECT_EQ(refusal(""), Errc::forbidden);
    EXPECT_EQ(refusal(name(Kind::user, 17) + "/" + name(Kind::user, 18)), Errc::forbidden);
    EXPECT_EQ(refusal(name(Kind::user, 17) + "/" + name(Kind::account, 0, 2)), Errc::forbidden);
    EXPECT_EQ(refusal(name(Kind::user, 17) + "/" + name(Kind::app, 0, 1, "a1")), Errc::forbidden);
    EXPECT_EQ(refusal(name(Kind::open, 17)), Errc::forbidden) << "a public channel is for sending";
    EXPECT_EQ(refusal(name(Kind::user, 17, 1, {}, -1)), Errc::conflict);
    EXPECT_EQ(refusal("u1-17-9999999999.AAAA"), Errc::forbidden);
}

TEST_F(HubTest, AClientShowsSoManyChannels) {
    std::string channels = name(Kind::user, 17);
    for (std::size_t i = 1; i < limits::push_channels_per_connection_max; ++i)
        channels += "/" + name(Kind::account, 0);
    EXPECT_TRUE(hub_.open(channels).ok());
    EXPECT_EQ(refusal(channels + "/" + name(Kind::account, 0)), Errc::too_large);
}

TEST_F(HubTest, AMessageHasReceiversAndASize) {
    const std::string body(limits::push_message_bytes_max, 'x');
    EXPECT_TRUE(hub_.publish(1, {{"u1"}, body, {}}).ok());
    EXPECT_EQ(hub_.publish(1, {{"u1"}, body + "x", {}}).error().code, Errc::too_large);
    EXPECT_EQ(hub_.publish(1, {{}, "{}", {}}).error().code, Errc::invalid_argument);
    const std::vector<std::string> many(limits::push_routes_per_message_max, "u1");
    EXPECT_TRUE(hub_.publish(1, {many, "{}", {}}).ok());
    auto more = many;
    more.emplace_back("u1");
    EXPECT_EQ(hub_.publish(1, {more, "{}", {}}).error().code, Errc::too_large);
}

TEST_F(HubTest, NumbersGoOnWithoutGapsInEachAccount) {
    const auto first = hub_.account(1)->publish({{"u1"}, "{}", {}});
    const auto other = hub_.account(2)->publish({{"u1"}, "{}", {}});
    const auto second = hub_.account(1)->publish({{"u2"}, "{}", {}});
    EXPECT_EQ(first.number, 1U);
    EXPECT_EQ(other.number, 1U);
    EXPECT_EQ(second.number, 2U);
    EXPECT_EQ(second.ms, first.ms);
}

TEST(Publication, IsToldToOtherProcessesAsText) {
    const Publication sent{{"u1", "xa1:17"}, R"({"module_id":"im"})", R"({"type":1})"};
    const auto got = publication_from(to_text(sent));
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(*got, sent);
    for (const char* text : {"", "u1", "u1\n", "\x01\n\n{}"})
        EXPECT_FALSE(publication_from(text).ok()) << text;
    EXPECT_FALSE(publication_from(std::string(limits::push_route_bytes_max + 1, 'u') + "\n\n{}").ok());
    EXPECT_TRUE(publication_from(std::string(limits::push_route_bytes_max, 'u') + "\n\n{}").ok());
}

}  // namespace
}  // namespace stoa::push
