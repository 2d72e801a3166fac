#include "net/response_head.hpp"

#include <strings.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace stoa::net {
namespace {

struct Reason {
    int status;
    std::string_view phrase;
};
constexpr Reason kReasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

std::string_view reason_of(int status) {
    for (const Reason& reason : kReasons) {
        if (reason.status == status) return reason.phrase;
    }
    return "Unknown";
}

void append_number(std::string& out, std::size_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.append(digits, end);
}

/// Characters of a token, RFC 9110 §5.6.2.
constexpr auto kTokenChars = [] {
    std::array<bool, 256> table{};
    for (int c = 0; c < 256; ++c) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        table[static_cast<std::size_t>(c)] =
            letter || std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    }
    return table;
}();

void append_line_safe(std::string& out, std::string_view text) {
    const std::size_t from = out.size();
    out.append(text);
    for (char* c = out.data() + from; c != out.data() + out.size(); ++c) {
        if (*c == '\r' || *c == '\n' || *c == '\0') *c = ' ';
    }
}

bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

bool is_framing(std::string_view name) {
    return equal(name, "Content-Length") || equal(name, "Transfer-Encoding") || equal(name, "Connection");
}

/// A field name is a token; anything else would change the meaning of the lines around it.
bool is_token(std::string_view name) {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), [](char c) { return kTokenChars[static_cast<unsigned char>(c)]; });
}

void append_headers(std::string& out, const Response& response) {
    for (const Header& header : response.headers) {
        if (!is_token(header.name) || is_framing(header.name)) continue;
        out.append("\r\n").append(header.name).append(": ");
        append_line_safe(out, header.value);
    }
    out.append("\r\n\r\n");
}

struct OwnAnswer {
    int status;
    std::string_view error;
    std::string_view description;
};
constexpr OwnAnswer kOwnAnswers[] = {
    {400, "BAD_REQUEST", "The request is not valid HTTP."},
    {408, "REQUEST_TIMEOUT", "The request did not arrive in time."},
    {413, "CONTENT_TOO_LARGE", "The request body is too large."},
    {417, "EXPECTATION_FAILED", "Only 'Expect: 100-continue' is known."},
    {426, "UPGRADE_REQUIRED", "This address speaks WebSocket, version 13."},
    {431, "HEADER_TOO_LARGE", "The request header is too large."},
    {501, "NOT_IMPLEMENTED", "This method or transfer coding is not supported."},
    {503, "OVERLOAD", "The server is busy. Try again later."},
    {504, "TIMEOUT", "The request took too long."},
    {505, "HTTP_VERSION_NOT_SUPPORTED", "This server speaks HTTP/1.1."},
    {500, "INTERNAL_SERVER_ERROR", "Internal error."},
};

}  // namespace

bool status_has_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

void append_response_head(std::string& out, const Response& response, std::size_t body_bytes, Persistence persistence,
                          std::string_view date) {
    const int status = response.status >= 200 && response.status <= 599 ? response.status : 500;
    if (status == 200) {
        out.append("HTTP/1.1 200 OK\r\nServer: Stoa\r\nDate: ");
    } else {
        out.append("HTTP/1.1 ");
        append_number(out, static_cast<std::size_t>(status));
        out.append(" ").append(reason_of(status)).append("\r\nServer: Stoa\r\nDate: ");
    }
    out.append(date);
    if (status_has_body(status)) {
        out.append("\r\nContent-Length: ");
        append_number(out, body_bytes);
        if (!response.content_type.empty()) {
            out.append("\r\nContent-Type: ");
            append_line_safe(out, response.content_type);
        }
    }
    if (persistence == Persistence::close) out.append("\r\nConnection: close");
    if (persistence == Persistence::keep_alive) out.append("\r\nConnection: keep-alive");
    append_headers(out, response);
}

void append_upgrade_head(std::string& out, const Response& response) {
    out.append("HTTP/1.1 101 Switching Protocols\r\nServer: Stoa\r\nUpgrade: websocket\r\nConnection: Upgrade");
    append_headers(out, response);
}

std::string http_date(std::time_t when) {
    // Not strftime: its names follow the locale.
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm t{};
    ::gmtime_r(&when, &t);
    char text[64];
    const int length = std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[t.tm_wday],
                                     t.tm_mday, kMonths[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
    return {text, static_cast<std::size_t>(length)};
}

Response refusal(int status) {
    const OwnAnswer* found = &kOwnAnswers[std::size(kOwnAnswers) - 1];
    for (const OwnAnswer& answer : kOwnAnswers) {
        if (answer.status == status) found = &answer;
    }
    Response response;
    response.status = found->status;
    response.body.append("{\"error\":\"").append(found->error).append("\",\"error_description\":\"");
    response.body.append(found->description).append("\"}");
    if (found->status == 503) response.headers.push_back({"Retry-After", "1"});
    response.close = true;
    return response;
}

}  // namespace stoa::net
