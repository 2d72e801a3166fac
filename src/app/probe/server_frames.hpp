#pragma once
// ServerFrames: bytes that a WebSocket server sends → what it says. RFC 6455 §5. Pure; one thread at a time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stoa::app::probe {

class ServerFrames {
  public:
    static constexpr std::size_t kMessageBytesMax = 1 << 20;

    /// False when no server may send that, or more than kMessageBytesMax: the connection is of no use then.
    bool feed(std::string_view bytes);
    /// The texts that were complete since the last call, in their order.
    std::vector<std::string> take_texts();
    /// The code with which the server said goodbye; 0 when it did not.
    int close_code() const { return close_code_; }

  private:
    struct Frame {
        std::uint8_t opcode = 0;
        bool last = false;
        std::string_view payload;
    };
    bool take(const Frame& frame);

    std::string bytes_;    ///< of a frame that is not whole yet
    std::string message_;  ///< parts of a message that is not whole yet
    bool in_message_ = false;
    std::vector<std::string> texts_;
    int close_code_ = 0;
};

}  // namespace stoa::app::probe
