#pragma once
// One client connection: reads requests, hands them to the handler, writes the answers in order, keeps the deadlines.
// Lives on one I/O thread; only Responder::Channel reaches it from elsewhere, by posting.
//
// handshaking → reading ⇄ answering → (writing) → reading … → lingering → closed
// The next request is not parsed before the answer to the previous one is written, so pipelined answers keep their
// order.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/client.hpp"
#include "net/io_loop.hpp"
#include "net/io_thread.hpp"
#include "net/request_reader.hpp"
#include "net/server.hpp"
#include "net/stream.hpp"

namespace stoa::net {

class WebSocketConnection;

class Connection final : public Client, public std::enable_shared_from_this<Connection> {
  public:
    static constexpr std::size_t kReadBufferBytes = 64 * 1024;

    Connection(IoThread& thread, Accepted accepted, std::size_t slot);

    void start();
    void on_ready(IoLoop::Ready direction) override;
    void on_deadline() override;
    /// Closes after the running answer; at once when idle, with a short grace for a request already under way.
    void begin_drain() override;
    void answer(Response response);
    void close() override;

  private:
    enum class Phase { handshaking, reading, answering, writing, lingering, closed };

    /// What the socket has not taken yet.
    struct Outgoing {
        std::string head;
        std::string body;
        std::shared_ptr<const std::string> shared_body;
        std::size_t head_sent = 0;
        std::size_t body_sent = 0;
        std::string_view head_rest() const { return std::string_view(head).substr(head_sent); }
        std::string_view body_rest() const {
            return std::string_view(shared_body ? *shared_body : body).substr(body_sent);
        }
    };

    void handshake();
    void read_requests();
    bool parse(std::string_view& bytes);
    void dispatch();
    void refuse(int status);
    void send(Response& response);
    void upgrade(const Response& response);
    void hand_over(std::string_view rest);
    void flush();
    void answer_done();
    void resume();
    void begin_linger();
    void linger();
    bool account_body(std::size_t bytes);
    void note_progress(std::size_t bytes, int timeout_ms);
    void wait(IoLoop::Ready direction);
    void set_deadline(int timeout_ms);
    void set_idle_deadline();
    bool draining() const { return thread_.core().draining.load(std::memory_order_relaxed); }
    const Timeouts& timeouts() const { return thread_.core().options.timeouts; }

    IoThread& thread_;  // valid until closed; nothing touches it after
    std::optional<IoLoop::Watch> watch_;
    Stream stream_;
    RequestReader reader_;
    std::string pending_;  // read but not parsed: half a header, or the next request while one is answered
    std::string remote_address_;
    std::unique_ptr<Outgoing> outgoing_;
    std::shared_ptr<WebSocketConnection> upgraded_;  // has taken the socket over; begins when this one is off the stack
    std::shared_ptr<const WebSocketOpener> opener_;
    std::size_t accounted_ = 0;  // our part of ServerCore::arriving_body_bytes
    std::size_t progress_ = 0;   // bytes since the deadline was last moved
    Phase phase_ = Phase::reading;
    bool dispatching_ = false;    // the handler is on the stack
    bool request_begun_ = false;  // some bytes of a request are here
    bool served_ = false;         // at least one request was answered
    bool refuse_at_start_;
    bool continue_sent_ = false;
    bool head_only_ = false;
    bool http_1_0_ = false;
    bool close_after_ = false;
    bool drained_ = true;  // the socket is empty, as far as the last read told
    bool waiting_to_read_ = false;
    bool waiting_to_write_ = false;
};

}  // namespace stoa::net
