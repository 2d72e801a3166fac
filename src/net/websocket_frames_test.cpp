// Frames as clients send them, good and bad. RFC 6455 §5, §7.4, §8.1.

#include "net/websocket_frames.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "base/limits.hpp"
#include "net/websocket.hpp"
#include "net/websocket_test_frames.hpp"

namespace stoa::net {
namespace {

using namespace testing;
using Event = FrameReader::Event;

struct Seen {
    std::vector<std::pair<Event, std::string>> events;
    std::uint16_t code = 0;
};

Seen read(std::string bytes) {
    FrameReader reader;
    Seen seen;
    std::span<char> rest(bytes.data(), bytes.size());
    while (true) {
        const auto step = reader.feed(rest);
        if (step.event == Event::need_more) return seen;
        seen.events.emplace_back(step.event, reader.payload());
        seen.code = reader.close_code();
        if (step.event == Event::failed) return seen;
        rest = rest.subspan(step.consumed);
    }
}
/// The code with which it refuses; 0 when it does not.
std::uint16_t refusal_of(const std::string& bytes) {
    const Seen seen = read(bytes);
    return !seen.events.empty() && seen.events.back().first == Event::failed ? seen.code : 0;
}

TEST(WebSocketFrames, AMessageIsUnmasked) {
    for (const std::size_t size : {0U, 1U, 7U, 8U, 9U, 125U, 126U, 127U, 4'000U}) {
        const std::string text(size, 'a');
        const Seen seen = read(client_frame(Opcode::text, text));
        ASSERT_EQ(seen.events.size(), 1U) << size;
        EXPECT_EQ(seen.events[0], (std::pair{Event::text, text}));
    }
}

TEST(WebSocketFrames, PartsMakeOneMessageAndControlFramesMayComeBetween) {
    const Seen seen = read(client_frame(Opcode::text, "Gr\xc3", false) + client_frame(Opcode::ping, "p") +
                           client_frame(Opcode::continuation, "", false) +
                           client_frame(Opcode::continuation, "\xbc\xc3\x9f") + client_frame(Opcode::text, "next"));
    ASSERT_EQ(seen.events.size(), 5U);
    EXPECT_EQ(seen.events[1], (std::pair{Event::ping, std::string("p")}));
    EXPECT_EQ(seen.events[3], (std::pair{Event::text, std::string("Gr\xc3\xbc\xc3\x9f")}));
    EXPECT_EQ(seen.events[4], (std::pair{Event::text, std::string("next")}));
}

TEST(WebSocketFrames, NothingComesBeforeAFrameIsWhole) {
    std::string bytes = client_frame(Opcode::text, std::string(300, 'x'));
    FrameReader reader;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto step = reader.feed({bytes.data(), size});
        EXPECT_EQ(step.event, Event::need_more);
        EXPECT_EQ(step.consumed, 0U);
    }
    EXPECT_EQ(reader.feed(bytes).event, Event::text);
}

TEST(WebSocketFrames, TheLargestMessageIsTakenAndOneByteMoreIsNot) {
    const std::string most(limits::websocket_message_bytes_max, 'm');
    EXPECT_EQ(refusal_of(client_frame(Opcode::text, most)), 0);
    EXPECT_EQ(refusal_of(client_frame(Opcode::text, most + "m")), 1009);
    EXPECT_EQ(refusal_of(client_frame(Opcode::text, most, false) + client_frame(Opcode::continuation, "")), 0);
    EXPECT_EQ(refusal_of(client_frame(Opcode::text, most, false) + client_frame(Opcode::continuation, "m")), 1009);
    // Told by the length alone, before any of it arrives; also where sums would overflow.
    EXPECT_EQ(
        refusal_of(client_frame(Opcode::text, "m", false) + std::string("\x80\xff\x7f") + std::string(13, '\xff')),
        1009);
}

TEST(WebSocketFrames, AMessageMayHaveSoManyParts) {
    const auto parts = [](int count) {
        std::string bytes = client_frame(Opcode::text, "", false);
        for (int i = 2; i < count; ++i)
            bytes += client_frame(Opcode::continuation, "", false);
        return bytes + client_frame(Opcode::continuation, "");
    };
    EXPECT_EQ(refusal_of(parts(limits::websocket_parts_max)), 0);
    EXPECT_EQ(refusal_of(parts(limits::websocket_parts_max + 1)), 1008);
}

TEST(WebSocketFrames, WhatBreaksTheProtocolIsRefused) {
    EXPECT_EQ(refusal_of("\x81\x01x"), 1002) << "not masked";
    std::string reserved = client_frame(Opcode::text, "x");
    reserved[0] = static_cast<char>(reserved[0] | 0x40);
    EXPECT_EQ(refusal_of(reserved), 1002) << "an extension that nobody agreed on";
    EXPECT_EQ(refusal_of(client_frame(static_cast<Opcode>(3), "x")), 1002) << "an unknown opcode";
    EXPECT_EQ(refusal_of(client_frame(Opcode::ping, "x", false)), 1002) << "a control frame in parts";
    EXPECT_EQ(refusal_of(client_frame(Opcode::ping, std::string(125, 'x'))), 0);
    EXPECT_EQ(refusal_of(client_frame(Opcode::ping, std::string(126, 'x'))), 1002) << "a long control frame";
    EXPECT_EQ(refusal_of(client_frame(Opcode::continuation, "x")), 1002) << "a part of nothing";
    EXPECT_EQ(refusal_of(client_frame(Opcode::text, "x", false) + client_frame(Opcode::text, "y")), 1002);
    EXPECT_EQ(refusal_of(std::string("\x81\xfe\x00\x05", 4) + "mask" + "12345"), 1002) << "not the shortest length";
    EXPECT_EQ(refusal_of(client_frame(Opcode::text, "\xc3\x28")), 1007) << "no UTF-8";
    EXPECT_EQ(refusal_of(client_frame(Opcode::binary, "\xc3\x28")), 0) << "bytes may be anything";
}

TEST(WebSocketFrames, AGoodbyeHasACodeThatMayBeSent) {
    const auto goodbye = [](std::uint16_t code) { return client_frame(Opcode::close, close_payload(code, "bye")); };
    for (const std::uint16_t code : {1000, 1001, 1011, 3000, 4999}) {
        const Seen seen = read(goodbye(code));
        EXPECT_EQ(seen.events.back(), (std::pair{Event::close, std::string("bye")}));
        EXPECT_EQ(seen.code, code);
    }
    for (const std::uint16_t code : {0, 999, 1004, 1005, 1006, 1015, 2999, 5000})
        EXPECT_EQ(refusal_of(goodbye(code)), 1002) << code;
    EXPECT_EQ(read(client_frame(Opcode::close, "")).code, 1005);
    EXPECT_EQ(refusal_of(client_frame(Opcode::close, "x")), 1002);
    EXPECT_EQ(refusal_of(client_frame(Opcode::close, std::string("\x03\xe8\xff", 3))), 1007);
}

TEST(WebSocketFrames, AFrameMadeOfPiecesIsThatOfTheWholeText) {
    for (const std::size_t size : {0, 1, 124, 125, 126, 65'535, 65'536}) {
        const std::string text(size, 'x');
        std::string whole;
        append_frame(whole, Opcode::text, text);
        const Frames frame = text_frame({std::string_view(text).substr(0, size / 3), "", text.substr(size / 3)});
        EXPECT_EQ(*frame, whole) << size;
        EXPECT_EQ(*text_frame(text), whole) << size;
        EXPECT_EQ(text_of(frame), text) << size;
    }
}

TEST(WebSocketFrames, OwnFramesHaveTheShortestLength) {
    const auto head = [](std::size_t size) {
        std::string out;
        append_frame(out, Opcode::text, std::string(size, 'x'));
        return out.substr(0, out.size() - size);
    };
    EXPECT_EQ(head(125), "\x81\x7d");
    EXPECT_EQ(head(126), std::string("\x81\x7e\x00\x7e", 4));
    EXPECT_EQ(head(65'535), "\x81\x7e\xff\xff");
    EXPECT_EQ(head(65'536), std::string("\x81\x7f\0\0\0\0\0\1\0\0", 10));
    EXPECT_EQ(close_payload(1000, std::string(200, 'r')).size(), 125U);
    EXPECT_EQ(close_payload(1000, std::string(122, 'r') + "\xc3\xbc"), "\x03\xe8" + std::string(122, 'r'));
}

}  // namespace
}  // namespace stoa::net
