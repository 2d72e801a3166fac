#pragma once
// AccountAuthenticator: turns a webhook code, an access token or a session cookie into an Identity.
//
// Three steps, each only when the one before does not know: a bounded cache of this process (one look, no I/O), the
// cache that processes share (SharedIdentities, when there is one), the database, which is the truth. When the database
// may block, one thread asks and the others that present the same credential wait for it: losing every cache costs the
// database one look-up per credential and process.
// Entries die at once when somebody changes the account's credentials (Revocations); in any case kEntryLifetimeMs after
// the database was asked, kUnreliableSeconds while the other processes cannot be heard.
//
// Any thread when the database does not block, else any that may.

#include <atomic>
#include <memory>
#include <string>

#include "api/identity.hpp"
#include "base/function_ref.hpp"
#include "base/lru_cache.hpp"
#include "cache/single_flight.hpp"
#include "modules/accounts/services.hpp"
#include "modules/accounts/shared_identities.hpp"
#include "modules/accounts/usage_notes.hpp"

namespace stoa::accounts {

class AccountAuthenticator final : public api::Authenticator {
  public:
    static constexpr std::size_t kEntriesMax = 8'192;
    static constexpr std::int64_t kEntryLifetimeMs = 60'000;

    static constexpr std::int64_t kUnreliableSeconds = 5;

    /// `shared`: null when there is no cache that processes share.
    AccountAuthenticator(const Services& services, UsageNotes& notes, SharedIdentities* shared = nullptr);

    Result<std::shared_ptr<const api::Identity>> by_webhook(UserId user, std::string_view code) override;
    Result<std::shared_ptr<const api::Identity>> by_token(std::string_view access_token) override;
    Result<std::shared_ptr<const api::Identity>> by_session(std::string_view cookie, std::string_view csrf) override;
    Result<std::shared_ptr<const api::Identity>> by_signed_link(AccountId account, UserId user) override;
    /// For pages that read only: no CSRF token needed.
    Result<std::shared_ptr<const api::Identity>> by_cookie(std::string_view cookie);
    Result<EventAuth> issue_event_auth(AccountId account, std::string_view client_id, UserId user) override;

  private:
    struct Entry {
        std::shared_ptr<const api::Identity> identity;
        std::uint64_t revocation = 0;
        std::string revision;        ///< in the shared cache; empty = not to be put there
        UnixSeconds expires_at = 0;  ///< 0 = never
        UnixSeconds loaded_at = 0;   ///< from the database, by whichever process
        bool taken_over = false;     ///< from the shared cache
        std::string hash;            ///< of the credential, for usage notes
        mutable std::atomic<UnixSeconds> noted_at{0};
    };
    using Known = std::shared_ptr<const Entry>;
    using Load = FunctionRef<Result<Known>()>;

    /// `credential` is what the caller presented.
    Result<Known> find(std::string_view key, std::string_view credential, Load load);
    Result<Known> find_elsewhere(std::string_view key, std::string_view credential, Load load);
    Known cached(std::string_view key);
    Known taken_over(std::string_view key_hash, std::string_view credential);
    void share(std::string_view key_hash, const Entry& entry);
    bool is_current(const Entry& entry) const;
    /// Before the database is asked for good: what is revoked from then on voids the entry.
    std::shared_ptr<Entry> new_entry(AccountId account);

    Result<Known> load_webhook(UserId user, std::string_view code);
    Result<Known> load_token(std::string_view token);
    Result<Known> load_linked(AccountId account, UserId user);
    Result<Known> load_session(std::string_view cookie);
    /// Whether this use is the first within UsageNotes::kIntervalSeconds.
    bool first_use(const Entry& entry) const;

    const Services services_;
    UsageNotes& notes_;
    SharedIdentities* const shared_;
    LruCache<Entry> entries_;
    LruCache<EventAuth> event_auths_;
    cache::SingleFlight<Entry> look_ups_{"credential"};
};

}  // namespace stoa::accounts
