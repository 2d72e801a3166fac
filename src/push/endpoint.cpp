#include "push/endpoint.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "json/parse.hpp"
#include "json/writer.hpp"
#include "net/websocket.hpp"
#include "push/conversation.hpp"
#include "push/poll_client.hpp"
#include "push/socket_client.hpp"

namespace stoa::push {
namespace {

constexpr std::uint16_t kWrongChannel = 4010;
constexpr std::string_view kChannels = "CHANNEL_ID=";
/// Other channels would not help.
constexpr auto kBadRequest = static_cast<std::uint16_t>(net::CloseCode::policy);

net::Response refusal(const Error& error) {
    net::Response response;
    switch (error.code) {
        case Errc::not_found:
            response.status = 404;
            break;
        case Errc::too_large:
            response.status = 413;
            break;
        case Errc::busy:
        case Errc::unavailable:
            response.status =
                error.api_code.empty() ? 503 : 429;  // who sends too much, or nobody gets anything through
            response.headers.push_back({"Retry-After", std::to_string(std::max(1, error.retry_after_s))});
            break;
        case Errc::invalid_argument:
            response.status = 400;
            break;
        default:
            response.status = 403;
            break;
    }
    json::Writer out(response.body);
    const std::string_view name = error.api_code.empty() ? to_string(error.code) : std::string_view(error.api_code);
    out.begin_object().field("error", name).field("error_description", error.message);
    if (!error.field.empty()) out.field("field", error.field);
    out.end_object();
    response.headers.push_back({"Access-Control-Allow-Origin", "*"});
    response.headers.push_back({"Access-Control-Expose-Headers", "Retry-After"});
    return response;
}

/// The channels and the position that a client shows in its address.
Result<Session> session_of(const Hub& hub, const net::Request& request) {
    const std::string_view query = request.query();
    // Channels alone, as every message that is published has them: no tree is made of that.
    const auto lacks = [&](char mark) { return query.find(mark) == std::string_view::npos; };
    if (query.starts_with(kChannels) && lacks('&') && lacks('%') && lacks('+')) {
        return hub.open(query.substr(kChannels.size()));
    }
    STOA_TRY(const json::Value parameters, json::parse_form(query));
    const json::Value* const channels = parameters.find("CHANNEL_ID");
    STOA_TRY(Session session, hub.open(channels != nullptr ? channels->as_text().value_or("") : ""));
    if (const json::Value* mid = parameters.find("mid"); mid != nullptr) {
        // What is none of our positions is one at which everything is missing.
        session.after = Position::parse(mid->as_text().value_or("")).value_or(Position{});
    }
    if (const json::Value* tags = parameters.find("tags"); tags != nullptr) {
        if (!session.app.empty()) return Error{Errc::forbidden, "Applications bind events instead.", "tags"};
        STOA_TRY(session.tags, read_tag_list(tags->as_text().value_or("")));
    }
    return session;
}

/// For whoever may not come in; says so when the handshake is over.
class Refused final : public net::WebSocketListener {
  public:
    Refused(net::WebSocket& socket, const Error& why) {
        socket.close(why.field == "tags" ? kBadRequest : kWrongChannel, why.message);
    }
    void on_text(std::string_view) override {}
    void on_drain() override {}
    void on_closed() override {}
};

}  // namespace

void Endpoint::handle(net::Request& request, const net::Responder& responder) {
    const std::string_view path = request.path();
    if (path == "/push/ws") return open_socket(request, responder);
    if (path == "/push/poll" && request.method == "GET") return poll(request, responder);
    if (path == "/push/publish" && request.method == "POST") return publish(request, responder);
    responder(refusal(not_found("There is no such address of the push server.")));
}

void Endpoint::open_socket(const net::Request& request, const net::Responder& responder) {
    auto session = session_of(hub_, request);
    if (!session) {
        return responder(net::accept_websocket(request, [why = session.error()](net::WebSocket& socket) {
            return std::make_unique<Refused>(socket, why);
        }));
    }
    responder(net::accept_websocket(request, [this, session = std::move(*session)](net::WebSocket& socket) {
        return std::make_unique<SocketClient>(socket, hub_, session);
    }));
}

void Endpoint::poll(const net::Request& request, const net::Responder& responder) {
    auto session = session_of(hub_, request);
    if (!session) return responder(refusal(session.error()));
    const AccountId account = session->account;
    PollClient::begin(hub_.account(account), hub_.shard(responder.loop()), std::move(*session), responder);
}

void Endpoint::publish(const net::Request& request, const net::Responder& responder) {
    const auto session = session_of(hub_, request);
    if (!session) return responder(refusal(session.error()));
    if (const Status counted = hub_.count_publish(*session); !counted) return responder(refusal(counted.error()));
    auto publication = client_publication(std::string_view(request.body), *session, hub_.channels());
    if (!publication) return responder(refusal(publication.error()));
    const auto published = hub_.publish(session->account, std::move(*publication));
    if (!published) return responder(refusal(published.error()));
    net::Response response;
    response.headers.push_back({"Access-Control-Allow-Origin", "*"});
    response.body = "{}";
    responder(std::move(response));
}

}  // namespace stoa::push
