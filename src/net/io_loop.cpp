#include "net/io_loop.hpp"

// One thread runs a loop, and what others hand over comes through a mutex: Asio's fences (which the thread sanitizer
// does not understand) are not needed.
#define BOOST_ASIO_DISABLE_FENCED_BLOCK

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "base/log.hpp"

namespace stoa::net {
namespace asio = boost::asio;
namespace {

thread_local const IoLoop* this_thread_loop = nullptr;

using Executor = asio::io_context::executor_type;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;

/// The one place of an I/O thread where exceptions end: the event is lost, the loop goes on.
template <class Function>
void guarded(const Function& function) {
    try {
        function();
    } catch (const std::exception& error) {
        log::error("io_thread_exception", {{"what", error.what()}, {"action", "report this; the request was lost"}});
    } catch (...) {
        log::error("io_thread_exception", {{"action", "report this; the request was lost"}});
    }
}

}  // namespace

struct IoLoop::Impl {
    // UNSAFE_IO: descriptors and timers are touched by the loop's thread only, so Asio needs no locks around them.
    asio::io_context context{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
    std::vector<std::shared_ptr<Timer>> timers;
    asio::executor_work_guard<Executor> work{context.get_executor()};
};

struct IoLoop::Watch::Impl {
    Descriptor descriptor;
};

IoLoop::IoLoop() : impl_(std::make_unique<Impl>()) {}
IoLoop::~IoLoop() = default;

void IoLoop::run(const Task& closing) {
    this_thread_loop = this;
    impl_->context.run();
    guarded(closing);
    close_queue();
    // Waits that `closing` broke off still hold their targets: let them go.
    impl_->timers.clear();
    impl_->work.reset();
    impl_->context.restart();
    impl_->context.poll();
    this_thread_loop = nullptr;
}

void IoLoop::stop() {
    impl_->context.stop();
}

bool IoLoop::post(Task task) {
    bool first = false;
    {
        MutexLock lock(mutex_);
        if (ended_) return false;
        first = posted_.empty();
        posted_.push_back(std::move(task));
    }
    // One wake-up per batch.
    if (first) asio::post(impl_->context, [this] { run_posted(); });
    return true;
}

bool IoLoop::in_loop() const {
    return this_thread_loop == this;
}

void IoLoop::after(int delay_ms, Task task) {
    auto timer = std::make_shared<Timer>(impl_->context, std::chrono::milliseconds(delay_ms));
    timer->async_wait([timer, task = std::move(task)](const boost::system::error_code& error) {
        if (!error) guarded(task);
    });
}

void IoLoop::every(int interval_ms, Task task) {
    const auto interval = std::chrono::milliseconds(interval_ms < 1 ? 1 : interval_ms);
    auto timer = std::make_shared<Timer>(impl_->context, interval);
    impl_->timers.push_back(timer);
    // The timer owns the closure through its pending wait; impl_->timers holds the only lasting reference.
    struct Repeat {
        std::weak_ptr<Timer> timer;
        std::chrono::milliseconds interval;
        std::shared_ptr<Task> task;
        void operator()(const boost::system::error_code& error) const {
            const auto alive = timer.lock();
            if (error || !alive) return;
            alive->expires_after(interval);
            alive->async_wait(*this);
            guarded(*task);
        }
    };
    timer->async_wait(Repeat{timer, interval, std::make_shared<Task>(std::move(task))});
}

void IoLoop::run_posted() {
    running_.clear();
    {
        MutexLock lock(mutex_);
        running_.swap(posted_);
    }
    // A task may post again: that goes to posted_ and wakes the loop anew.
    for (Task& task : running_)
        guarded(task);
    running_.clear();
}

void IoLoop::close_queue() {
    std::vector<Task> dropped;
    MutexLock lock(mutex_);
    ended_ = true;
    dropped.swap(posted_);
}

IoLoop::Watch::Watch(IoLoop& loop, int fd) : impl_(new Impl{Descriptor(loop.impl_->context)}) {
    boost::system::error_code error;
    impl_->descriptor.assign(fd, error);
    if (!error) return;
    ::close(fd);
    throw boost::system::system_error(error, "watch");
}
IoLoop::Watch::~Watch() = default;
IoLoop::Watch::Watch(Watch&&) noexcept = default;

void IoLoop::Watch::wait(Ready direction, std::shared_ptr<Target> target) {
    const auto type = direction == Ready::to_read ? Descriptor::wait_read : Descriptor::wait_write;
    impl_->descriptor.async_wait(type, [direction, target = std::move(target)](const boost::system::error_code& error) {
        if (error != asio::error::operation_aborted) guarded([&] { target->on_ready(direction); });
    });
}

}  // namespace stoa::net
