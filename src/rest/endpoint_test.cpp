// Requests over HTTP in, documented answers out.

#include "rest/endpoint.hpp"

#include <thread>

#include "rest/testing/wire_fixture.hpp"

namespace stoa::rest {
namespace {

class EndpointTest : public testing::WireFixture {};

TEST_F(EndpointTest, answers_result_and_time) {
    open();
    const auto reply = hook("test.echo", R"({"a":[1,null,true]})");
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.header("Content-Type"), "application/json; charset=utf-8");
    EXPECT_EQ(reply.at("result"), R"({"a":[1,null,true]})");
    EXPECT_EQ(reply.at("total"), "(absent)");
    EXPECT_EQ(reply.at("next"), "(absent)");
    for (const char* name : {"start", "finish", "duration", "processing"}) {
        ASSERT_TRUE(reply.value.find("time")->find(name)) << name;
        EXPECT_GE(*reply.value.find("time")->find(name)->as_real(), 0.0) << name;
    }
    EXPECT_GT(reply.value.find("time")->find("operating_reset_at")->integer(), 1'700'000'000);
    EXPECT_EQ(reply.at("time", "operating"), "0");
    EXPECT_NE(reply.at("time", "date_start").find('T'), std::string::npos);
    EXPECT_FALSE(reply.header("X-Request-Id").empty());
}

TEST_F(EndpointTest, takes_every_kind_of_address_body_and_verb) {
    open();
    EXPECT_EQ(get("/rest/1/secret/test.echo?a=1&b[]=x+y").at("result"), R"({"a":"1","b":["x y"]})");
    EXPECT_EQ(get("/rest/1/secret/TEST.ECHOPOOL.json/?a=%D0%B6").at("result"), R"({"a":"ж"})");
    EXPECT_EQ(send("POST", "/rest/1/secret/test.echo?q=1&bx24_request_id=9", "a[b]=1&a[c]=2",
                   {{"Content-Type", "application/x-www-form-urlencoded"}})
                  .at("result"),
              R"({"q":"1","a":{"b":"1","c":"2"}})");
    EXPECT_EQ(post("/rest/1/secret/test.position", R"([4,{"x":1}])").at("result"), R"([4,{"x":1}])");
    EXPECT_EQ(post("/rest//test.position", R"({"auth":"tok-app","z":1,"a":2})").at("result"), "[1,2]");
    EXPECT_EQ(hook("test.nothing").at("result"), "null");
}

TEST_F(EndpointTest, finds_the_credential_wherever_it_is) {
    open();
    EXPECT_EQ(get("/rest/test.echo?auth=tok-app").status, 200);
    EXPECT_EQ(post("/rest/test.echo", R"({"auth":"tok-app"})").at("result"), "{}");
    EXPECT_EQ(send("GET", "/rest/test.echo", "", {{"Authorization", "Bearer tok-app"}}).status, 200);
    EXPECT_EQ(send("GET", "/rest/test.echo", "", {{"Cookie", "x=1; stoa_session=sess"}, {"X-Stoa-CSRF", "ok"}}).status,
              200);
    EXPECT_EQ(send("GET", "/rest/test.echo", "", {{"Cookie", "stoa_session=sess"}}).status, 401);

    const auto wrong_code = get("/rest/1/wrong/test.echo");
    EXPECT_EQ(wrong_code.status, 401);
    EXPECT_EQ(wrong_code.at("error"), R"("INVALID_CREDENTIALS")");
    EXPECT_EQ(wrong_code.at("error_description"), R"("Invalid request credentials")");
    const auto nobody = get("/rest/test.echo");
    EXPECT_EQ(nobody.status, 401);
    EXPECT_EQ(nobody.at("error"), R"("NO_AUTH_FOUND")");
    EXPECT_EQ(get("/rest/test.echo?auth=zzz").at("error"), R"("invalid_token")");
    EXPECT_EQ(get("/rest/test.echo?auth=tok-old").at("error"), R"("expired_token")");
    EXPECT_EQ(get("/rest/test.echo?auth=" + std::string(600, 'a')).at("error"), R"("NO_AUTH_FOUND")");
}

TEST_F(EndpointTest, says_no_with_the_documented_status) {
    open();
    const auto unknown = hook("no.such.method");
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.at("error"), R"("ERROR_METHOD_NOT_FOUND")");
    EXPECT_EQ(hook("test.scoped").status, 403);
    EXPECT_EQ(hook("test.scoped").at("error"), R"("insufficient_scope")");
    EXPECT_EQ(send("GET", "/rest/test.scoped", "", {{"Cookie", "stoa_session=sess"}, {"X-Stoa-CSRF", "ok"}}).status,
              200);
    EXPECT_EQ(hook("test.app").status, 403);
    EXPECT_EQ(hook("test.app").at("error"), R"("WRONG_AUTH_TYPE")");
    EXPECT_EQ(app("test.app").status, 200);
    EXPECT_EQ(hook("test.admin").status, 200);
    EXPECT_EQ(post("/rest/2/other/test.admin", "{}").at("error"), R"("ACCESS_DENIED")");
    const auto verb = send("PUT", "/rest/1/secret/test.echo", "{}");
    EXPECT_EQ(verb.status, 405);
    EXPECT_EQ(verb.header("Allow"), "GET, POST, OPTIONS");
    EXPECT_EQ(hook("test.fail", R"({"kind":"not_found"})").body, R"({"error":"","error_description":"Not found"})");
    EXPECT_EQ(hook("test.fail", R"({"kind":"invalid_argument","code":"ERROR_CORE"})").at("error"), R"("ERROR_CORE")");
    const auto busy = hook("test.fail", R"({"kind":"busy"})");
    EXPECT_EQ(busy.status, 503);
    EXPECT_EQ(busy.header("Retry-After"), "1");
}

TEST_F(EndpointTest, hides_internal_errors_behind_the_request_id) {
    open();
    for (const char* kind : {"internal", "throw"}) {
        const auto reply = hook("test.fail", R"({"kind":")" + std::string(kind) + R"("})");
        EXPECT_EQ(reply.status, 500);
        EXPECT_EQ(reply.at("error"), R"("INTERNAL_SERVER_ERROR")");
        EXPECT_EQ(reply.body.find("secret detail"), std::string::npos);
        EXPECT_NE(reply.body.find(reply.header("X-Request-Id")), std::string::npos);
    }
}

TEST_F(EndpointTest, shows_lists_with_total_and_next) {
    open();
    write([&](model::Records& records) -> Status {
        for (int i = 0; i < 51; ++i) {
            model::Changes changes(registry.entity("lib.book"));
            changes.set("TITLE", std::string("B"));
            STOA_CHECK(records.add(std::move(changes)));
        }
        return {};
    });
    const auto first = hook("lib.book.list", R"({"select":["ID"]})");
    EXPECT_EQ(first.at("total"), "51");
    EXPECT_EQ(first.at("next"), "50");
    const auto last = hook("lib.book.list", R"({"select":["ID"],"start":50})");
    EXPECT_EQ(last.at("result"), R"([{"ID":"51"}])");
    EXPECT_EQ(last.at("next"), "(absent)");
    EXPECT_EQ(post("/rest/9/foreign/lib.book.get", R"({"id":1})").status, 400) << "another account's record";
}

TEST_F(EndpointTest, speaks_xml_on_wish) {
    open();
    const auto good = get("/rest/1/secret/test.echo.xml?a=1%3C2");
    EXPECT_EQ(good.header("Content-Type"), "application/xml; charset=utf-8");
    EXPECT_EQ(good.body.find("<?xml"), 0u);
    EXPECT_NE(good.body.find("<response><result><a>1&lt;2</a></result><time>"), std::string::npos) << good.body;
    const auto bad = get("/rest/1/secret/no.such.xml");
    EXPECT_EQ(bad.status, 404);
    EXPECT_NE(bad.body.find("<error>ERROR_METHOD_NOT_FOUND</error>"), std::string::npos);
    const auto written = get("/rest/1/secret/test.write.xml?title=T");
    EXPECT_NE(written.body.find("<result>1</result>"), std::string::npos);
}

TEST_F(EndpointTest, lets_browsers_of_other_sites_call_with_tokens_but_not_with_sessions) {
    open();
    const auto preflight = send("OPTIONS", "/rest/1/secret/test.echo", "", {{"Origin", "https://app.test"}});
    EXPECT_EQ(preflight.status, 204);
    EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "*");
    EXPECT_NE(preflight.header("Access-Control-Allow-Headers").find("Content-Type"), std::string::npos);
    EXPECT_EQ(preflight.header("Access-Control-Allow-Headers").find("CSRF"), std::string::npos);
    EXPECT_EQ(preflight.header("Access-Control-Allow-Credentials"), "");
    EXPECT_EQ(hook("test.echo", "{}", {{"Origin", "https://app.test"}}).header("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(hook("test.echo").header("Access-Control-Allow-Origin"), "");
}

TEST_F(EndpointTest, limits_calls_per_source_and_portal) {
    RestOptions options;
    options.bucket_size = 3;
    options.bucket_drain_per_s = 0.5;
    open(options);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(hook("test.echo").status, 200);
    const auto refused = hook("test.echo");
    EXPECT_EQ(refused.status, 503);
    EXPECT_EQ(refused.at("error"), R"("QUERY_LIMIT_EXCEEDED")");
    EXPECT_GE(std::atoi(refused.header("Retry-After").c_str()), 1);
    EXPECT_EQ(post("/rest/9/foreign/test.echo", "{}").status, 200) << "another portal";
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(get("/rest/1/guess/test.echo").status, 401);
    EXPECT_EQ(get("/rest/1/guess/test.echo").status, 503) << "guesses at codes are limited too";
}

TEST_F(EndpointTest, a_batch_counts_as_one_call) {
    RestOptions options;
    options.bucket_size = 1;
    options.bucket_drain_per_s = 0.01;
    open(options);
    EXPECT_EQ(hook("batch", R"({"cmd":["test.echo","test.echo","test.echo"]})").at("result", "result"), "[{},{},{}]");
    EXPECT_EQ(hook("test.echo").status, 503);
}

TEST_F(EndpointTest, refuses_when_no_worker_is_free) {
    open();
    workers->stop();
    const auto reply = hook("test.echoPool");
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(reply.at("error"), R"("QUERY_LIMIT_EXCEEDED")");
    EXPECT_EQ(reply.header("Retry-After"), "1");
    EXPECT_EQ(hook("test.echo").status, 200) << "what needs no worker goes on";
    EXPECT_EQ(hook("test.echo", R"({"x":")" + std::string(100'000, 'x') + R"("})").status, 503)
        << "large bodies need one";
}

TEST_F(EndpointTest, parses_large_bodies_on_the_pool) {
    open();
    const std::string text(300'000, 'x');
    EXPECT_EQ(hook("test.echo", R"({"x":")" + text + R"("})").at("result", "x").size(), text.size() + 2);
}

TEST_F(EndpointTest, trusts_request_ids_and_addresses_of_known_proxies_only) {
    open();
    EXPECT_NE(hook("test.echo", "{}", {{"X-Request-Id", "lb-1"}}).header("X-Request-Id"), "lb-1");
}

class BehindProxyTest : public testing::WireFixture {
    void SetUp() override {
        RestOptions options;
        options.trusted_proxies = {"127.0.0.0/8"};
        options.bucket_size = 2;
        options.bucket_drain_per_s = 0.01;
        open(options);
    }
};

TEST_F(BehindProxyTest, a_write_that_the_balancer_repeats_has_one_effect) {
    const Headers same = {{"X-Request-Id", "lb-1"}};
    const auto first = hook("test.write", R"({"title":"A"})", same);
    EXPECT_EQ(first.header("X-Request-Id"), "lb-1");
    const auto again = hook("test.write", R"({"title":"A"})", same);
    EXPECT_EQ(again.at("result"), first.at("result"));
    EXPECT_EQ(again.header("Idempotent-Replayed"), "true");
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(books(), 1);
}

TEST_F(BehindProxyTest, limits_count_the_client_and_not_the_proxy) {
    for (int client = 0; client < 4; ++client) {
        const Headers from = {{"X-Forwarded-For", "9.9.9." + std::to_string(client)}};
        EXPECT_EQ(hook("test.echo", "{}", from).status, 200);
        EXPECT_EQ(hook("test.echo", "{}", from).status, 200);
        EXPECT_EQ(hook("test.echo", "{}", from).status, 503);
    }
}

TEST(EndpointOptions, wrong_proxies_are_a_start_up_error) {
    EXPECT_FALSE(TrustedProxies::parse({"balancer.local"}).ok());
}

}  // namespace
}  // namespace stoa::rest
