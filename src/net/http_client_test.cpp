#include "net/http_client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>

#include "net/test_client.hpp"
#include "net/tls_certificate.hpp"

namespace stoa::net {
namespace {

using namespace testing;

std::string url(const Server& server, const std::string& target, const char* scheme = "http") {
    return std::string(scheme) + "://127.0.0.1:" + std::to_string(server.ports()[0]) + target;
}

ClientRequest local(std::string address) {
    ClientRequest request;
    request.url = std::move(address);
    request.allow_private_targets = true;
    request.timeout_ms = 5'000;
    return request;
}

TEST(HttpClient, SendsMethodHeadersAndBodyAndReadsTheAnswer) {
    const auto server = serve([](Request& request, Responder respond) {
        Response response;
        response.status = 201;
        response.headers = {
            {"X-Seen", std::string(request.header("X-Asked")) + "," + std::string(request.header("Expect"))}};
        response.body = request.method + "|" + request.target + "|" + request.body;
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "GET"}) {
        ClientRequest request = local(url(*server, "/a?b=c"));
        request.method = method;
        request.headers = {{"X-Asked", "yes"}};
        request.body = std::string(method) == "GET" ? "" : "payload";
        const auto response = fetch(request);
        ASSERT_TRUE(response.ok()) << response.error().message;
        EXPECT_EQ(response->status, 201);
        EXPECT_EQ(response->body, std::string(method) + "|/a?b=c|" + request.body);
        bool seen = false;
        for (const Header& header : response->headers)
            seen |= header.name == "X-Seen" && header.value == "yes,";
        EXPECT_TRUE(seen);
    }
    ClientRequest head = local(url(*server, "/"));
    head.method = "HEAD";
    const auto response = fetch(head);
    ASSERT_TRUE(response.ok());
    EXPECT_EQ(response->body, "");
}

TEST(HttpClient, KeepsItsConnectionBetweenRequests) {
    ServerOptions options;
    options.connections_max = 1;
    const auto server = serve(echo, options);
    ASSERT_TRUE(server);
    for (int i = 0; i < 20; ++i) {
        const auto response = fetch(local(url(*server, "/")));
        ASSERT_TRUE(response.ok());
        EXPECT_EQ(response->status, 200);
    }
}

TEST(HttpClient, RefusesPrivateTargetsByTheAddressConnectedTo) {
    std::atomic<int> served{0};
    const auto server = serve([&](Request&, Responder respond) {
        ++served;
        respond({});
    });
    ASSERT_TRUE(server);
    const std::string port = std::to_string(server->ports()[0]);
    // A kept connection of an allowed request must not open the way either.
    ASSERT_TRUE(fetch(local(url(*server, "/"))).ok());
    for (const std::string host :
         {"127.0.0.1", "localhost", "0.0.0.0", "2130706433", "0x7f.1", "017700000001", "[::ffff:127.0.0.1]", "[::1]",
          "169.254.169.254", "10.0.0.1", "user@127.0.0.1", "8.8.8.8@127.0.0.1"}) {
        ClientRequest request;
        request.url = "http://" + host + ":" + port + "/";
        request.timeout_ms = 2'000;
        const auto response = fetch(request);
        ASSERT_FALSE(response.ok()) << host;
        EXPECT_EQ(response.error().code, Errc::forbidden) << host << ": " << response.error().message;
    }
    EXPECT_EQ(served, 1);
}

TEST(HttpClient, IgnoresTheProxyOfTheEnvironment) {
    const auto server = serve(echo);
    ASSERT_TRUE(server);
    ::setenv("http_proxy", url(*server, "").c_str(), 1);
    ClientRequest request;
    request.url = "http://10.0.0.1/";
    const auto response = fetch(request);
    ::unsetenv("http_proxy");
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, Errc::forbidden);
}

TEST(HttpClient, FollowsNoRedirects) {
    const auto server = serve([](Request&, Responder respond) {
        Response response;
        response.status = 302;
        response.headers = {{"Location", "/elsewhere"}};
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    const auto response = fetch(local(url(*server, "/")));
    ASSERT_TRUE(response.ok());
    EXPECT_EQ(response->status, 302);
}

TEST(HttpClient, SpeaksHttpOnly) {
    for (const char* address : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "dict://127.0.0.1/",
                                "", "http://", "http://a b/", "http://127.0.0.1\r\nX: y/"}) {
        const auto response = fetch(local(address));
        ASSERT_FALSE(response.ok()) << address;
        EXPECT_EQ(response.error().code, Errc::invalid_argument) << address << ": " << response.error().message;
    }
}

TEST(HttpClient, RefusesForgedHeadersAndMethods) {
    ClientRequest header = local("http://127.0.0.1:1/");
    header.headers = {{"X", "a\r\nHost: b"}};
    EXPECT_EQ(fetch(header).error().code, Errc::invalid_argument);
    ClientRequest method = local("http://127.0.0.1:1/");
    method.method = "GET / HTTP/1.1\r\n";
    EXPECT_EQ(fetch(method).error().code, Errc::invalid_argument);
}

TEST(HttpClient, KeepsToTheDeadline) {
    KeptResponders kept;
    const auto server = serve([&](Request&, Responder respond) { kept.keep(std::move(respond)); });
    ASSERT_TRUE(server);
    ClientRequest request = local(url(*server, "/"));
    request.timeout_ms = 100;
    const auto start = std::chrono::steady_clock::now();
    const auto response = fetch(request);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, Errc::timeout);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(2'000));
}

TEST(HttpClient, TakesAnAnswerAtTheLimitAndRefusesOneByteMore) {
    const auto server = serve([](Request&, Responder respond) {
        Response response;
        response.body.assign(1'000, 'x');
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    ClientRequest request = local(url(*server, "/"));
    request.answer_bytes_max = 1'000;
    EXPECT_TRUE(fetch(request).ok());
    request.answer_bytes_max = 999;
    const auto response = fetch(request);
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, Errc::too_large);
}

TEST(HttpClient, SaysUnavailableWhenNobodyListens) {
    std::uint16_t port = 0;
    {
        const auto server = serve(echo);
        ASSERT_TRUE(server);
        port = server->ports()[0];
    }
    const auto response = fetch(local("http://127.0.0.1:" + std::to_string(port) + "/"));
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, Errc::unavailable);
}

TEST(HttpClient, TrustsNoUnknownCertificateUnlessTold) {
    const auto pem = make_self_signed({"127.0.0.1"}, 10);
    ASSERT_TRUE(pem.ok());
    ServerOptions options;
    options.listen = {{"127.0.0.1", 0, true}};
    options.certificate_pem = pem->certificate;
    options.private_key_pem = pem->private_key;
    const auto server = serve(echo, options);
    ASSERT_TRUE(server);
    ClientRequest request = local(url(*server, "/", "https"));
    request.verify_tls = false;
    const auto trusted = fetch(request);
    ASSERT_TRUE(trusted.ok()) << trusted.error().message;
    EXPECT_EQ(trusted->body, "GET /|");
    request.verify_tls = true;
    const auto refused = fetch(request);
    ASSERT_FALSE(refused.ok()) << "also with an open connection from before";
    EXPECT_EQ(refused.error().code, Errc::unavailable);
    EXPECT_NE(refused.error().message.find("certificate"), std::string::npos);
}

}  // namespace
}  // namespace stoa::net
