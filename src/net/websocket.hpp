#pragma once
// WebSocket connections of the server (RFC 6455): a request becomes one by answering with accept_websocket(). Text
// only, no extensions.
//
// Everything here happens on the connection's I/O thread, and nothing may block. Other threads reach it by
// loop()->post().
// Limits (base/limits.hpp): bytes and parts of a message received, its time, bytes that wait to be sent.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "net/io_loop.hpp"
#include "net/server.hpp"
#include "net/websocket_frames.hpp"

namespace stoa::net {

/// One or more whole frames, made once and sent to many.
using Frames = std::shared_ptr<const std::string>;
Frames text_frame(std::string_view text);
/// The same of a text that lies in pieces.
Frames text_frame(std::initializer_list<std::string_view> pieces);
/// What text_frame() was made of.
std::string_view text_of(const Frames& frame);

/// The connection, as its listener sees it. Lives until on_closed() has returned.
class WebSocket {
  public:
    virtual ~WebSocket() = default;
    /// Puts frames behind what waits to be sent, until the next flush(). Over the limit the connection is closed with
    /// `slow_code`, and false returned.
    virtual bool queue(const Frames& frames) = 0;
    /// queue() and flush(), for less when nothing waits.
    virtual void send(const Frames& frames) = 0;
    /// Sends what waits, in as few calls as possible. Does nothing after the end.
    virtual void flush() = 0;
    /// Says goodbye and ends; on_closed() runs before this returns. What waits is still sent. Later calls do nothing.
    virtual void close(std::uint16_t code, std::string_view reason) = 0;
    virtual std::size_t queued_bytes() const = 0;
    virtual const std::shared_ptr<IoLoop>& loop() const = 0;

    /// Not in RFC 6455: the client takes too slowly what it is sent. As Centrifugo has it.
    static constexpr std::uint16_t slow_code = 3008;
};

/// What happens to a connection. Destroyed after on_closed().
class WebSocketListener {
  public:
    virtual ~WebSocketListener() = default;
    virtual void on_text(std::string_view message) = 0;
    /// The server is going to stop: the connection should end within the time of the drain, not all at one moment.
    virtual void on_drain() = 0;
    /// Once, however it ended, also when it was while the listener was being made. No other call comes after it.
    virtual void on_closed() = 0;
};
/// The answer that changes the protocol; or the refusal when the request does not ask for that: 426, or 400. `opener`
/// makes the listener when the protocol has changed.
Response accept_websocket(const Request& request, WebSocketOpener opener);

}  // namespace stoa::net
