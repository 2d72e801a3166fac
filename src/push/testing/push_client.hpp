#pragma once
// Tests only: a client of the push server that says and hears exactly what it is told to, and waits for a bounded time.

#include <cstdint>
#include <string>
#include <string_view>

#include "json/parse.hpp"
#include "json/writer.hpp"
#include "net/test_client.hpp"
#include "net/websocket_test_frames.hpp"

namespace stoa::push::testing {

/// A client of the protocol: remembers its position.
class PushClient {
  public:
    PushClient(std::uint16_t port, const std::string& channels, const std::string& mid = {}) : client_(port) {
        const std::string position = mid.empty() ? "" : "&mid=" + mid;
        status_ =
            client_.exchange(net::testing::upgrade_request("/push/ws?jsonRpc=true&CHANNEL_ID=" + channels + position))
                .status;
    }
    int status() const { return status_; }
    const std::string& mid() const { return mid_; }
    void say(std::string_view text) { client_.send(net::testing::client_frame(net::Opcode::text, text)); }

    /// The next frame's text; of a goodbye "closed CODE". Empty: nothing came.
    std::string next() {
        while (true) {
            const std::string head = client_.receive_bytes(2);
            if (head.size() < 2) return {};
            std::size_t size = static_cast<std::uint8_t>(head[1]);
            const std::string more = client_.receive_bytes(size == 126 ? 2 : size == 127 ? 8 : 0);
            if (!more.empty()) size = 0;
            for (const char byte : more)
                size = size << 8 | static_cast<std::uint8_t>(byte);
            const std::string payload = client_.receive_bytes(size);
            if (payload.size() < size) return {};
            if (static_cast<net::Opcode>(head[0] & 0x0f) == net::Opcode::close) {
                return "closed " + std::to_string(static_cast<std::uint8_t>(payload[0]) << 8 |
                                                  static_cast<std::uint8_t>(payload[1]));
            }
            if (payload != "ping") return payload;
        }
    }
    /// "module.command params" of the next message, its position remembered; what is said of pauses is skipped.
    std::string message() {
        while (true) {
            std::string text = any_message();
            if (!text.starts_with("pull.stream_pause")) return text;
            paused_ = text.find("true") != text.npos;
        }
    }
    bool paused() const { return paused_; }
    std::string any_message() {
        const std::string text = next();
        const auto value = json::parse(text);
        if (!value || value->find("params") == nullptr) return text;
        const json::Value& params = *value->find("params");
        mid_ = params.find("mid")->string();
        const json::Value& body = *params.find("body");
        sender_ = params.find("sender") ? json::to_json(*params.find("sender")) : "";
        return body.find("module_id")->string() + "." + body.find("command")->string() + " " +
               json::to_json(*body.find("params"));
    }
    const std::string& sender() const { return sender_; }
    /// The answer to a request.
    std::string ask(std::string_view method, std::string_view params) {
        say(R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":)" + std::string(params) +
            "}");
        const std::string text = next();
        const std::string head = R"({"jsonrpc":"2.0","id":1,)";
        return text.starts_with(head) ? text.substr(head.size(), text.size() - head.size() - 1) : text;
    }

  private:
    net::testing::TestClient client_;
    int status_ = 0;
    std::string mid_, sender_;
    bool paused_ = false;
};

/// What a connection begins with.
inline constexpr const char* kWhole = R"(pull.stream_state {"recovered":true})";
inline constexpr const char* kLacking = R"(pull.stream_state {"recovered":false})";

}  // namespace stoa::push::testing
