// Who is there: several processes that hear the same news in the same order.

#include "push/presence.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "base/clock.hpp"
#include "push/account.hpp"
#include "push/limits.hpp"

namespace stoa::push {
namespace {

using Kind = PresenceNews::Kind;
using Changes = std::vector<StatusChange>;
using Users = std::vector<UserId>;

constexpr std::int64_t kSecondUs = 1'000'000;

PresenceNews news(Kind kind, const std::string& node, Users users = {}) {
    PresenceNews out;
    out.kind = kind;
    out.node = node;
    out.users = std::move(users);
    return out;
}
PresenceNews gone(const std::string& node, const std::string& dead) {
    PresenceNews out = news(Kind::gone, node);
    out.dead = dead;
    return out;
}

TEST(PresenceNews, is_told_as_text) {
    for (const PresenceNews& one :
         {news(Kind::came, "a1", {17, 9'000'000'000}), news(Kind::left, "a1", {17}), news(Kind::here, "a1"),
          news(Kind::here, "a1", {1, 2}), news(Kind::who, "a1"), gone("a1", "b2")}) {
        const auto texts = to_texts(one);
        ASSERT_EQ(texts.size(), 1U);
        const auto read = presence_news_from(texts[0]);
        ASSERT_TRUE(read.ok()) << texts[0];
        EXPECT_EQ(*read, one) << texts[0];
    }
    PresenceNews numbered = news(Kind::came, "a1", {17, 18});
    numbered.number = 12;
    EXPECT_EQ(to_texts(numbered)[0], "came a1 12 17 18");
    EXPECT_EQ(*presence_news_from("came a1 12 17 18"), numbered);
    for (const char* text :
         {"", "came", "fly a1 1", "came a1", "came a1 x", "came a1 1 x", "came a1 1 0", "came a1 1 -5", "here a1 1",
          "here a1 1 some 1", "gone a1 1", "who a1 1 17x", "came a1 1  1"})
        EXPECT_FALSE(presence_news_from(text).ok()) << text;
}

TEST(PresenceNews, many_users_go_in_several_texts) {
    Users many;
    for (std::size_t i = 1; i <= limits::push_news_users_max; ++i)
        many.push_back(static_cast<UserId>(i));
    EXPECT_EQ(to_texts(news(Kind::here, "a", many)).size(), 1U);
    many.push_back(9'999'999);
    const auto texts = to_texts(news(Kind::here, "a", many));
    ASSERT_EQ(texts.size(), 2U);
    EXPECT_TRUE(texts[0].starts_with("here a 0 first 1 2 "));
    EXPECT_EQ(texts[1], "here a 1 last 9999999");
    EXPECT_FALSE(presence_news_from(texts[0] + " 5").ok()) << "one more than a text may have";
}

/// Processes with one channel between them.
class PresenceTest : public ::testing::Test {
  protected:
    /// All hear it; what each then tells clients.
    Changes hear(const PresenceNews& what) {
        Changes told;
        for (auto& [name, presence] : nodes_) {
            for (const StatusChange& change : presence.hear(what, name, now_us_))
                told.push_back(change);
        }
        return told;
    }
    void come(const std::string& node, UserId user) {
        if (nodes_[node].came(user)) said_.push_back(news(Kind::came, node, {user}));
    }
    void leave(const std::string& node, UserId user) { nodes_[node].left(user, now_us_); }
    /// Lets time pass, and delivers what was said.
    Changes pass(std::int64_t us) {
        now_us_ += us;
        for (auto& [name, presence] : nodes_) {
            if (Users users = presence.take_gone(now_us_); !users.empty())
                said_.push_back(news(Kind::left, name, std::move(users)));
        }
        Changes told;
        for (; !said_.empty(); said_.pop_front()) {
            for (const StatusChange& change : hear(said_.front()))
                told.push_back(change);
        }
        return told;
    }
    std::optional<std::int64_t> seen(const std::string& node, UserId user, bool with_others = true) {
        return nodes_[node].last_seen_s(user, node, with_others, now_us_);
    }

    std::map<std::string, Presence> nodes_{{"a", Presence()}, {"b", Presence()}};
    std::deque<PresenceNews> said_;
    std::int64_t now_us_ = 1'000 * kSecondUs;
};

TEST_F(PresenceTest, whoever_is_connected_anywhere_is_there_and_is_told_once) {
    come("a", 17);
    EXPECT_EQ(seen("a", 17), 0) << "known at once where it is";
    EXPECT_EQ(seen("b", 17), std::nullopt);
    EXPECT_EQ(pass(0), (Changes{{17, true}}));
    EXPECT_EQ(seen("b", 17), 0);
    come("b", 17);
    come("a", 17);
    EXPECT_EQ(pass(0), Changes{});
    leave("a", 17);
    leave("a", 17);
    EXPECT_EQ(pass(20 * kSecondUs), Changes{}) << "it is still at the other";
    EXPECT_EQ(seen("a", 17), 0);
    leave("b", 17);
    EXPECT_EQ(pass(10 * kSecondUs), Changes{}) << "it may be back in a moment";
    EXPECT_EQ(pass(1), (Changes{{17, false}}));
    EXPECT_EQ(seen("b", 17), 10);
    EXPECT_EQ(seen("a", 17), 10) << "both know when it went";
}

TEST_F(PresenceTest, when_it_leaves_all_at_once_the_last_one_tells) {
    come("a", 17);
    come("b", 17);
    EXPECT_EQ(pass(0), (Changes{{17, true}}));
    leave("a", 17);
    leave("b", 17);
    EXPECT_EQ(pass(11 * kSecondUs), (Changes{{17, false}}));
}

TEST_F(PresenceTest, a_dead_process_has_nobody_and_its_death_counts_once) {
    nodes_["c"];
    come("a", 17);
    come("a", 18);
    come("b", 18);
    pass(0);
    nodes_.erase("a");
    EXPECT_EQ(seen("b", 17), 0) << "it is not known yet";
    EXPECT_EQ(hear(gone("b", "a")), (Changes{{17, false}}));
    EXPECT_EQ(hear(gone("c", "a")), Changes{});
    EXPECT_EQ(seen("c", 17), 10) << "it went about then";
    EXPECT_EQ(seen("c", 18), 0);
    EXPECT_FALSE(nodes_["b"].knows("a"));
}

TEST_F(PresenceTest, whoever_was_taken_for_dead_says_anew_whom_it_has) {
    come("a", 17);
    pass(0);
    EXPECT_EQ(hear(gone("b", "a")), (Changes{{17, false}}));
    EXPECT_EQ(seen("a", 17), 0);
    EXPECT_EQ(hear(news(Kind::here, "a", nodes_["a"].here())), (Changes{{17, true}}));
    EXPECT_EQ(seen("b", 17), 0);
}

TEST_F(PresenceTest, what_a_process_has_may_come_in_parts) {
    come("a", 1);
    pass(0);
    PresenceNews first = news(Kind::here, "a", {2, 3}), last = news(Kind::here, "a", {4});
    first.ends = last.begins = false;
    EXPECT_EQ(hear(first), Changes{});
    EXPECT_EQ(seen("b", 1), 0) << "until all of it is there nothing changes";
    Changes changes = hear(last);
    EXPECT_EQ(changes.size(), 4U);
    EXPECT_NE(std::find(changes.begin(), changes.end(), StatusChange{1, false}), changes.end());
    for (const UserId user : {2, 3, 4})
        EXPECT_EQ(seen("b", user), 0) << user;
    EXPECT_EQ(hear(last), Changes{}) << "one that is heard twice";
}

TEST_F(PresenceTest, after_a_gap_each_says_anew_whom_it_has_or_has_nobody) {
    nodes_["c"];
    come("a", 17);
    come("c", 18);
    pass(0);
    Presence& b = nodes_["b"];
    b.doubt("b", now_us_);
    hear(news(Kind::here, "a", {17}));
    EXPECT_EQ(b.take_unconfirmed(now_us_ + 4 * kSecondUs), std::vector<std::string>{});
    EXPECT_EQ(b.take_unconfirmed(now_us_ + 5 * kSecondUs), std::vector<std::string>{"c"});
    EXPECT_EQ(hear(gone("b", "c")), (Changes{{18, false}}));
    EXPECT_EQ(b.take_unconfirmed(now_us_ + 60 * kSecondUs), std::vector<std::string>{});
}

TEST_F(PresenceTest, without_the_others_only_own_connections_count) {
    come("a", 17);
    come("b", 18);
    pass(0);
    EXPECT_EQ(seen("a", 17, false), 0);
    EXPECT_EQ(seen("a", 18, false), std::nullopt);
    leave("a", 17);
    pass(3 * kSecondUs);
    EXPECT_EQ(seen("a", 17, false), 3);
}

TEST_F(PresenceTest, what_is_heard_twice_counts_once) {
    Presence& a = nodes_["a"];
    PresenceNews what = news(Kind::came, "b", {17});
    what.number = 5;
    EXPECT_TRUE(a.is_new(what));
    EXPECT_FALSE(a.is_new(what));
    what.number = 4;
    EXPECT_FALSE(a.is_new(what));
    what.node = "c";
    EXPECT_TRUE(a.is_new(what)) << "each has its own numbers";
}

TEST_F(PresenceTest, it_is_remembered_for_a_day_who_was_there) {
    come("a", 17);
    pass(0);
    leave("a", 17);
    pass(24 * 3'600 * kSecondUs);
    EXPECT_TRUE(seen("a", 17).has_value());
    pass(1);
    EXPECT_FALSE(seen("a", 17).has_value());
}

TEST(AccountPresence, answers_who_asks_and_who_buried_it_but_not_more_often_than_once_a_second) {
    std::vector<std::string> said;  // without their numbers
    std::uint64_t last = 0;
    Account::Others others;
    others.self = "a";
    others.tell = [](AccountId, const Publication&) {};
    others.say = [&](AccountId, const std::string& text) {
        PresenceNews what = *presence_news_from(text);
        EXPECT_GT(what.number, last);
        last = std::exchange(what.number, 0);
        said.push_back(to_texts(what)[0]);
    };
    others.hears = [] { return true; };
    Account account(1, std::move(others));
    std::uint64_t number = 0;
    const auto hear = [&](PresenceNews what) {
        what.number = ++number;
        account.hear(what);
    };
    hear(news(Kind::who, "a"));
    EXPECT_TRUE(said.empty()) << "its own question";
    hear(news(Kind::who, "b"));
    hear(news(Kind::who, "c"));
    EXPECT_EQ(said, (std::vector<std::string>{"here a 0 only"}));
    hear(gone("b", "a"));
    EXPECT_EQ(said.size(), 1U) << "later: it owes it";
    hear(news(Kind::here, "b", {17}));
    account.bury({"b", "d"});
    EXPECT_EQ(said.back(), "gone a 0 b");
    EXPECT_EQ(said.size(), 2U) << "of who has nobody here nothing is said";
    account.news_missed();
    EXPECT_EQ(said[2], "who a 0");
    EXPECT_EQ(said[3], "here a 0 only");
}

}  // namespace
}  // namespace stoa::push
