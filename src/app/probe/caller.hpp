#pragma once
// Caller: one client's way to the portal, over a connection that it keeps. One per thread, used by that thread alone
// (net::fetch keeps connections per thread). Blocking.
//
// It does what a careful client does: when a connection breaks without an answer, the same request goes again with the
// same Idempotency-Key, until `give_up_ms`. An answer is final, whatever it says: hiding faults of the portal is not
// its business. (A kept connection that proves dead before a byte came back is replaced by libcurl itself.)

#include <string>
#include <vector>

#include "app/probe/measures.hpp"
#include "app/probe/target.hpp"
#include "net/http_client.hpp"

namespace stoa::app::probe {

/// Who is logged in as in a browser: the session's cookie as it is sent back, and the token that belongs to it.
struct Login {
    std::string cookie, csrf;
};

struct CallerOptions {
    int attempt_ms = 20'000;  ///< for one answer; longer than the portal holds requests
    int give_up_ms = 40'000;
};

class Caller {
  public:
    Caller(const Target& target, const CallerOptions& options, Measures& measures)
        : target_(target), options_(options), measures_(measures) {}

    struct Answer {
        Result<net::ClientResponse> response;  ///< error: there was none
        std::int64_t took_us = 0;              ///< with all attempts
        std::string_view header(std::string_view name) const;
    };
    /// A method of the portal's REST interface, through the webhook, or by whoever is logged in; `parameters` is JSON.
    /// A key makes it safe to send a write again.
    Answer call(std::string_view method, std::string parameters, const std::string& key, const Login& login = {});
    /// A page, with the session's cookie.
    Answer page(std::string_view path, const std::string& cookie);
    Answer post(std::string_view path, std::string json, const Login& login = {});

  private:
    Answer send(net::ClientRequest request);

    const Target& target_;
    const CallerOptions options_;
    Measures& measures_;
};

}  // namespace stoa::app::probe
