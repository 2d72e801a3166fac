#include "net/response_head.hpp"

#include <gtest/gtest.h>

namespace stoa::net {
namespace {

std::string head(const Response& response, std::size_t bytes = 0, Persistence persistence = Persistence::implied) {
    std::string out;
    append_response_head(out, response, bytes, persistence, "D");
    return out;
}

TEST(ResponseHead, HoldsStatusDateLengthAndTheHandlersHeaders) {
    Response response;
    response.status = 404;
    response.content_type = "text/plain";
    response.headers = {{"X-A", "1"}};
    EXPECT_EQ(head(response, 7, Persistence::close),
              "HTTP/1.1 404 Not Found\r\nServer: Stoa\r\nDate: D\r\nContent-Length: 7\r\nContent-Type: text/plain\r\n"
              "Connection: close\r\nX-A: 1\r\n\r\n");
}

TEST(ResponseHead, LetsNoValueForgeAHeader) {
    Response response;
    response.headers = {{"Location", "/\r\nSet-Cookie: a=b"}, {"Bad\r\nName", "x"}, {"", "x"}};
    const std::string text = head(response);
    EXPECT_NE(text.find("Location: /  Set-Cookie: a=b\r\n"), text.npos);
    EXPECT_EQ(text.find("Name"), text.npos);
}

TEST(ResponseHead, KeepsTheFramingToItself) {
    Response response;
    response.headers = {{"content-length", "99"}, {"Transfer-Encoding", "chunked"}, {"connection", "upgrade"}};
    const std::string text = head(response, 5);
    EXPECT_NE(text.find("Content-Length: 5\r\n"), text.npos);
    EXPECT_EQ(text.find("99"), text.npos);
    EXPECT_EQ(text.find("chunked"), text.npos);
    EXPECT_EQ(text.find("upgrade"), text.npos);
}

TEST(ResponseHead, GivesNoLengthWhereNoBodyIsAllowed) {
    Response response;
    response.status = 204;
    EXPECT_EQ(head(response).find("Content-Length"), std::string::npos);
    EXPECT_FALSE(status_has_body(304));
    EXPECT_TRUE(status_has_body(200));
}

TEST(ResponseHead, TurnsAnImpossibleStatusInto500) {
    for (const int status : {0, -1, 99, 101, 600, 1'000'000}) {
        Response response;
        response.status = status;
        EXPECT_EQ(head(response).substr(0, 12), "HTTP/1.1 500");
    }
}

TEST(ResponseHead, WritesTheDateOfTheRfc) {
    EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace stoa::net
