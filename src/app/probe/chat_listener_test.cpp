// A listener against a server that does what a push server may do: breaks off, resumes, says that something is missing.

#include "app/probe/chat_listener.hpp"

#include <gtest/gtest.h>

#include "net/test_client.hpp"
#include "net/websocket.hpp"

namespace stoa::app::probe {
namespace {

using net::testing::eventually;

constexpr std::int64_t kPeer = 7;

std::string incoming(const std::string& mid, const std::string& body) {
    return R"({"jsonrpc":"2.0","method":"incoming.message","params":{"mid":")" + mid + R"(","body":)" + body + "}}";
}
std::string state(const std::string& mid, bool recovered) {
    return incoming(mid, std::string(R"({"module_id":"pull","command":"stream_state","params":{"recovered":)") +
                             (recovered ? "true}}" : "false}}"));
}
std::string message(const std::string& mid, int id) {
    return incoming(mid, R"({"module_id":"im","command":"message","params":{"dialogId":"7","message":{"id":)" +
                             std::to_string(id) + R"(,"templateId":"m)" + std::to_string(id) + "\"}}}");
}

/// Its newest connection, and what was asked of it.
struct PushServer {
    struct Socket final : net::WebSocketListener {
        Socket(net::WebSocket& to, PushServer& of) : socket(to), server(of) {
            const MutexLock lock(server.mutex);
            server.newest = this;
            server.loop = socket.loop();
            for (const std::string& text : server.greeting)
                socket.queue(net::text_frame(text));
            socket.flush();
        }
        void on_text(std::string_view) override {}
        void on_drain() override {}
        void on_closed() override {
            const MutexLock lock(server.mutex);
            if (server.newest == this) server.newest = nullptr;
        }
        net::WebSocket& socket;
        PushServer& server;
    };

    void handle(const net::Request& request, const net::Responder& respond) {
        {
            const MutexLock lock(mutex);
            asked.push_back(request.target);
        }
        net::Response response;
        if (request.path() == "/push/ws") {
            return respond(net::accept_websocket(
                request, [this](net::WebSocket& socket) { return std::make_unique<Socket>(socket, *this); }));
        }
        response.body = request.path() == "/rest/pull.config.get"
                            ? R"({"result":{"server":{"websocket_secure":"wss://portal/push/ws"},)"
                              R"("channels":{"private":{"id":"u1"},"shared":{"id":"all"}}}})"
                            : R"({"result":{"messages":[{"id":4,"uuid":"m4"},{"id":3,"uuid":"m3"}]}})";
        respond(std::move(response));
    }
    /// On the connection that there is.
    void with_socket(const std::function<void(net::WebSocket&)>& work) {
        std::shared_ptr<net::IoLoop> on;
        ASSERT_TRUE(eventually([&] {
            const MutexLock lock(mutex);
            on = newest ? loop : nullptr;
            return on != nullptr;
        }));
        on->post([this, work] {
            net::WebSocket* socket = nullptr;
            {
                const MutexLock lock(mutex);
                if (newest) socket = &newest->socket;
            }
            if (socket) work(*socket);
        });
    }
    void say(const std::string& text) {
        with_socket([text](net::WebSocket& socket) {
            socket.queue(net::text_frame(text));
            socket.flush();
        });
    }
    std::vector<std::string> asked_for(std::string_view what) {
        const MutexLock lock(mutex);
        std::vector<std::string> out;
        for (const std::string& target : asked) {
            if (target.find(what) != target.npos) out.push_back(target);
        }
        return out;
    }

    Mutex mutex;
    std::vector<std::string> greeting;  ///< what a connection begins with
    std::vector<std::string> asked;
    Socket* newest = nullptr;
    std::shared_ptr<net::IoLoop> loop;
};

class ChatListenerTest : public ::testing::Test {
  protected:
    ChatListenerTest() {
        push.greeting = {state("17-5", true)};
        server = net::testing::serve(
            [this](net::Request& request, const net::Responder& respond) { push.handle(request, respond); });
        target.url = "http://127.0.0.1:" + std::to_string(server->ports().front());
        listener = std::make_unique<ChatListener>(target, Asker::Job{"run", "stoa_session=x", 1, 0, "csrf"},
                                                  CallerOptions(), measures, kPeer, 2);
        listener->start();
        EXPECT_TRUE(eventually([&] { return listener->is_live(); }));
    }
    ~ChatListenerTest() override {
        listener.reset();
        server.reset();
    }
    void hears(RecordId id) {
        EXPECT_TRUE(eventually([&] { return listener->newest() == id; })) << id;
    }
    ChatListener::Heard all() {
        listener->stop();
        return listener->take_heard();
    }
    static std::string ids(const std::vector<HeardMessage>& messages) {
        std::string out;
        for (const HeardMessage& message : messages)
            out += message.client_id + " ";
        return out;
    }

