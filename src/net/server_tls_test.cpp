// The same server over TLS.

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>
#include <thread>

#include "net/test_client.hpp"
#include "net/tls_certificate.hpp"

namespace stoa::net {
namespace {

using namespace testing;

std::unique_ptr<Server> serve_tls(Handler handler, Timeouts timeouts = {}) {
    const auto pem = make_self_signed({"localhost", "127.0.0.1"}, 10);
    if (!pem.ok()) return nullptr;
    ServerOptions options;
    options.listen = {{"127.0.0.1", 0, true}, {"127.0.0.1", 0, false}};
    options.certificate_pem = pem->certificate;
    options.private_key_pem = pem->private_key;
    options.timeouts = timeouts;
    return serve(std::move(handler), options);
}

class TlsClient {
  public:
    explicit TlsClient(std::uint16_t port, int version_max = TLS1_3_VERSION, std::string alpn = {}) : plain_(port) {
        context_.reset(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_security_level(context_.get(), 0);
        SSL_CTX_set_min_proto_version(context_.get(), TLS1_VERSION);
        SSL_CTX_set_max_proto_version(context_.get(), version_max);
        session_.reset(SSL_new(context_.get()));
        if (!alpn.empty()) {
            const std::string wire = static_cast<char>(alpn.size()) + alpn;
            SSL_set_alpn_protos(session_.get(), reinterpret_cast<const unsigned char*>(wire.data()),
                                static_cast<unsigned>(wire.size()));
        }
        SSL_set_fd(session_.get(), plain_.fd());
        connected_ = SSL_connect(session_.get()) == 1;
    }
    ~TlsClient() { session_.reset(); }

    bool connected() const { return connected_; }
    SSL* session() { return session_.get(); }

    std::string protocol() const {
        const unsigned char* name = nullptr;
        unsigned int length = 0;
        SSL_get0_alpn_selected(session_.get(), &name, &length);
        return std::string(reinterpret_cast<const char*>(name), length);
    }

    /// The body of the next answer.
    std::string exchange(std::string_view bytes) {
        while (!bytes.empty()) {
            const int sent = SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size()));
            if (sent <= 0) return "send failed";
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return receive();
    }
    std::string receive() {
        std::size_t end;
        while ((end = received_.find("\r\n\r\n")) == received_.npos) {
            if (!more()) return "no answer";
        }
        const auto at = received_.find("Content-Length: ");
        const std::size_t total = end + 4 + std::stoul(received_.substr(at + 16));
        while (received_.size() < total) {
            if (!more()) return "cut off";
        }
        std::string body = received_.substr(end + 4, total - end - 4);
        received_.erase(0, total);
        return body;
    }

