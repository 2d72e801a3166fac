// WebSocket connections of a real server. RFC 6455 §4, §5.5, §7.

#include "net/websocket.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <optional>

#include "net/test_client.hpp"
#include "net/websocket_test_frames.hpp"

namespace stoa::net {
namespace {

using namespace testing;

/// What happened to all connections of a server, and the last one of them.
struct Story {
    std::mutex mutex;
    std::vector<std::string> texts;
    std::atomic<int> opened{0}, closed{0}, drained{0};
    WebSocket* last = nullptr;
    std::shared_ptr<IoLoop> loop;
};

/// Sends back what it hears; "close" makes it say goodbye, "flood" makes it send more than may wait, "floods"
/// frame by frame.
class Echo final : public WebSocketListener {
  public:
    Echo(WebSocket& socket, Story& story) : socket_(socket), story_(story) {
        const std::lock_guard lock(story_.mutex);
        story_.last = &socket;
        story_.loop = socket.loop();
        ++story_.opened;  // from here on tests look at the others
    }
    void on_text(std::string_view message) override {
        {
            const std::lock_guard lock(story_.mutex);
            story_.texts.emplace_back(message);
        }
        if (message == "close") return socket_.close(4010, "wrong channel");
        if (message == "flood") return flood();
        if (message == "floods") return flood_singly();
        socket_.queue(text_frame(message));
        socket_.flush();
    }
    void on_drain() override {
        ++story_.drained;
        socket_.close(1012, "restart");
    }
    void on_closed() override { ++story_.closed; }

