// The push server on real sockets: who gets what, in which order, and what happens to whoever comes back.

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "base/limits.hpp"
#include "json/parse.hpp"
#include "net/test_client.hpp"
#include "push/testing/push_client.hpp"
#include "push/testing/push_server.hpp"

namespace stoa::push {
namespace {

using namespace net::testing;
using namespace testing;

class PushTest : public ::testing::Test {
  protected:
    std::string name(Kind kind, UserId user, AccountId account = 1, const std::string& app = {}) const {
        return push_.name(kind, user, account, app);
    }
    std::string channels_of(UserId user) const { return push_.channels_of(user); }
    PushClient connect(UserId user, const std::string& mid = {}) { return push_.connect(user, mid); }
    void publish(const std::string& route, int number, AccountId account = 1) { push_.publish(route, number, account); }

    PushServer push_;
    Hub& hub_ = push_.hub;
    std::unique_ptr<net::Server>& server_ = push_.server;
    const std::uint16_t port_ = push_.port();
};

TEST_F(PushTest, EveryoneHearsWhatIsForThemInOrder) {
    PushClient first = connect(1);
    PushClient second = connect(2);
    EXPECT_EQ(first.message(), kWhole);
    EXPECT_EQ(second.message(), kWhole);
    publish("u1", 1);
    publish("all", 2);
    publish("u2", 3);
    publish("u1", 4, 2);  // of another account
    publish("u1", 5);
    for (const int n : {1, 2, 5})
        EXPECT_EQ(first.message(), number(n));
    for (const int n : {2, 3})
        EXPECT_EQ(second.message(), number(n));
    // For several at once, each gets it once.
    ASSERT_TRUE(hub_.publish(1, {{"u1", "u2", "all"}, body_of("test", "number", R"({"n":6})", 0), {}}).ok());
    publish("all", 7);
    for (PushClient* one : {&first, &second}) {
        EXPECT_EQ(one->message(), number(6));
        EXPECT_EQ(one->message(), number(7));
    }
}

TEST_F(PushTest, WhoeverComesBackGetsWhatItLacks) {
    std::string mid;
    {
        PushClient client = connect(1);
        EXPECT_EQ(client.message(), kWhole);
        publish("u1", 1);
        EXPECT_EQ(client.message(), number(1));
        mid = client.mid();
    }
    publish("u1", 2);
    publish("u2", 3);
    publish("all", 4);
    PushClient again = connect(1, mid);
    EXPECT_EQ(again.message(), number(2));
    EXPECT_EQ(again.message(), number(4));
    EXPECT_EQ(again.message(), kWhole);
    publish("u1", 5);
    EXPECT_EQ(again.message(), number(5));
    PushClient elsewhere = connect(1, "17-3");
    EXPECT_EQ(elsewhere.message(), kLacking);
    PushClient nonsense = connect(1, "nonsense");
    EXPECT_EQ(nonsense.message(), kLacking);
    publish("u1", 6);
    EXPECT_EQ(nonsense.message(), number(6));
}

TEST_F(PushTest, WrongChannelsEndWith4010) {
    for (const std::string& channels :
         {std::string("u1-1-99.x"), std::string(), channels_of(1) + "/" + channels_of(2)}) {
        PushClient client(port_, channels);
        EXPECT_EQ(client.status(), 101) << "browsers see codes of closing, no status";
        EXPECT_EQ(client.next(), "closed 4010");
    }
    EXPECT_EQ(TestClient(port_).exchange(get("/push/poll?CHANNEL_ID=x")).status, 403);
    EXPECT_EQ(TestClient(port_).exchange(post("/push/publish?CHANNEL_ID=x", "{}")).status, 403);
    EXPECT_EQ(TestClient(port_).exchange(get("/push/elsewhere")).status, 404);
    EXPECT_EQ(TestClient(port_).exchange(get("/push/ws?CHANNEL_ID=" + channels_of(1))).status, 426);
}

TEST_F(PushTest, ClientsSendToEachOtherAndCannotPassForTheServer) {
    PushClient sender = connect(1);
    PushClient receiver = connect(2);
    sender.message();
    receiver.message();
    const std::string body = R"("body":{"module_id":"main","command":"wave","params":{"x":1},"extra":{"sender":0}})";
    EXPECT_EQ(sender.ask("publish", R"({"userList":[2],)" + body + "}"), R"("result":{})");
    EXPECT_EQ(receiver.message(), R"(main.wave {"x":1})");
    EXPECT_EQ(receiver.sender(), R"({"type":1,"id":"1"})");
    EXPECT_EQ(sender.ask("publish", R"({"channelList":[")" + name(Kind::open, 2) + R"("],)" + body + "}"),
              R"("result":{})");
    EXPECT_EQ(receiver.message(), R"(main.wave {"x":1})");
    // Only by public channels, of the own account.
    for (const std::string& to : {name(Kind::user, 2), name(Kind::open, 2, 2), name(Kind::account, 0)}) {
        EXPECT_EQ(sender.ask("publish", R"({"channelList":[")" + to + R"("],)" + body + "}"),
                  R"("error":{"code":-32602,"message":"channelList: Only public channels of one's own account can be )"
                  R"(sent to."})");
    }
    // By plain HTTP, too.
    const Answer posted = TestClient(port_).exchange(
        post("/push/publish?CHANNEL_ID=" + name(Kind::user, 1), R"({"userList":[2],)" + body + "}"));
    EXPECT_EQ(posted.status, 200);
    EXPECT_EQ(receiver.message(), R"(main.wave {"x":1})");
}

TEST_F(PushTest, ApplicationsAreAmongThemselves) {
    PushClient portal = connect(1);
    PushClient app(port_, name(Kind::app_user, 1, 1, "a1") + "/" + name(Kind::app, 0, 1, "a1"));
    PushClient other(port_, name(Kind::app_user, 1, 1, "b2"));
    for (PushClient* one : {&portal, &app, &other})
        one->message();
    PushClient sender(port_, name(Kind::app_user, 2, 1, "a1"));
    sender.message();
    EXPECT_EQ(sender.ask("publish", R"({"userList":[1],"body":{"module_id":"app","command":"c"}})"), R"("result":{})");
    EXPECT_EQ(app.message(), "app.c {}");
    publish("all", 1);
    EXPECT_EQ(portal.message(), number(1));
    publish("xa1", 2);
    publish("xb2:1", 3);
    EXPECT_EQ(app.message(), number(2));
    EXPECT_EQ(other.message(), number(3));
}

TEST_F(PushTest, BadRequestsAreAnsweredWithWhatIsWrong) {
    PushClient client = connect(1);
    client.message();
    client.say("{");
    EXPECT_NE(client.next().find("\"code\":-32600"), std::string::npos);
    client.say("pong");
    client.say("mack:5-1");
    EXPECT_EQ(client.ask("fly", "{}"), R"("error":{"code":-32601,"message":"There is no such method."})");
    EXPECT_EQ(client.ask("publish", "{}"),
              R"("error":{"code":-32602,"message":"userList: Nobody is named who should get it."})");
    EXPECT_EQ(client.ask("publish", R"({"userList":[0]})"),
              R"("error":{"code":-32602,"message":"userList: A user is a number from 1 on."})");
    EXPECT_EQ(client.ask("publish", R"({"userList":[1]})"),
              R"("error":{"code":-32602,"message":"body: There is no message."})");
    EXPECT_EQ(client.ask("publish", R"({"userList":[1],"body":{"module_id":"m"}})"),
              R"("error":{"code":-32602,"message":"body.command: The message needs it."})");
    std::string many = R"({"userList":[1)";
    for (std::size_t i = 1; i < limits::push_routes_per_message_max + 1; ++i)
        many += ",1";
    EXPECT_NE(client.ask("publish", many + R"(],"body":{"module_id":"m","command":"c"}})").find("At most 1000"),
              std::string::npos);
    EXPECT_EQ(client.ask("ping", "{}"), R"("result":{})");
    EXPECT_EQ(client.ask("listChannels", "{}"), R"("result":["u1","all"])");
}

TEST(PushRates, ASenderSendsSoManyMessagesASecondOverAllItsConnections) {
    const PushServer push(nullptr, {.publish = {.sender_per_s = 2}});
    PushClient client = push.connect(1), other_tab = push.connect(1), neighbour = push.connect(2);
    for (PushClient* one : {&client, &other_tab, &neighbour})
        one->message();
    const std::string one =
        R"({"jsonrpc":"2.0","id":1,"method":"publish","params":{"userList":[9],"body":{"module_id":"m","command":"c"}}})";
    client.say("[" + one + "," + one + "," + one + "]");  // looked at within one turn of the loop
    EXPECT_NE(client.next().find(R"("result":{})"), std::string::npos);
    EXPECT_NE(client.next().find(R"("result":{})"), std::string::npos);
    EXPECT_NE(client.next().find(
                  R"("error":{"code":-32000,"message":"At most 2 messages a second are taken from one sender."})"),
              std::string::npos);
    neighbour.say(one);
    EXPECT_NE(neighbour.next().find(R"("result":{})"), std::string::npos) << "another sender";
    // The other tab's three are over the limit whenever they come: two are the most that may have come back.
    other_tab.say("[" + one + "," + one + "," + one + "]");
    std::string answers;
    for (int i = 0; i < 3; ++i)
        answers += other_tab.next();
    EXPECT_NE(answers.find("-32000"), std::string::npos);
}

TEST(PushRates, WhoPostsTooMuchIsAskedToWait) {
    PushServer push(nullptr, {.publish = {.sender_per_s = 3}});
    PushClient receiver = push.connect(2);
    receiver.message();
    TestClient client(push.port());
    const std::string request = post("/push/publish?CHANNEL_ID=" + push.name(Kind::user, 1),
                                     R"({"userList":[2],"body":{"module_id":"m","command":"c"}})");
    int taken = 0;
    Answer answer;
    while ((answer = client.exchange(request)).status == 200 && taken < 1'000)
        ++taken;
    EXPECT_GE(taken, 3);
    EXPECT_EQ(answer.status, 429);
    EXPECT_TRUE(answer.has("Retry-After: 1\r\n"));
    EXPECT_EQ(answer.body,
              R"({"error":"QUERY_LIMIT_EXCEEDED","error_description":"At most 3 messages a second are taken from one )"
              R"(sender."})");
    for (int i = 0; i < taken; ++i)
        EXPECT_EQ(receiver.message(), "m.c {}");
    ASSERT_TRUE(push.hub.publish(1, {{"u2"}, body_of("test", "number", R"({"n":1})", 0), {}}).ok());
    EXPECT_EQ(receiver.message(), number(1)) << "nothing of what was refused";
}

