#include "base/fibers.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <boost/context/fiber.hpp>
#include <boost/context/protected_fixedsize_stack.hpp>
#include <cerrno>
#include <deque>
#include <exception>
#include <system_error>
#include <vector>

#include "base/log.hpp"

namespace stoa {
namespace {

namespace context = boost::context;

constexpr int kEventsMax = 64;
thread_local Fibers* this_thread = nullptr;
thread_local Fibers* running_now = nullptr;

// Sanitizers do not follow a change of stacks: builds with them do the same work on threads that may block.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kPossible = false;
#else
constexpr bool kPossible = true;
#endif

void run_guarded(const Fibers::Task& task) {
    try {
        task();
    } catch (const context::detail::forced_unwind&) {
        throw;
    } catch (const std::exception& error) {
        log::error("fiber_exception", {{"what", error.what()}, {"action", "report this; the request was lost"}});
    } catch (...) {
        log::error("fiber_exception", {{"action", "report this; the request was lost"}});
    }
}

}  // namespace

struct Fibers::Fiber {
    context::fiber self;
    context::fiber caller;
    Task task;
    bool waiting = false;
    bool ending = false;
};

struct Fibers::Impl {
    std::vector<std::unique_ptr<Fiber>> fibers;
    std::vector<Fiber*> idle;
    std::deque<Task> queue;
    Fiber* running = nullptr;
};

Fibers::Fibers(Options options) : options_(options), epoll_(::epoll_create1(EPOLL_CLOEXEC)), impl_(new Impl) {
    if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

Fibers::~Fibers() {
    close();
    ::close(epoll_);
}

bool Fibers::start(Task task) {
    if (!kPossible || closing_) return false;
    if (impl_->running != nullptr || (impl_->idle.empty() && impl_->fibers.size() >= options_.running_max)) {
        if (impl_->queue.size() >= options_.queue_max) return false;
        impl_->queue.push_back(std::move(task));
        return true;
    }
    if (impl_->idle.empty()) {
        auto fiber = std::make_unique<Fiber>();
        Fiber& f = *fiber;
        // Kept for the next task: a stack costs a system call to make, and its pages stay warm.
        f.self = context::fiber(std::allocator_arg, context::protected_fixedsize_stack(limits::fiber_stack_bytes),
                                [&f](context::fiber&& caller) {
                                    f.caller = std::move(caller);
                                    while (!f.ending) {
                                        run_guarded(f.task);
                                        f.task = nullptr;
                                        f.caller = std::move(f.caller).resume();
                                    }
                                    return std::move(f.caller);
                                });
        impl_->fibers.push_back(std::move(fiber));
        impl_->idle.push_back(&f);
    }
    Fiber& fiber = *impl_->idle.back();
    impl_->idle.pop_back();
    fiber.task = std::move(task);
    go_on(fiber);
    begin_queued();
    return true;
}

void Fibers::go_on(Fiber& fiber) {
    impl_->running = &fiber;
    running_now = this;
    fiber.self = std::move(fiber.self).resume();
    running_now = nullptr;
    impl_->running = nullptr;
    if (!fiber.waiting && fiber.self) impl_->idle.push_back(&fiber);
}

void Fibers::begin_queued() {
    while (!closing_ && !impl_->queue.empty() &&
           (!impl_->idle.empty() || impl_->fibers.size() < options_.running_max)) {
        Task task = std::move(impl_->queue.front());
        impl_->queue.pop_front();
        if (!start(std::move(task))) return;
    }
}

bool Fibers::wait(int fd, bool to_read) {
    if (closing_) return false;
    Fiber& fiber = *impl_->running;
    epoll_event event{};
    event.events = (to_read ? EPOLLIN | EPOLLRDHUP : EPOLLOUT) | EPOLLONESHOT;
    event.data.ptr = &fiber;
    // Known from an earlier wait, mostly; a descriptor that was closed is forgotten by the kernel.
    if (::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event) != 0 &&
        (errno != ENOENT || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0)) {
        return false;
    }
    fiber.waiting = true;
    fiber.caller = std::move(fiber.caller).resume();
    fiber.waiting = false;
    return !closing_;
}

void Fibers::resume_ready() {
    epoll_event events[kEventsMax];
    const int count = ::epoll_wait(epoll_, events, kEventsMax, 0);
    for (int i = 0; i < count; ++i) {
        Fiber& fiber = *static_cast<Fiber*>(events[i].data.ptr);
        if (fiber.waiting) go_on(fiber);
    }
    begin_queued();
}

void Fibers::close() {
    closing_ = true;
    impl_->queue.clear();
    for (const auto& fiber : impl_->fibers) {
        while (fiber->waiting)
            go_on(*fiber);
        fiber->ending = true;
        if (fiber->self) fiber->self = std::move(fiber->self).resume();
    }
    impl_->idle.clear();
    impl_->fibers.clear();
}

Fibers* Fibers::current() {
    return running_now;
}
Fibers* Fibers::of_this_thread() {
    return this_thread;
}

Fibers::Home::Home(Fibers& fibers) {
    this_thread = &fibers;
}
Fibers::Home::~Home() {
    this_thread = nullptr;
}

Error must_wait() {
    return {Errc::busy, "This must run where it may wait.", {}, "@MUST_WAIT"};
}
bool is_must_wait(const Error& error) {
    return error.code == Errc::busy && error.api_code == "@MUST_WAIT";
}

}  // namespace stoa
