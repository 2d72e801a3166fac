#include "net/websocket.hpp"

#include <openssl/evp.h>

#include "base/crypto.hpp"
#include "base/utf8.hpp"
#include "net/response_head.hpp"

namespace stoa::net {
namespace {

constexpr std::string_view kVersion = "13";
constexpr std::size_t kKeyBytes = 16;

/// RFC 6455 §4.2.2. SHA-1 guards nothing here: it shows that the server speaks this protocol.
std::string accept_value(std::string_view key) {
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha1(), nullptr);
    return base64_encode({reinterpret_cast<const char*>(digest), size});
}

/// Whether a header that is a list has this token: "keep-alive, Upgrade".
bool names(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        std::string_view one = list.substr(0, comma);
        while (!one.empty() && (one.front() == ' ' || one.front() == '\t'))
            one.remove_prefix(1);
        while (!one.empty() && (one.back() == ' ' || one.back() == '\t'))
            one.remove_suffix(1);
        if (equals_any_case(one, token)) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
    return false;
}

Response upgrade_required() {
    Response response = refusal(426);
    response.headers.push_back({"Upgrade", "websocket"});
    response.headers.push_back({"Sec-WebSocket-Version", std::string(kVersion)});
    return response;
}

}  // namespace

Frames text_frame(std::string_view text) {
    return text_frame({text});
}

Frames text_frame(std::initializer_list<std::string_view> pieces) {
    std::size_t bytes = 0;
    for (const std::string_view piece : pieces)
        bytes += piece.size();
    auto out = std::make_shared<std::string>();
    out->reserve(bytes + kFrameHeadBytesMax);
    append_frame_head(*out, Opcode::text, bytes);
    for (const std::string_view piece : pieces)
        out->append(piece);
    return out;
}

std::string_view text_of(const Frames& frame) {
    return std::string_view(*frame).substr(frame_head_bytes(*frame));
}

Response accept_websocket(const Request& request, WebSocketOpener opener) {
    if (request.method != "GET" || !request.body.empty()) return refusal(400);
    if (!names(request.header("Upgrade"), "websocket") || !names(request.header("Connection"), "upgrade") ||
        request.header("Sec-WebSocket-Version") != kVersion) {
        return upgrade_required();
    }
    const std::string_view key = request.header("Sec-WebSocket-Key");
    const auto bytes = base64_decode(key);
    if (!bytes || bytes->size() != kKeyBytes) return refusal(400);
    Response response;
    response.status = 101;
    response.headers.push_back({"Sec-WebSocket-Accept", accept_value(key)});
    response.websocket = std::make_shared<const WebSocketOpener>(std::move(opener));
    return response;
}

}  // namespace stoa::net