TEST_F(PushTest, ItIsKnownWhoIsThere) {
    PushClient watcher = connect(1);
    watcher.message();
    EXPECT_EQ(watcher.ask("getUsersLastSeen", R"({"userList":[1,2]})"), R"("result":{"1":0})");
    EXPECT_EQ(watcher.ask("subscribeStatusChange", R"({"userId":2})"), R"("result":{})");
    {
        PushClient user = connect(2);
        EXPECT_EQ(watcher.message(), R"(online.userStatusChange {"user_id":2,"online":true})");
        EXPECT_EQ(watcher.ask("getUsersLastSeen", R"({"userList":[1,2]})"), R"("result":{"1":0,"2":0})");
    }
    EXPECT_TRUE(
        eventually([&] { return watcher.ask("getUsersLastSeen", R"({"userList":[2]})") == R"("result":{"2":1})"; }));
    EXPECT_EQ(watcher.ask("unsubscribeStatusChange", R"({"userId":2})"), R"("result":{})");
    EXPECT_EQ(watcher.ask("listChannels", "{}"), R"("result":["u1","all"])");
    EXPECT_NE(watcher.ask("subscribeStatusChange", R"({"userId":"x"})").find("userId: "), std::string::npos);
    for (std::size_t i = 1; i <= limits::push_status_subscriptions_max; ++i)
        watcher.ask("subscribeStatusChange", "{\"userId\":" + std::to_string(i + 100) + "}");
    EXPECT_NE(watcher.ask("subscribeStatusChange", R"({"userId":2})").find("At most 500"), std::string::npos);
}

