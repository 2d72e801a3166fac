#pragma once
// Connection: one connection to a Redis server or sentinel; commands one by one or as a pipeline. One thread at a time.
// I/O errors (timeout, unavailable) leave it unusable: drop it. An answer that begins with '-' is a Reply, no error.
// hiredis takes the answers apart; sockets and deadlines are ours (wire/socket.hpp), because hiredis bounds each read
// and not the whole operation, and writes without MSG_NOSIGNAL.

#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cache/redis/reply.hpp"
#include "cache/wire/socket.hpp"

namespace stoa::cache::redis {

struct Login {
    std::string user;      ///< empty: the default user
    std::string password;  ///< empty: none
    int database = 0;
};

using Arguments = std::span<const std::string_view>;

class Connection {
  public:
    /// Connects, logs in, chooses the database. Errors: also those of error_of().
    static Result<std::unique_ptr<Connection>> open(const Address& address, const Login& login, Deadline deadline);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    Result<Reply> command(Arguments arguments, Deadline deadline);
    Result<Reply> command(std::initializer_list<std::string_view> arguments, Deadline deadline) {
        return command(Arguments(arguments.begin(), arguments.size()), deadline);
    }

    /// A pipeline: append() as often as wanted, flush() once, then receive() for each.
    void append(Arguments arguments);
    void append(std::initializer_list<std::string_view> arguments) {
        append(Arguments(arguments.begin(), arguments.size()));
    }
    Status flush(Deadline deadline);
    Result<Reply> receive(Deadline deadline);
    /// What has arrived; nothing when the next answer is not complete yet. Does not wait.
    Result<std::optional<Reply>> receive_now();

    /// Asks for the server's run id, which is another one after a restart or a failover.
    Status ask_run_id(Deadline deadline);
    const std::string& run_id() const { return run_id_; }  ///< empty before that

    bool usable() const { return usable_; }
    /// False when it is certainly dead; asked of a connection that waited in a pool.
    bool looks_alive() const { return usable_ && !socket_.readable(); }
    int fd() const { return socket_.fd(); }

  private:
    explicit Connection(Socket socket);
    Status log_in(const Login& login, Deadline deadline);
    Result<std::optional<Reply>> parsed();
    Error give_up(Error error);

    struct Parser;
    Socket socket_;
    std::unique_ptr<Parser> parser_;
    std::string outgoing_;
    std::string run_id_;
    bool usable_ = true;
};

/// The reply, or its error.
Result<Reply> no_error(Result<Reply> reply);

}  // namespace stoa::cache::redis
