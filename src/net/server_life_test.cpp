// Start, drain, stop, timers, and Responders that outlive their server.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "net/test_client.hpp"

namespace stoa::net {
namespace {

using namespace testing;
using std::chrono::milliseconds;

TEST(ServerLife, DrainLetsRunningRequestsFinishAndClosesTheIdleOnes) {
    std::atomic<bool> running{false};
    std::atomic<bool> release{false};
    std::thread worker;
    const auto server = serve([&](Request& request, Responder respond) {
        if (request.target != "/slow") return echo(request, respond);
        running = true;
        worker = std::thread([&release, respond] {
            eventually([&] { return release.load(); });
            respond({});
        });
    });
    ASSERT_TRUE(server);
    const std::uint16_t port = server->ports()[0];
    TestClient idle(port);
    EXPECT_EQ(idle.exchange(get("/")).status, 200);
    TestClient busy(port);
    busy.send(get("/slow"));
    ASSERT_TRUE(eventually([&] { return running.load(); }));

    std::thread drain([&] { server->drain(5'000); });
    EXPECT_TRUE(idle.is_closed_by_server());
    EXPECT_TRUE(eventually([&] { return !TestClient(port).connected(); })) << "accepts nobody";
    release = true;
    const Answer answer = busy.receive();
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.has("Connection: close\r\n"));
    EXPECT_TRUE(busy.is_closed_by_server());
    drain.join();
    worker.join();
}

TEST(ServerLife, DrainServesARequestThatIsJustArriving) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    client.send("GET /half HTTP/1.1\r\nHo");
    std::this_thread::sleep_for(milliseconds(20));
    std::thread drain([&] { server->drain(5'000); });
    std::this_thread::sleep_for(milliseconds(20));
    EXPECT_EQ(client.exchange("st: x\r\n\r\n").body, "GET /half|");
    EXPECT_TRUE(client.is_closed_by_server());
    drain.join();
}

TEST(ServerLife, DrainLosesNoRequestOfBusyClients) {
    for (int round = 0; round < 5; ++round) {
        ServerOptions options;
        options.io_threads = 2;
        const auto server = serve(echo, options);
        ASSERT_TRUE(server);
        const std::uint16_t port = server->ports()[0];
        std::atomic<int> lost{0};
        std::vector<std::thread> clients;
        for (int i = 0; i < 8; ++i) {
            clients.emplace_back([&, port] {
                TestClient client(port);
                while (true) {
                    const bool sent = client.send(get("/"));
                    const Answer answer = client.receive();
                    // No answer is fine only when the server had closed the idle connection before the request.
                    if (answer.status == 0 && !answer.head.empty()) ++lost;
                    if (!sent || answer.status != 200 || answer.has("Connection: close")) return;
                }
            });
        }
        std::this_thread::sleep_for(milliseconds(20));
        server->drain(5'000);
        for (auto& client : clients)
            client.join();
        EXPECT_EQ(lost, 0);
    }
}

TEST(ServerLife, DrainGivesUpAfterItsTime) {
    KeptResponders kept;
    const auto server = serve([&](Request&, Responder respond) { kept.keep(std::move(respond)); });
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    client.send(get("/"));
    ASSERT_TRUE(eventually([&] { return kept.count() == 1; }));
    const auto start = std::chrono::steady_clock::now();
    server->drain(100);
    EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(2'000));
    EXPECT_TRUE(client.is_closed_by_server());
    kept.take_all().at(0)({});
}

TEST(ServerLife, StopMayBeCalledAgainAndClosesEverything) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    EXPECT_EQ(client.exchange(get("/")).status, 200);
    server->stop();
    server->stop();
    server->drain(100);
    EXPECT_TRUE(client.is_closed_by_server());
    EXPECT_FALSE(TestClient(server->ports()[0]).connected());
}

TEST(ServerLife, AServerThatNeverStartedCanBeDropped) {
    Server server({}, echo);
    server.every(10, [] {});
    server.stop();
}

TEST(ServerLife, AResponderMayOutliveItsServer) {
    KeptResponders kept;
    {
        const auto server = serve([&](Request&, Responder respond) { kept.keep(std::move(respond)); });
        ASSERT_TRUE(server);
        TestClient first(server->ports()[0]);
        TestClient second(server->ports()[0]);
        first.send(get("/"));
        second.send(get("/"));
        ASSERT_TRUE(eventually([&] { return kept.count() == 2; }));
    }
    auto responders = kept.take_all();
    responders[0]({});
    responders.clear();  // the second dies silently
}

TEST(ServerLife, AnswersAndDisconnectsMayCross) {
    std::atomic<bool> done{false};
    KeptResponders waiting;
    std::thread worker([&] {
        while (!done) {
            for (const Responder& respond : waiting.take_all())
                respond({});
        }
    });
    {
        ServerOptions options;
        options.io_threads = 2;
        const auto server = serve([&](Request&, Responder respond) { waiting.keep(std::move(respond)); }, options);
        ASSERT_TRUE(server);
        for (int i = 0; i < 200; ++i) {
            TestClient client(server->ports()[0]);
            client.send(get("/") + get("/"));
            if (i % 2 == 0) {
                EXPECT_EQ(client.receive().status, 200);
            }
        }
    }
    done = true;
    worker.join();
}

TEST(ServerLife, TimersRunUntilStop) {
    std::atomic<int> before{0};
    std::atomic<int> after{0};
    ServerOptions options;
    options.listen = {{"127.0.0.1", 0, false}};
    Server server(options, echo);
    server.every(5, [&] {
        ++before;
        throw std::runtime_error("a task that fails does not end the series");
    });
    ASSERT_TRUE(server.start().ok());
    server.every(5, [&] { ++after; });
    EXPECT_TRUE(eventually([&] { return before >= 3 && after >= 3; }));
    server.stop();
    const int count = after;
    std::this_thread::sleep_for(milliseconds(30));
    EXPECT_EQ(after, count);
}

}  // namespace
}  // namespace stoa::net
