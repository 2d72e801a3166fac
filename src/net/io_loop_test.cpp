// The loop by itself: pipes and socket pairs, no server.

#include "net/io_loop.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace stoa::net {
namespace {

constexpr auto kPatience = std::chrono::seconds(10);

/// Both ends of a connection, not blocking.
struct Pair {
    Pair() {
        int fds[2];
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
        ours.reset(fds[0]);
        theirs.reset(fds[1]);
    }
    void say(std::string_view text) const {
        EXPECT_EQ(::send(theirs.get(), text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
    }
    Fd ours, theirs;
};

/// A reader that says what it has heard; tests say what happens then.
class Listener final : public IoLoop::Target, public std::enable_shared_from_this<Listener> {
  public:
    Listener(IoLoop& loop, Fd owned) : fd(owned.get()), watch(std::in_place, loop, owned.release()) {}
    void on_ready(IoLoop::Ready direction) override {
        ++times[static_cast<std::size_t>(direction)];
        then();
    }
    /// Up to so many bytes; "end" behind the last.
    std::string read(std::size_t room = 100) const {
        std::string text(room, '\0');
        const ssize_t count = ::recv(fd, text.data(), room, 0);
        if (count == 0) return "end";
        text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
        return text;
    }
    void wait(IoLoop::Ready direction = IoLoop::Ready::to_read) { watch->wait(direction, shared_from_this()); }
    void wait_for_more() { watch->wait_for_more(shared_from_this()); }

    const int fd;
    std::optional<IoLoop::Watch> watch;
    std::function<void()> then = [] {};
    std::atomic<int> times[2] = {0, 0};
};

/// A loop on a thread of its own; what belongs to the thread goes through in_loop().
class IoLoopTest : public testing::Test {
  protected:
    ~IoLoopTest() override {
        loop.stop();
        thread.join();
    }
    void in_loop(const std::function<void()>& task) {
        std::promise<void> done;
        ASSERT_TRUE(loop.post([&] {
            task();
            done.set_value();
        }));
        ASSERT_EQ(done.get_future().wait_for(kPatience), std::future_status::ready);
    }
    /// Whole turns, so that everything that was ready has been told.
    void turns(int count = 3) {
        for (int i = 0; i < count; ++i)
            in_loop([] {});
    }
    std::shared_ptr<Listener> listener(Pair& pair) {
        std::shared_ptr<Listener> made;
        in_loop([&] { made = std::make_shared<Listener>(loop, std::move(pair.ours)); });
        listeners.push_back(made);
        return made;
    }

    IoLoop loop;
    std::vector<std::shared_ptr<Listener>> listeners;
    std::thread thread{[this] {
        loop.run([this] {
            for (const auto& one : listeners)
                one->watch.reset();
        });
    }};
};

TEST_F(IoLoopTest, tells_once_for_each_wait) {
    Pair pair;
    const auto one = listener(pair);
    in_loop([&] { one->wait_for_more(); });
    turns();
    EXPECT_EQ(one->times[0], 0);
    pair.say("a");
    turns();
    pair.say("b");
    turns();
    EXPECT_EQ(one->times[0], 1);
    in_loop([&] {
        EXPECT_EQ(one->read(), "ab");
        one->wait_for_more();
    });
    turns();
    EXPECT_EQ(one->times[0], 2) << "b came when nobody waited: it is looked at once more";
    in_loop([&] { one->wait_for_more(); });
    turns();
    EXPECT_EQ(one->times[0], 2);
    pair.say("c");
    turns();
    EXPECT_EQ(one->times[0], 3);
}

TEST_F(IoLoopTest, a_wait_tells_of_what_was_left_unread) {
    Pair pair;
    const auto one = listener(pair);
    in_loop([&] { one->wait(); });
    pair.say("abc");
    turns();
    ASSERT_EQ(one->times[0], 1);
    in_loop([&] {
        EXPECT_EQ(one->read(1), "a");
        one->wait();
    });
    turns();
    EXPECT_EQ(one->times[0], 2);
    in_loop([&] { EXPECT_EQ(one->read(), "bc"); });
}

TEST_F(IoLoopTest, the_end_behind_the_last_bytes_is_not_missed) {
    Pair pair;
    const auto one = listener(pair);
    pair.say("last");
    pair.theirs.reset();
    std::string heard;
    in_loop([&] {
        one->then = [&] {
            heard += one->read() + ".";
            if (!heard.ends_with("end.")) one->wait_for_more();  // less than asked for, and yet not all
        };
        one->wait_for_more();
    });
    turns();
    in_loop([&] { EXPECT_EQ(heard, "last.end."); });
}

TEST_F(IoLoopTest, a_peer_that_only_listens_does_not_make_a_full_socket_writable) {
    Pair pair;
    const auto one = listener(pair);
    ::shutdown(pair.theirs.get(), SHUT_WR);
    in_loop([&] {
        const std::string much(64 * 1024, 'x');
        while (::send(one->fd, much.data(), much.size(), MSG_NOSIGNAL) > 0) {
        }
        one->wait(IoLoop::Ready::to_write);
    });
    turns();
    EXPECT_EQ(one->times[1], 0);
    std::string taken(64 * 1024, '\0');
    while (::recv(pair.theirs.get(), taken.data(), taken.size(), 0) > 0) {
    }
    turns();
    EXPECT_EQ(one->times[1], 1);
}

TEST_F(IoLoopTest, reads_and_writes_are_waited_for_at_the_same_time) {
    Pair pair;
    const auto one = listener(pair);
    in_loop([&] {
        one->wait(IoLoop::Ready::to_write);
        one->wait(IoLoop::Ready::to_read);
    });
    turns();
    EXPECT_EQ(one->times[1], 1) << "it is writable";
    pair.say("x");
    turns();
    EXPECT_EQ(one->times[0], 1);
}

TEST_F(IoLoopTest, who_is_closed_by_an_earlier_event_of_the_turn_hears_nothing) {
    Pair pairs[2];
    const std::shared_ptr<Listener> both[] = {listener(pairs[0]), listener(pairs[1])};
    in_loop([&] {
        for (int i = 0; i < 2; ++i) {
            both[i]->then = [&, i] { both[1 - i]->watch.reset(); };
            both[i]->wait_for_more();
        }
        // While the loop is busy with this task: both are ready when it looks again.
        pairs[0].say("x");
        pairs[1].say("x");
    });
    turns();
    EXPECT_EQ(both[0]->times[0] + both[1]->times[0], 1);
}

TEST_F(IoLoopTest, who_is_closed_while_it_is_about_to_be_told_again_hears_nothing) {
    Pair pair;
    const auto one = listener(pair);
    pair.say("x");
    turns();  // nobody waits
    in_loop([&] {
        one->wait_for_more();
        one->watch.reset();
    });
    turns();
    EXPECT_EQ(one->times[0], 0);
}

TEST_F(IoLoopTest, a_wait_keeps_its_target_alive_until_the_watch_ends) {
    Pair pair;
    std::weak_ptr<Listener> weak;
    in_loop([&] {
        const auto one = std::make_shared<Listener>(loop, std::move(pair.ours));
        weak = one;
        one->wait_for_more();
    });
    ASSERT_FALSE(weak.expired());
    pair.say("x");
    turns();
    EXPECT_TRUE(weak.expired()) << "it was told, and nobody else holds it";
}

TEST_F(IoLoopTest, a_task_that_posts_itself_leaves_the_others_their_turn) {
    Pair pair;
    const auto one = listener(pair);
    std::function<void()> again = [&] {
        if (one->times[0] == 0) loop.post(again);
    };
    in_loop([&] {
        one->wait_for_more();
        loop.post(again);
    });
    pair.say("x");
    turns();
    EXPECT_EQ(one->times[0], 1);
}

TEST_F(IoLoopTest, tasks_run_in_their_order_behind_what_is_ready) {
    std::string said;
    in_loop([&] {
        for (const char* const name : {"a", "b", "c"})
            loop.post([&said, name] { said += name; });
    });
    turns(1);
    EXPECT_EQ(said, "abc");
}

TEST_F(IoLoopTest, an_exception_costs_its_task_only) {
    in_loop([&] { loop.post([] { throw std::runtime_error("of the test"); }); });
    turns(1);
}

TEST_F(IoLoopTest, timers_run_while_nothing_else_happens) {
    std::promise<void> late;
    int ticks = 0;
    in_loop([&] {
        loop.every(1, [&] { ++ticks; });
        loop.after(20, [&] { late.set_value(); });
    });
    ASSERT_EQ(late.get_future().wait_for(kPatience), std::future_status::ready);
    in_loop([&] { EXPECT_GE(ticks, 1); });
}

TEST(IoLoop, lets_go_of_who_still_waits_when_it_ends) {
    IoLoop loop;
    Pair pair;
    std::weak_ptr<Listener> weak;
    loop.post([&] {
        const auto one = std::make_shared<Listener>(loop, std::move(pair.ours));
        weak = one;
        one->wait();
        loop.stop();
    });
    loop.run([] {});
    EXPECT_TRUE(weak.expired()) << "it owns the watch that holds it";
}

TEST(IoLoop, takes_no_task_when_it_has_ended) {
    IoLoop loop;
    ASSERT_TRUE(loop.post([&] { loop.stop(); })) << "before it runs";
    bool closed = false;
    loop.run([&] { closed = true; });
    EXPECT_TRUE(closed);
    EXPECT_FALSE(loop.post([] {}));
}

}  // namespace
}  // namespace stoa::net
