#include "net/request_reader.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.hpp"

namespace stoa::net {
namespace {

using namespace std::string_view_literals;

using State = RequestReader::State;

struct Outcome {
    State state = State::need_more;
    int status = 0;
    Request request;
    std::string rest;
    bool keep_alive = false;
};

/// Feeds in pieces of `step` bytes, keeping what the reader leaves, as a connection does.
Outcome read(std::string_view bytes, std::size_t step = 0, std::size_t header_max = 1024, std::size_t body_max = 1024) {
    RequestReader reader(header_max, body_max);
    std::string waiting;
    Outcome outcome;
    if (step == 0) step = bytes.size();
    while (!bytes.empty() && outcome.state == State::need_more) {
        const std::size_t size = std::min(step, bytes.size());
        waiting.append(bytes.substr(0, size));
        bytes.remove_prefix(size);
        const auto result = reader.feed(waiting);
        waiting.erase(0, result.consumed);
        outcome.state = result.state;
    }
    outcome.status = outcome.state == State::failed ? reader.status() : 0;
    outcome.keep_alive = reader.keep_alive();
    outcome.request = std::move(reader.request());
    outcome.rest = waiting + std::string(bytes);
    return outcome;
}

int refused(std::string_view bytes) {
    const int whole = read(bytes).status;
    EXPECT_EQ(read(bytes, 1).status, whole) << bytes;
    return whole;
}

std::string header_of_size(std::size_t size) {
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    return head + std::string(size - head.size() - 4, 'x') + "\r\n\r\n";
}

TEST(RequestReader, ReadsTheSameRequestWhateverThePieces) {
    const std::string bytes = "POST /a?b=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nX-Y:  z \r\n\r\nhelloNEXT";
    for (const std::size_t step : {0, 1, 2, 3, 7, 30}) {
        const Outcome got = read(bytes, step);
        ASSERT_EQ(got.state, State::complete) << step;
        EXPECT_EQ(got.request.method, "POST");
        EXPECT_EQ(got.request.path(), "/a");
        EXPECT_EQ(got.request.query(), "b=1");
        EXPECT_EQ(got.request.header("x-y"), "z");
        EXPECT_EQ(got.request.body, "hello");
        EXPECT_EQ(got.rest, "NEXT");
        EXPECT_TRUE(got.keep_alive);
    }
}

TEST(RequestReader, RemovesTheChunkedCodingAndDropsTrailers) {
    const std::string bytes =
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nAuthorization: forged\r\n\r\nNEXT";
    for (const std::size_t step : {0, 1, 2, 5, 11}) {
        const Outcome got = read(bytes, step);
        ASSERT_EQ(got.state, State::complete) << step;
        EXPECT_EQ(got.request.body, "abc0123456789");
        EXPECT_EQ(got.request.header("Authorization"), "");
        EXPECT_EQ(got.rest, "NEXT");
    }
}

TEST(RequestReader, TakesAHeaderAtTheLimitAndRefusesOneByteMore) {
    EXPECT_EQ(read(header_of_size(1024)).state, State::complete);
    EXPECT_EQ(read(header_of_size(1024), 1).state, State::complete);
    EXPECT_EQ(refused(header_of_size(1025)), 431);
}

TEST(RequestReader, CountsAHeaderThatArrivesLineByLine) {
    RequestReader reader(1024, 1024);
    ASSERT_EQ(reader.feed("GET / HTTP/1.1\r\n").state, State::need_more);
    std::string waiting;
    for (int i = 0; i < 1024; ++i) {
        waiting.append("A: 1\r\n");
        const auto step = reader.feed(waiting);
        waiting.erase(0, step.consumed);
        if (step.state != State::failed) continue;
        EXPECT_EQ(reader.status(), 431);
        EXPECT_LT(i, 1024 / 6 + 1);
        return;
    }
    FAIL() << "an endless header was taken";
}

TEST(RequestReader, RefusesMoreThan200Fields) {
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 0; i < 199; ++i)
        head += "a:\r\n";
    EXPECT_EQ(read(head + "\r\n", 0, 4096).state, State::complete);
    EXPECT_EQ(read(head + "a:\r\n\r\n", 0, 4096).status, 431);
}

TEST(RequestReader, TakesABodyAtTheLimitAndRefusesOneByteMore) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ";
    EXPECT_EQ(read(head + "1024\r\n\r\n" + std::string(1024, 'b')).request.body.size(), 1024u);
    EXPECT_EQ(refused(head + "1025\r\n\r\n"), 413) << "before any byte of the body";
    EXPECT_EQ(refused(head + "18446744073709551615\r\n\r\n"), 413);
    EXPECT_EQ(refused(head + "18446744073709551616\r\n\r\n"), 400);
}

TEST(RequestReader, CountsTheChunksTogether) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    const std::string half = "200\r\n" + std::string(512, 'b') + "\r\n";
    EXPECT_EQ(read(head + half + half + "0\r\n\r\n").request.body.size(), 1024u);
    EXPECT_EQ(refused(head + half + half + "1\r\n"), 413);
    EXPECT_EQ(refused(head + "FFFFFFFFFFFFFFFF\r\n"), 413);
    EXPECT_EQ(refused(head + "10000000000000000\r\n"), 400);
}

