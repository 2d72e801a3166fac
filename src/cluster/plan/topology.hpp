#pragma once
// The cluster as a picture: for people, and as a graph for programs. Pure functions, any thread.

#include <string>
#include <vector>

#include "cluster/plan/spec.hpp"

namespace stoa::cluster {

struct TopologyGraph {
    struct Node {
        std::string id, role, address;
    };
    struct Edge {
        std::string from, to, kind;  ///< requests, sql, replication, cache, bus, files
    };
    std::vector<Node> nodes;  ///< the users are "users"
    std::vector<Edge> edges;
};

TopologyGraph topology_graph(const ClusterSpec& spec);
/// Several lines, each ended by '\n'.
std::string topology_picture(const ClusterSpec& spec);

}  // namespace stoa::cluster
