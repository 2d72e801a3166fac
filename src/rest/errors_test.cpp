#include "rest/errors.hpp"

#include <gtest/gtest.h>

#include "rest/envelope.hpp"

namespace stoa::rest {
namespace {

using api::Wire;

std::string shown(Wire wire, const Error& error) {
    const WireError out = to_wire(wire, error, "r1");
    std::string body;
    append_error_body(body, wire, out);
    return std::to_string(out.status) + " " + body;
}

TEST(Errors, v2_statuses_and_codes_are_those_that_clients_expect) {
    const std::pair<Error, const char*> cases[] = {
        {not_found("deal 7 is gone"), R"(400 {"error":"","error_description":"Not found"})"},
        {not_found("User not found"), R"(400 {"error":"","error_description":"User not found"})"},
        {not_found("Category", "NOT_FOUND"), R"(400 {"error":"NOT_FOUND","error_description":"Category"})"},
        {method_not_found(Wire::v2, "x"),
         R"(404 {"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"})"},
        {no_auth_found(), R"(401 {"error":"NO_AUTH_FOUND","error_description":"Wrong authorization data"})"},
        {{Errc::unauthorized, "t", {}, "expired_token"}, R"(401 {"error":"expired_token","error_description":"t"})"},
        {forbidden(), R"(403 {"error":"ACCESS_DENIED","error_description":"Access denied."})"},
        {invalid("no", "ID"), R"(400 {"error":"ERROR_ARGUMENT","error_description":"no","argument":"ID"})"},
        {invalid("no", "ID", "ERROR_CORE"), R"(400 {"error":"ERROR_CORE","error_description":"no"})"},
        {too_many_requests(3), R"(503 {"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"})"},
        {key_reused(),
         R"(422 {"error":"IDEMPOTENCYKEYREUSED","error_description":"This Idempotency-Key was used with another request. Take a new one."})"},
        {invalid("x", {}, "ERROR_PLACEMENT_MAX_COUNT"),
         R"(200 {"error":"ERROR_PLACEMENT_MAX_COUNT","error_description":"x"})"},
    };
    for (const auto& [error, expected] : cases)
        EXPECT_EQ(shown(Wire::v2, error), expected);
    EXPECT_EQ(to_wire(Wire::v2, wrong_auth_type(), "").status, 403);
    EXPECT_EQ(to_wire(Wire::v2, insufficient_scope(false), "").code, "insufficient_scope");
    EXPECT_EQ(to_wire(Wire::v2, insufficient_scope(false), "").status, 403);
    EXPECT_EQ(to_wire(Wire::v2, operating_limit(40), "").status, 429);
    EXPECT_EQ(to_wire(Wire::v2, operating_limit(40), "").retry_after_s, 40);
}

TEST(Errors, v3_codes_carry_the_prefix_and_the_field) {
    EXPECT_EQ(shown(Wire::v3, invalid("Required.", "id")),
              R"(400 {"error":{"code":"BITRIX_REST_V3_EXCEPTION_VALIDATION_REQUESTVALIDATIONEXCEPTION",)"
              R"("message":"Required.","validation":[{"message":"Required.","field":"id"}]}})");
    const std::pair<Error, std::pair<int, const char*>> cases[] = {
        {not_found(""), {400, "ENTITYNOTFOUNDEXCEPTION"}},
        {method_not_found(Wire::v3, "a.b"), {404, "METHODNOTFOUNDEXCEPTION"}},
        {forbidden(), {403, "ACCESSDENIEDEXCEPTION"}},
        {insufficient_scope(true), {403, "INSUFFICIENTSCOPEEXCEPTION"}},
        {key_reused(), {422, "IDEMPOTENCYKEYREUSEDEXCEPTION"}},
        {invalid_key(), {400, "INVALIDIDEMPOTENCYKEYEXCEPTION"}},
        {invalid("x", {}, "BITRIX_REST_V3_EXCEPTION_INVALIDFILTEREXCEPTION"), {400, "INVALIDFILTEREXCEPTION"}},
    };
    for (const auto& [error, expected] : cases) {
        const WireError out = to_wire(Wire::v3, error, "");
        EXPECT_EQ(out.status, expected.first) << expected.second;
        EXPECT_EQ(out.code, std::string(v3_code_prefix) + expected.second);
    }
    EXPECT_EQ(to_wire(Wire::v3, Error{Errc::unauthorized, "", {}, "expired_token"}, "").code, "expired_token");
}

TEST(Errors, internal_ones_name_the_request_and_nothing_else) {
    const std::string text = shown(Wire::v2, internal_error("disk /dev/sda broke"));
    EXPECT_EQ(text,
              R"x(500 {"error":"INTERNAL_SERVER_ERROR","error_description":"Internal server error (request r1)"})x");
}

TEST(Envelope, prints_seconds_with_six_digits_and_dates_in_the_zone) {
    const auto zone = find_time_zone("Europe/Berlin");
    ASSERT_TRUE(zone.ok());
    std::string out;
    append_time(out, {1'780'000'000'000'001, 1'780'000'001'500'000, 20, 99'999}, **zone);
    EXPECT_EQ(out, R"({"start":1780000000.000001,"finish":1780000001.500000,"duration":1.499999,"processing":0.000020,)"
                   R"("date_start":"2026-05-28T22:26:40+02:00","date_finish":"2026-05-28T22:26:41+02:00",)"
                   R"("operating_reset_at":1780000601,"operating":0})");
    out.clear();
    append_time(out, {0, 0, 0, 100'000}, *utc_time_zone());
    EXPECT_NE(out.find(R"("date_start":"1970-01-01T00:00:00+00:00")"), out.npos);
    EXPECT_NE(out.find(R"("operating":0.100000})"), out.npos);
    out.clear();
    append_seconds(out, -5);
    EXPECT_EQ(out, "0.000000");
}

}  // namespace
}  // namespace stoa::rest