TEST_F(PushTest, ALongPollIsAnsweredWhenThereIsSomething) {
    const std::string address = "/push/poll?CHANNEL_ID=" + channels_of(1);
    TestClient client(port_);
    const Answer first = client.exchange(get(address));
    EXPECT_NE(first.body.find(R"("command":"stream_state","params":{"recovered":true})"), std::string::npos);
    const auto mid = [](const Answer& answer) {
        const auto at = answer.head.find("Last-Message-Id: ") + 17;
        return answer.head.substr(at, answer.head.find('\r', at) - at);
    };
    client.send(get(address + "&mid=" + mid(first)));
    publish("u2", 1);
    publish("u1", 2);
    const Answer second = client.receive();
    EXPECT_EQ(second.status, 200);
    const auto messages = json::parse(second.body);
    ASSERT_TRUE(messages.ok()) << second.body;
    EXPECT_EQ(messages->items().size(), 1U);
    EXPECT_NE(second.body.find(R"("params":{"n":2})"), std::string::npos);
    publish("all", 3);
    publish("all", 4);
    const Answer third = client.exchange(get(address + "&mid=" + mid(second)));
    EXPECT_EQ(json::parse(third.body)->items().size(), 2U);
    EXPECT_TRUE(third.has("Access-Control-Allow-Origin: *\r\n"));
    EXPECT_NE(client.exchange(get(address + "&mid=1-1")).body.find(R"({"recovered":false})"), std::string::npos);
    client.send(get(address + "&mid=" + mid(third)));
    ASSERT_TRUE(eventually([&] { return hub_.account(1)->last_seen_s(1) == 0; }));
    hub_.drain();
    const Answer last = client.receive();
    EXPECT_EQ(last.status, 304);
    EXPECT_EQ(mid(last), mid(third));
    EXPECT_TRUE(last.has("Expires: Thu, 01 Jan 1973 11:11:01 GMT\r\n"));
}

