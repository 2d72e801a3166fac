#pragma once
// Writes the head of an answer by hand: status line, our headers, the handler's. Pure functions, any thread.

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>

#include "net/server.hpp"

namespace stoa::net {

enum class Persistence {
    implied,     ///< HTTP/1.1 that goes on: nothing to say
    keep_alive,  ///< HTTP/1.0 that goes on: must be said
    close,
};

/// Whether this status may carry a body (not 1xx, 204, 304).
bool status_has_body(int status);

/// Appends the head to `out`. Line breaks in the handler's values become blanks, so no value can forge a header;
/// framing headers (Content-Length, Transfer-Encoding, Connection) are the server's and are skipped.
void append_response_head(std::string& out, const Response& response, std::size_t body_bytes, Persistence persistence,
                          std::string_view date);

/// The same for an answer that changes the protocol to WebSocket.
void append_upgrade_head(std::string& out, const Response& response);

/// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::time_t when);

/// An answer of the server itself: JSON {"error", "error_description"}, close = true.
Response refusal(int status);

}  // namespace stoa::net
