#include "cluster/database/disk_probe.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/thread_annotations.hpp"

namespace stoa::cluster::database {

struct DiskProbe::State {
    std::string path;
    std::atomic<std::int64_t> begun_us{0};  ///< of the write that is on its way; 0: none
    Mutex mutex;
    CondVar wake;
    bool stopping STOA_GUARDED_BY(mutex) = false;
};

DiskProbe::DiskProbe(std::string path) : state_(std::make_shared<State>()) {
    state_->path = std::move(path);
    // Detached: a thread that sleeps on a dead disk cannot be joined.
    std::thread([state = state_] {
        pthread_setname_np(pthread_self(), "db-disk");
        run(state);
    }).detach();
}

DiskProbe::~DiskProbe() {
    MutexLock lock(state_->mutex);
    state_->stopping = true;
    state_->wake.notify_all();
}

bool DiskProbe::stalls() const {
    const auto begun_us = state_->begun_us.load();
    return begun_us != 0 && system_clock().monotonic_us() - begun_us > kStallMs * 1'000LL;
}

/// A disk that answers with an error stalls nobody: the server hears of that itself.
void DiskProbe::run(const std::shared_ptr<State>& state) {
    for (;;) {
        const std::int64_t now_us = system_clock().monotonic_us();
        state->begun_us = now_us;
        {
            const Fd file(::open(state->path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
            if (file && ::pwrite(file.get(), &now_us, sizeof(now_us), 0) > 0) (void)::fdatasync(file.get());
        }
        state->begun_us = 0;
        MutexLock lock(state->mutex);
        if (!state->stopping) state->wake.wait_us(state->mutex, kEveryMs * 1'000LL);
        if (state->stopping) return;
    }
}

}  // namespace stoa::cluster::database
