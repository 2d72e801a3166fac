#pragma once
// Slows down guessing of passwords: counts failures per e-mail and address, and per address alone, in a bounded memory.
// Any thread.

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/lru_cache.hpp"
#include "base/result.hpp"

namespace stoa::accounts {

class LoginThrottle {
  public:
    static constexpr int kFailuresPerLoginMax = 10;
    static constexpr int kFailuresPerAddressMax = 100;
    static constexpr std::int64_t kWindowMs = 15 * 60 * 1000;  ///< after this without success the count starts anew
    static constexpr std::size_t kEntriesMax = 16'384;

    explicit LoginThrottle(const Clock& clock) : failures_(kEntriesMax, kWindowMs, clock) {}

    /// Errors: busy with retry_after_s.
    Status check(std::string_view email, std::string_view address);
    void failed(std::string_view email, std::string_view address);
    void succeeded(std::string_view email, std::string_view address);

  private:
    struct Count {
        mutable std::atomic<int> failures{0};
    };
    int count(const std::string& key);
    void add(const std::string& key);

    LruCache<Count> failures_;
};

}  // namespace stoa::accounts
