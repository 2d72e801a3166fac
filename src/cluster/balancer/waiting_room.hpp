#pragma once
// WaitingRoom: where HAProxy sends requests while no web server is up, so that such a moment costs waiting, not an
// error. It is the backup server of the web servers: it takes a request and says nothing. Once one of them is up it
// closes the connection, and HAProxy, which has got no answer, sends the request there (`retry-on empty-response`).
// Refused with 503 and Retry-After: what HAProxy cannot send again (chunked, or larger than its buffer), what has
// waited too long, and whatever is more than limits::balancer_waiting_max.
//
// A thread of its own. start() and stop() from one thread, the rest from any.

#include <atomic>
#include <cstdint>
#include <list>
#include <string>
#include <thread>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace stoa::cluster {

/// Its name as a server of HAProxy; no host can have it.
inline constexpr const char* kWaitingRoom = "waiting_room";

struct WaitingRoomOptions {
    std::uint16_t port = 0;  ///< of 127.0.0.1
    int wait_ms = 15'000;
    std::int64_t replay_bytes_max = 0;  ///< what HAProxy can send again
};

class WaitingRoom {
  public:
    explicit WaitingRoom(WaitingRoomOptions options);
    ~WaitingRoom();  ///< stop()s
    WaitingRoom(const WaitingRoom&) = delete;
    WaitingRoom& operator=(const WaitingRoom&) = delete;

    /// Errors: unavailable, naming the port.
    Status start();
    /// Whoever waits is refused.
    void stop();

    /// HAProxy has a web server that is up: all who wait now may go there.
    void admit();
    int waiting() const { return waiting_.load(); }

  private:
    struct Guest;

    void run();
    void take_new();
    bool stays(Guest& guest);
    void wake() const;

    const WaitingRoomOptions options_;
    Fd listener_, wake_;
    std::atomic<bool> stopping_{false}, admit_{false};
    std::atomic<int> waiting_{0};
    std::list<Guest> guests_;  ///< of its thread
    std::thread thread_;
};

}  // namespace stoa::cluster
