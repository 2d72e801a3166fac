#include "cache/causal_tokens.hpp"

#include <charconv>
#include <condition_variable>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/limits.hpp"
#include "base/thread_annotations.hpp"
#include "cache/causal_meters.hpp"
#include "cache/redis/redis_tokens.hpp"

namespace stoa::cache {
namespace {

struct Position {
    std::uint64_t server = 0;
    std::uint64_t sequence = 0;
};
using Positions = std::map<std::uint64_t, Position>;  // by domain

/// False when it is no token; `into` keeps the greater sequence of each domain.
bool read_token(std::string_view token, Positions& into) {
    const char* at = token.data();
    const char* const end = at + token.size();
    while (true) {
        std::uint64_t numbers[3];
        for (int i = 0; i < 3; ++i) {
            const auto read = std::from_chars(at, end, numbers[i]);
            if (read.ec != std::errc{}) return false;
            at = read.ptr;
            if (i < 2 && (at == end || *at++ != '-')) return false;
        }
        Position& known = into[numbers[0]];
        if (numbers[2] >= known.sequence) known = {numbers[1], numbers[2]};
        if (at == end) return true;
        if (*at++ != ',') return false;
    }
}

class MemoryTokens final : public CausalTokens {
  public:
    explicit MemoryTokens(const Clock& clock) : clock_(clock) {}

    void publish(AccountId account, std::string_view token, Stored done) override {
        if (token.empty()) return done(true);
        const bool valid = is_causal_token(token);
        (valid ? meters_.stored : meters_.failed).add();
        if (valid) store(account, token);
        done(valid);
    }

    void tokens_of(AccountId account, Known done) override {
        meters_.known.add();
        std::string token;
        {
            Shard& shard = shard_of(account);
            const MutexLock lock(shard.mutex);
            const auto found = shard.tokens.find(account);
            if (found != shard.tokens.end() && found->second.ends_us > clock_.monotonic_us())
                token = found->second.token;
        }
        done(std::move(token));
    }

  private:
    struct Entry {
        std::string token;
        std::int64_t ends_us = 0;
    };
    struct Shard {
        Mutex mutex;
        std::unordered_map<AccountId, Entry> tokens STOA_GUARDED_BY(mutex);
        std::size_t sweep_at STOA_GUARDED_BY(mutex) = 64;
    };

    void store(AccountId account, std::string_view token) {
        const std::int64_t now_us = clock_.monotonic_us();
        Shard& shard = shard_of(account);
        const MutexLock lock(shard.mutex);
        Entry& entry = shard.tokens[account];
        const std::string merged = merge_causal_tokens(entry.ends_us > now_us ? entry.token : "", token);
        entry = {merged, now_us + kLifetimeS * 1'000'000LL};
        if (shard.tokens.size() < shard.sweep_at) return;
        std::erase_if(shard.tokens, [now_us](const auto& item) { return item.second.ends_us <= now_us; });
        shard.sweep_at = std::max<std::size_t>(64, 2 * shard.tokens.size());
    }

    Shard& shard_of(AccountId account) { return shards_[static_cast<std::size_t>(account) % std::size(shards_)]; }

    const Clock& clock_;
    CausalMeters meters_;
    Shard shards_[16];
};

/// Waits for a callback. The callback keeps it alive, so that a late one finds it.
template <class T>
struct Waiter {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<T> value;

    static void give(const std::shared_ptr<Waiter>& waiter, T value) {
        const std::lock_guard lock(waiter->mutex);
        waiter->value = std::move(value);
        waiter->changed.notify_one();
    }
    T wait() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return value.has_value(); });
        return std::move(*value);
    }
};

}  // namespace

bool CausalTokens::publish_and_wait(AccountId account, std::string_view token) {
    auto waiter = std::make_shared<Waiter<bool>>();
    publish(account, token, [waiter](bool stored) { Waiter<bool>::give(waiter, stored); });
    return waiter->wait();
}

std::optional<std::string> CausalTokens::tokens_of_and_wait(AccountId account) {
    using Answer = Waiter<std::optional<std::string>>;
    auto waiter = std::make_shared<Answer>();
    tokens_of(account, [waiter](std::optional<std::string> token) { Answer::give(waiter, std::move(token)); });
    return waiter->wait();
}

bool is_causal_token(std::string_view token) {
    Positions positions;
    return token.size() <= limits::causal_token_bytes_max && read_token(token, positions);
}

std::string merge_causal_tokens(std::string_view a, std::string_view b) {
    Positions positions;
    if (!a.empty()) read_token(a, positions);
    if (!b.empty()) read_token(b, positions);
    std::string out;
    for (const auto& [domain, position] : positions) {
        if (!out.empty()) out += ',';
        out += std::to_string(domain) + "-" + std::to_string(position.server) + "-" + std::to_string(position.sequence);
    }
    return out;
}

std::unique_ptr<CausalTokens> make_memory_causal_tokens(const Clock& clock) {
    return std::make_unique<MemoryTokens>(clock);
}

Result<std::unique_ptr<CausalTokens>> open_causal_tokens(const EngineUrl& url) {
    if (url.scheme.empty() || url.scheme == "memory") return make_memory_causal_tokens();
    STOA_TRY(redis::Settings settings, redis::read_settings(url));
    return redis::make_redis_tokens(std::move(settings));
}

}  // namespace stoa::cache
