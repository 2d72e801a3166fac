#include "cluster/lab/command.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include "base/file_util.hpp"
#include "base/testing/engine_process.hpp"

namespace stoa::cluster::lab {
namespace {

TEST(Command, gives_output_and_exit_code) {
    const auto output = run({{"sh", "-c", "cat; echo no >&2; exit 3"}, "yes"});
    ASSERT_TRUE(output.ok()) << output.error().message;
    EXPECT_EQ(output->out, "yes");
    EXPECT_EQ(output->err, "no\n");
    EXPECT_EQ(output->exit_code, 3);
}

TEST(Command, makes_an_error_of_the_last_line) {
    const auto output = run_well({{"sh", "-c", "echo first >&2; echo the reason >&2; exit 1"}});
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.error().message, "sh failed (1): the reason");
}

TEST(Command, carries_a_large_input) {
    const std::string input(3'000'000, 'x');
    const auto output = run({{"wc", "-c"}, input});
    ASSERT_TRUE(output.ok());
    EXPECT_EQ(output->out, "3000000\n");
}

TEST(Command, is_killed_after_its_time) {
    EXPECT_EQ(run({{"sleep", "60"}, {}, {}, 100}).error().code, Errc::timeout);
}

TEST(Command, says_when_there_is_no_such_program) {
    EXPECT_EQ(run({{"no-such-program-here"}}).error().code, Errc::not_found);
}

TEST(Command, launches_and_leaves_alone) {
    const fixture::TempDir dir;
    const auto pid = launch({{"sh", "-c", "echo here; exec sleep 60"}}, dir.path("log"));
    ASSERT_TRUE(pid.ok()) << pid.error().message;
    EXPECT_TRUE(fixture::eventually([&] { return read_file(dir.path("log"), 100).value_or("") == "here\n"; }));
    EXPECT_EQ(::getpgid(*pid) == ::getpgid(0), false);
    EXPECT_EQ(::kill(*pid, SIGKILL), 0);
    EXPECT_TRUE(fixture::eventually([&] { return ::kill(*pid, 0) != 0; }));
}

}  // namespace
}  // namespace stoa::cluster::lab
