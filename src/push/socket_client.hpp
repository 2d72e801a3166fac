#pragma once
// SocketClient: a client that is connected by WebSocket. Its I/O thread only.
//
// Text frames both ways: the server sends messages and "ping"; the client "pong", "mack:<mid>" and requests. Messages
// are positions in a stream, so acknowledgements are not needed: they only show that the client is alive.

#include "net/websocket.hpp"
#include "push/conversation.hpp"
#include "push/hub.hpp"
#include "push/rpc.hpp"
#include "push/subscriber.hpp"

namespace stoa::push {

class SocketClient final : public Subscriber, public net::WebSocketListener {
  public:
    /// Takes its place and says where it stands.
    SocketClient(net::WebSocket& socket, Hub& hub, Session session);

    void on_text(std::string_view message) override;
    void on_drain() override;
    void on_closed() override;

    void flush() override { socket_.flush(); }
    void tick(std::int64_t now_us) override;
    void restart() override;

  private:
    void begin();
    void deliver(const EntryPtr& entry, bool alone) override;
    void tell_lacking() override;
    void send(std::string_view text);
    Result<std::string> answer(const RpcRequest& request);
    Result<std::string> publish(const json::Value& params);
    Result<std::string> watch_user(const json::Value& params, bool on);
    Result<std::string> watch_tags(const json::Value& params);

    net::WebSocket& socket_;
    Hub& hub_;
    /// Null when it has ended: for tasks that wait for the account.
    const std::shared_ptr<SocketClient*> self_;
    std::int64_t ping_at_us_;
    std::int64_t heard_us_;
    std::uint16_t users_watched_ = 0;
    bool answers_pings_ = false;  ///< has done so once
    bool paused_ = false;         ///< as it was told
};

}  // namespace stoa::push
