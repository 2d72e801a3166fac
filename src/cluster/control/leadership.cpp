#include "cluster/control/leadership.hpp"

#include <pthread.h>

#include "base/log.hpp"
#include "cluster/limits.hpp"

namespace stoa::cluster::control {
namespace {
constexpr std::int64_t kTryUs = 500'000;
}

Leadership::Leadership(etcd::Client& client, std::string key, std::string holder)
    : client_(client), key_(std::move(key)), holder_(std::move(holder)), lease_(client, limits::host_lease_s) {}

Leadership::~Leadership() {
    stop();
}

void Leadership::start() {
    lease_.start();
    thread_ = std::thread([this] {
        pthread_setname_np(pthread_self(), "leadership");
        run();
    });
}

void Leadership::stop() {
    {
        const MutexLock lock(mutex_);
        stopping_ = true;
        wake_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
    led_under_ = 0;
    lease_.stop();
}

bool Leadership::leading() const {
    const etcd::LeaseId led = led_under_.load();
    return led != 0 && led == lease_.id();
}

void Leadership::run() {
    for (;;) {
        {
            const MutexLock lock(mutex_);
            if (stopping_) return;
        }
        try_once();
        const MutexLock lock(mutex_);
        if (stopping_) return;
        wake_.wait_us(mutex_, kTryUs);
    }
}

void Leadership::try_once() {
    if (leading()) return;
    const etcd::LeaseId lease = lease_.id();
    if (lease == 0) return;
    auto outcome = client_.create_if_absent(key_, holder_, lease);
    if (!outcome) return;
    // Not created, but ours: by an earlier try whose answer was lost, under the lease of now.
    if (!outcome->done && !(outcome->current && outcome->current->lease == lease)) return;
    led_under_ = lease;
    log::info("leads", {{"key", std::string_view(key_)}, {"host", std::string_view(holder_)}});
}

}  // namespace stoa::cluster::control
