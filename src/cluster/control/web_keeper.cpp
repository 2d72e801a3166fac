#include "cluster/control/web_keeper.hpp"

#include <algorithm>

namespace stoa::cluster::control {
namespace {
constexpr std::int64_t kLongestPauseMs = 60'000;
}

WebDecision WebKeeper::decide(const WebSight& sight, std::int64_t now_ms) {
    int alive = 0, coming = 0;
    std::vector<std::string> lost;
    for (const std::string& host : sight.wanted) {
        if (sight.alive.contains(host)) {
            missing_since_ms_.erase(host);
            booting_since_ms_.erase(host);
            if (!sight.drained.contains(host)) ++alive;
            continue;
        }
        const std::int64_t since = missing_since_ms_.emplace(host, now_ms).first->second;
        const auto booting = booting_since_ms_.find(host);
        if (booting != booting_since_ms_.end() && now_ms - booting->second < options_.boot_ms) {
            ++coming;
        } else if (sight.drained.contains(host)) {
            continue;
        } else if (now_ms - since >= options_.lost_after_ms) {
            lost.push_back(host);
        } else {
            ++coming;  // perhaps only its agent starts anew
        }
    }
    std::erase_if(missing_since_ms_, [&](const auto& item) { return !sight.wanted.contains(item.first); });
    std::erase_if(booting_since_ms_, [&](const auto& item) {
        return !sight.wanted.contains(item.first) && now_ms - item.second >= options_.boot_ms;
    });

    WebDecision decision;
    const int missing = sight.min - alive - coming;
    const int room = sight.max - static_cast<int>(sight.wanted.size() - lost.size());
    if (missing > 0 && room > 0 && now_ms >= not_before_ms_) {
        decision.add = std::min(missing, room);
        decision.why = std::to_string(alive) + " of at least " + std::to_string(sight.min) + " web hosts are alive";
    }
    if (missing <= 0) {
        decision.remove = std::move(lost);
        if (!decision.remove.empty()) decision.why = "others are there in their place";
    }
    return decision;
}

void WebKeeper::added(const std::string& name, std::int64_t now_ms) {
    if (!name.empty()) {
        booting_since_ms_[name] = now_ms;
        pause_ms_ = 0;
        return;
    }
    pause_ms_ = std::clamp(2 * pause_ms_, options_.retry_ms, kLongestPauseMs);
    not_before_ms_ = now_ms + pause_ms_;
}

}  // namespace stoa::cluster::control
