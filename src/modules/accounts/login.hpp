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
};

class LoginService {
  public:
    /// Password checks that may wait for a core at a time; more answer busy, so that other work keeps its threads.
    static constexpr int kPasswordChecksMax = 4;

    explicit LoginService(const Services& services) : services_(services), throttle_(services.model.clock) {}

    /// Errors: unauthorized (wrong), busy (too many attempts), invalid_argument.
    Result<LoginOutcome> log_in(const LoginRequest& request, const Client& client);
    Status log_out(std::string_view cookie, AccountId account, UserId user, const Client& client);
    /// Uses up a link of kind admin or invite: saves the form, sets the password, logs in.
    Result<LoginOutcome> accept_link(std::string_view token, const LinkForm& form, const Client& client);
    /// Uses up a link of kind login.
    Result<LoginOutcome> log_in_by_link(std::string_view token, const Client& client);

  private:
    Result<bool> password_fits(std::string_view hash, std::string_view password);
    Result<std::string> open_session(AccountId account, UserId user, const Client& client);
    Result<Link> usable_link(std::string_view token);
    Status note_failure(const LoginRequest& request, const Client& client, AccountId account, UserId user);

    const Services services_;
    LoginThrottle throttle_;
    std::atomic<int> password_checks_{0};
};

}  // namespace stoa::accounts
