#pragma once
// Revocations: tells the caches of this process that something about an account's credentials changed (a webhook
// removed, a user dismissed, a role given). Any thread. Other processes (the command line) are caught up by the TTL.

#include <array>
#include <atomic>
#include <cstdint>

#include "base/ids.hpp"
#include "db/transaction.hpp"

namespace stoa::accounts {

class Revocations {
  public:
    /// Cached entries made under another number are stale. Accounts share numbers: a stranger's change costs a reload.
    std::uint64_t number(AccountId account) const { return slot(account).load(std::memory_order_acquire); }
    void revoke(AccountId account) { slot(account).fetch_add(1, std::memory_order_acq_rel); }
    void revoke_on_commit(db::WriteTx& tx) {
        tx.on_commit([this, account = tx.account()] { revoke(account); });
    }

  private:
    static constexpr std::size_t kSlots = 1024;
    std::atomic<std::uint64_t>& slot(AccountId account) { return slots_[static_cast<std::size_t>(account) % kSlots]; }
    const std::atomic<std::uint64_t>& slot(AccountId account) const {
        return slots_[static_cast<std::size_t>(account) % kSlots];
    }

    std::array<std::atomic<std::uint64_t>, kSlots> slots_{};
};

}  // namespace stoa::accounts
