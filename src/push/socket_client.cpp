#include "push/socket_client.hpp"

#include "base/clock.hpp"
#include "base/limits.hpp"
#include "base/random.hpp"
#include "push/rpc.hpp"
#include "push/stream_state.hpp"

namespace stoa::push {
namespace {

// The official client reconnects when it hears no ping for 20 s.
constexpr std::int64_t kPingUs = 12'000'000;
constexpr std::int64_t kSilenceUs = 3 * kPingUs;
constexpr std::int64_t kExpiredGraceUs = 600'000'000;  ///< clients look once a minute whether their channels expired
constexpr std::size_t kFlushBytes = 64 * 1024;         ///< more does not wait for the end of the turn
constexpr int kInvalidRequest = -32600, kUnknownMethod = -32601, kInvalidParams = -32602, kBusy = -32000;

/// Of the protocol: https://github.com/bitrix24/b24jssdk packages/jssdk/src/types/pull.ts CloseReasons
constexpr std::uint16_t kConfigExpired = 3003, kStuck = 3005;

/// Pings of connections that came together do not go together.
std::int64_t random_delay_us(std::int64_t below_us) {
    const std::string bytes = random_bytes(2);
    const int number = static_cast<std::uint8_t>(bytes[0]) << 8 | static_cast<std::uint8_t>(bytes[1]);
    return below_us * number / 0x10000;
}

const net::Frames& ping_frame() {
    static const net::Frames frame = net::text_frame("ping");
    return frame;
}

}  // namespace

SocketClient::SocketClient(net::WebSocket& socket, Hub& hub, Session session)
    : Subscriber(hub.account(session.account), hub.shard(socket.loop()), std::move(session)),
      socket_(socket),
      hub_(hub),
      self_(std::make_shared<SocketClient*>(this)) {
    heard_us_ = system_clock().monotonic_us();
    ping_at_us_ = heard_us_ + kPingUs / 2 + random_delay_us(kPingUs / 2);
    begin();
}

void SocketClient::begin() {
    const auto resumed = join();
    if (!resumed) {
        const bool waits = account().when_ready(shard().shared_from_this(), [self = self_] {
            if (*self != nullptr) (*self)->begin();
        });
        return waits ? void() : begin();
    }
    if (!joined()) return;
    // Behind what was missed: some clients drop a message whose position they have seen.
    socket_.queue(stream_state(position(), *resumed, session()));
    socket_.flush();
}

void SocketClient::tell_lacking() {
    if (socket_.queue(stream_state(position(), false))) socket_.flush();
}

void SocketClient::deliver(const EntryPtr& entry, bool alone) {
    if (alone) return socket_.send(entry->frame);
    if (!socket_.queue(entry->frame)) return;
    if (socket_.queued_bytes() > kFlushBytes) return socket_.flush();
    shard().flush_later(*this);
}

void SocketClient::send(std::string_view text) {
    if (socket_.queue(net::text_frame(text))) socket_.flush();
}

void SocketClient::on_text(std::string_view message) {
    heard_us_ = system_clock().monotonic_us();
    if (message == "pong") {
        answers_pings_ = true;
        return;
    }
    if (message.starts_with("mack:")) return;
    const auto requests = read_rpc(message);
    if (!requests) return send(rpc_error({}, kInvalidRequest, requests.error().message));
    for (const RpcRequest& request : *requests) {
        if (*self_ == nullptr) return;  // it has ended meanwhile
        const auto result = answer(request);
        if (request.id.empty()) continue;
        if (result) {
            send(rpc_result(request.id, *result));
            continue;
        }
        const Errc code = result.error().code;
        const int number = code == Errc::not_found ? kUnknownMethod : code == Errc::busy ? kBusy : kInvalidParams;
        const std::string& field = result.error().field;
        send(rpc_error(request.id, number, (field.empty() ? "" : field + ": ") + result.error().message));
    }
}

Result<std::string> SocketClient::answer(const RpcRequest& request) {
    if (request.method == "publish") return publish(request.params);
    if (request.method == "getUsersLastSeen") return users_last_seen(request.params, account());
    if (request.method == "subscribeStatusChange") return watch_user(request.params, true);
    if (request.method == "unsubscribeStatusChange") return watch_user(request.params, false);
    if (request.method == "watch") return watch_tags(request.params);
    if (request.method == "ping") return std::string("{}");
    if (request.method == "listChannels") {
        std::string out = "[";
        for (const std::string& route : session().routes)
            out.append(out.size() > 1 ? ",\"" : "\"").append(route).append("\"");
        return out + "]";
    }
    return not_found("There is no such method.");
}

Result<std::string> SocketClient::publish(const json::Value& params) {
    STOA_CHECK(hub_.count_publish(session()));
    STOA_TRY(Publication publication, client_publication(params, session(), hub_.channels()));
    STOA_CHECK(hub_.publish(session().account, std::move(publication)));
    return std::string("{}");
}

Result<std::string> SocketClient::watch_tags(const json::Value& params) {
    if (!session().app.empty()) return Error{Errc::forbidden, "Applications bind events instead."};
    STOA_TRY(const auto routes, read_tags(params));
    watch_only(routes);
    return std::string("{}");
}

Result<std::string> SocketClient::watch_user(const json::Value& params, bool on) {
    const json::Value* const user = params.find("userId");
    const auto number = user != nullptr ? user->as_integer() : std::nullopt;
    if (!number || *number < 1) return invalid("A user is a number from 1 on.", "userId");
    const std::string route = status_route(*number);
    const std::size_t before = session().routes.size();
    if (!on) {
        stop_listening(route);
        if (session().routes.size() < before && --users_watched_ == 0) account().watch_status(-1);
        return std::string("{}");
    }
    if (users_watched_ == limits::push_status_subscriptions_max) {
        return Error{Errc::too_large,
                     "At most " + std::to_string(limits::push_status_subscriptions_max) +
                         " users are watched by one connection.",
                     "userId"};
    }
    listen(route);
    if (session().routes.size() > before && users_watched_++ == 0) account().watch_status(1);
    return std::string("{}");
}

void SocketClient::tick(std::int64_t now_us) {
    if (joined() && paused_ == account().is_live()) {
        paused_ = !paused_;
        if (socket_.queue(stream_pause(position(), paused_))) socket_.flush();
    }
    if (now_us < ping_at_us_) return;
    ping_at_us_ = now_us + kPingUs;
    if (answers_pings_ && now_us - heard_us_ > kSilenceUs) return socket_.close(kStuck, "No answer to pings.");
    if (session().expires_at * 1'000'000 + kExpiredGraceUs < system_clock().now_us()) {
        return socket_.close(kConfigExpired, "The channels' time is over.");
    }
    if (socket_.queue(ping_frame())) socket_.flush();
}

void SocketClient::restart() {
    socket_.close(static_cast<std::uint16_t>(net::CloseCode::restart), "This server stops; another one goes on.");
}

void SocketClient::on_drain() {
    shard().drain();
}

void SocketClient::on_closed() {
    *self_ = nullptr;
    if (users_watched_ != 0) account().watch_status(-1);
    leave();
}

}  // namespace stoa::push
