#include "base/thread_numbers.hpp"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

#include "base/limits.hpp"

namespace stoa {
namespace {

TEST(ThreadNumbers, count_only_the_cores_that_the_process_may_use) {
    int seen = 0;
    std::thread([&] {
        cpu_set_t one, allowed;
        ASSERT_EQ(::sched_getaffinity(0, sizeof allowed, &allowed), 0);
        CPU_ZERO(&one);
        for (int core = 0; core < CPU_SETSIZE; ++core) {
            if (!CPU_ISSET(core, &allowed)) continue;
            CPU_SET(core, &one);
            break;
        }
        ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
        seen = usable_cores();
    }).join();
    EXPECT_EQ(seen, 1);
    EXPECT_GE(usable_cores(), 1);
}

TEST(ThreadNumbers, fill_in_only_what_the_configuration_leaves_open) {
    Config config;
    config.workers = 3;
    choose_threads(config);
    EXPECT_EQ(config.io_threads, usable_cores());
    EXPECT_EQ(config.workers, 3);
}

TEST(ThreadNumbers, give_a_session_to_all_that_may_read_at_a_time) {
    Config config;
    config.io_threads = 2;
    config.workers = 8;
    EXPECT_EQ(database_sessions(config), 8 + 2 * limits::fibers_running_max);
    config.database.connections = 5;
    EXPECT_EQ(database_sessions(config), 5U);
    EXPECT_EQ(database_sessions(Config()), 4U);  // tools, which have no threads of either kind
}

}  // namespace
}  // namespace stoa
