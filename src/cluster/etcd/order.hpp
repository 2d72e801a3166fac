#pragma once
// An operator's order to the agents, one at a time under one key: a JSON object whose fields "id" and "answer" are read
// here, the rest by whoever carries it out and writes the answer into it. Blocking, bounded; the client's thread.

#include <string>

#include "cluster/etcd/client.hpp"

namespace stoa::cluster::etcd {

struct Order {
    std::string key;
    std::string id;    ///< unique
    std::string json;  ///< with that id and an empty answer
    int timeout_ms = 60'000;
};

/// Gives the order, and the answer to it; an order that nobody answers in time is withdrawn, so that nobody carries it
/// out when it is not expected any more. Errors: conflict (another one is open, or the answer begins with "refused" or
/// "failed"), timeout, those of etcd.
Result<std::string> give_order(Client& etcd, const Order& order);

}  // namespace stoa::cluster::etcd
