// What every client may rely on: keep-alive, order, bodies, HEAD, HTTP/1.0, half-closed sockets.

#include "net/server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "net/test_client.hpp"

namespace stoa::net {
namespace {

using namespace testing;

TEST(Server, AnswersManyRequestsOnOneConnection) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    for (int i = 0; i < 100; ++i) {
        const Answer answer = client.exchange(get("/" + std::to_string(i)));
        ASSERT_EQ(answer.status, 200);
        EXPECT_EQ(answer.body, "GET /" + std::to_string(i) + "|");
        EXPECT_FALSE(answer.has("Connection:"));
    }
}

TEST(Server, TellsTheHandlerWhoAsksAndWhen) {
    Request seen;
    const auto server = serve([&](Request& request, Responder respond) {
        seen = std::move(request);
        respond({});
    });
    ASSERT_TRUE(server);
    EXPECT_EQ(TestClient(server->ports()[0]).exchange(get("/a?b=c", "X-Y: z\r\n")).status, 200);
    EXPECT_EQ(seen.remote_address, "127.0.0.1");
    EXPECT_FALSE(seen.tls);
    EXPECT_GT(seen.received_us, 0);
    EXPECT_EQ(seen.header("x-y"), "z");
    EXPECT_EQ(seen.path(), "/a");
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    std::string all;
    for (int i = 0; i < 2'000; ++i)
        all += post("/" + std::to_string(i), std::string(i % 50, 'b'));
    std::thread sender([&] { client.send(all); });
    for (int i = 0; i < 2'000; ++i) {
        const Answer answer = client.receive();
        EXPECT_EQ(answer.body, "POST /" + std::to_string(i) + "|" + std::string(i % 50, 'b'));
        if (answer.status != 200) break;
    }
    sender.join();
}

TEST(Server, KeepsTheOrderWhenOtherThreadsAnswer) {
    std::vector<std::thread> workers;
    std::mutex mutex;
    const auto server = serve([&](Request& request, Responder respond) {
        std::lock_guard lock(mutex);
        workers.emplace_back([target = request.target, respond] {
            if (target.back() == '1') std::this_thread::sleep_for(std::chrono::milliseconds(3));
            Response response;
            response.body = target;
            respond(std::move(response));
        });
    });
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    std::string all;
    for (int i = 0; i < 30; ++i)
        all += get("/" + std::to_string(i));
    client.send(all);
    for (int i = 0; i < 30; ++i)
        EXPECT_EQ(client.receive().body, "/" + std::to_string(i));
    for (auto& worker : workers)
        worker.join();
}

TEST(Server, ReadsChunkedBodies) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_EQ(client.exchange(head + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n").body, "POST /|abcde");
    EXPECT_EQ(client.exchange(get("/next")).body, "GET /next|");
}

TEST(Server, ReadsARequestThatComesByteByByte) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    for (const char byte : post("/slow", "body"))
        client.send({&byte, 1});
    EXPECT_EQ(client.receive().body, "POST /slow|body");
}

TEST(Server, SendsNoBodyForHeadButItsLength) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    client.send("HEAD /abc HTTP/1.1\r\nHost: x\r\n\r\n" + get("/next"));
    const Answer head = client.receive(true);
    EXPECT_EQ(head.status, 200);
    EXPECT_TRUE(head.has("Content-Length: 10\r\n"));
    EXPECT_EQ(client.receive().body, "GET /next|");
}

TEST(Server, SendsNoBodyWith204And304) {
    const auto server = serve([](Request& request, Responder respond) {
        Response response;
        response.status = request.target == "/204" ? 204 : 304;
        response.body = "must not be sent";
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    EXPECT_EQ(client.exchange(get("/204")).status, 204);
    EXPECT_EQ(client.exchange(get("/304")).status, 304);
    EXPECT_EQ(client.exchange(get("/204")).status, 204);
}

TEST(Server, SpeaksHttp10) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    TestClient once(server->ports()[0]);
    const Answer answer = once.exchange("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.has("Connection: close\r\n"));
    EXPECT_TRUE(once.is_closed_by_server());

    TestClient kept(server->ports()[0]);
    EXPECT_TRUE(kept.exchange("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").has("Connection: keep-alive\r\n"));
    EXPECT_EQ(kept.exchange("GET /2 HTTP/1.0\r\n\r\n").body, "GET /2|");
}

TEST(Server, ClosesWhenTheClientOrTheHandlerAsksForIt) {
    const auto server = serve([](Request& request, Responder respond) {
        Response response;
        response.close = request.target == "/close";
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    TestClient asking(server->ports()[0]);
    EXPECT_TRUE(asking.exchange(get("/", "Connection: close\r\n")).has("Connection: close\r\n"));
    EXPECT_TRUE(asking.is_closed_by_server());
    TestClient told(server->ports()[0]);
    EXPECT_TRUE(told.exchange(get("/close")).has("Connection: close\r\n"));
    EXPECT_TRUE(told.is_closed_by_server());
}

TEST(Server, AnswersAClientThatHasClosedItsSide) {
    std::thread worker;
    const auto server = serve([&](Request& request, Responder respond) {
        if (request.target == "/now") return echo(request, respond);
        worker = std::thread([respond] {
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
            respond({});
        });
    });
    ASSERT_TRUE(server);
    TestClient now(server->ports()[0]);
    now.send(get("/now"));
    now.end_sending();
    EXPECT_EQ(now.receive().body, "GET /now|");
    EXPECT_TRUE(now.is_closed_by_server());

    TestClient later(server->ports()[0]);
    later.send(get("/later"));
    later.end_sending();
    EXPECT_EQ(later.receive().status, 200);
    EXPECT_TRUE(later.is_closed_by_server());
    worker.join();
}

TEST(Server, ClosesQuietlyWhenTheClientStopsInTheMiddle) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    for (const std::string part :
         {"", "GET", "GET / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"}) {
        TestClient client(server->ports()[0]);
        client.send(part);
        client.end_sending();
        EXPECT_TRUE(client.is_closed_by_server()) << part;
    }
}

TEST(Server, MovesBigBodiesBothWays) {
    const auto shared = std::make_shared<const std::string>(20 * 1024 * 1024, 's');
    const auto server = serve([&](Request& request, Responder respond) {
        Response response;
        if (request.target == "/shared") {
            response.shared_body = shared;
        } else {
            response.body = std::move(request.body);
        }
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    std::string big(10 * 1024 * 1024, 'x');
    for (std::size_t i = 0; i < big.size(); ++i)
        big[i] = static_cast<char>(i * 7 % 251);
    EXPECT_TRUE(client.exchange(post("/", big)).body == big);
    EXPECT_TRUE(client.exchange(get("/shared")).body == *shared);
    EXPECT_EQ(client.exchange(post("/", "small")).body, "small");
    EXPECT_EQ(shared.use_count(), 1);
}

TEST(Server, SaysContinueOnlyWhenTheBodyIsAwaited) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
    client.send(head);
    EXPECT_EQ(client.receive().status, 100);
    EXPECT_EQ(client.exchange("body").body, "POST /|body");
    EXPECT_EQ(client.exchange(head + "body").status, 200) << "the body came unasked: no 100";
}

TEST(Server, AnswersAnExceptionWith500AndGoesOn) {
    const auto server = serve([](Request& request, Responder respond) {
        if (request.target == "/throw") throw std::runtime_error("secret detail");
        if (request.target == "/throw-int") throw 1;
        echo(request, respond);
        if (request.target == "/late") throw std::runtime_error("after the answer");
    });
    ASSERT_TRUE(server);
    for (const char* target : {"/throw", "/throw-int"}) {
        const Answer answer = TestClient(server->ports()[0]).exchange(get(target));
        EXPECT_EQ(answer.status, 500);
        EXPECT_EQ(answer.body.find("secret"), std::string::npos);
    }
    TestClient client(server->ports()[0]);
    EXPECT_EQ(client.exchange(get("/late")).status, 200);
    EXPECT_EQ(client.exchange(get("/ok")).status, 200);
}

TEST(Server, Answers500WhenTheLastResponderDiesSilently) {
    std::thread worker;
    const auto server = serve([&](Request& request, Responder respond) {
        if (request.target == "/thread") worker = std::thread([respond = std::move(respond)] {});
    });
    ASSERT_TRUE(server);
    EXPECT_EQ(TestClient(server->ports()[0]).exchange(get("/inline")).status, 500);
    EXPECT_EQ(TestClient(server->ports()[0]).exchange(get("/thread")).status, 500);
    worker.join();
}

TEST(Server, TakesTheFirstAnswerOnly) {
    const auto server = serve([](Request&, Responder respond) {
        const Responder copy = respond;
        Response first;
        first.body = "first";
        copy(std::move(first));
        Response second;
        second.body = "second";
        respond(std::move(second));
    });
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    EXPECT_EQ(client.exchange(get("/")).body, "first");
    EXPECT_EQ(client.exchange(get("/")).body, "first");
}

TEST(Server, LetsOneRequestAnswerAnother) {
    KeptResponders waiting;
    const auto server = serve([&](Request& request, Responder respond) {
        if (request.target == "/wait") return waiting.keep(std::move(respond));
        for (const Responder& other : waiting.take_all())
            other({});
        echo(request, respond);
    });
    ASSERT_TRUE(server);
    TestClient first(server->ports()[0]);
    // Pipelined behind the waiting one: must be served although it is woken from inside another connection's handler.
    first.send(get("/wait") + get("/after"));
    ASSERT_TRUE(eventually([&] { return waiting.count() == 1; }));
    TestClient second(server->ports()[0]);
    second.send(get("/a") + get("/b"));
    EXPECT_EQ(second.receive().body, "GET /a|");
    EXPECT_EQ(second.receive().body, "GET /b|");
    EXPECT_EQ(first.receive().status, 200);
    EXPECT_EQ(first.receive().body, "GET /after|");
}

TEST(Server, SpreadsConnectionsOverItsThreads) {
    std::mutex mutex;
    std::vector<std::thread::id> seen;
    ServerOptions options;
    options.io_threads = 4;
    const auto server = serve(
        [&](Request&, Responder respond) {
            std::lock_guard lock(mutex);
            if (std::find(seen.begin(), seen.end(), std::this_thread::get_id()) == seen.end())
                seen.push_back(std::this_thread::get_id());
            respond({});
        },
        options);
    ASSERT_TRUE(server);
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 4; ++i) {
        clients.push_back(std::make_unique<TestClient>(server->ports()[0]));
        EXPECT_EQ(clients.back()->exchange(get("/")).status, 200);
    }
    std::lock_guard lock(mutex);
    EXPECT_EQ(seen.size(), 4u);
}

TEST(Server, ListensOnSeveralAddressesAndReportsTheirPorts) {
    ServerOptions options;
    options.listen = {{"127.0.0.1", 0, false}, {"127.0.0.2", 0, false}, {"127.0.0.1", 0, false}};
    const auto server = serve(echo, options);
    ASSERT_TRUE(server);
    ASSERT_EQ(server->ports().size(), 3u);
    EXPECT_NE(server->ports()[0], server->ports()[2]);
    EXPECT_EQ(TestClient(server->ports()[2]).exchange(get("/")).status, 200);
}

TEST(Server, RefusesToStartOnATakenPortOrANameInsteadOfAnAddress) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    ServerOptions taken;
    taken.listen = {{"127.0.0.1", server->ports()[0], false}};
    EXPECT_EQ(Server(taken, echo).start().error().code, Errc::already_exists);
    ServerOptions name;
    name.listen = {{"localhost", 0, false}};
    EXPECT_EQ(Server(name, echo).start().error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace stoa::net
