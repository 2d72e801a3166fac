#include "cluster/database/disk_probe.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "base/fd.hpp"
#include "base/testing/engine_process.hpp"

namespace stoa::cluster::database {
namespace {

bool eventually(const DiskProbe& probe, bool stalls) {
    for (int i = 0; i < 500; ++i) {
        if (probe.stalls() == stalls) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

TEST(DiskProbe, SaysThatADiskStallsAndThatItIsThereAgain) {
    const fixture::TempDir dir;
    const std::string path = dir.path() + "/probe";
    // To open a pipe for writing takes until somebody reads from it.
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    const DiskProbe probe(path);
    EXPECT_TRUE(eventually(probe, true));
    const Fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    EXPECT_TRUE(eventually(probe, false));
}

TEST(DiskProbe, EndsAlthoughItsDiskDoesNot) {
    const fixture::TempDir dir;
    const std::string path = dir.path() + "/probe";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    { const DiskProbe probe(path); }
    const Fd reader(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));  // lets the thread go
}

}  // namespace
}  // namespace stoa::cluster::database
