#include "pages/api_call.hpp"

#include <gtest/gtest.h>

namespace stoa::pages {
namespace {

net::Request request(std::vector<net::Header> headers) {
    net::Request made;
    made.method = "POST";
    made.target = "/api/login";
    made.headers = std::move(headers);
    return made;
}

TEST(SameSite, requests_without_marks_are_fine) {
    EXPECT_TRUE(is_same_site(request({{"Host", "portal:8443"}})));
}

TEST(SameSite, the_own_origin_is_fine_and_others_are_not) {
    EXPECT_TRUE(is_same_site(request({{"Host", "Portal:8443"}, {"Origin", "https://portal:8443"}})));
    EXPECT_FALSE(is_same_site(request({{"Host", "portal:8443"}, {"Origin", "https://portal:9443"}})));
    EXPECT_FALSE(is_same_site(request({{"Host", "portal"}, {"Origin", "null"}})));
    EXPECT_FALSE(
        is_same_site(request({{"Host", "portal"}, {"Origin", "https://portal"}, {"Sec-Fetch-Site", "cross-site"}})));
    EXPECT_TRUE(is_same_site(request({{"Host", "portal"}, {"Sec-Fetch-Site", "same-origin"}})));
}

TEST(SessionCookie, is_out_of_reach_for_scripts_and_other_sites) {
    const std::string cookie = set_session_cookie("abc", true).value;
    for (const char* part : {"stoa_session=abc", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"}) {
        EXPECT_NE(cookie.find(part), std::string::npos) << part;
    }
    EXPECT_EQ(set_session_cookie("abc", false).value.find("Secure"), std::string::npos);
    EXPECT_NE(set_session_cookie("", true).value.find("Max-Age=0"), std::string::npos);
}

TEST(SessionCookie, is_found_among_others) {
    EXPECT_EQ(session_cookie_of(request({{"Cookie", "a=1; stoa_session=xyz; b=2"}})), "xyz");
    EXPECT_EQ(session_cookie_of(request({{"Cookie", "xstoa_session=xyz"}})), "");
}

}  // namespace
}  // namespace stoa::pages
