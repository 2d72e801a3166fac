#pragma once
// The socket behind a WebSocket: reads messages, sends what is queued, keeps the deadlines. Takes over from the
// Connection that answered 101.
//
// open → closing (our close frame is on its way, the peer's is waited for) → closed

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/client.hpp"
#include "net/io_thread.hpp"
#include "net/stream.hpp"
#include "net/websocket.hpp"

namespace stoa::net {

class WebSocketConnection final : public Client,
                                  public WebSocket,
                                  public std::enable_shared_from_this<WebSocketConnection> {
  public:
    /// `drained`: the socket is empty, as far as the last read told.
    WebSocketConnection(IoThread& thread, std::size_t slot, IoLoop::Watch watch, Stream stream, bool drained);

    /// `bytes` came behind the request.
    void start(const WebSocketOpener& opener, std::string_view bytes);

    void on_ready(IoLoop::Ready direction) override;
    void on_deadline() override;
    void begin_drain() override;
    void close() override;

    bool queue(const Frames& frames) override;
    void send(const Frames& frames) override;
    void flush() override;
    void close(std::uint16_t code, std::string_view reason) override;
    std::size_t queued_bytes() const override { return queued_bytes_; }
    const std::shared_ptr<IoLoop>& loop() const override { return thread_.shared_loop(); }

  private:
    enum class Phase : std::uint8_t { open, closing, closed };

    void read();
    /// False: read no more.
    bool take(std::span<char>& bytes);
    void end_listener();
    void sent(std::size_t bytes);
    void wait(IoLoop::Ready direction);
    void set_deadline();

    IoThread& thread_;  // valid until closed; nothing touches it after
    std::optional<IoLoop::Watch> watch_;
    Stream stream_;
    std::unique_ptr<WebSocketListener> listener_;
    FrameReader reader_;
    std::string pending_;         // read, but no whole frame
    std::vector<Frames> queue_;   // to be sent; the first ones were, before first_
    std::size_t first_ = 0;       // in queue_
    std::size_t first_sent_ = 0;  // bytes of that one
    std::size_t queued_bytes_ = 0;
    std::int64_t message_deadline_ms_ = 0;  // of a message that is not whole; 0 = none
    std::int64_t write_deadline_ms_ = 0;    // of a socket that takes nothing; 0 = none
    std::int64_t close_deadline_ms_ = 0;
    Phase phase_ = Phase::open;
    bool drained_;  // the socket is empty, as far as the last read told
    bool waiting_to_read_ = false;
    bool waiting_to_write_ = false;
    bool peer_said_goodbye_ = false;
};

}  // namespace stoa::net
