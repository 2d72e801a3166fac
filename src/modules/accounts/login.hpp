#pragma once
// Logging in, by password or by a one-time link. Blocks (database, argon2id): worker threads only.

#include <atomic>
#include <string>
#include <vector>

#include "modules/accounts/directory.hpp"
#include "modules/accounts/links.hpp"
#include "modules/accounts/login_throttle.hpp"
#include "modules/accounts/services.hpp"
#include "modules/accounts/sessions.hpp"

namespace stoa::accounts {

struct LoginRequest {
    std::string email, password;
    std::string host;       ///< Host header; chooses among accounts that know the e-mail
    AccountId account = 0;  ///< chosen by the user when there are several
    /// Random text of the page that asks, kSeedCharactersMin or more, from which a repetition gets the same session:
    /// the password must not serve for it, as it could be guessed from the cookie's hash. Shorter ones do not count.
    std::string session_seed{};
};

struct LoginOutcome {
    std::string cookie;  ///< empty when the user has to choose
    AccountId account_id = 0;
    UserId user = 0;
    std::vector<Account> accounts;  ///< to choose from
};

/// What somebody who follows a set-up link says of themselves. Empty = keep.
struct LinkForm {
    std::string name, last_name, password, language, time_zone, currency;
    /// As in LoginRequest, but may be missing: then the session of a repetition follows from the link's token alone.
    std::string session_seed{};
};

/// Every function that writes takes the receipt of the request, so that a repetition has no second effect.
class LoginService {
  public:
    static constexpr std::size_t kSeedCharactersMin = kSecretCharacters;
    /// Password checks that may wait for a core at a time; more answer busy, so that other work keeps its threads.
    static constexpr int kPasswordChecksMax = 4;

    explicit LoginService(const Services& services) : services_(services), throttle_(services.model.clock) {}

    /// Errors: unauthorized (wrong), busy (too many attempts), invalid_argument. A repetition proves the password again
    /// and gets the same session; without a seed one more, which is logged only once.
    Result<LoginOutcome> log_in(const LoginRequest& request, const Client& client, const Receipt& receipt = {});
    Status log_out(std::string_view cookie, AccountId account, UserId user, const Client& client,
                   const Receipt& receipt = {});
    /// Uses up a link of kind admin or invite: saves the form, sets the password, logs in.
    Result<LoginOutcome> accept_link(std::string_view token, const LinkForm& form, const Client& client,
                                     const Receipt& receipt = {});
    /// Uses up a link of kind login.
    Result<LoginOutcome> log_in_by_link(std::string_view token, const Client& client, const Receipt& receipt = {});

  private:
    Result<bool> password_fits(std::string_view hash, std::string_view password);
    Result<std::string> open_session(AccountId account, UserId user, std::string_view seed, const Client& client,
                                     const Receipt& receipt);
    /// `logs_in`: of the kind that does nothing else; any other kind when false.
    Result<Link> usable_link(std::string_view token, bool logs_in, std::string_view cookie, const Receipt& receipt);
    Status note_failure(const LoginRequest& request, const Client& client, AccountId account, UserId user,
                        const Receipt& receipt);

    const Services services_;
    LoginThrottle throttle_;
    std::atomic<int> password_checks_{0};
};

}  // namespace stoa::accounts
