#pragma once
// Turns bytes into one Request at a time and refuses what is not clean HTTP/1.x. No sockets, so it can be fuzzed.
// One thread. Boost.Beast's parser is behind it; what Beast lets pass but proxies read in two ways is refused here:
// repeated Content-Length, Host missing or repeated, any Transfer-Encoding but "chunked". RFC 9112 §3.2, §6.

#include <cstddef>
#include <memory>
#include <string_view>

#include "net/server.hpp"

namespace stoa::net {

class RequestReader {
  public:
    enum class State {
        need_more,  ///< all usable bytes are taken; feed() again with what was left and more
        complete,   ///< request() is whole; bytes behind it were not touched
        failed,     ///< answer status() and close
    };
    struct Step {
        std::size_t consumed = 0;
        State state = State::need_more;
    };

    RequestReader(std::size_t header_bytes_max, std::size_t body_bytes_max);
    ~RequestReader();
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    Step feed(std::string_view bytes);
    /// Forgets the request, for the next one on the connection.
    void reset();

    bool header_done() const;
    /// The client waits for "100 Continue" before it sends the body.
    bool expects_continue() const;
    /// Once header_done(): what the client wants, without our own reasons to close.
    bool keep_alive() const;
    bool http_1_0() const;

    Request& request();
    /// After `failed`: 400, 413, 417, 431, 501 or 505.
    int status() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace stoa::net
