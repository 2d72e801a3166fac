#include "base/thread_pool.hpp"

#include <pthread.h>

#include <exception>
#include <utility>

#include "base/log.hpp"
#include "base/metrics.hpp"

namespace stoa {

ThreadPool::ThreadPool(std::string name, int threads, std::size_t queue_max)
    : name_(std::move(name)),
      queue_max_(queue_max),
      length_(gauge("stoa_pool_queue_length", "Tasks waiting for a worker thread", {{"pool", name_}})),
      refused_(counter("stoa_pool_refused_total", "Tasks refused because the queue was full", {{"pool", name_}})),
      failed_(counter("stoa_pool_failed_total", "Tasks that ended with an exception", {{"pool", name_}})) {
    const MutexLock lock(stop_mutex_);
    for (int i = 0; i < threads; ++i) {
        threads_.emplace_back([this] { run(); });
        pthread_setname_np(threads_.back().native_handle(), name_.substr(0, 15).c_str());
    }
}

ThreadPool::~ThreadPool() {
    stop();
}

bool ThreadPool::post(std::function<void()> task) {
    {
        const MutexLock lock(mutex_);
        if (stopping_ || queue_.size() >= queue_max_) {
            refused_.add();
            return false;
        }
        queue_.push_back(std::move(task));
    }
    length_.add();
    wake_.notify_one();
    return true;
}

void ThreadPool::stop() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    const MutexLock lock(stop_mutex_);
    for (auto& thread : threads_)
        thread.join();
    threads_.clear();
}

std::size_t ThreadPool::queue_length() const {
    const MutexLock lock(mutex_);
    return queue_.size();
}

void ThreadPool::run() {
    while (true) {
        std::function<void()> task;
        {
            const MutexLock lock(mutex_);
            while (queue_.empty() && !stopping_)
                wake_.wait(mutex_);
            if (queue_.empty()) return;
            task = std::move(queue_.front());
            queue_.pop_front();
        }
        length_.sub();
        try {
            task();
        } catch (const std::exception& e) {
            failed_.add();
            log::error("task_failed", {{"pool", name_}, {"reason", e.what()}, {"do", "report this as a bug"}});
        } catch (...) {
            failed_.add();
            log::error("task_failed",
                       {{"pool", name_}, {"reason", "unknown exception"}, {"do", "report this as a bug"}});
        }
    }
}

}  // namespace stoa
