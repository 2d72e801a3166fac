#include "model/account_queue.hpp"

#include <chrono>
#include <thread>

namespace stoa::model {

void AccountQueue::add(AccountId account) {
    const MutexLock lock(mutex_);
    accounts_.insert(account);
    if (pending_) return;
    pending_ = true;
    changed_.notify_all();
}

bool AccountQueue::wait(int linger_ms, std::int64_t longest_us) {
    {
        const MutexLock lock(mutex_);
        if (!pending_ && !stopped_) changed_.wait_us(mutex_, longest_us);
        if (stopped_) return false;
        pending_ = false;
    }
    if (linger_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(linger_ms));
    return true;
}

std::vector<AccountId> AccountQueue::take(std::size_t most) {
    const MutexLock lock(mutex_);
    std::vector<AccountId> out;
    while (!accounts_.empty() && out.size() < most)
        out.push_back(accounts_.extract(accounts_.begin()).value());
    if (!accounts_.empty()) pending_ = true;
    return out;
}

void AccountQueue::stop() {
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
}

bool AccountQueue::stopped() const {
    const MutexLock lock(mutex_);
    return stopped_;
}

}  // namespace stoa::model
