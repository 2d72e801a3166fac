#pragma once
// What is right and wrong about Redis, its Sentinels and Memcached, from the facts that they gave: pure functions.

#include "app/doctor/finding.hpp"
#include "cache/inspection.hpp"

namespace stoa::app::doctor {

struct CacheUse {
    const char* part = "cache";  ///< or "bus": its streams must outlive a restart, and nothing may be evicted
    bool keeps = false;
};

Findings judge_cache(const std::vector<cache::EngineFacts>& engines, const CacheUse& use);

}  // namespace stoa::app::doctor
