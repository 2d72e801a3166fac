#include "cluster/database/hang_cause.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace stoa::cluster::database {
namespace {

/// A process that waits to be killed.
class Sleeper {
  public:
    Sleeper() : pid_(::fork()) {
        if (pid_ == 0) {
            for (;;)
                ::pause();
        }
    }
    ~Sleeper() {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    void stop() const {
        ::kill(pid_, SIGSTOP);
        int status = 0;
        ::waitpid(pid_, &status, WUNTRACED);  // until it has stopped
    }
    pid_t pid() const { return pid_; }

  private:
    const pid_t pid_;
};

TEST(HangCause, IsKnownOfAServerThatWasStopped) {
    const Sleeper server;
    EXPECT_EQ(certain_cause_of_hang(server.pid(), "/"), "");
    server.stop();
    EXPECT_EQ(certain_cause_of_hang(server.pid(), "/"), "it is stopped");
}

TEST(HangCause, IsNotKnownWithoutAServerOrAFolder) {
    EXPECT_EQ(certain_cause_of_hang(0, ""), "");
    EXPECT_EQ(certain_cause_of_hang(0, "/there/is/no/such/folder"), "");
}

TEST(HangCause, IsAFullDisk) {
    // procfs says that it has no room, whatever the machine's disks have.
    EXPECT_EQ(certain_cause_of_hang(0, "/proc"), "its disk is full");
}

}  // namespace
}  // namespace stoa::cluster::database
