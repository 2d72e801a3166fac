#pragma once
// One connected socket, plain or TLS, without blocking. It borrows the descriptor. One I/O thread.

#include <cstddef>
#include <span>
#include <string_view>

#include "net/tls_context.hpp"

namespace stoa::net {

struct IoResult {
    enum class Kind {
        done,        ///< `bytes` were moved
        want_read,   ///< try again when the socket can be read
        want_write,  ///< try again when the socket can be written
        end,         ///< the peer sends no more
        plain_http,  ///< handshake only: the peer does not speak TLS but HTTP
        failed,
    };
    Kind kind = Kind::done;
    std::size_t bytes = 0;
};

class Stream {
  public:
    explicit Stream(int fd, TlsSession tls = nullptr) : fd_(fd), tls_(std::move(tls)) {}

    bool tls() const { return tls_ != nullptr; }
    IoResult handshake();
    IoResult read(char* to, std::size_t room);
    /// As much of first and then second as fits. Empty views are skipped.
    IoResult write(std::string_view first, std::string_view second = {});
    /// As much of all of them, in order, as fits; of TLS one record's worth. None of them is empty.
    IoResult write(std::span<const std::string_view> pieces);
    /// Says that no more comes; the peer may still be sending.
    void end_writing();
    /// Reads and drops what the peer still sends, without TLS. `end` once it has closed.
    IoResult discard() const;
    /// Gives up TLS: what follows is plain. For the answer to a peer that does not speak TLS.
    void drop_tls() { tls_.reset(); }

  private:
    IoResult tls_result(int returned);

    int fd_;
    TlsSession tls_;
    bool tls_broken_ = false;
};

}  // namespace stoa::net
