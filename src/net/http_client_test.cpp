#include "net/http_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <chrono>
#include <thread>

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

TEST(HttpClient, TrustsTheAuthorityOfTheGivenFile) {
    const auto pem = make_self_signed({"127.0.0.1"}, 10);
    ASSERT_TRUE(pem.ok());
    ServerOptions options;
    options.listen = {{"127.0.0.1", 0, true}};
    options.certificate_pem = pem->certificate;
    options.private_key_pem = pem->private_key;
    const auto server = serve(echo, options);
    ASSERT_TRUE(server);
    char path[] = "/tmp/stoa-ca-XXXXXX";
    const Fd file(::mkstemp(path));
    ASSERT_EQ(::write(file.get(), pem->certificate.data(), pem->certificate.size()),
              static_cast<ssize_t>(pem->certificate.size()));
    ClientRequest request = local(url(*server, "/", "https"));
    request.ca_file = path;
    const auto trusted = fetch(request);
    ::unlink(path);
    EXPECT_TRUE(trusted.ok()) << trusted.error().message;
    request.ca_file = "/nonexistent/ca.pem";
    const auto refused = fetch(request);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().field, "ca_file");
}

int note_protocols(SSL*, const unsigned char**, unsigned char*, const unsigned char* in, unsigned int bytes, void* to) {
    static_cast<std::string*>(to)->assign(reinterpret_cast<const char*>(in), bytes);
    return SSL_TLSEXT_ERR_NOACK;
}

// A server that offers HTTP/2 must not get it: after a deadline the connection, which may be dead, would be kept.
TEST(HttpClient, DoesNotOfferHttp2) {
    const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const timeval patience{5, 0};
    ::setsockopt(listener.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener.get(), 1), 0);
    ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    std::string offered = "nobody came";
    std::thread server([&] {
        const Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        ::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
        const auto pem = make_self_signed({"127.0.0.1"}, 10);
        const std::unique_ptr<BIO, decltype(&BIO_free)> certificate(
            BIO_new_mem_buf(pem->certificate.data(), static_cast<int>(pem->certificate.size())), BIO_free);
        const std::unique_ptr<BIO, decltype(&BIO_free)> key(
            BIO_new_mem_buf(pem->private_key.data(), static_cast<int>(pem->private_key.size())), BIO_free);
        const std::unique_ptr<X509, decltype(&X509_free)> x509(
            PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr), X509_free);
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> private_key(
            PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
        SSL_CTX_use_certificate(context.get(), x509.get());
        SSL_CTX_use_PrivateKey(context.get(), private_key.get());
        SSL_CTX_set_alpn_select_cb(context.get(), note_protocols, &offered);
        const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(context.get()), SSL_free);
        SSL_set_fd(tls.get(), client.get());
        SSL_accept(tls.get());  // no answer follows: the client has said what it wants by then
    });
    ClientRequest request = local("https://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/");
    request.verify_tls = false;
    EXPECT_FALSE(fetch(request).ok());
    server.join();
    EXPECT_EQ(offered.find("h2"), std::string::npos) << offered;
    EXPECT_NE(offered, "nobody came");
}

TEST(HttpClient, SendsABodyThatIsReadWhileItIsSent) {
    const auto server = serve([](Request& request, Responder respond) {
        Response response;
        response.body = request.method + " " + std::to_string(request.body.size()) + " " + request.body.substr(0, 4) +
                        request.body.substr(request.body.size() < 4 ? 0 : request.body.size() - 4);
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    std::string text(3'000'000, 'x');
    text.replace(0, 4, "head");
    text.replace(text.size() - 4, 4, "tail");
    std::uint64_t told = 0;
    ClientRequest request = local(url(*server, "/"));
    request.method = "PUT";
    request.stall_ms = 2'000;
    request.upload = {text.size(), [&](std::uint64_t offset, char* to, std::size_t size) {
                          return text.copy(to, size, static_cast<std::size_t>(offset));
                      }};
    request.on_progress = [&](std::uint64_t bytes) {
        told = bytes;
        return true;
    };
    const auto response = fetch(request);
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(response->body, "PUT 3000000 headtail");
    EXPECT_GE(told, text.size());
    request.upload.bytes += 1;
    const auto refused = fetch(request);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().field, "upload");
    request.upload = {0, [](std::uint64_t, char*, std::size_t) { return std::size_t{0}; }};
    const auto empty = fetch(request);
    ASSERT_TRUE(empty.ok()) << empty.error().message;
    EXPECT_EQ(empty->body, "PUT 0 ");
}

TEST(HttpClient, BreaksOffWhenNothingMovesOrItIsToldTo) {
    KeptResponders kept;
    const auto server = serve([&](Request&, Responder respond) { kept.keep(std::move(respond)); });
    ASSERT_TRUE(server);
    ClientRequest request = local(url(*server, "/"));
    request.timeout_ms = 0;
    request.stall_ms = 300;
    const auto start = std::chrono::steady_clock::now();
    const auto stalled = fetch(request);
    ASSERT_FALSE(stalled.ok());
    EXPECT_EQ(stalled.error().code, Errc::timeout);
    request.stall_ms = 0;
    request.on_progress = [](std::uint64_t) { return false; };
    const auto told = fetch(request);
    ASSERT_FALSE(told.ok());
    EXPECT_EQ(told.error().code, Errc::timeout);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(4'000));
}

TEST(HttpClient, GivesABodyPieceByPieceAndKeepsNothingOfIt) {
    const auto server = serve([](Request&, Responder respond) {
        Response response;
        response.body = std::string(300'000, 'x');
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    std::size_t bytes = 0;
    ClientRequest request = local(url(*server, "/"));
    request.answer_bytes_max = 10;
    request.on_body = [&bytes](std::string_view piece) {
        bytes += piece.size();
        return true;
    };
    const auto response = fetch(request);
    ASSERT_TRUE(response.ok()) << response.error().message;
    EXPECT_EQ(bytes, 300'000u);
    EXPECT_EQ(response->body, "");

    request.on_body = [](std::string_view) { return false; };
    const auto broken = fetch(request);
    ASSERT_FALSE(broken.ok());
    EXPECT_EQ(broken.error().code, Errc::unavailable);
}

TEST(HttpClient, EndsAtOnceWhenAnotherThreadCancels) {
    KeptResponders kept;
    std::atomic<bool> asked{false};
    const auto server = serve([&](Request&, Responder respond) {
        kept.keep(std::move(respond));
        asked = true;
    });
    ASSERT_TRUE(server);
    Cancel cancel;
    ClientRequest request = local(url(*server, "/"));
    request.timeout_ms = 0;
    request.cancel = &cancel;
    std::chrono::steady_clock::time_point cancelled;
    std::thread canceller([&] {
        while (!asked)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        cancelled = std::chrono::steady_clock::now();
        cancel.cancel();
    });
    const auto response = fetch(request);
    const auto ended = std::chrono::steady_clock::now();
    canceller.join();
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().code, Errc::unavailable);
    EXPECT_LT(ended - cancelled, std::chrono::milliseconds(500));
    const auto again = fetch(request);
    ASSERT_FALSE(again.ok()) << "a cancelled request stays cancelled";
}

}  // namespace
}  // namespace stoa::net