TEST_F(PushTest, WhoeverTakesTooSlowlyIsClosedAndComesBackWithoutALoss) {
    PushClient slow = connect(1);
    EXPECT_EQ(slow.message(), kWhole);
    const std::string filler(40'000, 'f');
    constexpr int kMessages = 300;  // 12 MB: more than sockets and the queue take, less than the history keeps
    for (int n = 0; n < kMessages; ++n) {
        const std::string params = "{\"n\":" + std::to_string(n) + ",\"f\":\"" + filler + "\"}";
        ASSERT_TRUE(hub_.publish(1, {{"u1"}, body_of("test", "big", params, 0), {}}).ok());
    }
    int got = 0;
    std::string message;
    while ((message = slow.message()).starts_with("test.big {\"n\":" + std::to_string(got) + ","))
        ++got;
    EXPECT_EQ(message, "closed 3008");
    EXPECT_LT(got, kMessages);
    std::string mid = slow.mid();
    for (int turn = 0; turn < 200 && got < kMessages; ++turn) {
        PushClient again = connect(1, mid);
        while ((message = again.message()).starts_with("test.big {\"n\":" + std::to_string(got) + ","))
            ++got;
        mid = again.mid();
    }
    EXPECT_EQ(got, kMessages);
}

TEST_F(PushTest, ADrainEndsConnectionsAPartAtATime) {
    std::vector<std::unique_ptr<PushClient>> clients;
    for (int i = 0; i < 40; ++i) {
        clients.push_back(std::make_unique<PushClient>(port_, channels_of(1)));
        EXPECT_EQ(clients.back()->message(), kWhole);
    }
    std::thread drain([&] { server_->drain(20'000); });
    for (const auto& client : clients)
        EXPECT_EQ(client->next(), "closed 1012");
    clients.clear();
    drain.join();
}

TEST_F(PushTest, NothingIsLostOrDoubledWhileClientsComeAndGoAndManySend) {
    constexpr int kSenders = 3, kEach = 400, kClients = 6;
    std::atomic<bool> done{false};
    std::atomic<int> returns{0};
    const std::string start = [&] {
        PushClient client = connect(1);
        client.message();
        return client.mid();
    }();
    std::vector<std::vector<std::string>> heard(kClients);
    std::vector<std::thread> clients;
    for (int i = 0; i < kClients; ++i) {
        clients.emplace_back([&, i] {
            std::mt19937 random(static_cast<unsigned>(i));
            std::string mid = start;
            while (heard[static_cast<std::size_t>(i)].size() < kSenders * kEach) {
                PushClient client = connect(1, mid);
                for (unsigned left = random() % 60; left > 0; --left) {
                    const std::string message = client.message();
                    if (message == kWhole) continue;
                    if (!message.starts_with("test.")) return;  // timed out, or something is lacking
                    heard[static_cast<std::size_t>(i)].push_back(message);
                    mid = client.mid();
                    if (heard[static_cast<std::size_t>(i)].size() == kSenders * kEach) return;
                }
                ++returns;
            }
        });
    }
    std::vector<std::thread> senders;
    for (int s = 0; s < kSenders; ++s) {
        senders.emplace_back([&, s] {
            for (int n = 0; n < kEach; ++n) {
                publish(n % 2 == 0 ? "u1" : "all", s * kEach + n);
                if (n % 10 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
            }
        });
    }
    for (auto& sender : senders)
        sender.join();
    for (auto& client : clients)
        client.join();
    EXPECT_GT(returns, kClients);
    for (const auto& one : heard) {
        EXPECT_EQ(one.size(), static_cast<std::size_t>(kSenders * kEach));
        EXPECT_EQ(std::set<std::string>(one.begin(), one.end()).size(), one.size());
        EXPECT_EQ(one, heard.front()) << "all see the same order";
    }
}

}  // namespace
}  // namespace stoa::push