    PushServer push;
    std::unique_ptr<net::Server> server;
    Target target;
    Measures measures;
    std::unique_ptr<ChatListener> listener;
};

TEST_F(ChatListenerTest, it_shows_its_channels_and_hears_its_dialog_only) {
    push.say(message("17-6", 3));
    push.say(
        incoming("17-7", R"({"module_id":"im","command":"message","params":{"dialogId":"8","message":{"id":9}}})"));
    push.say("ping");
    push.say(message("17-8", 4));
    hears(4);
    EXPECT_EQ(push.asked_for("/push/ws"),
              (std::vector<std::string>{"/push/ws?jsonRpc=true&revision=19&CHANNEL_ID=u1/all"}));
    const ChatListener::Heard heard = all();
    ASSERT_EQ(heard.lives.size(), 1u);
    EXPECT_EQ(ids(heard.lives[0].heard), "m3 m4 ");
    EXPECT_TRUE(heard.problems.empty());
    EXPECT_TRUE(heard.losses.empty());
    EXPECT_EQ(heard.away.size(), 1u) << "before it was connected";
}

TEST_F(ChatListenerTest, a_pause_is_no_message_of_the_stream) {
    push.say(message("17-6", 3));
    for (const char* paused : {"true", "false"}) {
        push.say(incoming("17-6", std::string(R"({"module_id":"pull","command":"stream_pause","params":{"paused":)") +
                                      paused + "}}"));
    }
    push.say(message("17-7", 4));
    hears(4);
    EXPECT_TRUE(all().problems.empty());
}

TEST_F(ChatListenerTest, it_comes_back_with_its_position_when_the_connection_breaks) {
    push.say(message("17-6", 3));
    hears(3);
    {
        const MutexLock lock(push.mutex);
        push.greeting = {message("17-7", 4), state("17-9", true)};
    }
    push.with_socket([](net::WebSocket& socket) { socket.close(1012, "restart"); });
    hears(4);
    EXPECT_TRUE(eventually([&] { return listener->is_live(); }));
    const auto asked = push.asked_for("/push/ws");
    ASSERT_EQ(asked.size(), 2u);
    EXPECT_TRUE(asked[1].ends_with("&mid=17-6")) << asked[1];
    EXPECT_EQ(push.asked_for("pull.config.get").size(), 1u) << "the channels are good still";
    const ChatListener::Heard heard = all();
    EXPECT_EQ(heard.lives.size(), 1u);
    EXPECT_EQ(ids(heard.lives[0].heard), "m3 m4 ");
    EXPECT_EQ(heard.losses.size(), 1u);
    EXPECT_EQ(heard.away.size(), 2u);
    EXPECT_TRUE(heard.reloads.empty());
}

TEST_F(ChatListenerTest, it_reads_the_dialog_anew_when_something_is_missing) {
    push.say(state("18-1", false));
    hears(4);
    push.say(message("18-2", 5));
    hears(5);
    EXPECT_TRUE(listener->is_live());
    const ChatListener::Heard heard = all();
    ASSERT_EQ(heard.lives.size(), 2u);
    EXPECT_EQ(ids(heard.lives[1].read), "m3 m4 ");
    EXPECT_EQ(ids(heard.lives[1].heard), "m5 ");
    EXPECT_EQ(heard.reloads.size(), 1u);
    EXPECT_TRUE(heard.problems.empty());
}

TEST_F(ChatListenerTest, it_asks_for_channels_again_when_theirs_are_over) {
    push.with_socket([](net::WebSocket& socket) { socket.close(4010, "wrong channel"); });
    EXPECT_TRUE(eventually([&] { return push.asked_for("/push/ws").size() == 2; }));
    EXPECT_EQ(push.asked_for("pull.config.get").size(), 2u);
}

TEST_F(ChatListenerTest, another_stream_without_a_word_is_a_problem) {
    push.say(message("18-1", 3));
    hears(3);
    EXPECT_EQ(all().problems, (std::vector<std::string>{"the stream went from 17-5 to 18-1 without a word"}));
}

}  // namespace
}  // namespace stoa::app::probe
