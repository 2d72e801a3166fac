#pragma once
// EngineWatch: decides for all threads whether an engine is worth talking to, so that a dead one costs its callers
// nothing. It is their circuit breaker: a thread of its own looks for the engine and tries it, every second while all
// is well, with growing pauses while it is not. Callers ask target() (one atomic load when the answer is no) and tell
// failed() when they had trouble; from then on nobody tries until the watch itself has seen the engine answer again.
// Any thread. `probe` runs on the watch's thread only.
//
// Metric: stoa_engine_reachable{engine=<what>}, 1 or 0.

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/metrics.hpp"
#include "base/result.hpp"
#include "base/thread_annotations.hpp"
#include "cache/wire/socket.hpp"
#include "cache/wire/trouble_log.hpp"

namespace stoa::cache {

class EngineWatch {
  public:
    struct Options {
        int check_ms = 1'000;     ///< between looks while all is well
        int first_pause_ms = 50;  ///< after a failure; doubled with each more
        int longest_pause_ms = 1'000;
        int calm_ms = 10'000;  ///< without failures; then the next one is the first again
    };
    struct Target {
        Address address;
        std::uint64_t generation = 0;  ///< connections made for another number are to be dropped
    };
    /// Finds the engine and tests that it works. Must be bounded in time.
    using Probe = std::function<Result<Address>()>;

    /// `what` and `meanwhile` are for the log, see TroubleLog; `what` for metrics, too.
    EngineWatch(std::string what, std::string_view meanwhile, Probe probe, Options options);
    ~EngineWatch();
    EngineWatch(const EngineWatch&) = delete;
    EngineWatch& operator=(const EngineWatch&) = delete;

    /// Returns when the first look has ended, either way, or at the deadline.
    void wait_for_first_look(Deadline deadline) STOA_EXCLUDES(mutex_);
    bool closed() const { return !open_.load(std::memory_order_acquire); }  ///< nobody may try
    /// Whom to talk to; nothing while the engine is not known to work.
    std::optional<Target> target() const STOA_EXCLUDES(mutex_);
    /// Trouble with that target: nobody tries again before the watch has. Older generations are ignored.
    void failed(const Target& target, const Error& error) STOA_EXCLUDES(mutex_);

  private:
    void run();
    void look();
    void wait_for_next_look() STOA_EXCLUDES(mutex_);

    const Probe probe_;
    const Options options_;
    Gauge& reachable_;
    TroubleLog trouble_;

    std::atomic<bool> open_{false};
    mutable Mutex mutex_;
    CondVar wake_;
    Target target_ STOA_GUARDED_BY(mutex_);
    bool looked_ STOA_GUARDED_BY(mutex_) = false;
    bool doubted_ STOA_GUARDED_BY(mutex_) = false;  ///< failed() since the last look
    bool stopping_ STOA_GUARDED_BY(mutex_) = false;
    int failures_ STOA_GUARDED_BY(mutex_) = 0;  ///< in a row, see calm_ms
    std::int64_t last_failure_us_ STOA_GUARDED_BY(mutex_) = 0;
    std::thread thread_;
};

}  // namespace stoa::cache
