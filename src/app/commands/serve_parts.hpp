#pragma once
// What `stoa serve` does alike in all roles: options into a configuration, addresses, signals, the farewell. Main
// thread.

#include "app/commands.hpp"
#include "app/vitals.hpp"
#include "base/config.hpp"
#include "net/server.hpp"
#include "push/hub.hpp"

namespace stoa::app {

/// The configuration file, with the command line on top.
Result<Config> serve_config(const ServeOptions& options);
/// Where to listen, with certificates: one is made when none is configured.
Result<net::ServerOptions> server_options(const Config& config, const ServeOptions& options);
push::HubOptions hub_options(const Config& config);
/// Prints that it is ready, and where.
void announce(const Config& config, const net::Server& server, const net::ServerOptions& options, bool json);

/// Before any thread is made, so that all of them leave SIGTERM and SIGINT to wait_for_stop_signal().
void block_stop_signals();
void wait_for_stop_signal();
/// Behind a balancer new requests are still taken until it has seen that nobody should come here any more. Gives what
/// is left of the time that stopping may take, in ms.
int say_farewell(const Config& config, Vitals& vitals);

/// Only the push server: no database, everything comes from the bus. Returns after a stop signal.
Status serve_push(const Config& config, const ServeOptions& options);

}  // namespace stoa::app
