// Many of one kind by one author: the first ones singly, the rest as one that counts on.

#include "modules/notify/limits.hpp"
#include "modules/notify/testing/notify_fixture.hpp"

namespace stoa::notify {
namespace {

class NotifyCrowds : public testing::NotifyFixture {
  protected:
    Notification of_import(int n) const {
        Notification given = to(2, "TASK|" + std::to_string(n));
        given.sub_tag = given.tag;
        given.title = "A task was given to you";
        given.text = "Task " + std::to_string(n);
        given.link = "/tasks/" + std::to_string(n);
        given.crowd_title = "Many tasks were given to you";
        given.crowd_link = "/tasks";
        return given;
    }
    void import(int from, int to) {
        for (int n = from; n <= to; ++n)
            send(of_import(n));
    }
    json::Value newest() { return call("im.notify.get", "{}").find("notifications")->array().at(0); }
    static constexpr int kSingly = static_cast<int>(limits::notify_singly_max);
};

TEST_F(NotifyCrowds, those_up_to_the_limit_come_singly_and_the_next_is_the_one_that_counts) {
    import(1, kSingly);
    EXPECT_EQ(unread(), kSingly);
    EXPECT_EQ(newest().find("notify_title")->string(), "A task was given to you");
    import(kSingly + 1, kSingly + 1);
    EXPECT_EQ(unread(), kSingly + 1);
    EXPECT_EQ(newest().find("notify_title")->string(), "Many tasks were given to you");
    EXPECT_EQ(json::to_json(*newest().find("params")), R"({"LINK":"/tasks"})");
    import(kSingly + 2, kSingly + 2);
    EXPECT_EQ(unread(), kSingly + 1);
    EXPECT_EQ(json::to_json(*newest().find("params")), R"({"LINK":"/tasks","GROUPED":2})");
}

TEST_F(NotifyCrowds, a_thousand_are_one_more_than_the_limit_and_clients_hear_once_a_second) {
    import(1, kSingly);
    pushes();
    import(kSingly + 1, 1'000);
    EXPECT_EQ(unread(), kSingly + 1);
    EXPECT_EQ(json::to_json(*newest().find("params")),
              R"({"LINK":"/tasks","GROUPED":)" + std::to_string(1'000 - kSingly) + "}");
    EXPECT_EQ(newest().find("text")->string(), "Task 1000");
    EXPECT_EQ(commands(), Texts{"notifyAdd"}) << "all within one second";
    clock.advance_s(1);
    import(1'001, 1'002);
    const auto sent = pushes();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_NE(sent[0].push.params_json.find(R"("silent":"Y")"), std::string::npos) << "one pop-up is enough";
}

TEST_F(NotifyCrowds, it_ends_a_while_after_the_last_one) {
    import(1, kSingly + 1);
    clock.advance_s(limits::notify_crowd_window_s);
    import(kSingly + 2, kSingly + 2);
    EXPECT_EQ(unread(), kSingly + 1) << "an import may pause";
    clock.advance_s(limits::notify_crowd_window_s + 1);
    import(kSingly + 3, kSingly + 3);
    EXPECT_EQ(unread(), kSingly + 2);
    EXPECT_EQ(newest().find("notify_title")->string(), "A task was given to you");
}

TEST_F(NotifyCrowds, whoever_read_them_hears_singly_again) {
    import(1, kSingly + 1);
    call("im.notify.read.all", "{}");
    import(kSingly + 2, kSingly + 2);
    EXPECT_EQ(unread(), 1);
    EXPECT_EQ(newest().find("notify_title")->string(), "A task was given to you");
}

TEST_F(NotifyCrowds, other_authors_kinds_and_receivers_have_counts_of_their_own) {
    import(1, kSingly);
    Notification other = of_import(100);
    other.author = 3;
    send(other);
    other = of_import(101);
    other.event = "manage";
    send(other);
    other = of_import(102);
    other.receiver = 3;
    send(other);
    EXPECT_EQ(unread(), kSingly + 2);
    become(3);
    EXPECT_EQ(unread(), 1);
}

TEST_F(NotifyCrowds, kinds_that_do_not_ask_for_it_come_singly) {
    for (int n = 1; n <= kSingly + 2; ++n)
        send(to(2));
    EXPECT_EQ(unread(), kSingly + 2);
}

TEST_F(NotifyCrowds, what_is_withdrawn_leaves_the_others_of_the_crowd) {
    import(1, kSingly + 2);
    write([](model::Records& records) -> Status {
        for (const std::string& tag : {std::string("TASK|1"), "TASK|" + std::to_string(kSingly + 2)}) {
            const auto gone = withdraw(records, "", tag);
            if (!gone) return gone.error();
        }
        return {};
    });
    EXPECT_EQ(unread(), kSingly);
}

}  // namespace
}  // namespace stoa::notify
