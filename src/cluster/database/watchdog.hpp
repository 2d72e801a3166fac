#pragma once
// Watchdog: a process of its own that kills the database server with SIGKILL when the time until which it may take
// writes has passed. It reads that time from a file mapped into memory, so that it works while the agent hangs or is
// gone, and the next run of the agent goes on with the one that is there. The file lies in /dev/shm: to write to a page
// of a file on a disk that stalls waits for that disk. CLOCK_MONOTONIC, which all processes share.
// start() once; the rest any thread.

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace stoa::cluster::database {

class Watchdog {
  public:
    /// `path` names the file, made when it is not there; it lies there itself only where /dev/shm cannot be used.
    /// `slack_ms`: how much later than the time it kills. `timeline`: where it says that it did (timeline.hpp).
    Watchdog(std::string path, int slack_ms, std::string timeline = {});
    ~Watchdog();  ///< the process stays as long as there is something to watch, and a moment longer
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    /// Where that file lies in /dev/shm. It outlives everybody, so whoever removes a host's folder removes it, too.
    static std::string memory_file(const std::string& path);

    Status start();
    /// Starts another one when the process is gone.
    Status ensure();

    /// The server that may take writes until then, in that epoch; 0 for both:
    /// none.
    void arm(pid_t server, std::int64_t until_us, std::int64_t epoch);
    void disarm();
    /// Kills the server that it is armed for, without a look at any disk. False: it is armed for none that runs.
    bool kill_server();
    /// Only later than before, and only while armed for this server.
    void extend(std::int64_t until_us);
    std::int64_t until_us() const;
    pid_t server() const;
    pid_t process() const;

  private:
    struct Shared;
    Fd open_again() const;
    bool is_guarded() const;

    std::string path_;
    const int slack_ms_;
    const std::string timeline_;
    Fd file_;
    Shared* shared_ = nullptr;
};

}  // namespace stoa::cluster::database
