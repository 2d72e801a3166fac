#include "app/commands/cluster_db_galera.hpp"

#include <algorithm>

#include "app/commands/common.hpp"
#include "cluster/galera/admin.hpp"

namespace stoa::app {
namespace {

using namespace cluster;

constexpr std::size_t kEventsShown = 5;

std::string describe(const galera::View& view, const std::string& name) {
    const std::string line = "  " + padded(name, 8);
    const galera::Node* node = view.node(name);
    if (node == nullptr) return line + "its agent is not heard of";
    std::string out = line + padded(std::string(galera::to_string(node->kind)), 13) + padded(node->address, 16) +
                      padded(node->position.unknown() ? "?" : std::to_string(node->position.seqno), 12) + node->state;
    if (node->kind == galera::Node::Kind::primary && !node->ready) out += ", answers no queries";
    if (node->paused_percent > 0) out += ", paused " + std::to_string(node->paused_percent) + " %";
    if (!node->waits_for.empty()) out += "  waits for " + node->waits_for;
    return out;
}

}  // namespace

Result<int> galera_status(Reached& reached, const std::vector<std::string>& names, bool json) {
    STOA_TRY(const galera::View view, galera::Admin(*reached.etcd, reached.name).status());
    const bool well = std::all_of(names.begin(), names.end(), [&](const std::string& name) {
        const galera::Node* node = view.node(name);
        return node != nullptr && node->kind == galera::Node::Kind::primary && node->ready;
    });
    if (json) {
        print_line(galera::to_json(view));
        return well ? 0 : 1;
    }
    for (const std::string& name : names)
        print_line(describe(view, name));
    const std::size_t skipped = view.events.size() - std::min(view.events.size(), kEventsShown);
    for (std::size_t i = skipped; i < view.events.size(); ++i)
        print_line("  " + galera::sentence(view.events[i]));
    print_line(well ? "All is well." : "Not all is well: stoa cluster db explain");
    return well ? 0 : 1;
}

}  // namespace stoa::app
