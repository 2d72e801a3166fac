#pragma once
// The way of one answer back to its connection: directly on the connection's thread, by a post from any other.

#include <atomic>
#include <memory>

#include "net/io_loop.hpp"
#include "net/server.hpp"

namespace stoa::net {

class Connection;

class Responder::Channel {
  public:
    Channel(std::shared_ptr<Connection> connection, std::shared_ptr<IoLoop> loop);
    ~Channel();  ///< nobody answered: 500
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    /// The first answer counts, later ones are ignored.
    void answer(Response response);
    const std::shared_ptr<IoLoop>& loop() const { return loop_; }

  private:
    std::shared_ptr<Connection> connection_;
    std::shared_ptr<IoLoop> loop_;  // outlives the server as long as somebody may still answer
    std::atomic<bool> answered_{false};
};

}  // namespace stoa::net
