#include "app/probe/server_frames.hpp"

#include <gtest/gtest.h>

#include "net/websocket_frames.hpp"

namespace stoa::app::probe {
namespace {

using Texts = std::vector<std::string>;

std::string frame(net::Opcode opcode, std::string_view payload, bool last = true) {
    std::string out;
    net::append_frame(out, opcode, payload);
    if (!last) out[0] = static_cast<char>(out[0] & 0x7f);
    return out;
}

TEST(ServerFramesTest, texts_of_every_length_are_read_whole) {
    for (const std::size_t size : {0, 1, 125, 126, 65'535, 65'536}) {
        ServerFrames frames;
        ASSERT_TRUE(frames.feed(frame(net::Opcode::text, std::string(size, 'x')))) << size;
        EXPECT_EQ(frames.take_texts(), Texts{std::string(size, 'x')});
    }
}

TEST(ServerFramesTest, bytes_may_come_one_by_one_and_many_frames_at_once) {
    const std::string all = frame(net::Opcode::text, "one") + frame(net::Opcode::ping, "") +
                            frame(net::Opcode::text, "t", false) + frame(net::Opcode::continuation, "wo");
    ServerFrames slow;
    for (const char byte : all)
        ASSERT_TRUE(slow.feed({&byte, 1}));
    EXPECT_EQ(slow.take_texts(), (Texts{"one", "two"}));
    ServerFrames fast;
    ASSERT_TRUE(fast.feed(all));
    EXPECT_EQ(fast.take_texts(), (Texts{"one", "two"}));
    EXPECT_TRUE(fast.take_texts().empty());
}

TEST(ServerFramesTest, a_goodbye_tells_its_code) {
    ServerFrames frames;
    EXPECT_EQ(frames.close_code(), 0);
    ASSERT_TRUE(frames.feed(frame(net::Opcode::close, net::close_payload(4010, "no"))));
    EXPECT_EQ(frames.close_code(), 4010);
    ServerFrames silent;
    ASSERT_TRUE(silent.feed(frame(net::Opcode::close, "")));
    EXPECT_EQ(silent.close_code(), 1005);
}

TEST(ServerFramesTest, what_is_no_frame_of_a_server_is_refused) {
    std::string masked = frame(net::Opcode::text, "x");
    masked[1] = static_cast<char>(masked[1] | 0x80);
    for (const std::string& bytes : {std::string(R"({"error":"busy"})"), std::string("<html>"), masked,
                                     frame(net::Opcode::binary, "x"), frame(net::Opcode::continuation, "x")})
        EXPECT_FALSE(ServerFrames().feed(bytes)) << bytes;
}

TEST(ServerFramesTest, a_message_at_the_limit_is_taken_and_one_byte_more_is_not) {
    const std::string most(ServerFrames::kMessageBytesMax, 'x');
    EXPECT_TRUE(ServerFrames().feed(frame(net::Opcode::text, most)));
    EXPECT_FALSE(ServerFrames().feed(frame(net::Opcode::text, most + "x")));
    EXPECT_FALSE(ServerFrames().feed(frame(net::Opcode::text, most, false) + frame(net::Opcode::continuation, "x")));
}

}  // namespace
}  // namespace stoa::app::probe
