#pragma once
// AccountAuthenticator: turns a webhook code, an access token or a session cookie into an Identity.
// Any thread. A known credential costs one look into a bounded cache; entries die at once when this process changes
// something about the account's credentials (Revocations), and after a minute in any case, which bounds how long
// another process's change (the command line) takes to arrive.

#include <atomic>
#include <memory>
#include <string>

#include "api/identity.hpp"
#include "base/lru_cache.hpp"
#include "modules/accounts/services.hpp"
#include "modules/accounts/usage_notes.hpp"

namespace stoa::accounts {

class AccountAuthenticator final : public api::Authenticator {
  public:
    static constexpr std::size_t kEntriesMax = 8'192;
    static constexpr std::int64_t kEntryLifetimeMs = 60'000;

    AccountAuthenticator(const Services& services, UsageNotes& notes);

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
        UnixSeconds expires_at = 0;  ///< 0 = never
        std::string hash;            ///< of the credential, for usage notes
        mutable std::atomic<UnixSeconds> noted_at{0};
    };
    std::shared_ptr<const Entry> cached(std::string_view key);
    Result<std::shared_ptr<const Entry>> load_webhook(UserId user, std::string_view code);
    Result<std::shared_ptr<const Entry>> load_token(std::string_view token);
    Result<std::shared_ptr<const Entry>> load_linked(AccountId account, UserId user);
    Result<std::shared_ptr<const Entry>> load_session(std::string_view cookie);
    /// Whether this use is the first within UsageNotes::kIntervalSeconds.
    bool first_use(const Entry& entry) const;

    const Services services_;
    UsageNotes& notes_;
    LruCache<Entry> entries_;
    LruCache<EventAuth> event_auths_;
};

}  // namespace stoa::accounts