TEST(RequestReader, BoundsChunkHeadsAndTrailers) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(refused(head + "1;" + std::string(2000, 'e')), 400);
    EXPECT_EQ(refused(head + "0\r\nT: " + std::string(2000, 't')), 400);
}

TEST(RequestReader, RefusesWhatTwoServersCouldReadInTwoWays) {
    const std::string line = "POST / HTTP/1.1\r\nHost: x\r\n";
    EXPECT_EQ(refused(line + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
    EXPECT_EQ(refused(line + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"), 400);
    EXPECT_EQ(refused(line + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd"), 400);
    EXPECT_EQ(refused(line + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd"), 400);
    EXPECT_EQ(refused(line + "Content-Length: 4, 4\r\n\r\nabcd"), 400);
    EXPECT_EQ(refused(line + "Content-Length: +4\r\n\r\nabcd"), 400);
    EXPECT_EQ(refused(line + "Content-Length: -1\r\n\r\n"), 400);
    EXPECT_EQ(refused(line + "Content-Length: 0x4\r\n\r\nabcd"), 400);
    EXPECT_EQ(refused(line + "Content-Length:\r\n\r\n"), 400);
    EXPECT_EQ(refused(line + "Content-Length : 4\r\n\r\nabcd"), 400);
    EXPECT_EQ(refused(line + "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501);
    EXPECT_EQ(refused(line + "Transfer-Encoding: chunked, identity\r\n\r\n"), 501);
    EXPECT_EQ(refused(line + "Transfer-Encoding: xchunked\r\n\r\n"), 501);
    EXPECT_EQ(refused(line + "Transfer-Encoding: identity\r\n\r\n"), 501);
    EXPECT_EQ(refused(line + "Transfer-Encoding:\r\n\r\n"), 501);
    EXPECT_EQ(refused(line + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    EXPECT_EQ(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400);
    EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), 400) << "no Host";
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
}

TEST(RequestReader, RefusesMalformedChunks) {
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(refused(head + "3\r\nabcX\r\n0\r\n\r\n"), 400);
    EXPECT_EQ(refused(head + "g\r\nabc\r\n0\r\n\r\n"), 400);
    EXPECT_EQ(refused(head + "-1\r\n\r\n"), 400);
    EXPECT_EQ(refused(head + "0x3\r\nabc\r\n0\r\n\r\n"), 400);
    EXPECT_EQ(refused(head + "3\nabc\n0\n\n\r\n\r\n"), 400);
}

TEST(RequestReader, RefusesBadLines) {
    EXPECT_EQ(refused("GET\r\n\r\n"), 400);
    EXPECT_EQ(refused("GET /\r\n\r\n"), 400);
    EXPECT_EQ(refused("G{T / HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
    EXPECT_EQ(refused("GET  / HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
    EXPECT_EQ(refused("GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
    EXPECT_EQ(refused("GET x HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
    EXPECT_EQ(refused("GET * HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
    EXPECT_EQ(refused("CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n"), 501);
    EXPECT_EQ(refused("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), 505);
    EXPECT_EQ(refused("GET / HTTP/0.9\r\n\r\n"), 505);
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n"), 400);
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n"), 400);
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n"sv), 400);
    EXPECT_EQ(refused("GET / HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n"), 417);
    EXPECT_EQ(refused("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"), 400);
}

TEST(RequestReader, SkipsEmptyLinesBeforeARequest) {
    EXPECT_EQ(read("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n").state, State::complete);
    EXPECT_EQ(read("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 1).state, State::complete);
}

TEST(RequestReader, TurnsTheAbsoluteFormIntoTheOriginForm) {
    EXPECT_EQ(read("GET http://host:80/a?b HTTP/1.1\r\nHost: x\r\n\r\n").request.target, "/a?b");
    EXPECT_EQ(read("GET HTTPS://host HTTP/1.1\r\nHost: x\r\n\r\n").request.target, "/");
    EXPECT_EQ(read("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").request.target, "*");
}

TEST(RequestReader, TellsWhetherTheConnectionGoesOn) {
    EXPECT_FALSE(read("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").keep_alive);
    EXPECT_FALSE(read("GET / HTTP/1.0\r\n\r\n").keep_alive);
    EXPECT_TRUE(read("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(RequestReader, IsCleanAfterAReset) {
    RequestReader reader(1024, 1024);
    ASSERT_EQ(reader.feed("POST /1 HTTP/1.1\r\nHost: x\r\nA: b\r\nContent-Length: 1\r\n\r\nb").state, State::complete);
    reader.reset();
    ASSERT_EQ(reader.feed("GET /2 HTTP/1.1\r\nHost: y\r\n\r\n").state, State::complete);
    EXPECT_EQ(reader.request().target, "/2");
    EXPECT_EQ(reader.request().headers.size(), 1u);
    EXPECT_EQ(reader.request().body, "");
}

}  // namespace
}  // namespace stoa::net
