#pragma once
// Whom the probe loads: a portal, as a client from outside sees it, and the network it stands in. Plain data; blocking
// functions, any thread.

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace stoa::app::probe {

struct Target {
    std::string url;                 ///< without a slash at the end
    std::string webhook;             ///< its path on that address, "/rest/1/CODE/"
    std::string ca_file;             ///< who signed the portal's certificate; empty = the system's authorities
    std::string login_link;          ///< used up at the start; empty: no browser takes part
    bool accept_invitation = false;  ///< the link may be an invitation, of a user made for the probe
    std::string network;             ///< name of the network namespace to call from; empty = ours
};

/// Checks and splits what was given on the command line.
Result<Target> target_of(std::string url, std::string_view webhook_url, std::string ca_file, std::string login_link);

/// That address of the portal by the way that the target goes: its own name may be another one.
std::string address_on(const Target& target, const std::string& url);

/// Moves the calling thread, and threads it makes from now on, into the named network namespace.
Status enter_network(const std::string& name);
/// Runs fn to its end on a thread in that namespace.
Status run_in_network(const std::string& name, const std::function<Status()>& fn);

}  // namespace stoa::app::probe