  private:
    bool more() {
        char bytes[16 * 1024];
        const int got = SSL_read(session_.get(), bytes, sizeof bytes);
        if (got <= 0) return false;
        received_.append(bytes, static_cast<std::size_t>(got));
        return true;
    }
    struct Free {
        void operator()(SSL_CTX* p) const { SSL_CTX_free(p); }
        void operator()(SSL* p) const { SSL_free(p); }
    };
    TestClient plain_;
    std::unique_ptr<SSL_CTX, Free> context_;
    std::unique_ptr<SSL, Free> session_;
    bool connected_ = false;
    std::string received_;
};

TEST(ServerTls, ServesTls12And13NextToPlain) {
    const auto server = serve_tls([](Request& request, Responder respond) {
        Response response;
        response.body = request.tls ? "tls" : "plain";
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        TlsClient client(server->ports()[0], version);
        ASSERT_TRUE(client.connected());
        for (int i = 0; i < 20; ++i)
            EXPECT_EQ(client.exchange(get("/")), "tls");
    }
    EXPECT_EQ(TestClient(server->ports()[1]).exchange(get("/")).body, "plain");
}

TEST(ServerTls, RefusesTls11) {
    const auto server = serve_tls(echo);
    ASSERT_TRUE(server);
    EXPECT_FALSE(TlsClient(server->ports()[0], TLS1_1_VERSION).connected());
}

TEST(ServerTls, AgreesOnHttp11) {
    const auto server = serve_tls(echo);
    ASSERT_TRUE(server);
    EXPECT_EQ(TlsClient(server->ports()[0], TLS1_3_VERSION, "http/1.1").protocol(), "http/1.1");
    EXPECT_FALSE(TlsClient(server->ports()[0], TLS1_3_VERSION, "h2").connected());
}

TEST(ServerTls, MovesBigBodiesBothWays) {
    const auto server = serve_tls([](Request& request, Responder respond) {
        Response response;
        response.body = std::move(request.body);
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    TlsClient client(server->ports()[0]);
    ASSERT_TRUE(client.connected());
    for (const std::size_t size : {0, 1, 15 * 1024, 15 * 1024 + 1, 16 * 1024, 100'000, 8'000'000}) {
        const std::string body(size, 'b');
        EXPECT_TRUE(client.exchange(post("/", body)) == body) << size;
    }
}

TEST(ServerTls, AnswersPipelinedRequestsOfOneRecord) {
    const auto server = serve_tls(echo);
    ASSERT_TRUE(server);
    TlsClient client(server->ports()[0]);
    EXPECT_EQ(client.exchange(get("/1") + get("/2") + get("/3")), "GET /1|");
    EXPECT_EQ(client.receive(), "GET /2|");
    EXPECT_EQ(client.receive(), "GET /3|");
}

TEST(ServerTls, AnswersFromOtherThreads) {
    const auto server = serve_tls([](Request& request, Responder respond) {
        std::thread([body = request.body, respond] {
            Response response;
            response.body = body;
            respond(std::move(response));
        }).detach();
    });
    ASSERT_TRUE(server);
    TlsClient client(server->ports()[0]);
    const std::string body(3'000'000, 'b');
    EXPECT_TRUE(client.exchange(post("/", body)) == body);
    EXPECT_EQ(client.exchange(post("/", "x")), "x");
}

TEST(ServerTls, TellsAPlainClientThatThisPortSpeaksHttps) {
    const auto server = serve_tls(echo);
    ASSERT_TRUE(server);
    TestClient client(server->ports()[0]);
    const Answer answer = client.exchange(get("/"));
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.body, "This port speaks https.\n");
    EXPECT_TRUE(client.is_closed_by_server());
}

TEST(ServerTls, ClosesOnGarbageAndOnASilentHandshake) {
    Timeouts timeouts;
    timeouts.header_ms = 150;
    const auto server = serve_tls(echo, timeouts);
    ASSERT_TRUE(server);
    TestClient garbage(server->ports()[0]);
    garbage.send("\x16\x03\x01\x00\x05hello there");
    garbage.receive_all();
    TestClient silent(server->ports()[0]);
    EXPECT_TRUE(silent.is_closed_by_server());
    EXPECT_EQ(TlsClient(server->ports()[0]).exchange(get("/")), "GET /|");
}

TEST(ServerTls, SurvivesClientsThatVanishInTheMiddle) {
    const auto server = serve_tls([](Request&, Responder respond) {
        Response response;
        response.body.assign(5'000'000, 'x');
        respond(std::move(response));
    });
    ASSERT_TRUE(server);
    for (int i = 0; i < 10; ++i) {
        TlsClient client(server->ports()[0]);
        const std::string request = get("/");
        SSL_write(client.session(), request.data(), static_cast<int>(request.size()));
    }
    EXPECT_EQ(TlsClient(server->ports()[0]).exchange(get("/")).size(), 5'000'000u);
}

TEST(ServerTls, RefusesToStartWithoutAUsableCertificate) {
    const auto one = make_self_signed({"a"}, 1);
    const auto other = make_self_signed({"a"}, 1);
    ASSERT_TRUE(one.ok() && other.ok());
    ServerOptions options;
    options.listen = {{"127.0.0.1", 0, true}};
    EXPECT_EQ(Server(options, echo).start().error().code, Errc::invalid_argument);
    options.certificate_pem = one->certificate;
    options.private_key_pem = other->private_key;
    EXPECT_EQ(Server(options, echo).start().error().code, Errc::invalid_argument);
    options.private_key_pem = one->private_key;
    EXPECT_TRUE(Server(options, echo).start().ok());
}

}  // namespace
}  // namespace stoa::net
