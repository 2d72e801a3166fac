#pragma once
// What pages need from the rest of the program. Filled once by app; lives as long as the program.

#include <functional>
#include <string>

#include "base/thread_pool.hpp"
#include "modules/accounts/authenticator.hpp"
#include "modules/accounts/login.hpp"
#include "rest/request_head.hpp"

namespace stoa::pages {

/// What somebody says who makes an account for themselves.
struct SignUp {
    std::string company, name, last_name, email, password;
    std::string language, currency, time_zone;
    std::string session_seed;  ///< see accounts::LoginRequest
    std::string url;           ///< "https://host[:port]" as the browser sees the portal
};

struct Services {
    const accounts::Services& accounts;
    accounts::AccountAuthenticator& authenticator;
    accounts::LoginService& logins;
    ThreadPool& workers;
    std::string version;
    std::string public_url;  ///< empty = what the browser asked for
    bool sign_up_open = false;
    rest::TrustedProxies proxies;
    /// Removes the demo records of the account. Blocks.
    std::function<Status(AccountId, const accounts::Receipt&)> purge_demo;
    /// Makes an account with this first administrator; returns who to log in. Blocks.
    std::function<Result<accounts::LoginOutcome>(const SignUp&, const accounts::Client&, const accounts::Receipt&)>
        sign_up;
};

}  // namespace stoa::pages
