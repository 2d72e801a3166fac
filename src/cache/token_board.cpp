#include "cache/token_board.hpp"

#include <algorithm>

#include "cache/causal_tokens.hpp"

namespace stoa::cache {
namespace {

constexpr std::int64_t kLifetimeUs = CausalTokens::kLifetimeS * 1'000'000LL;

}  // namespace

void TokenBoard::put(AccountId account, std::string_view token) {
    const std::int64_t now_us = clock_.monotonic_us();
    Shard& shard = shards_[shard_of(account)];
    const MutexLock lock(shard.mutex);
    auto found = shard.tokens.find(account);
    if (found == shard.tokens.end()) {
        if (!has_room(shard, now_us)) {
            shard.forgetful_until_us = now_us + kLifetimeUs;
            return;
        }
        found = shard.tokens.emplace(account, Entry{}).first;
    }
    Entry& entry = found->second;
    const bool counts = entry.ends_us > now_us;
    entry.token = merge_causal_tokens(counts ? entry.token : "", token);
    entry.ends_us = now_us + kLifetimeUs;
}

std::optional<std::string> TokenBoard::token_of(AccountId account) const {
    const std::int64_t now_us = clock_.monotonic_us();
    const Shard& shard = shards_[shard_of(account)];
    const MutexLock lock(shard.mutex);
    if (shard.forgetful_until_us > now_us) return std::nullopt;
    const auto found = shard.tokens.find(account);
    if (found == shard.tokens.end() || found->second.ends_us <= now_us) return std::string();
    return found->second.token;
}

/// Looks for what has ended only when the shard has doubled since, or is full.
bool TokenBoard::has_room(Shard& shard, std::int64_t now_us) {
    if (shard.tokens.size() < std::min(shard.sweep_at, shard_accounts_max_)) return true;
    std::erase_if(shard.tokens, [now_us](const auto& item) { return item.second.ends_us <= now_us; });
    shard.sweep_at = std::max<std::size_t>(64, 2 * shard.tokens.size());
    return shard.tokens.size() < shard_accounts_max_;
}

}  // namespace stoa::cache
