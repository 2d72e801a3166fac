#include "base/fibers.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <vector>

namespace stoa {
namespace {

/// A socket that a fiber waits for, and its other end.
struct Pair {
    Pair() {
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) throw std::runtime_error("socketpair");
    }
    ~Pair() {
        for (const int end : ends)
            ::close(end);
    }
    void say(char c) const { ASSERT_EQ(::write(ends[1], &c, 1), 1); }
    char hear() const {
        char c = 0;
        return ::read(ends[0], &c, 1) == 1 ? c : '?';
    }
    int fd() const { return ends[0]; }
    std::array<int, 2> ends{};
};

/// What an event loop does until nothing more is ready.
void run_ready(Fibers& fibers) {
    pollfd wanted{fibers.fd(), POLLIN, 0};
    while (::poll(&wanted, 1, 0) == 1)
        fibers.resume_ready();
}

TEST(Fibers, go_on_with_others_while_one_waits) {
    Fibers fibers;
    const Pair first, second;
    std::string seen;
    ASSERT_TRUE(fibers.start([&] {
        seen += 'a';
        EXPECT_TRUE(Fibers::current()->wait(first.fd(), true));
        seen += first.hear();
    }));
    ASSERT_TRUE(fibers.start([&] {
        seen += 'b';
        EXPECT_TRUE(Fibers::current()->wait(second.fd(), true));
        seen += second.hear();
    }));
    EXPECT_EQ(seen, "ab");
    EXPECT_EQ(Fibers::current(), nullptr);
    second.say('2');
    run_ready(fibers);
    EXPECT_EQ(seen, "ab2");
    first.say('1');
    run_ready(fibers);
    EXPECT_EQ(seen, "ab21");
}

TEST(Fibers, wait_for_one_socket_as_often_as_they_like) {
    Fibers fibers;
    const Pair pair;
    std::string seen;
    ASSERT_TRUE(fibers.start([&] {
        for (int i = 0; i < 3; ++i) {
            EXPECT_TRUE(Fibers::current()->wait(pair.fd(), true));
            seen += pair.hear();
        }
        EXPECT_TRUE(Fibers::current()->wait(pair.fd(), false));  // there is room to write
        seen += '!';
    }));
    for (const char c : {'x', 'y', 'z'}) {
        pair.say(c);
        run_ready(fibers);
    }
    EXPECT_EQ(seen, "xyz!");
}

TEST(Fibers, go_on_when_another_thread_shuts_their_socket_down) {
    Fibers fibers;
    const Pair pair;
    bool ended = false;
    ASSERT_TRUE(fibers.start([&] { ended = Fibers::current()->wait(pair.fd(), true); }));
    ::shutdown(pair.fd(), SHUT_RDWR);
    run_ready(fibers);
    EXPECT_TRUE(ended);
}

TEST(Fibers, run_so_many_at_a_time_queue_so_many_and_refuse_one_more) {
    Fibers fibers({.running_max = 2, .queue_max = 3});
    std::vector<Pair> pairs(5);
    int begun = 0, ended = 0;
    for (const Pair& pair : pairs) {
        ASSERT_TRUE(fibers.start([&] {
            ++begun;
            EXPECT_TRUE(Fibers::current()->wait(pair.fd(), true));
            ++ended;
        }));
    }
    EXPECT_EQ(begun, 2);
    EXPECT_FALSE(fibers.start([&] { ++begun; }));
    for (const Pair& pair : pairs)
        pair.say('x');
    run_ready(fibers);
    EXPECT_EQ(begun, 5);
    EXPECT_EQ(ended, 5);
    EXPECT_TRUE(fibers.start([&] { ++begun; }));
    EXPECT_EQ(begun, 6);
}

TEST(Fibers, begin_what_a_fiber_starts_after_it_has_let_go) {
    Fibers fibers;
    std::string seen;
    ASSERT_TRUE(fibers.start([&] {
        EXPECT_TRUE(Fibers::current()->start([&] { seen += "inner"; }));
        seen += "outer ";
    }));
    EXPECT_EQ(seen, "outer inner");
}

TEST(Fibers, outlive_tasks_that_throw) {
    Fibers fibers;
    ASSERT_TRUE(fibers.start([] { throw std::runtime_error("thrown by a test"); }));
    bool ran = false;
    ASSERT_TRUE(fibers.start([&] { ran = true; }));
    EXPECT_TRUE(ran);
}

TEST(Fibers, end_their_waits_as_failed_when_they_are_closed) {
    const Pair first, second;
    Fibers fibers({.running_max = 1});
    int failed = 0;
    ASSERT_TRUE(fibers.start([&] {
        if (!Fibers::current()->wait(first.fd(), true)) ++failed;
        if (!Fibers::current()->wait(second.fd(), true)) ++failed;  // nor may it begin to wait anew
    }));
    bool queued_ran = false;
    ASSERT_TRUE(fibers.start([&] { queued_ran = true; }));
    fibers.close();
    EXPECT_EQ(failed, 2);
    EXPECT_FALSE(queued_ran);
    EXPECT_FALSE(fibers.start([] {}));
}

TEST(Fibers, refuse_a_descriptor_that_cannot_be_watched) {
    Fibers fibers;
    bool waited = true;
    ASSERT_TRUE(fibers.start([&] { waited = Fibers::current()->wait(-1, true); }));
    EXPECT_FALSE(waited);
}

TEST(Fibers, belong_to_the_thread_that_made_a_home_for_them) {
    Fibers fibers;
    EXPECT_EQ(Fibers::of_this_thread(), nullptr);
    {
        const Fibers::Home home(fibers);
        EXPECT_EQ(Fibers::of_this_thread(), &fibers);
    }
    EXPECT_EQ(Fibers::of_this_thread(), nullptr);
}

TEST(Fibers, say_must_wait_in_a_way_that_nothing_else_does) {
    EXPECT_TRUE(is_must_wait(must_wait()));
    EXPECT_FALSE(is_must_wait(Error{Errc::busy, "All database sessions are in use."}));
}

}  // namespace
}  // namespace stoa
