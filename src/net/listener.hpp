#pragma once
// A listening socket: bound at start, accepting on one I/O thread, which hands each connection to the thread that has
// the fewest. (Several SO_REUSEPORT sockets would be hashed onto, unevenly when connections are few.)

#include <cstdint>
#include <memory>
#include <optional>

#include "base/fd.hpp"
#include "base/result.hpp"
#include "net/io_loop.hpp"
#include "net/io_thread.hpp"

namespace stoa::net {

class Listener final : public IoLoop::Target, public std::enable_shared_from_this<Listener> {
  public:
    /// Binds and listens. Errors: invalid_argument (not an IP), already_exists (port in use), forbidden, unavailable.
    static Result<std::shared_ptr<Listener>> open(ServerCore& core, const Listen& where);
    Listener(ServerCore& core, bool tls, Fd socket, std::uint16_t port);

    std::uint16_t port() const { return port_; }

    // The rest belongs to the loop's thread.
    void start(IoLoop& loop);
    void on_ready(IoLoop::Ready) override;
    /// Takes what already waits in the backlog, then closes the port.
    void close();

  private:
    bool accept_some();
    void hand_over(Fd socket, std::string remote_address);
    void wait();

    ServerCore& core_;
    bool tls_;
    Fd socket_;  // until start() gives it to watch_
    int fd_;
    std::uint16_t port_;
    IoLoop* loop_ = nullptr;
    std::optional<IoLoop::Watch> watch_{};
    std::size_t turn_ = 0;
    bool paused_ = false;
};

}  // namespace stoa::net
