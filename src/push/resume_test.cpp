// What a client that comes back is told, and of what it is told that it lacks it.

#include "push/resume.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "json/parse.hpp"
#include "model/limits.hpp"
#include "push/conversation.hpp"
#include "push/testing/push_server.hpp"

namespace stoa::push {
namespace {

using namespace testing;
using Numbers = std::vector<std::uint64_t>;
using Names = std::vector<std::string>;

class ResumeTest : public ::testing::Test {
  protected:
    ResumeTest() { history_.begin({5, 0}); }
    void add(const std::string& route) {
        auto entry = std::make_shared<Entry>();
        entry->position = {5, history_.top().number + 1};
        entry->routes = {route};
        entry->frame = net::text_frame("{}");
        history_.add(entry, 0);
    }
    struct Outcome {
        bool recovered;
        Names lacking;
        Numbers missed;
        bool operator==(const Outcome&) const = default;
    };
    /// A client of user 1 that watches these tags.
    Outcome come(std::optional<Position> after, std::vector<WatchedTag> tags) const {
        Session session;
        session.routes = {"u1"};
        session.after = after;
        for (const WatchedTag& tag : tags)
            session.routes.push_back(tag.route);
        session.tags = std::move(tags);
        Outcome out;
        const Resumed resumed =
            resume(history_, session, [&](const EntryPtr& entry) { out.missed.push_back(entry->position.number); });
        out.recovered = resumed.recovered;
        out.lacking = resumed.lacking;
        return out;
    }
    History history_;
};

TEST_F(ResumeTest, what_came_on_its_tags_is_told_from_where_it_stopped) {
    for (const char* route : {"u1", "tdeal", "u1", "tdeal", "ttask", "u2"})
        add(route);
    EXPECT_EQ(come(Position{5, 2}, {{"tdeal", {}}}), (Outcome{true, {}, {3, 4}}));
    EXPECT_EQ(come(Position{5, 2}, {}), (Outcome{true, {}, {3}}));
    EXPECT_EQ(come(Position{5, 6}, {{"tdeal", {}}}), (Outcome{true, {}, {}}));
    EXPECT_EQ(come({}, {{"tdeal", {}}}), (Outcome{true, {}, {}})) << "a new client lacks nothing";
}

TEST_F(ResumeTest, a_tag_with_a_position_of_its_own_is_lacking_when_something_came_before_the_clients) {
    for (const char* route : {"u1", "tdeal", "u1", "ttask", "u1", "tdeal"})
        add(route);
    const Position client{5, 5};
    EXPECT_EQ(come(client, {{"tdeal", Position{5, 1}}}), (Outcome{true, {"tdeal"}, {6}}));
    EXPECT_EQ(come(client, {{"tdeal", Position{5, 2}}}), (Outcome{true, {}, {6}})) << "nothing came in between";
    EXPECT_EQ(come(client, {{"tdeal", Position{5, 2}}, {"ttask", Position{5, 2}}}), (Outcome{true, {"ttask"}, {6}}));
    EXPECT_EQ(come(Position{5, 1}, {{"tdeal", Position{5, 3}}}), (Outcome{true, {}, {2, 3, 5, 6}}));
    EXPECT_EQ(come({}, {{"tdeal", Position{5, 1}}, {"ttask", Position{5, 4}}}), (Outcome{true, {}, {2, 6}}))
        << "a client without a position of its own";
}

TEST_F(ResumeTest, a_position_that_is_not_kept_any_more_makes_just_its_tag_lacking) {
    for (std::size_t i = 0; i < limits::push_history_messages_max + 5; ++i)
        add(i % 2 == 0 ? "tdeal" : "u2");
    const Position top = history_.top(), old{5, 1}, other{4, 1};
    EXPECT_EQ(come(top, {{"tdeal", old}, {"ttask", {}}}), (Outcome{true, {"tdeal"}, {}}));
    EXPECT_EQ(come(top, {{"tdeal", other}, {"ttask", top}}), (Outcome{true, {"tdeal"}, {}}));
    EXPECT_EQ(come(old, {{"tdeal", {}}, {"ttask", top}}), (Outcome{false, {"tdeal", "ttask"}, {}}))
        << "its own is not kept: everything is lacking";
}

TEST(TagList, is_read_from_the_address) {
    const auto tags = read_tag_list("crm.deal,task:7@5-12,b@nonsense");
    ASSERT_TRUE(tags.ok());
    ASSERT_EQ(tags->size(), 3U);
    EXPECT_EQ((*tags)[0].route, "tcrm.deal");
    EXPECT_FALSE((*tags)[0].after.has_value());
    EXPECT_EQ((*tags)[1].route, "ttask:7");
    EXPECT_EQ((*tags)[1].after, (Position{5, 12}));
    EXPECT_EQ((*tags)[2].after, Position{}) << "it is none at which anything is known";
    EXPECT_TRUE(read_tag_list("")->empty());
    for (const char* text : {"a,,b", "no spaces", "@5-1", ","})
        EXPECT_EQ(read_tag_list(text).error().field, "tags") << text;
}

TEST(TagList, has_so_many_tags) {
    std::string text = "t0";
    for (std::size_t i = 1; i < limits::push_tags_max; ++i)
        text += ",t" + std::to_string(i);
    EXPECT_EQ(read_tag_list(text)->size(), limits::push_tags_max);
    EXPECT_EQ(read_tag_list(text + ",more").error().code, Errc::too_large);
}

class TagsTest : public ::testing::Test {
  protected:
    PushClient come(const std::string& mid, const std::string& tags) {
        return {push_.port(), push_.channels_of(1) + "&tags=" + tags, mid};
    }
    PushServer push_;
};

TEST_F(TagsTest, a_client_that_comes_back_names_its_tags_and_hears_what_it_missed) {
    std::string mid;
    {
        PushClient client = come("", "deal,task");
        EXPECT_EQ(client.message(), R"(pull.stream_state {"recovered":true,"tags":{"deal":true,"task":true}})");
        push_.publish("tdeal", 1);
        EXPECT_EQ(client.message(), number(1));
        mid = client.mid();
    }
    push_.publish("ttask", 2);
    push_.publish("tother", 3);
    push_.publish("u1", 4);
    PushClient again = come(mid, "deal,task,other@" + mid + ",late@17-3");
    for (const int n : {2, 3, 4})
        EXPECT_EQ(again.message(), number(n));
    EXPECT_EQ(again.message(),
              R"(pull.stream_state {"recovered":true,"tags":{"deal":true,"task":true,"other":true,"late":false}})");
    push_.publish("tdeal", 5);
    EXPECT_EQ(again.message(), number(5));
    // They are its tags as any others.
    EXPECT_EQ(again.ask("watch", R"({"tags":["task"]})"), R"("result":{})");
    push_.publish("tdeal", 6);
    push_.publish("ttask", 7);
    EXPECT_EQ(again.message(), number(7));
}

TEST_F(TagsTest, what_came_before_the_clients_own_position_is_not_told_out_of_order) {
    PushClient client = push_.connect(1);
    EXPECT_EQ(client.message(), kWhole);
    const std::string begin = client.mid();
    push_.publish("tdeal", 1);
    push_.publish("u1", 2);
    EXPECT_EQ(client.message(), number(2));
    push_.publish("tdeal", 3);
    PushClient again = come(client.mid(), "deal@" + begin + ",task@" + begin);
    EXPECT_EQ(again.message(), number(3));
    EXPECT_EQ(again.message(), R"(pull.stream_state {"recovered":true,"tags":{"deal":false,"task":true}})");
}

TEST_F(TagsTest, a_poll_watches_tags_too) {
    net::testing::TestClient client(push_.port());
    const std::string address = "/push/poll?CHANNEL_ID=" + push_.channels_of(1);
    const auto first = client.exchange(net::testing::get(address + "&tags=deal"));
    EXPECT_NE(first.body.find(R"({"recovered":true,"tags":{"deal":true}})"), std::string::npos);
    const auto at = first.head.find("Last-Message-Id: ") + 17;
    const std::string mid = first.head.substr(at, first.head.find('\r', at) - at);
    push_.publish("tdeal", 1);
    const auto second = client.exchange(net::testing::get(address + "&tags=deal&mid=" + mid));
    EXPECT_NE(second.body.find(R"("params":{"n":1})"), std::string::npos);
    EXPECT_EQ(second.body.find("stream_state"), std::string::npos);
}

TEST_F(TagsTest, wrong_tags_are_refused_with_a_code_that_makes_no_client_ask_for_other_channels) {
    PushClient wrong = come("", "no%20spaces");
    EXPECT_EQ(wrong.next(), "closed 1008");
    const std::string app = push_.name(Kind::app_user, 1, 1, "a1");
    PushClient of_app(push_.port(), app + "&tags=deal");
    EXPECT_EQ(of_app.next(), "closed 1008");
    net::testing::TestClient client(push_.port());
    const auto answer = client.exchange(net::testing::get("/push/poll?CHANNEL_ID=" + push_.channels_of(1) + "&tags=,"));
    EXPECT_EQ(answer.status, 400);
    EXPECT_NE(answer.body.find(R"("field":"tags")"), std::string::npos);
}

}  // namespace
}  // namespace stoa::push
