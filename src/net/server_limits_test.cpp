// Limits and deadlines: what the server answers or closes by itself.

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "net/test_client.hpp"

namespace stoa::net {
namespace {

using namespace testing;
using namespace std::string_view_literals;

Timeouts short_timeouts() {
    Timeouts t;
    t.header_ms = t.body_ms = t.idle_ms = t.request_ms = t.write_ms = 150;
    return t;
}

std::unique_ptr<Server> serve_impatiently(Handler handler) {
    ServerOptions options;
    options.timeouts = short_timeouts();
    return serve(std::move(handler), options);
}

void expect_refused(Answer answer, int status) {
    EXPECT_EQ(answer.status, status);
    EXPECT_TRUE(answer.has("Connection: close\r\n"));
    EXPECT_NE(answer.body.find("\"error\""), answer.body.npos);
}

TEST(ServerLimits, HeaderAtTheLimitPassesAndOneByteMoreIs431) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    const std::string start = "GET / HTTP/1.1\r\nHost: x\r\nX: ";
    const std::string fill(limits::header_bytes_max - start.size() - 4, 'x');
    EXPECT_EQ(TestClient(server->ports()[0]).exchange(start + fill + "\r\n\r\n").status, 200);
    TestClient over(server->ports()[0]);
    expect_refused(over.exchange(start + fill + "x\r\n\r\n"), 431);
    EXPECT_TRUE(over.is_closed_by_server());
}

TEST(ServerLimits, BodyAtTheLimitPassesAndOneByteMoreIs413BeforeItIsSent) {
    const auto server = serve([](Request& request, Responder respond) {
        Response response;
        response.body = std::to_string(request.body.size());
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    const std::string body(limits::body_bytes_max, 'b');
    EXPECT_EQ(TestClient(server->ports()[0]).exchange(post("/", body)).body, std::to_string(limits::body_bytes_max));
    const std::string head =
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(limits::body_bytes_max + 1) + "\r\n";
    expect_refused(TestClient(server->ports()[0]).exchange(head + "\r\n"), 413);
    expect_refused(TestClient(server->ports()[0]).exchange(head + "Expect: 100-continue\r\n\r\n"), 413);
}

TEST(ServerLimits, TheRefusalArrivesAlthoughTheClientIsStillSending) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n");
    const std::string piece(1 << 20, 'b');
    for (int i = 0; i < 8 && client.send(piece); ++i) {
    }
    expect_refused(client.receive(), 413);
}

TEST(ServerLimits, GarbageIs400AndTheConnectionEnds) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    for (const std::string_view bytes :
         {"\0\1\2\3\r\n\r\n"sv, "hello\r\n\r\n"sv,

          "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"sv}) {
        TestClient client(server->ports()[0]);
        expect_refused(client.exchange(bytes), 400);
        EXPECT_TRUE(client.is_closed_by_server());
    }
}

TEST(ServerLimits, ASmuggledSecondRequestIsNeverServed) {
    std::atomic<int> served{0};
    const auto server = serve([&](Request&, Responder respond) {
        ++served;
        respond({});
    });
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
                get("/admin"));
    const std::string all = client.receive_all();
    EXPECT_EQ(all.find("HTTP/1.1 "), all.rfind("HTTP/1.1 "));
    EXPECT_EQ(all.substr(9, 3), "400");
    EXPECT_EQ(served, 0);
}

TEST(ServerLimits, ASlowHeaderIs408) {
    const auto server = serve_impatiently(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    client.send("GET / HTTP/1.1\r\n");
    expect_refused(client.receive(), 408);
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(ServerLimits, AHeaderThatDripsDoesNotMoveItsDeadline) {
    const auto server = serve_impatiently(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    client.send("GET / HTTP/1.1\r\n");
    for (int i = 0; i < 100 && client.send("A: b\r\n"); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(client.receive().status, 408);
}

TEST(ServerLimits, ASlowBodyIs408) {
    const auto server = serve_impatiently(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
    for (int i = 0; i < 40 && client.send("b"); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    expect_refused(client.receive(), 408);
}

TEST(ServerLimits, ABodyThatKeepsComingIsWaitedFor) {
    const auto server = serve_impatiently(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    const std::string piece(8 * 1024, 'b');
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(piece.size() * 10) + "\r\n\r\n");
    for (int i = 0; i < 10; ++i) {
        client.send(piece);
        std::this_thread::sleep_for(std::chrono::milliseconds(40));
    }
    EXPECT_EQ(client.receive().status, 200);
}

TEST(ServerLimits, AnIdleConnectionIsClosedWithoutAWord) {
    const auto server = serve_impatiently(echo);
    ASSERT_TRUE(server);
    TestClient fresh(server->ports()[0]);
    TestClient used(server->ports()[0]);
    EXPECT_EQ(used.exchange(get("/")).status, 200);
    EXPECT_TRUE(used.is_closed_by_server());
    EXPECT_TRUE(fresh.is_closed_by_server());
}

TEST(ServerLimits, AHandlerThatNeverAnswersIs504AndItsLateAnswerIsDropped) {
    KeptResponders kept;
    const auto server = serve_impatiently([&](Request&, Responder respond) { kept.keep(std::move(respond)); });
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    expect_refused(client.exchange(get("/")), 504);
    kept.take_all().at(0)({});
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(ServerLimits, AClientThatNeverReadsIsCutOff) {
    const auto body = std::make_shared<const std::string>(64 * 1024 * 1024, 'x');
    const auto server = serve_impatiently([&](Request&, Responder respond) {
        Response response;
        response.shared_body = body;
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    client.send(get("/"));
    EXPECT_TRUE(eventually([&] { return body.use_count() == 2; })) << "being sent";
    EXPECT_TRUE(eventually([&] { return body.use_count() == 1; })) << "given up";
    EXPECT_LT(client.receive_all().size(), body->size());
}

TEST(ServerLimits, BodiesThatArriveTogetherAreBoundedTogether) {
    ServerOptions options;
    options.arriving_body_bytes_max = 200'000;
    const auto server = serve(echo, options);
    ASSERT_TRUE(server);
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n\r\n";
    TestClient first(server->ports()[0]);
    first.send(head + std::string(149'999, 'b'));
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    TestClient second(server->ports()[0]);
    second.send(head + std::string(149'999, 'b'));
    expect_refused(second.receive(), 503);
    EXPECT_EQ(first.exchange("b").status, 200);
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(TestClient(server->ports()[0]).exchange(head + std::string(150'000, 'b')).status, 200)
            << "the room is free again";
    }
}

TEST(ServerLimits, OneConnectionOverTheLimitIs503AndThereIsRoomAgainLater) {
    ServerOptions options;
    options.connections_max = 3;
    options.io_threads = 2;
    const auto server = serve(echo, options);
    ASSERT_TRUE(server);
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<TestClient>(server->ports()[0]));
        EXPECT_EQ(clients.back()->exchange(get("/")).status, 200);
    }
    TestClient over(server->ports()[0]);
    const Answer answer = over.receive();
    expect_refused(answer, 503);
    EXPECT_TRUE(answer.has("Retry-After: "));
    EXPECT_EQ(clients[0]->exchange(get("/")).status, 200) << "the others are not disturbed";
    clients.pop_back();
    EXPECT_TRUE(eventually([&] { return TestClient(server->ports()[0]).exchange(get("/")).status == 200; }));
}

}  // namespace
}  // namespace stoa::net
