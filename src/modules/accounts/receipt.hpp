#pragma once
// What makes a page's request known again when a balancer sends it to another process (mechanism 1), and the secrets
// that the repetition is handed out. A value; any thread.
//
// Secrets are handed out once and kept as a hash, so a receipt cannot hold them. Instead they follow from something
// that only the requester holds and from the request's id: the repetition computes what the first one stored.

#include <string>
#include <string_view>

#include "modules/accounts/secrets.hpp"

namespace stoa::accounts {

struct Receipt {
    std::string key;     ///< of the receipt; empty: leaves none (commands, housekeeping)
    std::string digest;  ///< of everything that was asked for, except passwords, which could be guessed from it
    /// The id came from a trusted balancer: the request may come again, to any process.
    bool repeatable = false;

    /// For one more write of the same request. '/' stands in no request id.
    Receipt step(std::string_view name) const {
        return {key.empty() ? std::string() : key + "/" + std::string(name), digest, repeatable};
    }
    /// A new secret; the same one again for a repetition that brings the same `held`, which must be a secret of full
    /// entropy (cookie, code, token): whoever knows it and the id can compute what is returned. So neither the store
    /// nor a log may have both; the store has hashes, and addresses lose their token before they are noted.
    std::string secret(std::string_view purpose, std::string_view held) const {
        if (!repeatable || held.empty()) return new_secret();
        return derived_secret(held, std::string(purpose) + "\n" + key);
    }
};

}  // namespace stoa::accounts
