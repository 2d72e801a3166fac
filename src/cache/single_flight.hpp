#pragma once
// SingleFlight: while one thread of this process loads a value, the others that want the same wait for it instead of
// loading it, too. So losing every cache costs the database one look-up per key and process, not one per request.
// Any thread that may block. Waiters take what a load gave that began before they asked: who must not see something
// older than a moment of his own has to check that, and ask again.
//
// Metric: stoa_single_flight_waits_total{of=<name>}.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/function_ref.hpp"
#include "base/limits.hpp"
#include "base/metrics.hpp"
#include "base/result.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::cache {

template <class V>
class SingleFlight {
  public:
    using Loaded = Result<std::shared_ptr<const V>>;

    explicit SingleFlight(std::string_view name)
        : waits_(counter("stoa_single_flight_waits_total", "Look-ups that waited for another thread's.",
                         {{"of", std::string(name)}})) {}

    /// What load() gave, here or on the thread that came first; its error, too. load() runs without a lock held.
    /// Errors of its own: timeout when the other thread takes longer than wait_ms.
    Loaded run(std::string_view key, FunctionRef<Loaded()> load, int wait_ms = limits::single_flight_wait_ms)
        STOA_EXCLUDES(mutex_) {
        std::shared_ptr<Flight> flight;
        {
            const MutexLock lock(mutex_);
            auto& place = flights_[std::string(key)];
            if (place) return wait_for(place, wait_ms);
            place = flight = std::make_shared<Flight>();
        }
        Landing landing{*this, key, *flight};
        landing.loaded = load();
        return landing.loaded;  // a copy: the destructor still needs it
    }

  private:
    struct Flight {
        bool landed = false;
        Loaded loaded = Error{};
    };
    /// Gives the result to those who wait, also when load() throws.
    struct Landing {
        SingleFlight& of;
        std::string_view key;
        Flight& flight;
        Loaded loaded = Error{Errc::internal, "The look-up failed."};
        ~Landing() { of.land(key, flight, loaded); }
    };

    Loaded wait_for(std::shared_ptr<Flight> flight, int wait_ms) STOA_REQUIRES(mutex_) {
        waits_.add();
        const std::int64_t until_us = system_clock().monotonic_us() + std::int64_t{wait_ms} * 1'000;
        while (!flight->landed) {
            const std::int64_t left_us = until_us - system_clock().monotonic_us();
            if (left_us <= 0) return Error{Errc::timeout, "The look-up took too long.", {}, {}, 1};
            landed_.wait_us(mutex_, left_us);
        }
        return flight->loaded;
    }

    void land(std::string_view key, Flight& flight, const Loaded& loaded) STOA_EXCLUDES(mutex_) {
        const MutexLock lock(mutex_);
        flight.loaded = loaded;
        flight.landed = true;
        flights_.erase(std::string(key));
        landed_.notify_all();
    }

    Counter& waits_;
    Mutex mutex_;
    CondVar landed_;
    std::unordered_map<std::string, std::shared_ptr<Flight>> flights_ STOA_GUARDED_BY(mutex_);
};

}  // namespace stoa::cache
