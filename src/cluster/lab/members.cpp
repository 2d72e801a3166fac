// Web hosts that come and go: what a cloud's programming interface does for a cluster outside of a lab.

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/file_util.hpp"
#include "cluster/etcd/client.hpp"
#include "cluster/lab/host.hpp"
#include "cluster/lab/layout.hpp"
#include "cluster/lab/store.hpp"
#include "cluster/plan/apply.hpp"
#include "cluster/state/keys.hpp"

namespace stoa::cluster::lab {
namespace {

/// Writes the lab's spec to its file and to etcd, without touching the release: hosts of the same kind come and go.
Status put_spec(const LabInfo& info, const ClusterSpec& spec) {
    STOA_CHECK(write_file_atomic(spec_file(info), to_toml(spec)));
    Status put;
    inside(info.switch_space, [&] {
        etcd::Client etcd({etcd_endpoints(spec)});
        const auto written = etcd.put(Keys(spec.name).spec(), to_toml(spec));
        if (!written) put = written.error();
    });
    return put;
}

}  // namespace

Result<std::string> add_web_host(const std::string& dir) {
    if (::geteuid() != 0) return forbidden("A lab needs root. Try: sudo stoa lab host add web");
    STOA_TRY(const Fd lock, lock_lab(absolute_dir(dir)));
    STOA_TRY(LabInfo info, load(dir));
    STOA_TRY(ClusterSpec spec, load_spec(spec_file(info)));
    if (spec.topology == Topology::single && spec.portal())
        return invalid("A lab of the topology single has one web host, which keeps the data.");
    int number = 1;
    while (number <= kWebHostsMax && info.node("web" + std::to_string(number)))
        ++number;
    if (number > kWebHostsMax) return invalid("A lab has " + std::to_string(kWebHostsMax) + " web hosts at most.");
    const HostSpec host = web_host(info.network, number);
    spec.hosts.push_back(host);
    LabNode node{host.name, "web", space_of(info.id, host.name), 0, host.address};
    STOA_CHECK(lab::add_host({info.network, info.id, info.switch_space, {}}, network_host(info, node)));
    STOA_CHECK(make_host_dir(info, node));
    const std::vector<Service> services = plan_services(spec).hosts.at(host.name);
    STOA_CHECK(write_host_files(info, node, spec, services));
    STOA_CHECK(put_spec(info, spec));
    Status put;
    inside(info.switch_space, [&] {
        etcd::Client etcd({etcd_endpoints(spec)});
        HostServices first;
        first.revision = 1;
        first.services = services;
        const auto written = etcd.put(Keys(spec.name).services(host.name), to_json(first));
        if (!written) put = written.error();
    });
    STOA_CHECK(put);
    STOA_TRY(node.pid, start_agent(info, node));
    info.nodes.push_back(node);
    STOA_CHECK(save(info));
    return host.name;
}

Status remove_host(const std::string& dir, const std::string& name) {
    if (::geteuid() != 0) return forbidden("A lab needs root. Try: sudo stoa lab host remove");
    STOA_TRY(const Fd lock, lock_lab(absolute_dir(dir)));
    STOA_TRY(LabInfo info, load(dir));
    const LabNode* node = info.node(name);
    if (!node) return not_found("There is no host " + name + " in this lab.");
    if (node->role != "web")
        return invalid("Only web hosts come and go; " + name + " is of the role " + node->role + ".", "name");
    STOA_TRY(ClusterSpec spec, load_spec(spec_file(info)));
    if (spec.of_role("web").size() == 1) return invalid("The last web host stays.", "name");
    std::erase_if(spec.hosts, [&](const HostSpec& host) { return host.name == name; });
    STOA_CHECK(put_spec(info, spec));
    STOA_CHECK(end_kept_up_faults(info, *node));  // a later host may have its name
    if (!kill_all(node->name_space)) return Error{Errc::timeout, "Processes of " + name + " do not end."};
    unmount_below(host_dir(info, name));
    remove_space(node->name_space);
    inside(info.switch_space, [&] {
        etcd::Client etcd({etcd_endpoints(spec)});
        const Keys keys(spec.name);
        (void)etcd.remove(keys.services(name));
        (void)etcd.remove(keys.drain(name));
    });
    std::error_code ignored;
    std::filesystem::remove_all(host_dir(info, name), ignored);
    std::filesystem::remove(info.dir + "/volumes/" + name, ignored);
    std::erase_if(info.nodes, [&](const LabNode& one) { return one.name == name; });
    return save(info);
}

}  // namespace stoa::cluster::lab
