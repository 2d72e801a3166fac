#include "cluster/database/topology.hpp"

#include <algorithm>

#include "cluster/database/local_server.hpp"

namespace stoa::cluster::database {
namespace {

/// An address that no server has: nobody takes writes at the moment, whatever a server says of itself.
const db::ServerAddress kNobody{};

db::TopologyView read(const DatabaseKeys& keys, const etcd::Mirror::Snapshot& snapshot,
                      const std::vector<std::string>& configured) {
    db::TopologyView out;
    const auto add = [&](const std::string& address) {
        const auto server = server_address(address);
        if (std::find(out.servers.begin(), out.servers.end(), server) == out.servers.end()) {
            out.servers.push_back(server);
        }
    };
    const auto view = read_view(keys, snapshot.values, snapshot.revision, true);
    const auto is_damaged = [&](const std::string& address) {
        return std::any_of(view.members.begin(), view.members.end(), [&](const auto& one) {
            const bool leads = view.leader && view.leader->name == one.first;
            return one.second.damaged && !leads && one.second.address == address;
        });
    };
    for (const auto& address : configured) {
        if (!is_damaged(address)) add(address);
    }
    if (snapshot.revision == 0) return out;
    for (const auto& [name, member] : view.members) {
        if (!is_damaged(member.address)) add(member.address);
    }
    out.primary = view.leader && view.leader->open ? server_address(view.leader->address) : kNobody;
    // One that hands over takes writes for a moment yet, but they would have to be held at once.
    const bool promoted = view.leader && !view.leader->open && view.leader->handover.empty();
    if (promoted) out.next = server_address(view.leader->address);
    return out;
}

}  // namespace

EtcdTopology::EtcdTopology(const std::string& cluster, etcd::ClientOptions etcd, std::vector<std::string> configured)
    : keys_(Keys(cluster)),
      configured_(std::move(configured)),
      mirror_(std::move(etcd), keys_.root(), [this] { changed(); }) {
    mirror_.start();
}

EtcdTopology::~EtcdTopology() {
    mirror_.stop();
}

db::TopologyView EtcdTopology::view() {
    return read(keys_, *mirror_.snapshot(), configured_);
}

void EtcdTopology::on_change(std::function<void()> changed) {
    MutexLock lock(mutex_);
    listener_ = std::move(changed);
}

/// Members publish all the time; only another leader or another server is news.
void EtcdTopology::changed() {
    const auto now = view();
    std::string text = now.primary ? now.primary->printable() : "?";
    if (now.next) text += " next " + now.next->printable();
    for (const auto& server : now.servers)
        text += " " + server.printable();
    MutexLock lock(mutex_);
    if (text == told_) return;
    told_ = std::move(text);
    if (listener_) listener_();
}

}  // namespace stoa::cluster::database
