#pragma once
// What is told to clients, and the text in which processes tell each other. Values and pure functions, any thread.
//
// A route is whom a message is for, inside one account: "all", "u17" (user 17), "x<app>" and "x<app>:17" (an
// application's users), "o17" (who wants to know whether user 17 is online), "tNAME" (who watches that tag). Behind a
// user's route, "+tNAME": whoever hears the message watches that tag from now on. A connection has the routes of the
// channels that it showed.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/push_channels.hpp"
#include "base/result.hpp"
#include "bus/stream_id.hpp"
#include "json/value.hpp"
#include "net/websocket.hpp"

namespace stoa::push {

using Position = bus::StreamId;  ///< of a message in its account's stream; clients know it as `mid`

struct Publication {
    std::vector<std::string> routes;
    std::string body;    ///< JSON: {"module_id", "command", "params", "extra"}
    std::string sender;  ///< JSON {"type", "id"} of a client that sent it; empty: the program itself

    bool operator==(const Publication&) const = default;
};

/// Is told once, however often it is published under that key.
struct KeyedPublication {
    Publication publication;
    std::string once;
};

std::string user_route(std::int64_t user);
std::string status_route(std::int64_t user);
std::string tag_route(std::string_view tag);
/// The tag of such a route.
std::string_view tag_of(std::string_view route);
inline constexpr char kWatchMark = '+';
extern const char* const kAccountRoute;
/// What whoever shows this channel hears; of an open one: whom one sends to with it.
std::string route_of(const api::PushChannel& channel);

/// {"module_id", "command", "params", "extra"}: with the time, as clients expect it.
std::string body_of(std::string_view module_id, std::string_view command, std::string_view params_json,
                    std::int64_t now_us);

std::string to_text(const Publication& publication);
Result<Publication> publication_from(std::string_view text);

/// The frame that clients get. JSON-RPC 2.0, as the official client has it: https://github.com/bitrix24/b24jssdk
/// packages/jssdk/src/pullClient
net::Frames frame_of(const Position& position, const Publication& publication);

}  // namespace stoa::push
