#include "rest/parameters.hpp"

#include <gtest/gtest.h>

#include "json/writer.hpp"
#include "rest/request_head.hpp"

namespace stoa::rest {
namespace {

net::Request request(std::string target, std::string body = {}, std::string method = "POST") {
    net::Request out;
    out.method = std::move(method);
    out.target = std::move(target);
    out.body = std::move(body);
    return out;
}

std::string shown(const Result<Parameters>& parameters) {
    if (!parameters) return "error " + parameters.error().api_code;
    return json::to_json(parameters->value) + (parameters->auth.empty() ? "" : " auth=" + parameters->auth);
}

TEST(Parameters, merges_query_and_body_and_the_body_wins) {
    EXPECT_EQ(shown(read_parameters(request("/rest/m?a=1&b[x]=2", R"({"a":9,"c":[1]})"), "application/json")),
              R"({"a":9,"b":{"x":"2"},"c":[1]})");
    EXPECT_EQ(shown(read_parameters(request("/rest/m?a=1", "a=2&fields[TITLE]=x+y&ids[]=4&ids[]=5"),
                                    "application/x-www-form-urlencoded")),
              R"({"a":"2","fields":{"TITLE":"x y"},"ids":["4","5"]})");
}

TEST(Parameters, takes_the_transports_own_out) {
    EXPECT_EQ(shown(read_parameters(request("/rest/m?bx24_request_id=1&bx24_sdk_ver=2&bx24_sdk_type=3&auth=q",
                                            R"({"auth":"tok","id":1})"),
                                    "application/json; charset=utf-8")),
              R"({"id":1} auth=tok)");
    EXPECT_EQ(shown(read_parameters(request("/rest/m?auth=q&id=2", "", "GET"), "")), R"({"id":"2"} auth=q)");
}

TEST(Parameters, keeps_a_positional_body_and_the_order_of_names) {
    EXPECT_EQ(shown(read_parameters(request("/rest/m?auth=t&x=1", R"([5,{"TITLE":"a"}])"), "application/json")),
              R"([5,{"TITLE":"a"}] auth=t)");
    EXPECT_EQ(shown(read_parameters(request("/rest/m", R"({"z":1,"a":2,"m":3})"), "application/json")),
              R"({"z":1,"a":2,"m":3})");
}

TEST(Parameters, reads_bodies_whose_type_is_missing_or_wrong) {
    EXPECT_EQ(shown(read_parameters(request("/rest/m", R"( {"a":1})"), "")), R"({"a":1})");
    EXPECT_EQ(shown(read_parameters(request("/rest/m", "a=1"), "text/plain")), R"({"a":"1"})");
    EXPECT_EQ(shown(read_parameters(request("/rest/m", "  \n"), "application/json")), "{}");
    EXPECT_EQ(shown(read_parameters(request("/rest/m", "null"), "application/json")), "{}");
    EXPECT_EQ(shown(read_parameters(
                  request("/rest/m", "--b\r\nContent-Disposition: form-data; name=\"a[x]\"\r\n\r\n1\r\n--b--\r\n"),
                  "multipart/form-data; boundary=b")),
              R"({"a":{"x":"1"}})");
}

TEST(Parameters, refuses_bodies_that_cannot_be_read) {
    for (const char* body : {"{", "{\"a\":}", "[1,2", "\"text\"", "5", "{\"a\":\"\xff\"}", "{\"a\":\"\\u0000\"}"}) {
        EXPECT_EQ(shown(read_parameters(request("/rest/m", body), "application/json")), "error INVALID_REQUEST")
            << body;
    }
    const auto deep =
        read_parameters(request("/rest/m", std::string(100, '[') + std::string(100, ']')), "application/json");
    EXPECT_EQ(deep.error().code, Errc::too_large);
}

TEST(ParametersV3, reads_json_bodies_only_and_never_the_query) {
    EXPECT_EQ(shown(read_parameters_v3(request("/rest/api/m?id=5", R"({"a":1,"auth":"t"})"), "application/json")),
              R"({"a":1} auth=t)");
    EXPECT_EQ(shown(read_parameters_v3(request("/rest/api/m?id=5", "", "GET"), "")), "{}");
    EXPECT_EQ(shown(read_parameters_v3(request("/rest/api/m", ""), "")), "{}");
    for (const auto& [body, type] : {std::pair{"a=1", "application/x-www-form-urlencoded"},
                                     {"{}", "multipart/form-data"},
                                     {"{", "application/json"},
                                     {"5", "application/json"},
                                     {"{}", ""}}) {
        EXPECT_EQ(shown(read_parameters_v3(request("/rest/api/m", body), type)), "error INVALIDJSONEXCEPTION") << body;
    }
}

TEST(RequestHead, picks_the_fields_in_any_case_and_the_first_of_a_name) {
    const std::vector<net::Header> headers{{"COOKIE", "a=1; stoa_session=abc ; b=2"},
                                           {"authorization", "bearer  tok "},
                                           {"Idempotency-Key", ""},
                                           {"idempotency-key", "second"},
                                           {"X-Request-ID", "r1"},
                                           {"Host", "x"}};
    const RequestHead head = RequestHead::pick(headers);
    EXPECT_EQ(head.cookie_value("stoa_session"), "abc");
    EXPECT_EQ(head.cookie_value("stoa"), "");
    EXPECT_EQ(head.bearer(), "tok");
    EXPECT_TRUE(head.has_idempotency_key);
    EXPECT_EQ(head.idempotency_key, "");
    EXPECT_EQ(head.request_id, "r1");
    EXPECT_FALSE(RequestHead::pick({}).has_idempotency_key);
}

TEST(TrustedProxies, believe_only_the_hops_behind_them) {
    const auto parsed = TrustedProxies::parse({"10.0.0.0/8", "::1", "fd00::/8"});
    ASSERT_TRUE(parsed.ok());
    EXPECT_TRUE(parsed->contains("10.255.0.1"));
    EXPECT_TRUE(parsed->contains("::ffff:10.1.1.1"));
    EXPECT_TRUE(parsed->contains("fd12::1"));
    EXPECT_FALSE(parsed->contains("11.0.0.1"));
    EXPECT_FALSE(parsed->contains("::2"));
    EXPECT_FALSE(parsed->contains("nonsense"));
    EXPECT_EQ(parsed->client_of("10.0.0.1", "6.6.6.6, 8.8.8.8, 10.0.0.7"), "8.8.8.8");
    EXPECT_EQ(parsed->client_of("10.0.0.1", "10.0.0.9"), "10.0.0.9");
    EXPECT_EQ(parsed->client_of("9.9.9.9", "8.8.8.8"), "9.9.9.9");
    EXPECT_EQ(parsed->client_of("10.0.0.1", "8.8.8.8, junk"), "10.0.0.1");
    for (const char* wrong : {"10.0.0.0/33", "x", "10.0.0.0/", "10.0.0.0/-1", "::/129", ""}) {
        EXPECT_FALSE(TrustedProxies::parse({wrong}).ok()) << wrong;
    }
}

}  // namespace
}  // namespace stoa::rest
