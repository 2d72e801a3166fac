#pragma once
// Endpoint: the addresses of the push server. On I/O threads; never blocks.
//
//   GET  /push/ws?CHANNEL_ID=a/b&mid=…&tags=c,d@…      WebSocket
//   GET  /push/poll?CHANNEL_ID=a/b&mid=…&tags=c,d@…    long poll: answered when there is something, or after 40 s
//   POST /push/publish?CHANNEL_ID=a                    a message for others, from whoever shows an own channel
// `mid` is the last message that the client has, `tags` what it watches besides its channels (resume.hpp).
// Wrong channels end a WebSocket with 4010, because browsers see no status; elsewhere the answer is 403. Who publishes
// more than publish_rates.hpp allows is answered 429 with Retry-After.
// Shapes: https://github.com/bitrix24/b24jssdk packages/jssdk/src/pullClient

#include "net/server.hpp"
#include "push/hub.hpp"

namespace stoa::push {

class Endpoint {
  public:
    explicit Endpoint(Hub& hub) : hub_(hub) {}
    /// Whether the path is one of its addresses.
    static bool owns(std::string_view path) { return path.starts_with("/push/"); }
    void handle(net::Request& request, const net::Responder& responder);

  private:
    void open_socket(const net::Request& request, const net::Responder& responder);
    void poll(const net::Request& request, const net::Responder& responder);
    void publish(const net::Request& request, const net::Responder& responder);

    Hub& hub_;
};

}  // namespace stoa::push
