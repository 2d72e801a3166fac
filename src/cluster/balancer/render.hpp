#pragma once
// The text of HAProxy's and keepalived's configuration. Functions of their arguments; any thread. The spec must have
// passed check(): what is in it goes into the text as it is.

#include <string>

#include "cluster/balancer/config.hpp"
#include "cluster/balancer/view.hpp"

namespace stoa::cluster {

/// Everything but the servers. {{dir}} stands for HAProxy's folder.
std::string render_base(const BalancerSpec& spec);
/// The backends, complete, with these servers: what HAProxy begins with after a restart or reload.
std::string render_backends(const BalancerSpec& spec, const BalancerView& view);

/// What follows name and address of a web server, in the file and in the runtime API's `add server` alike: a server
/// that is added while HAProxy runs takes nothing from default-server.
std::string web_server_options(const BalancerSpec& spec);
/// "10.0.0.1:80", "[fd00::1]:80".
std::string endpoint(const std::string& address, std::uint16_t port);

/// Whether requests wait while no web server is up, see waiting_room.hpp.
bool has_waiting_room(const BalancerSpec& spec);

/// The view that is the spec's own.
BalancerView first_view(const BalancerSpec& spec);

/// {{dir}} stands for keepalived's folder.
std::string render_keepalived(const BalancerSpec& spec);

}  // namespace stoa::cluster
