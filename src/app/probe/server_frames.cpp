#include "app/probe/server_frames.hpp"

#include <utility>

#include "net/websocket_frames.hpp"

namespace stoa::app::probe {
namespace {

constexpr std::uint8_t kLastBit = 0x80, kReservedBits = 0x70, kOpcodeBits = 0x0f, kMaskBit = 0x80, kLengthBits = 0x7f;
constexpr std::uint64_t kLength16 = 126, kLength64 = 127;
constexpr std::size_t kHeadBytes = 2;

std::uint64_t big_endian(std::string_view bytes) {
    std::uint64_t value = 0;
    for (const char byte : bytes)
        value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
}

}  // namespace

bool ServerFrames::feed(std::string_view bytes) {
    bytes_.append(bytes);
    std::size_t taken = 0;
    while (bytes_.size() - taken >= kHeadBytes) {
        const std::string_view rest = std::string_view(bytes_).substr(taken);
        const auto first = static_cast<std::uint8_t>(rest[0]);
        const auto second = static_cast<std::uint8_t>(rest[1]);
        if ((first & kReservedBits) != 0 || (second & kMaskBit) != 0) return false;
        std::uint64_t size = second & kLengthBits;
        const std::size_t more = size == kLength16 ? 2 : size == kLength64 ? 8 : 0;
        if (rest.size() < kHeadBytes + more) break;
        if (more != 0) size = big_endian(rest.substr(kHeadBytes, more));
        if (size > kMessageBytesMax) return false;
        const std::size_t whole = kHeadBytes + more + static_cast<std::size_t>(size);
        if (rest.size() < whole) break;
        const auto opcode = static_cast<std::uint8_t>(first & kOpcodeBits);
        if (!take({opcode, (first & kLastBit) != 0, rest.substr(kHeadBytes + more, whole - kHeadBytes - more)}))
            return false;
        taken += whole;
    }
    bytes_.erase(0, taken);
    return true;
}

bool ServerFrames::take(const Frame& frame) {
    using net::Opcode;
    switch (static_cast<Opcode>(frame.opcode)) {
        case Opcode::ping:
        case Opcode::pong:
            return frame.last;
        case Opcode::close:
            close_code_ = frame.payload.size() < 2 ? static_cast<int>(net::CloseCode::none)
                                                   : static_cast<int>(big_endian(frame.payload.substr(0, 2)));
            return frame.last;
        case Opcode::text:
            if (in_message_) return false;
            break;
        case Opcode::continuation:
            if (!in_message_) return false;
            break;
        default:
            return false;  // the push server speaks text only
    }
    if (frame.payload.size() > kMessageBytesMax - message_.size()) return false;
    message_.append(frame.payload);
    in_message_ = !frame.last;
    if (frame.last) texts_.push_back(std::exchange(message_, {}));
    return true;
}

std::vector<std::string> ServerFrames::take_texts() {
    return std::exchange(texts_, {});
}

}  // namespace stoa::app::probe
