#pragma once
// Socket: a stream connection to an engine on which every wait has a deadline for the whole operation, not for each
// byte. One thread at a time. After an error it is of no more use.
// Errors: timeout; unavailable (refused, reset, closed by the other side) with the system's reason.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "cache/wire/deadline.hpp"

namespace stoa::cache {

/// What connect() takes: no names, because looking one up cannot be bounded on the caller's thread (see resolve.hpp).
struct Address {
    std::string host;        ///< IP literal, or the path of a unix socket
    std::uint16_t port = 0;  ///< unused for a unix socket
    bool is_path() const { return host.starts_with('/'); }
    std::string text() const;
    bool operator==(const Address&) const = default;
};

class Socket {
  public:
    static Result<Socket> connect(const Address& address, Deadline deadline);

    /// All of it.
    Status send(std::string_view bytes, Deadline deadline);
    /// At least one byte, at most `size`.
    Result<std::size_t> receive(char* buffer, std::size_t size, Deadline deadline);
    /// What is there already; 0 = nothing yet.
    Result<std::size_t> receive_now(char* buffer, std::size_t size);
    /// True when bytes or the end wait to be read: on a connection that expects nothing, a sign that it is dead.
    bool readable() const;
    int fd() const { return fd_.get(); }

  private:
    explicit Socket(Fd fd) : fd_(std::move(fd)) {}
    Fd fd_;
};

}  // namespace stoa::cache
