#include "net/io_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace stoa::net {
namespace {

constexpr int kEventsPerTurn = 256;
constexpr std::int64_t kWaitMsMax = 60'000;

constexpr std::uint32_t kRead = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t kBroken = EPOLLHUP | EPOLLERR;
/// Nothing comes behind the end, so no edge would tell of it again.
constexpr std::uint32_t kEnd = EPOLLRDHUP | kBroken;

thread_local const IoLoop* this_thread_loop = nullptr;

std::system_error last_error(const char* what) {
    return {errno, std::system_category(), what};
}

Fd made(int fd, const char* what) {
    if (fd < 0) throw last_error(what);
    return Fd(fd);
}

std::int64_t now_us() {
    return system_clock().monotonic_us();
}

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

struct IoLoop::Watch::State {
    IoLoop& loop;
    Fd fd;
    std::size_t slot;                                  ///< in the loop's list of all
    std::array<std::shared_ptr<Target>, 2> waiting{};  ///< by direction
    bool arrived = false;                              ///< something to read, when nobody waited for it
    bool ended = false;
    bool again = false;  ///< is in the loop's list

    std::shared_ptr<Target>& of(Ready direction) { return waiting[static_cast<std::size_t>(direction)]; }
    void set(int operation, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        event.data.ptr = this;
        if (::epoll_ctl(loop.epoll_.get(), operation, fd.get(), &event) != 0) throw last_error("epoll_ctl");
    }
    void tell(Ready direction) {
        if (!fd) return;  // closed by an event before it
        const auto target = std::exchange(of(direction), nullptr);
        if (target) guarded([&] { target->on_ready(direction); });
    }
};

IoLoop::Watch::Watch(IoLoop& loop, int fd) : state_(new State{loop, Fd(fd), loop.watches_.size()}) {
    state_->set(EPOLL_CTL_ADD, kRead);
    loop.watches_.push_back(state_.get());
}

IoLoop::Watch::Watch(Watch&&) noexcept = default;

IoLoop::Watch::~Watch() {
    if (!state_) return;
    IoLoop& loop = state_->loop;
    loop.watches_[state_->slot] = loop.watches_.back();
    loop.watches_[state_->slot]->slot = state_->slot;
    loop.watches_.pop_back();
    // Closing would do, were there not the moment in which a child process has a copy of the descriptor.
    ::epoll_ctl(loop.epoll_.get(), EPOLL_CTL_DEL, state_->fd.get(), nullptr);
    state_->fd.reset();
    if (state_->again) std::replace(loop.again_.begin(), loop.again_.end(), state_.get(), static_cast<State*>(nullptr));
    // Events of this turn may name it still, and a target that waits may be its owner.
    if (this_thread_loop == &loop) loop.closed_.push_back(std::move(state_));
}

void IoLoop::Watch::wait(Ready direction, std::shared_ptr<Target> target) {
    const bool reads = direction == Ready::to_read;
    state_->of(direction) = std::move(target);
    // Setting it anew makes the kernel look: what is ready already is told as well.
    const bool writes = !reads || state_->of(Ready::to_write);
    state_->set(EPOLL_CTL_MOD, writes ? kRead | EPOLLOUT : kRead);
}

void IoLoop::Watch::wait_for_more(std::shared_ptr<Target> target) {
    state_->of(Ready::to_read) = std::move(target);
    if ((!state_->arrived && !state_->ended) || state_->again) return;
    state_->again = true;
    state_->loop.again_.push_back(state_.get());
}

IoLoop::IoLoop()
    : epoll_(made(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_up_(made(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.ptr = nullptr;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_up_.get(), &event) != 0) throw last_error("epoll_ctl");
}
IoLoop::~IoLoop() = default;

void IoLoop::run(const Task& closing) {
    this_thread_loop = this;
    while (!stopped_.load(std::memory_order_acquire))
        turn();
    guarded(closing);
    close_queue();
    timers_.clear();
    again_.clear();
    let_go_of_waiting();
    let_go_of_closed();
    this_thread_loop = nullptr;
}

void IoLoop::turn() {
    std::array<epoll_event, kEventsPerTurn> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, wait_ms());
    for (int i = 0; i < count; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.ptr != nullptr) tell(*static_cast<Watch::State*>(event.data.ptr), event.events);
    }
    tell_again();
    run_due();
    run_posted();
    let_go_of_closed();
}

void IoLoop::tell(Watch::State& state, std::uint32_t events) {
    if ((events & kEnd) != 0) state.ended = true;
    if ((events & (EPOLLIN | kEnd)) != 0) {
        state.arrived = state.of(Ready::to_read) == nullptr;
        state.tell(Ready::to_read);
    }
    if ((events & (EPOLLOUT | kBroken)) != 0) state.tell(Ready::to_write);
}

void IoLoop::tell_again() {
    telling_again_.swap(again_);
    for (Watch::State* const state : telling_again_) {
        if (state == nullptr) continue;
        state->again = false;
        state->arrived = false;
        state->tell(Ready::to_read);
    }
    telling_again_.clear();
}

void IoLoop::let_go_of_closed() {
    while (!closed_.empty()) {  // their targets may own others
        std::vector<std::unique_ptr<Watch::State>> gone;
        gone.swap(closed_);
    }
}

/// A target that owns the watch for which it waits would live for ever.
void IoLoop::let_go_of_waiting() {
    std::vector<std::shared_ptr<Target>> gone;
    for (Watch::State* const state : watches_) {
        for (auto& target : state->waiting)
            gone.push_back(std::move(target));
    }
}

int IoLoop::wait_ms() {
    if (!again_.empty()) return 0;
    {
        const MutexLock lock(mutex_);
        if (!posted_.empty()) return 0;
    }
    return static_cast<int>(std::min(timers_.wait_ms(now_us()).value_or(kWaitMsMax), kWaitMsMax));
}

void IoLoop::wake() const {
    ::eventfd_write(wake_up_.get(), 1);
}

void IoLoop::stop() {
    stopped_.store(true, std::memory_order_release);
    wake();
}

bool IoLoop::post(Task task) {
    bool first = false;
    {
        const MutexLock lock(mutex_);
        if (ended_) return false;
        first = posted_.empty();
        posted_.push_back(std::move(task));
    }
    // One wake-up per batch; the loop's own thread looks before it sleeps.
    if (first && !in_loop()) wake();
    return true;
}

bool IoLoop::in_loop() const {
    return this_thread_loop == this;
}

void IoLoop::after(int delay_ms, Task task) {
    timers_.add(now_us() + std::int64_t{delay_ms} * 1'000, std::move(task));
}

void IoLoop::every(int interval_ms, Task task) {
    const std::int64_t interval_us = std::int64_t{std::max(1, interval_ms)} * 1'000;
    timers_.add(now_us() + interval_us, std::move(task), interval_us);
}

void IoLoop::run_due() {
    const std::int64_t now = now_us();
    while (const auto task = timers_.take_due(now))
        guarded(*task);
}

void IoLoop::run_posted() {
    {
        const MutexLock lock(mutex_);
        running_.swap(posted_);
    }
    // A task may post again: that has its turn after the events that are ready by then.
    for (Task& task : running_)
        guarded(task);
    running_.clear();
}

void IoLoop::close_queue() {
    std::vector<Task> dropped;
    const MutexLock lock(mutex_);
    ended_ = true;
    dropped.swap(posted_);
}

}  // namespace stoa::net
