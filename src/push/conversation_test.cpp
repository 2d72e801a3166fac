#include "push/conversation.hpp"

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "json/parse.hpp"

namespace stoa::push {
namespace {

using Kind = api::PushChannel::Kind;

class ClientPublication : public testing::Test {
  protected:
    /// Of the text, and of the tree that it is read as: both ways lead to the same.
    Result<Publication> read(const std::string& json) {
        auto of_text = client_publication(std::string_view(json), session_, channels_);
        const auto tree = json::parse(json);
        if (!tree) {
            EXPECT_EQ(of_text.error().message, tree.error().message) << json;
            return of_text;
        }
        const auto of_tree = client_publication(*tree, session_, channels_);
        EXPECT_EQ(of_text.ok(), of_tree.ok()) << json;
        if (of_text && of_tree) {
            EXPECT_EQ(of_text->routes, of_tree->routes) << json;
            EXPECT_EQ(params_of(*of_text), params_of(*of_tree)) << json;
        } else if (!of_text && !of_tree) {
            EXPECT_EQ(of_text.error().message, of_tree.error().message) << json;
        }
        return of_text;
    }
    std::string error(const std::string& json) {
        const auto read_so = read(json);
        return read_so ? "" : read_so.error().field + ": " + read_so.error().message;
    }
    static std::string params_of(const Publication& publication) {
        const auto from = publication.body.find("\"params\":") + 9;
        return publication.body.substr(from, publication.body.find(",\"extra\"") - from);
    }
    std::string open_channel(UserId user) {
        return channels_.sign(
            {.kind = Kind::open, .account = 1, .user = user, .expires_at = system_clock().now() + 60});
    }

    const api::PushChannels channels_{"the key of the test, which is long enough"};
    const Session session_{.account = 1, .user = 7, .app = {}, .expires_at = 0, .routes = {}, .after = {}, .tags = {}};
    const std::string body_ = R"("body":{"module_id":"m","command":"c"})";
};

TEST_F(ClientPublication, goes_to_users_and_public_channels) {
    const std::string name = open_channel(9);
    const auto dot = name.find('.');
    const std::string pair =
        R"({"publicId":")" + name.substr(0, dot) + R"(","signature":")" + name.substr(dot + 1) + "\"}";
    const auto one = read(R"({"userList":[2,"3",4.0],"channelList":[")" + name + "\"," + pair + "]," + body_ + "}");
    ASSERT_TRUE(one.ok());
    EXPECT_EQ(one->routes, (std::vector<std::string>{"u2", "u3", "u4", "u9", "u9"}));
    EXPECT_EQ(one->sender, R"({"type":1,"id":"7"})");
    EXPECT_EQ(params_of(*one), "{}");
    EXPECT_EQ(read(R"({"userList":{"0":5,"1":6},)" + body_ + "}")->routes, (std::vector<std::string>{"u5", "u6"}));
}

TEST_F(ClientPublication, parameters_go_on_as_they_came) {
    for (const std::string params :
         {R"({"a":[1,-2,{"b":null}],"t":"\"q\" ü\n","r":0.5,"yes":true})", R"([])", R"([[[]],{}])", R"("text")", "17",
          "null", "false", "0.25", R"({"params":{"module_id":"x"},"userList":[99]})"}) {
        const auto one =
            read(R"({"userList":[2],"body":{"module_id":"m","params":)" + params + R"(,"command":"c"},"expiry":3})");
        ASSERT_TRUE(one.ok()) << params;
        EXPECT_EQ(params_of(*one), params);
        EXPECT_EQ(one->routes, std::vector<std::string>{"u2"});
    }
}

TEST_F(ClientPublication, of_repeated_keys_the_last_wins) {
    const auto one = read(R"({"userList":[1],"userList":[2],"body":{"module_id":"x","command":"y","params":{"a":1}},)"
                          R"("body":{"module_id":"m","command":"c","command":"d"}})");
    ASSERT_TRUE(one.ok());
    EXPECT_EQ(one->routes, std::vector<std::string>{"u2"});
    EXPECT_EQ(params_of(*one), "{}");
    EXPECT_NE(one->body.find(R"("module_id":"m","command":"d")"), std::string::npos);
}

TEST_F(ClientPublication, says_which_member_is_wrong) {
    EXPECT_EQ(error("[1]"), "userList: Nobody is named who should get it.");
    EXPECT_EQ(error("17"), "userList: Nobody is named who should get it.");
    EXPECT_EQ(error(R"([{"userList":[2]}])"), "userList: Nobody is named who should get it.");
    EXPECT_EQ(error("{" + body_ + "}"), "userList: Nobody is named who should get it.");
    EXPECT_EQ(error(R"({"userList":7,)" + body_ + "}"), "userList: Nobody is named who should get it.");
    for (const char* user : {"0", "-1", "1.5", "\"x\"", "null", "[2]", "{\"a\":2}"}) {
        EXPECT_EQ(error(std::string(R"({"userList":[2,)") + user + "]," + body_ + "}"),
                  "userList: A user is a number from 1 on.");
    }
    EXPECT_EQ(error(R"({"userList":[2]})"), "body: There is no message.");
    EXPECT_EQ(error(R"({"userList":[2],"body":"x"})"), "body: There is no message.");
    EXPECT_EQ(error(R"({"userList":[2],"body":[{"module_id":"m","command":"c"}]})"), "body: There is no message.");
    EXPECT_EQ(error(R"({"userList":[2],"body":{"command":"c"}})"), "body.module_id: The message needs it.");
    EXPECT_EQ(error(R"({"userList":[2],"body":{"module_id":"m","command":{"c":1}}})"),
              "body.command: The message needs it.");
    EXPECT_EQ(read(R"({"channelList":["forged.name"],)" + body_ + "}").error().code, Errc::forbidden);
    EXPECT_EQ(read(R"({"channelList":[{"publicId":"a"}],)" + body_ + "}").error().code, Errc::forbidden);
    EXPECT_EQ(read(R"({"userList":[2],)" + body_).error().code, Errc::invalid_argument);
}

TEST_F(ClientPublication, names_only_so_many_receivers) {
    const auto to = [&](const char* member, const std::string& one, std::size_t count) {
        std::string list;
        for (std::size_t i = 0; i < count; ++i)
            list += (i == 0 ? "" : ",") + one;
        return read(std::string("{\"") + member + "\":[" + list + "]," + body_ + "}");
    };
    constexpr std::size_t kMost = limits::push_routes_per_message_max;
    const std::string channel = "\"" + open_channel(3) + "\"";
    EXPECT_EQ(to("userList", "5", kMost)->routes.size(), kMost);
    EXPECT_EQ(to("userList", "5", kMost + 1).error().code, Errc::too_large);
    EXPECT_EQ(to("channelList", channel, kMost)->routes.size(), kMost);
    EXPECT_EQ(to("channelList", channel, kMost + 1).error().code, Errc::too_large);
}

}  // namespace
}  // namespace stoa::push
