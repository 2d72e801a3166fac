#pragma once
// SharedIdentities: who a credential belongs to, in the cache that all processes share, so that one process asks the
// database and not each. The database stays the truth: losing the cache costs look-ups, nobody is logged out.
//
// Keys are hashes of credentials, no value holds a secret. Each account has a revision, a random word in the same
// cache: what was found out under another revision does not count. Revoking changes the revision first and tells the
// other processes then; so who has heard of it cannot take an old entry from here any more. When the cache loses the
// revision (a flush, an eviction), all entries of the account are void; when it loses its change (a failover), an entry
// can be outdated until it is kLifetimeS old, counted from when the database was asked.
//
// Any thread that may block; revoke() does not block.

#include <array>
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/identity.hpp"
#include "base/thread_pool.hpp"
#include "cache/cache.hpp"

namespace stoa::accounts {

class SharedIdentities {
  public:
    static constexpr std::int64_t kLifetimeS = 60;

    explicit SharedIdentities(cache::Cache& cache);

    struct Known {
        api::Identity identity;      ///< without access_token
        UnixSeconds expires_at = 0;  ///< of the credential; 0 = never
        UnixSeconds noted_at = 0;    ///< when its use was last written down
        UnixSeconds loaded_at = 0;   ///< when the database was asked
        std::string revision;        ///< of the account at that time
    };
    /// What is stored; the caller compares `revision` and the age.
    std::optional<Known> find(std::string_view credential_hash);
    void store(std::string_view credential_hash, const Known& known);
    /// Take it before the database is asked. Empty: the cache is away, nothing can be stored or taken.
    std::string revision(AccountId account);

    /// Voids what is stored about the account, on a thread of its own, and runs `then`. Without the cache `then` runs,
    /// too.
    void revoke(AccountId account, std::function<void()> then);
    /// While revoke() is under way nothing stored about the account counts. (Accounts share numbers, see Revocations.)
    bool revoking(AccountId account) const { return slot(account) > 0; }

  private:
    static constexpr std::size_t kSlots = 1024;
    const std::atomic<int>& slot(AccountId account) const {
        return revoking_[static_cast<std::size_t>(account) % kSlots];
    }

    cache::Cache& cache_;
    std::array<std::atomic<int>, kSlots> revoking_{};
    ThreadPool thread_;
};

}  // namespace stoa::accounts
