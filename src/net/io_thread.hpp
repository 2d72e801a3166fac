#pragma once
// One I/O thread: its loop, its connections and what they share while they run (buffers, the date).
// Everything but start(), stop(), adopt() and the counters belongs to the thread itself.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/fibers.hpp"
#include "net/io_loop.hpp"
#include "net/server.hpp"
#include "net/tls_context.hpp"

namespace stoa::net {

class Client;
class IoThread;

/// What all I/O threads of a server share.
struct ServerCore {
    ServerOptions options{};
    Handler handler{};
    TlsContext tls{};
    std::atomic<bool> draining{false};
    std::atomic<std::size_t> arriving_body_bytes{0};
    std::vector<std::unique_ptr<IoThread>> threads{};
};

/// A socket fresh from accept().
struct Accepted {
    Fd fd{};
    std::string remote_address{};
    bool tls = false;
    bool refuse = false;  ///< over the connection limit: answer 503
};

class IoThread {
  public:
    explicit IoThread(ServerCore& core);
    ~IoThread();

    void start();
    void stop();
    /// Any thread. Takes the socket.
    void adopt(Accepted accepted);
    /// Any thread. Closes idle connections soon, the others after their answer.
    void drain();
    /// Any thread. Closes all connections at once.
    void close_all();
    /// Those on their way through adopt() included.
    int connection_count() const { return count_.load(std::memory_order_relaxed); }

    ServerCore& core() { return core_; }
    IoLoop& loop() { return *loop_; }
    const std::shared_ptr<IoLoop>& shared_loop() const { return loop_; }

    const std::string& date() const { return date_; }
    std::string& head_buffer() { return head_buffer_; }
    std::vector<char>& read_buffer() { return read_buffer_; }
    /// Whether some connection is working in read_buffer() further up the stack.
    bool& read_buffer_busy() { return read_buffer_busy_; }

    /// Client::close() calls this.
    void forget(std::size_t slot);
    /// Another one speaks over the same socket from now on.
    void replace(std::size_t slot, std::shared_ptr<Client> client) { clients_[slot] = std::move(client); }

  private:
    void open(Accepted accepted);
    void tick();
    void refresh_date();

    ServerCore& core_;
    // Shared with Responders, which may outlive the server and must still find the loop ended.
    std::shared_ptr<IoLoop> loop_ = std::make_shared<IoLoop>();
    class FiberWatch;
    Fibers fibers_;
    std::shared_ptr<FiberWatch> fiber_watch_;
    std::thread thread_;
    std::vector<std::shared_ptr<Client>> clients_;  // shared: pending waits and Responders hold them too
    std::atomic<int> count_{0};
    std::string date_;
    std::int64_t date_s_ = 0;
    std::string head_buffer_;
    std::vector<char> read_buffer_;
    bool read_buffer_busy_ = false;
};

inline std::int64_t now_ms() {
    return system_clock().monotonic_us() / 1000;
}

}  // namespace stoa::net
