#include "cluster/balancer/waiting_room.hpp"

#include "cluster/balancer/limits.hpp"
#include "cluster/balancer/test_balancer.hpp"

namespace stoa::cluster::testing {
namespace {

constexpr std::int64_t kReplayBytes = 1'000;

class WaitingRoomTest : public ::testing::Test {
  protected:
    void open(int wait_ms = 30'000) {
        port_ = free_port();
        room_ = std::make_unique<WaitingRoom>(WaitingRoomOptions{port_, wait_ms, kReplayBytes});
        ASSERT_TRUE(room_->start().ok());
    }
    /// One that has sent this and waits.
    std::unique_ptr<Client> guest(const std::string& text) const {
        auto client = std::make_unique<Client>("127.0.0.1", port_, 5'000);
        EXPECT_TRUE(client->open());
        EXPECT_TRUE(client->send(text));
        return client;
    }
    bool waits(int count) const {
        return eventually([&] { return room_->waiting() == count; }, 5'000);
    }

    std::uint16_t port_ = 0;
    std::unique_ptr<WaitingRoom> room_;
};

TEST_F(WaitingRoomTest, closes_without_an_answer_when_a_server_is_up) {
    open();
    const auto get = guest("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto post = guest("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello");
    ASSERT_TRUE(waits(2));
    room_->admit();
    EXPECT_EQ(get->receive_bytes(1), "");
    EXPECT_EQ(post->receive_bytes(1), "");
    ASSERT_TRUE(waits(0));
    // Who comes afterwards was sent by an HAProxy that still had no server: it waits for the next look.
    const auto late = guest("GET / HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(waits(1));
    room_->admit();
    EXPECT_EQ(late->receive_bytes(1), "");
}

TEST_F(WaitingRoomTest, refuses_what_haproxy_cannot_send_again) {
    open();
    const std::string head = "POST / HTTP/1.1\r\nContent-Length: ";
    const auto fits = guest(head + std::to_string(kReplayBytes - 100) + "\r\n\r\n");
    ASSERT_TRUE(waits(1));
    Answer large = guest(head + std::to_string(kReplayBytes + 1) + "\r\n\r\n")->receive();
    EXPECT_EQ(large.status, 503);
    EXPECT_NE(large.head.find("retry-after: 1"), large.head.npos);
    EXPECT_EQ(guest("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")->receive().status, 503);
    const std::string endless(limits::balancer_waiting_head_bytes_max + 1, 'x');
    EXPECT_EQ(guest("GET /" + endless)->receive().status, 503);
    EXPECT_TRUE(waits(1)) << "the first";
}

TEST_F(WaitingRoomTest, refuses_who_has_waited_too_long_and_everybody_when_it_closes) {
    open(300);
    EXPECT_EQ(guest("GET / HTTP/1.1\r\n\r\n")->receive().status, 503);
    open();
    const auto last = guest("GET / HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(waits(1));
    room_->stop();
    EXPECT_EQ(last->receive().status, 503);
}

TEST_F(WaitingRoomTest, takes_so_many_and_no_more) {
    open();
    std::vector<std::unique_ptr<Client>> guests;
    for (std::size_t i = 0; i < limits::balancer_waiting_max; ++i)
        guests.push_back(guest("GET / HTTP/1.1\r\n\r\n"));
    ASSERT_TRUE(waits(static_cast<int>(limits::balancer_waiting_max)));
    EXPECT_EQ(guest("GET / HTTP/1.1\r\n\r\n")->receive().status, 503);
    guests.pop_back();  // one gives up, and leaves a place
    ASSERT_TRUE(waits(static_cast<int>(limits::balancer_waiting_max) - 1));
    guests.push_back(guest("GET / HTTP/1.1\r\n\r\n"));
    EXPECT_TRUE(waits(static_cast<int>(limits::balancer_waiting_max)));
}

TEST_F(WaitingRoomTest, names_a_port_that_is_taken) {
    open();
    WaitingRoom other({port_, 1'000, kReplayBytes});
    const Status started = other.start();
    ASSERT_FALSE(started.ok());
    EXPECT_NE(started.error().message.find(std::to_string(port_)), std::string::npos);
}

}  // namespace
}  // namespace stoa::cluster::testing