  private:
    void flood() {
        const Frames frame = text_frame(std::string(60'000, 'f'));
        while (socket_.queue(frame))
            socket_.flush();
    }
    void flood_singly() {
        const Frames frame = text_frame(std::string(60'000, 'f'));
        for (int i = 0; i < 1'000; ++i)
            socket_.send(frame);  // does nothing when the connection is closing
    }
    WebSocket& socket_;
    Story& story_;
};

class WebSockets : public ::testing::Test {
  protected:
    void begin(ServerOptions options = {}) {
        server_ = serve(
            [this](Request& request, Responder respond) {
                respond(accept_websocket(request,
                                         [this](WebSocket& socket) { return std::make_unique<Echo>(socket, story_); }));
            },
            std::move(options));
        ASSERT_TRUE(server_);
        port_ = server_->ports()[0];
    }
    static std::string server_frame(std::string_view text, Opcode opcode = Opcode::text) {
        std::string out;
        append_frame(out, opcode, text);
        return out;
    }
    static bool hears(TestClient& client, const std::string& bytes) {
        return client.receive_bytes(bytes.size()) == bytes;
    }
    static std::string goodbye(std::uint16_t code, std::string_view reason) {
        return server_frame(close_payload(code, reason), Opcode::close);
    }

    Story story_;
    std::unique_ptr<Server> server_;
    std::uint16_t port_ = 0;
};

TEST_F(WebSockets, AreOpenedTalkAndEndWithAGoodbyeOfBothSides) {
    begin();
    TestClient client(port_);
    const Answer answer = client.exchange(upgrade_request("/socket"));
    EXPECT_EQ(answer.status, 101);
    EXPECT_TRUE(answer.has("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n")) << answer.head;
    EXPECT_TRUE(answer.has("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")) << answer.head;
    client.send(client_frame(Opcode::text, "hello") + client_frame(Opcode::ping, "p"));
    EXPECT_TRUE(hears(client, server_frame("hello") + server_frame("p", Opcode::pong)));
    client.send(client_frame(Opcode::close, close_payload(1001, "")));
    EXPECT_TRUE(hears(client, goodbye(1001, "")));
    EXPECT_TRUE(client.is_closed_by_server());
    EXPECT_EQ(story_.opened, 1);
    EXPECT_EQ(story_.closed, 1);
}

TEST_F(WebSockets, HearWhatCameTogetherWithTheRequestOrByteByByte) {
    begin();
    TestClient client(port_);
    const std::string frame = client_frame(Opcode::text, "early");
    EXPECT_EQ(client.exchange(upgrade_request("/socket") + frame + frame.substr(0, 3)).status, 101);
    EXPECT_TRUE(hears(client, server_frame("early")));
    for (const char byte : frame.substr(3) + frame)
        client.send({&byte, 1});
    EXPECT_TRUE(hears(client, server_frame("early") + server_frame("early")));
}

TEST_F(WebSockets, AreRefusedToWhoeverDoesNotAskProperly) {
    begin();
    const Answer plain = TestClient(port_).exchange(get("/socket"));
    EXPECT_EQ(plain.status, 426);
    EXPECT_TRUE(plain.has("\r\nSec-WebSocket-Version: 13\r\n"));
    std::string old = upgrade_request("/socket");
    old.replace(old.find("13\r\n"), 2, "8");
    EXPECT_EQ(TestClient(port_).exchange(old).status, 426);
    std::string short_key = upgrade_request("/socket");
    short_key.replace(short_key.find("dGhl"), 4, "");
    EXPECT_EQ(TestClient(port_).exchange(short_key).status, 400);
    std::string posted = upgrade_request("/socket");
    posted.replace(0, 3, "POST");
    EXPECT_EQ(TestClient(port_).exchange(posted).status, 400);
    EXPECT_EQ(story_.opened, 0);
}

TEST_F(WebSockets, AreToldWhyTheyEnd) {
    begin();
    const auto told = [&](const std::string& bytes) {
        TestClient client(port_);
        client.exchange(upgrade_request("/socket"));
        client.send(bytes);
        return client.receive_all();
    };
    EXPECT_EQ(told(client_frame(Opcode::binary, "b")), goodbye(1003, "Only text is understood."));
    EXPECT_EQ(told("\x81\x01x"), goodbye(1002, "This is no valid frame."));
    EXPECT_EQ(told(client_frame(Opcode::text, "\xff")), goodbye(1007, "This is no valid frame."));
    // By the program: the client's goodbye is waited for.
    TestClient client(port_);
    client.exchange(upgrade_request("/socket"));
    client.send(client_frame(Opcode::text, "close"));
    EXPECT_TRUE(hears(client, goodbye(4010, "wrong channel")));
    client.send(client_frame(Opcode::text, "too late") + client_frame(Opcode::close, close_payload(4010, "")));
    EXPECT_TRUE(client.is_closed_by_server());
    EXPECT_TRUE(eventually([&] { return story_.closed == 4; }));
    EXPECT_EQ(story_.texts, std::vector<std::string>{"close"});
}

TEST_F(WebSockets, ThatSendHalfAMessageEndAfterItsTime) {
    ServerOptions options;
    options.timeouts.header_ms = 50;
    begin(std::move(options));
    TestClient client(port_);
    client.exchange(upgrade_request("/socket"));
    client.send(client_frame(Opcode::text, "whole") + client_frame(Opcode::text, "ha", false));
    EXPECT_TRUE(hears(client, server_frame("whole")));
    EXPECT_EQ(client.receive_all(), goodbye(1008, "The message did not arrive in time."));
}

TEST_F(WebSockets, ThatTakeTooSlowlyEndWithWholeFrames) {
    begin();
    int ended = 0;
    for (const char* const how : {"flood", "floods"}) {
        TestClient client(port_);
        client.exchange(upgrade_request("/socket"));
        client.send(client_frame(Opcode::text, how));
        ASSERT_TRUE(eventually([&] { return story_.closed == ended + 1; })) << how;
        ++ended;
        const std::string all = client.receive_all();
        const std::string frame = server_frame(std::string(60'000, 'f'));
        const std::string end = goodbye(WebSocket::slow_code, "This client takes messages too slowly.");
        ASSERT_GT(all.size(), end.size()) << how;
        EXPECT_EQ(all.substr(all.size() - end.size()), end) << how;
        EXPECT_EQ((all.size() - end.size()) % frame.size(), 0U) << how;
        for (std::size_t at = 0; at + end.size() < all.size(); at += frame.size())
            ASSERT_EQ(all.compare(at, frame.size(), frame), 0) << how << " at " << at;
    }
}

TEST_F(WebSockets, AreReachedFromOtherThreads) {
    begin();
    TestClient client(port_);
    client.exchange(upgrade_request("/socket"));
    ASSERT_TRUE(eventually([&] { return story_.opened == 1; }));
    for (int i = 0; i < 3; ++i) {
        story_.loop->post([&] {
            story_.last->queue(text_frame("from afar"));
            story_.last->queue(text_frame(std::string(70'000, 'x')));
            story_.last->flush();
        });
        EXPECT_TRUE(hears(client, server_frame("from afar") + server_frame(std::string(70'000, 'x'))));
    }
}

TEST_F(WebSockets, AreToldOfADrainAndItWaitsForThem) {
    begin();
    TestClient client(port_);
    client.exchange(upgrade_request("/socket"));
    ASSERT_TRUE(eventually([&] { return story_.opened == 1; }));
    std::thread drain([&] { server_->drain(5'000); });
    EXPECT_TRUE(hears(client, goodbye(1012, "restart")));
    client.send(client_frame(Opcode::close, close_payload(1012, "")));
    EXPECT_TRUE(client.is_closed_by_server());
    drain.join();
    EXPECT_EQ(story_.drained, 1);
}

TEST_F(WebSockets, EndWithTheirServerOrWhenTheClientIsGone) {
    begin();
    std::optional<TestClient> gone(port_);
    gone->exchange(upgrade_request("/socket"));
    TestClient stays(port_);
    stays.exchange(upgrade_request("/socket"));
    ASSERT_TRUE(eventually([&] { return story_.opened == 2; }));
    gone.reset();
    EXPECT_TRUE(eventually([&] { return story_.closed == 1; }));
    server_->stop();
    EXPECT_EQ(story_.closed, 2);
}

}  // namespace
}  // namespace stoa::net
