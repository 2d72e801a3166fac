#pragma once
// Lock discipline that clang checks (-Wthread-safety) and other compilers ignore, with the mutex types it can see.
// https://clang.llvm.org/docs/ThreadSafetyAnalysis.html

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#if defined(__clang__)
#define STOA_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define STOA_THREAD_ATTRIBUTE(x)
#endif

/// Marks a field that may be touched only while the mutex is held.
#define STOA_GUARDED_BY(mutex) STOA_THREAD_ATTRIBUTE(guarded_by(mutex))
#define STOA_PT_GUARDED_BY(mutex) STOA_THREAD_ATTRIBUTE(pt_guarded_by(mutex))
/// Marks a function whose caller holds (REQUIRES) or must not hold (EXCLUDES) the mutex.
#define STOA_REQUIRES(...) STOA_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define STOA_EXCLUDES(...) STOA_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
#define STOA_CAPABILITY(name) STOA_THREAD_ATTRIBUTE(capability(name))
#define STOA_SCOPED_CAPABILITY STOA_THREAD_ATTRIBUTE(scoped_lockable)
#define STOA_ACQUIRE(...) STOA_THREAD_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define STOA_RELEASE(...) STOA_THREAD_ATTRIBUTE(release_capability(__VA_ARGS__))
#define STOA_NO_THREAD_SAFETY_ANALYSIS STOA_THREAD_ATTRIBUTE(no_thread_safety_analysis)

namespace stoa {

class STOA_CAPABILITY("mutex") Mutex {
  public:
    void lock() STOA_ACQUIRE() { mutex_.lock(); }
    void unlock() STOA_RELEASE() { mutex_.unlock(); }

  private:
    friend class CondVar;
    std::mutex mutex_;
};

/// Holds the mutex for its scope; unlock() and lock() allow a hole in it.
class STOA_SCOPED_CAPABILITY MutexLock {
  public:
    explicit MutexLock(Mutex& mutex) STOA_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~MutexLock() STOA_RELEASE() {
        if (held_) mutex_.unlock();
    }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    void unlock() STOA_RELEASE() {
        mutex_.unlock();
        held_ = false;
    }
    void lock() STOA_ACQUIRE() {
        mutex_.lock();
        held_ = true;
    }

  private:
    Mutex& mutex_;
    bool held_ = true;
};

/// Waits may end without reason: wait in a loop that tests the condition.
class CondVar {
  public:
    void wait(Mutex& mutex) STOA_REQUIRES(mutex) {
        std::unique_lock lock(mutex.mutex_, std::adopt_lock);
        cond_.wait(lock);
        lock.release();
    }
    /// False when the time ran out.
    bool wait_us(Mutex& mutex, std::int64_t timeout_us) STOA_REQUIRES(mutex) {
        std::unique_lock lock(mutex.mutex_, std::adopt_lock);
        const auto status = cond_.wait_for(lock, std::chrono::microseconds(timeout_us));
        lock.release();
        return status == std::cv_status::no_timeout;
    }
    void notify_one() { cond_.notify_one(); }
    void notify_all() { cond_.notify_all(); }

  private:
    std::condition_variable cond_;
};

}  // namespace stoa
