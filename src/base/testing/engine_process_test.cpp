#include "base/testing/engine_process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <set>

namespace stoa::fixture {
namespace {

TEST(EngineProcess, starts_is_reached_dies_and_starts_again) {
    const TempDir dir;
    const auto port = free_port();
    auto started = EngineProcess::start(
        {{"memcached", "-l", "127.0.0.1", "-p", std::to_string(port), "-u", "root", "-m", "16"}, dir.path()});
    ASSERT_TRUE(started.ok());
    EngineProcess& engine = **started;
    ASSERT_TRUE(engine.wait_for_port(port).ok());
    EXPECT_TRUE(engine.running());
    engine.kill();
    EXPECT_FALSE(engine.running());
    EXPECT_EQ(engine.exit_code(), 128 + SIGKILL);
    EXPECT_EQ(engine.wait_for_port(port).error().code, Errc::unavailable);
    ASSERT_TRUE(engine.restart().ok());
    EXPECT_TRUE(engine.wait_for_port(port).ok());
    EXPECT_TRUE(engine.terminate());
}

TEST(EngineProcess, a_frozen_engine_does_not_answer_until_it_is_thawed) {
    const TempDir dir;
    const auto port = free_port();
    auto started = EngineProcess::start({{"redis-server", "--port", std::to_string(port), "--save", ""}, dir.path()});
    ASSERT_TRUE(started.ok());
    ASSERT_TRUE((*started)->wait_for_port(port).ok());
    const std::vector<std::string> ping = {"redis-cli", "-p", std::to_string(port), "ping"};
    EXPECT_EQ(run_command(ping).value_or("?"), "PONG\n");
    (*started)->freeze();
    EXPECT_EQ(run_command(ping, 300).error().code, Errc::timeout);
    (*started)->thaw();
    EXPECT_EQ(run_command(ping).value_or("?"), "PONG\n");
}

TEST(EngineProcess, names_a_program_that_does_not_exist) {
    const TempDir dir;
    const auto started = EngineProcess::start({{"no-such-engine"}, dir.path()});
    ASSERT_FALSE(started.ok());
    EXPECT_EQ(started.error().code, Errc::not_found);
}

TEST(EngineProcess, tells_what_a_failing_command_printed) {
    const auto result = run_command({"sh", "-c", "echo because; exit 3"});
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().message.find("ended with 3"), std::string::npos);
    EXPECT_NE(result.error().message.find("because"), std::string::npos);
}

TEST(EngineProcess, hands_its_environment_over) {
    const TempDir dir;
    auto started =
        EngineProcess::start({{"sh", "-c", "echo $STOA_WORD"}, dir.path(), "out.txt", {{"STOA_WORD", "hi"}}});
    ASSERT_TRUE(started.ok());
    ASSERT_TRUE(eventually([&] { return !(*started)->running(); }));
    EXPECT_EQ((*started)->output(), "hi\n");
}

TEST(TempDir, is_gone_afterwards) {
    std::string path;
    {
        const TempDir dir;
        path = dir.path();
        ASSERT_TRUE(run_command({"mkdir", "-p", dir.path("a/b")}).ok());
    }
    struct stat info {};
    EXPECT_NE(::stat(path.c_str(), &info), 0);
}

TEST(FreePort, is_never_the_same_twice) {
    std::set<std::uint16_t> seen;
    for (int i = 0; i < 50; ++i)
        EXPECT_TRUE(seen.insert(free_port()).second);
}

}  // namespace
}  // namespace stoa::fixture
