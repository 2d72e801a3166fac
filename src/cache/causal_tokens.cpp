#include "cache/causal_tokens.hpp"

#include <charconv>
#include <condition_variable>
#include <map>
#include <mutex>

#include "base/limits.hpp"
#include "cache/causal_meters.hpp"
#include "cache/redis/redis_tokens.hpp"
#include "cache/token_board.hpp"

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
    explicit MemoryTokens(const Clock& clock) : board_(clock) {}

    void publish(AccountId account, std::string_view token, Stored done) override {
        if (token.empty()) return done(true);
        const bool valid = is_causal_token(token);
        (valid ? meters_.stored : meters_.failed).add();
        if (valid) board_.put(account, token);
        done(valid);
    }

    std::optional<std::string> token_of(AccountId account) override {
        auto token = board_.token_of(account);
        (token ? meters_.known : meters_.unknown).add();
        return token;
    }

  private:
    CausalMeters meters_;
    TokenBoard board_;
};

}  // namespace

bool CausalTokens::publish_and_wait(AccountId account, std::string_view token) {
    struct Waiter {
        std::mutex mutex;
        std::condition_variable changed;
        std::optional<bool> stored;
    };
    const auto waiter = std::make_shared<Waiter>();  // the callback may still hold it when we have gone on
    publish(account, token, [waiter](bool stored) {
        const std::lock_guard lock(waiter->mutex);
        waiter->stored = stored;
        waiter->changed.notify_one();
    });
    std::unique_lock lock(waiter->mutex);
    waiter->changed.wait(lock, [&] { return waiter->stored.has_value(); });
    return *waiter->stored;
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
