// The watchdog of a GuardedPool, its breaker and its probes. Which lock a function needs is said by STOA_REQUIRES in
// guarded_state.hpp.

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <string>
#include <thread>

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "files/guarded_state.hpp"

namespace stoa::files {
namespace {

constexpr std::int64_t kMs = 1'000;
constexpr std::int64_t kTickUs = 50 * kMs;
constexpr int kOpenAfter = 2;                      ///< operations in a row that hang or find the store down
constexpr std::int64_t kProbeHangsUs = 500 * kMs;  ///< reason enough to doubt the store
constexpr std::int64_t kProbeAgainUs = 500 * kMs;
/// A probe that hangs costs a thread for as long, so each further one waits longer.
constexpr std::int64_t kNextAfterHangingUs[] = {2'000 * kMs, 10'000 * kMs, 60'000 * kMs};

Error store_slow() {
    return {Errc::busy, "The file store is slow just now. Try again shortly.", {}, {}, 2};
}

}  // namespace

Error store_sick() {
    return {Errc::unavailable, "The file store does not answer. Try again shortly.", {}, {}, 2};
}

void GuardedPool::State::watch() {
    pthread_setname_np(pthread_self(), "files watchdog");
    MutexLock lock(mutex);
    while (!watch_ends) {
        if (needs_watching()) {
            watched.wait_us(mutex, kTickUs);
        } else {
            watch_sleeps = true;
            watched.wait(mutex);
            watch_sleeps = false;
        }
        const Operations stalled = find_stalled();
        look_at_probes(system_clock().monotonic_us());
        const Operations late = find_late();
        const bool sick = open;
        lock.unlock();
        for (const auto& operation : stalled)
            refuse(options.name, *operation, store_sick());
        for (const auto& operation : late)
            refuse(options.name, *operation, sick ? store_sick() : store_slow());
        lock.lock();
    }
}

bool GuardedPool::State::needs_watching() const {
    if (open || !queue.empty() || !probes.empty()) return true;
    return std::any_of(workers.begin(), workers.end(), [](const Worker& w) { return w.running != nullptr; });
}

/// It looks every few milliseconds anyway while there is anything to watch.
void GuardedPool::State::wake_watchdog() {
    if (watch_sleeps) watched.notify_one();
}

GuardedPool::State::Operations GuardedPool::State::find_stalled() {
    Operations stalled;
    for (Worker& worker : workers) {
        if (!worker.running || worker.stuck || worker.running->beat.since_us() <= options.stall_ms * kMs) continue;
        worker.stuck = true;
        worker.running->beat.abandon();
        stalled.push_back(worker.running);
        stuck_gauge.set(++stuck);
        stalled_total.add();
    }
    if (!stalled.empty()) {
        suspect();
        ended.notify_all();
    }
    return stalled;
}

/// Those that waited too long for a worker; all of them while the breaker is open.
GuardedPool::State::Operations GuardedPool::State::find_late() {
    Operations late;
    const std::int64_t now = system_clock().monotonic_us();
    while (!queue.empty() && (open || now - queue.front()->queued_us > options.queue_wait_ms * kMs)) {
        late.push_back(std::move(queue.front()));
        queue.pop_front();
        length_gauge.sub();
        refused_total.add();
    }
    if (!late.empty()) ended.notify_all();
    return late;
}

/// One bad operation may be its own fault: ask a probe. Two are the store's.
void GuardedPool::State::suspect() {
    if (open) return;
    if (stuck + failures_in_a_row >= kOpenAfter) {
        open_breaker(stuck > 0 ? "operations hang in it" : "operations find it down");
    } else if (probes.empty()) {
        start_probe();
    }
}

void GuardedPool::State::open_breaker(const char* reason) {
    if (open) return;
    open = true;
    open_gauge.set(1);
    opened_total.add();
    opened_us = system_clock().monotonic_us();
    next_probe_us = 0;
    watched.notify_all();
    log::error("file_store_sick", {{"store", options.name},
                                   {"reason", reason},
                                   {"stuck", stuck},
                                   {"do",
                                    "look at the mount or the S3 store; file requests are refused until it is "
                                    "back, which is noticed by itself"}});
}

void GuardedPool::State::look_at_probes(std::int64_t now) {
    std::size_t hanging = 0;
    bool running = false;
    for (Probe& probe : probes) {
        if (!probe.hangs && now - probe.since_us > kProbeHangsUs) {
            probe.hangs = true;
            if (!open) open_breaker("a probe gets no answer");
            const std::size_t before = std::min(hanging, std::size(kNextAfterHangingUs) - 1);
            next_probe_us = now + kNextAfterHangingUs[before];
        }
        hanging += probe.hangs ? 1 : 0;
        running = running || !probe.hangs;
    }
    if (open && !running && !watch_ends && probes.size() < limits::file_probes_max && now >= next_probe_us)
        start_probe();
}

void GuardedPool::State::start_probe() {
    const auto self = probes.insert(probes.end(), {system_clock().monotonic_us(), false});
    std::thread thread([state = shared_from_this(), self] { state->run_probe(self); });
    pthread_setname_np(thread.native_handle(), "files probe");
    thread.detach();
    wake_watchdog();
}

void GuardedPool::State::run_probe(std::list<Probe>::iterator self) {
    Beat beat;
    Status status;
    try {
        status = options.probe(beat);
    } catch (const std::exception& e) {
        status = internal_error(e.what());
        beat.store_is_down();
    }
    const MutexLock lock(mutex);
    probe_ended(self, status, beat.reported_down());
}

void GuardedPool::State::probe_ended(std::list<Probe>::iterator self, const Status& status, bool down) {
    const bool late = system_clock().monotonic_us() - self->since_us > options.stall_ms * kMs;
    probes.erase(self);
    const bool first = !first_probe;
    if (first) first_probe = status;
    if (down && !status) {
        open_breaker(status.error().message.c_str());
        next_probe_us = system_clock().monotonic_us() + kProbeAgainUs;
    } else if (late) {
        next_probe_us = 0;  // it moves again: is it quick again?
    } else if (status.ok() || !first) {
        store_is_well();  // an answer such as "read-only" or "no such bucket" is an answer
    }
    ended.notify_all();
}

void GuardedPool::State::store_is_well() {
    failures_in_a_row = 0;
    while (free_or_busy() < options.workers && static_cast<int>(workers.size()) < options.threads_max && !watch_ends)
        spawn_worker();
    if (!open) return;
    if (free_or_busy() == 0) {
        next_probe_us = system_clock().monotonic_us() + kNextAfterHangingUs[1];
        log::error("file_store_threads_lost", {{"store", options.name},
                                               {"stuck", stuck},
                                               {"do",
                                                "the store answers, but every thread hangs in what it was "
                                                "before: restart this process"}});
        return;
    }
    open = false;
    open_gauge.set(0);
    const std::int64_t down_ms = (system_clock().monotonic_us() - opened_us) / kMs;
    log::info("file_store_back", {{"store", options.name}, {"down_ms", down_ms}, {"stuck", stuck}});
}

}  // namespace stoa::files
