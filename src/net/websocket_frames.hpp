#pragma once
// WebSocket frames: bytes → messages, and frames to send. No sockets, so it can be fuzzed. RFC 6455 §5, §7.4, §8.1.
// One thread. Nothing is kept between messages, so an idle connection costs a few words.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace stoa::net {

/// Codes of closing. RFC 6455 §7.4.1; those from 4000 on belong to the program above.
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    unsupported = 1003,
    none = 1005,  ///< never sent: the peer named no code
    bad_text = 1007,
    policy = 1008,
    too_large = 1009,
    internal_error = 1011,
    restart = 1012,
    try_again = 1013,
};

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Appends what stands before a payload of that size in a frame as a server sends it (last of its message, not masked).
void append_frame_head(std::string& out, Opcode opcode, std::size_t payload_bytes);
inline constexpr std::size_t kFrameHeadBytesMax = 10;
/// Appends such a frame whole.
void append_frame(std::string& out, Opcode opcode, std::string_view payload);
/// How many bytes of it stand before the payload.
std::size_t frame_head_bytes(std::string_view frame);
/// Of a close frame; a reason over 123 bytes is cut.
std::string close_payload(std::uint16_t code, std::string_view reason);

/// What a client sends.
class FrameReader {
  public:
    enum class Event : std::uint8_t {
        need_more,  ///< feed() again with what was left and more: a head and limits::websocket_message_bytes_max at
                    ///< most
        part,       ///< a part of a message was taken
        text,       ///< a whole message: payload()
        binary,
        ping,
        pong,
        close,   ///< close_code(); payload() is the reason
        failed,  ///< close with close_code()
    };
    struct Step {
        std::size_t consumed = 0;
        Event event = Event::need_more;
    };

    /// Takes at most one frame, which is unmasked in place: payload() may point into these bytes and is valid until the
    /// next call.
    Step feed(std::span<char> bytes);
    std::string_view payload() const { return payload_; }
    std::uint16_t close_code() const { return close_code_; }
    /// A message has begun and is not whole.
    bool in_message() const { return in_message_; }

  private:
    Step fail(CloseCode code);
    Step take(std::size_t consumed, Opcode opcode, bool last, std::string_view payload);
    Step take_close(std::size_t consumed, std::string_view payload);

    std::string message_;  // its parts so far
    std::string_view payload_;
    std::uint16_t close_code_ = 0;
    std::uint16_t parts_ = 0;
    bool in_message_ = false;
    bool is_text_ = false;
};

}  // namespace stoa::net
