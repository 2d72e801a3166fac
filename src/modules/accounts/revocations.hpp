#pragma once
// Revocations: tells the caches of all processes that something about an account's credentials changed (a webhook
// removed, a user dismissed, a role given). Any thread, never blocks. This process knows at once, the others when their
// message arrives (about a millisecond). Messages can be missed while the bus is away: then reliable() is false, and
// all is void when it is back.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/ids.hpp"
#include "bus/invalidation.hpp"
#include "db/transaction.hpp"

namespace stoa::accounts {

class SharedIdentities;

class Revocations {
  public:
    /// Exchanges revocations with the other processes on the same database from now on; `identities`, when there is
    /// one, is made to forget before the others are told. Once, before other threads use this. The bus must live
    /// longer; `identities` must end first, when nobody revokes any more.
    Status share(bus::Bus& bus, SharedIdentities* identities);

    /// Cached entries made under another number are stale. Accounts share numbers: a stranger's change costs a reload.
    std::uint64_t number(AccountId account) const { return slot(account).load(std::memory_order_acquire); }
    void revoke(AccountId account);
    void revoke_on_commit(db::WriteTx& tx) {
        tx.on_commit([this, account = tx.account()] { revoke(account); });
    }
    /// False: revocations of other processes do not arrive at the moment; believe no entry for long.
    bool reliable() const { return !others_ || others_->reliable(); }

  private:
    static constexpr std::size_t kSlots = 1024;
    std::atomic<std::uint64_t>& slot(AccountId account) { return slots_[static_cast<std::size_t>(account) % kSlots]; }
    const std::atomic<std::uint64_t>& slot(AccountId account) const {
        return slots_[static_cast<std::size_t>(account) % kSlots];
    }
    void bump(AccountId account) { slot(account).fetch_add(1, std::memory_order_acq_rel); }

    std::array<std::atomic<std::uint64_t>, kSlots> slots_{};
    SharedIdentities* identities_ = nullptr;
    std::unique_ptr<bus::Invalidation> others_;  ///< null: not shared
};

}  // namespace stoa::accounts
