#pragma once
// HTTP/1.1 server, plain and TLS on any number of addresses. Names no third-party type, so what is behind it may
// change.
//
// Threads: start() makes `io_threads` threads; a connection belongs to one of them for life. The handler runs on that
// I/O thread and must not block: it answers at once, or keeps the Responder and answers later from any thread.
// Limits (base/limits.hpp): header bytes, body bytes, connections, header/body/idle deadlines. Over a limit the server
// answers 431, 413, 503 or 408 itself and closes. Pipelined requests are answered in order.
// RFC 9110, RFC 9112.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "base/result.hpp"

namespace stoa::net {

class IoLoop;

struct Header {
    std::string name;
    std::string value;
};

struct Request {
    std::string method;  ///< "GET", "POST", … as sent
    std::string target;  ///< as sent, origin form, e.g. "/rest/server.time?x=1"
    std::vector<Header> headers;
    std::string body;            ///< complete, chunked coding removed
    std::string remote_address;  ///< the peer's IP, without port
    bool tls = false;
    std::int64_t received_us = 0;  ///< monotonic clock, microseconds, when the request was complete

    std::string_view path() const;                         ///< target up to '?', still percent-encoded
    std::string_view query() const;                        ///< after '?', without it
    std::string_view header(std::string_view name) const;  ///< case-insensitive; empty when absent
};

class WebSocket;
class WebSocketListener;
using WebSocketOpener = std::function<std::unique_ptr<WebSocketListener>(WebSocket&)>;

struct Response {
    int status = 200;
    std::string content_type = "application/json; charset=utf-8";
    std::vector<Header> headers;
    std::string body;
    /// Set for large immutable bodies (static assets) instead of `body`: shared, not copied.
    std::shared_ptr<const std::string> shared_body;
    /// For an answer to HEAD whose body was not made: its size.
    std::optional<std::uint64_t> head_bytes{};
    bool close = false;  ///< close the connection after this answer
    /// Made by accept_websocket() (net/websocket.hpp): the connection changes its protocol.
    std::shared_ptr<const WebSocketOpener> websocket{};
};

/// Answers one request, once, from any thread. Copies share the one answer; if the last copy dies without answering,
/// the client gets 500.
class Responder {
  public:
    class Channel;  ///< the connection's side
    explicit Responder(std::shared_ptr<Channel> channel) : channel_(std::move(channel)) {}
    void operator()(Response response) const;
    /// The I/O thread of the connection.
    const std::shared_ptr<IoLoop>& loop() const;

  private:
    std::shared_ptr<Channel> channel_;
};

/// The Request may be moved from; it lives only until the handler returns. An exception that leaves the handler
/// becomes a 500.
using Handler = std::function<void(Request&, Responder)>;

struct Listen {
    std::string address = "127.0.0.1";  ///< IP literal; "::" serves IPv6 only, list "0.0.0.0" as well
    std::uint16_t port = 0;             ///< 0 = any free port
    bool tls = false;
};

/// Checked a few times a second, so each is kept to within a quarter of a second.
struct Timeouts {
    /// TLS handshake; from the first byte of a request to the end of its header, of a WebSocket message to its last.
    int header_ms = limits::header_timeout_ms;
    int body_ms = limits::body_timeout_ms;        ///< without progress (4 KiB, or the rest)
    int idle_ms = limits::idle_timeout_ms;        ///< between requests
    int request_ms = limits::request_timeout_ms;  ///< for the handler to answer; then 504
    int write_ms = limits::body_timeout_ms;       ///< a client that takes nothing
};

struct ServerOptions {
    std::vector<Listen> listen;
    int io_threads = 1;
    int connections_max = limits::connections_max;  ///< over all threads; more get 503 (TLS: are closed)
    /// Bodies that are still arriving, all connections together; more get 503. Keeps slow uploads from filling the
    /// memory.
    std::size_t arriving_body_bytes_max = 16 * limits::body_bytes_max;
    /// Of each I/O thread: functions of handlers that may wait at the same time (base/fibers.hpp).
    std::size_t fibers_running_max = limits::fibers_running_max;
    Timeouts timeouts;
    std::string certificate_pem;  ///< chain, needed when any address speaks TLS
    std::string private_key_pem;
};

class Server {
  public:
    Server(ServerOptions options, Handler handler);
    ~Server();  ///< stop()s
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Binds and starts the threads. Errors: address in use, bad certificate.
    Status start();
    /// Ports in the order of ServerOptions::listen, after start().
    std::vector<std::uint16_t> ports() const;
    /// Stops accepting, lets running requests finish (answers carry `Connection: close`), then closes. At most
    /// timeout_ms. Blocks: not from an I/O thread.
    void drain(int timeout_ms);
    /// Closes everything and ends the threads. May be called again; not from an I/O thread.
    void stop();

    /// Runs fn on one of the I/O threads every interval_ms until stop(); for cheap periodic work.
    void every(int interval_ms, std::function<void()> fn);

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::net
