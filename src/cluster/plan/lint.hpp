#pragma once
// How much of a cluster may die before its users notice, layer by layer, and the cheapest way to better that.
// Pure function, any thread.

#include <string>
#include <vector>

#include "cluster/plan/spec.hpp"

namespace stoa::cluster {

enum class Severity : std::uint8_t { ok, warning, error };
std::string_view to_string(Severity severity);

struct LayerScore {
    std::string layer;  ///< balancer, web, database, cache, files, coordination; push, if there are such hosts
    int copies = 0;
    int may_die = 0;  ///< at the same time, without an outage
    Severity severity = Severity::ok;
    std::string finding;  ///< empty when ok
    std::string fix;      ///< the cheapest
};

struct LintReport {
    std::vector<LayerScore> layers;
    int score = 0;  ///< 0 to 100: the share of layers that survive one death; a layer with a warning counts half
    Severity worst = Severity::ok;
};

LintReport lint(const ClusterSpec& spec);

}  // namespace stoa::cluster
