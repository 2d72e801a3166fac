#include "cache/wire/trouble_log.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace stoa::cache {

void TroubleLog::failed(const Error& error) {
    const std::string kind = error.field.empty() ? std::string(to_string(error.code)) : error.field;
    const MutexLock lock(mutex_);
    if (std::find(kinds_.begin(), kinds_.end(), kind) != kinds_.end()) return;
    if (kinds_.empty()) since_us_ = system_clock().monotonic_us();
    kinds_.push_back(kind);
    log::warn("engine_unavailable", {{"engine", std::string_view(what_)},
                                     {"trouble", std::string_view(kind)},
                                     {"error", std::string_view(error.message)},
                                     {"meanwhile", std::string_view(meanwhile_)},
                                     {"action", "mend the engine or its address; it is tried again by itself"}});
}

void TroubleLog::works() {
    const MutexLock lock(mutex_);
    if (kinds_.empty()) return;
    log::info("engine_available", {{"engine", std::string_view(what_)},
                                   {"after", std::string_view(kinds_.front())},
                                   {"ms", (system_clock().monotonic_us() - since_us_) / 1'000}});
    kinds_.clear();
}

bool TroubleLog::in_trouble() const {
    const MutexLock lock(mutex_);
    return !kinds_.empty();
}

}  // namespace stoa::cache
