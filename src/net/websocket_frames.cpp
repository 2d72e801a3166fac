#include "net/websocket_frames.hpp"

#include <cstring>

#include "base/limits.hpp"
#include "base/utf8.hpp"

namespace stoa::net {
namespace {

constexpr std::size_t kControlBytesMax = 125;
constexpr std::size_t kReasonBytesMax = kControlBytesMax - 2;
constexpr std::uint8_t kLastBit = 0x80, kReservedBits = 0x70, kOpcodeBits = 0x0f;
constexpr std::uint8_t kMaskBit = 0x80, kLengthBits = 0x7f;
constexpr std::uint8_t kLength16 = 126, kLength64 = 127;
constexpr std::size_t kMaskBytes = 4;

std::uint64_t big_endian(const char* bytes, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i)
        value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
    return value;
}
void append_big_endian(std::string& out, std::uint64_t value, std::size_t count) {
    for (std::size_t i = count; i-- > 0;)
        out.push_back(static_cast<char>(value >> (8 * i)));
}

void unmask(char* bytes, std::size_t size, const char* mask) {
    std::uint32_t four = 0;
    std::memcpy(&four, mask, kMaskBytes);
    const std::uint64_t eight = std::uint64_t{four} << 32 | four;
    std::size_t i = 0;
    for (; i + sizeof eight <= size; i += sizeof eight) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes + i, sizeof word);
        word ^= eight;
        std::memcpy(bytes + i, &word, sizeof word);
    }
    for (; i < size; ++i)
        bytes[i] = static_cast<char>(bytes[i] ^ mask[i % kMaskBytes]);
}

bool is_control(Opcode opcode) {
    return static_cast<std::uint8_t>(opcode) >= 8;
}
bool is_known(std::uint8_t opcode) {
    return opcode <= 2 || (opcode >= 8 && opcode <= 10);
}

/// Whether a peer may send it. RFC 6455 §7.4.2; 1012 to 1014 are registered with IANA.
bool is_sendable(std::uint16_t code) {
    if (code >= 3000) return code <= 4999;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

/// How many bytes follow the first two before the mask; the length itself in `length`. False: not the shortest form.
struct Length {
    std::size_t more_bytes = 0;
    std::uint64_t value = 0;
    bool shortest = true;
};
Length length_of(std::span<const char> bytes) {
    const auto seven = static_cast<std::uint8_t>(static_cast<std::uint8_t>(bytes[1]) & kLengthBits);
    if (seven < kLength16) return {0, seven, true};
    Length out;
    out.more_bytes = seven == kLength16 ? 2 : 8;
    if (bytes.size() < 2 + out.more_bytes) return out;
    out.value = big_endian(bytes.data() + 2, out.more_bytes);
    out.shortest = seven == kLength16 ? out.value >= kLength16 : out.value > 0xffff;
    return out;
}

}  // namespace

void append_frame_head(std::string& out, Opcode opcode, std::size_t payload_bytes) {
    out.push_back(static_cast<char>(kLastBit | static_cast<std::uint8_t>(opcode)));
    if (payload_bytes < kLength16) {
        out.push_back(static_cast<char>(payload_bytes));
    } else if (payload_bytes <= 0xffff) {
        out.push_back(static_cast<char>(kLength16));
        append_big_endian(out, payload_bytes, 2);
    } else {
        out.push_back(static_cast<char>(kLength64));
        append_big_endian(out, payload_bytes, 8);
    }
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
    append_frame_head(out, opcode, payload.size());
    out.append(payload);
}

std::size_t frame_head_bytes(std::string_view frame) {
    const auto length = static_cast<std::uint8_t>(static_cast<std::uint8_t>(frame[1]) & kLengthBits);
    return length < kLength16 ? 2 : length == kLength16 ? 4 : 10;
}

std::string close_payload(std::uint16_t code, std::string_view reason) {
    std::string out;
    append_big_endian(out, code, 2);
    reason = reason.substr(0, kReasonBytesMax);
    while (!reason.empty() && !is_valid_utf8(reason))
        reason.remove_suffix(1);
    return out.append(reason);
}

FrameReader::Step FrameReader::fail(CloseCode code) {
    close_code_ = static_cast<std::uint16_t>(code);
    payload_ = {};
    return {0, Event::failed};
}

FrameReader::Step FrameReader::feed(std::span<char> bytes) {
    if (!in_message_ && !message_.empty()) std::string().swap(message_);
    if (bytes.size() < 2) return {};
    const auto first = static_cast<std::uint8_t>(bytes[0]);
    const bool last = (first & kLastBit) != 0;
    const auto code = static_cast<std::uint8_t>(first & kOpcodeBits);
    const bool masked = (static_cast<std::uint8_t>(bytes[1]) & kMaskBit) != 0;
    if ((first & kReservedBits) != 0 || !is_known(code) || !masked) return fail(CloseCode::protocol_error);
    const auto opcode = static_cast<Opcode>(code);
    const Length length = length_of(bytes);
    if (is_control(opcode) && (!last || length.more_bytes != 0)) return fail(CloseCode::protocol_error);
    const std::size_t head = 2 + length.more_bytes + kMaskBytes;
    if (bytes.size() < head) return {};
    if (!length.shortest) return fail(CloseCode::protocol_error);
    const std::size_t before = is_control(opcode) ? 0 : message_.size();
    if (length.value > limits::websocket_message_bytes_max - before) return fail(CloseCode::too_large);
    const auto size = static_cast<std::size_t>(length.value);
    if (bytes.size() < head + size) return {};
    unmask(bytes.data() + head, size, bytes.data() + head - kMaskBytes);
    return take(head + size, opcode, last, {bytes.data() + head, size});
}

FrameReader::Step FrameReader::take(std::size_t consumed, Opcode opcode, bool last, std::string_view payload) {
    payload_ = payload;
    switch (opcode) {
        case Opcode::ping:
            return {consumed, Event::ping};
        case Opcode::pong:
            return {consumed, Event::pong};
        case Opcode::close:
            return take_close(consumed, payload);
        case Opcode::text:
        case Opcode::binary:
            if (in_message_) return fail(CloseCode::protocol_error);
            is_text_ = opcode == Opcode::text;
            parts_ = 0;
            break;
        case Opcode::continuation:
            if (!in_message_) return fail(CloseCode::protocol_error);
            break;
    }
    if (++parts_ > limits::websocket_parts_max) return fail(CloseCode::policy);
    in_message_ = !last;
    if (!last || opcode == Opcode::continuation) {
        message_.append(payload);
        payload_ = message_;
    }
    if (!last) return {consumed, Event::part};
    if (is_text_ && !is_valid_utf8(payload_)) return fail(CloseCode::bad_text);
    return {consumed, is_text_ ? Event::text : Event::binary};
}

FrameReader::Step FrameReader::take_close(std::size_t consumed, std::string_view payload) {
    close_code_ = static_cast<std::uint16_t>(CloseCode::none);
    if (payload.empty()) return {consumed, Event::close};
    if (payload.size() == 1) return fail(CloseCode::protocol_error);
    const auto code = static_cast<std::uint16_t>(big_endian(payload.data(), 2));
    if (!is_sendable(code)) return fail(CloseCode::protocol_error);
    payload_ = payload.substr(2);
    if (!is_valid_utf8(payload_)) return fail(CloseCode::bad_text);
    close_code_ = code;
    return {consumed, Event::close};
}

}  // namespace stoa::net
