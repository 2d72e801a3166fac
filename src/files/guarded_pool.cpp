// The workers of a GuardedPool and its queue. Which lock a function needs is said by STOA_REQUIRES in
// guarded_state.hpp.

#include "files/guarded_pool.hpp"

#include <pthread.h>

#include <exception>
#include <thread>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "files/guarded_state.hpp"

namespace stoa::files {
namespace {

constexpr std::int64_t kMs = 1'000;

Labels store_label(const std::string& name) {
    return {{"store", name}};
}

Error refusal(Errc code, const char* message) {
    return {code, message, {}, {}, 1};
}

}  // namespace

bool run_guarded(const std::string& store, FunctionRef<void()> f) {
    std::string reason = "unknown exception";
    try {
        f();
        return true;
    } catch (const std::exception& e) {
        reason = e.what();
    } catch (...) {  // NOLINT: named above
    }
    log::error("file_operation_threw", {{"store", store}, {"reason", reason}, {"do", "report this as a bug"}});
    return false;
}

void refuse(const std::string& store, Operation& operation, Error error) {
    run_guarded(store, [&] { operation.refuse(std::move(error)); });
}

GuardedPool::State::State(Options o)
    : options(std::move(o)),
      stuck_gauge(gauge("stoa_files_stuck_workers", "Threads that hang in a file store", store_label(options.name))),
      open_gauge(
          gauge("stoa_files_breaker_open", "1 while a file store is sick and refused", store_label(options.name))),
      length_gauge(gauge("stoa_files_queue_length", "File operations that wait", store_label(options.name))),
      stalled_total(
          counter("stoa_files_stalled_total", "File operations that made no progress", store_label(options.name))),
      refused_total(
          counter("stoa_files_refused_total", "File operations refused before they ran", store_label(options.name))),
      opened_total(counter("stoa_files_breaker_opened_total", "How often a file store was found sick",
                           store_label(options.name))) {}

GuardedPool::GuardedPool(Options options) : state_(std::make_shared<State>(std::move(options))) {
    const MutexLock one_closer(state_->close_mutex);
    const MutexLock lock(state_->mutex);
    for (int i = 0; i < state_->options.workers; ++i)
        state_->spawn_worker();
    state_->watchdog = std::thread([state = state_] { state->watch(); });
}

GuardedPool::~GuardedPool() {
    close();
}

Status GuardedPool::start() {
    const MutexLock lock(state_->mutex);
    state_->start_probe();
    const std::int64_t until = system_clock().monotonic_us() + state_->options.stall_ms * kMs;
    while (!state_->first_probe) {
        const std::int64_t left = until - system_clock().monotonic_us();
        if (left <= 0) break;
        state_->ended.wait_us(state_->mutex, left);
    }
    if (!state_->first_probe) state_->open_breaker("it does not answer");
    if (state_->open) return {};  // it will come back
    return *state_->first_probe;
}

void GuardedPool::enqueue(std::shared_ptr<Operation> operation) {
    State& s = *state_;
    Error error;
    {
        const MutexLock lock(s.mutex);
        if (s.closing) {
            error = refusal(Errc::unavailable, "The file store is being closed.");
        } else if (s.open) {
            error = store_sick();
        } else if (s.queue.size() >= s.options.queue_max) {
            error = refusal(Errc::busy, "Too many file operations at once. Try again shortly.");
        } else {
            operation->queued_us = system_clock().monotonic_us();
            s.queue.push_back(std::move(operation));
            s.length_gauge.add();
            s.work.notify_one();
            s.wake_watchdog();
            return;
        }
    }
    s.refused_total.add();
    refuse(s.options.name, *operation, std::move(error));
}

int GuardedPool::stuck_workers() const {
    const MutexLock lock(state_->mutex);
    return state_->stuck;
}

bool GuardedPool::breaker_open() const {
    const MutexLock lock(state_->mutex);
    return state_->open;
}

void GuardedPool::close() {
    State& s = *state_;
    const MutexLock one_closer(s.close_mutex);
    MutexLock lock(s.mutex);
    s.closing = true;
    const std::int64_t until = system_clock().monotonic_us() + s.options.close_ms * kMs;
    while (!s.all_idle()) {
        const std::int64_t left = until - system_clock().monotonic_us();
        if (left <= 0) break;
        s.ended.wait_us(s.mutex, left);
    }
    State::Operations late(s.queue.begin(), s.queue.end());
    s.length_gauge.sub(static_cast<std::int64_t>(s.queue.size()));
    s.queue.clear();
    for (const State::Worker& worker : s.workers) {
        if (worker.running && !worker.stuck) late.push_back(worker.running);
    }
    lock.unlock();
    for (const auto& operation : late) {
        operation->beat.abandon();
        refuse(s.options.name, *operation, refusal(Errc::unavailable, "The file store is being closed."));
    }
    lock.lock();
    s.watch_ends = true;
    s.work.notify_all();
    s.watched.notify_all();
    // Threads end at their next step; those that hang stay behind and hold nothing but the shared state.
    const std::int64_t end = system_clock().monotonic_us() + s.options.stall_ms * kMs;
    while (s.free_or_busy() > 0) {
        const std::int64_t left = end - system_clock().monotonic_us();
        if (left <= 0) break;
        s.ended.wait_us(s.mutex, left);
    }
    lock.unlock();
    if (s.watchdog.joinable()) s.watchdog.join();
}

bool GuardedPool::State::all_idle() const {
    if (!queue.empty()) return false;
    for (const Worker& worker : workers) {
        if (worker.running && !worker.stuck) return false;
    }
    return true;
}

void GuardedPool::State::spawn_worker() {
    const auto self = workers.emplace(workers.end());
    std::thread thread([state = shared_from_this(), self] { state->run_worker(self); });
    pthread_setname_np(thread.native_handle(), ("files " + options.name).substr(0, 15).c_str());
    thread.detach();
}

/// False when the thread is to end: one too many, or the pool is closed.
bool GuardedPool::State::take(std::list<Worker>::iterator self) {
    while (true) {
        if (free_or_busy() > options.workers || watch_ends) return false;
        if (!queue.empty()) break;
        work.wait(mutex);
    }
    self->running = std::move(queue.front());
    queue.pop_front();
    length_gauge.sub();
    self->running->beat.beat();
    return true;
}

void GuardedPool::State::finished(std::list<Worker>::iterator self) {
    const bool down = self->running->beat.reported_down();
    self->running.reset();
    if (self->stuck) {
        self->stuck = false;
        stuck_gauge.set(--stuck);
        next_probe_us = 0;  // something moved: perhaps it is well again
    } else if (down) {
        ++failures_in_a_row;
        suspect();
    } else {
        failures_in_a_row = 0;
    }
    ended.notify_all();
}

void GuardedPool::State::run_worker(std::list<Worker>::iterator self) {
    MutexLock lock(mutex);
    while (take(self)) {
        const std::shared_ptr<Operation> operation = self->running;
        lock.unlock();
        if (!run_guarded(options.name, [&] { operation->run(); })) {
            refuse(options.name, *operation, internal_error("The file operation failed."));
        }
        lock.lock();
        finished(self);
    }
    workers.erase(self);
    ended.notify_all();
}

}  // namespace stoa::files
