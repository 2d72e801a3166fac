// Three MariaDB that all take writes. The survivors notice a dead node after one second instead of five, and agree on
// who is left 0.2 s later: messages about that are repeated each second unless told otherwise. A shorter
// install_timeout makes them drop each other. https://galeracluster.com/library/documentation/galera-parameters.html

#include "base/crypto.hpp"
#include "cluster/plan/engines/engines.hpp"

namespace stoa::cluster::engines {
namespace {

constexpr int kGroupPort = 4567;

// A new node says that it is at the beginning of the cluster's history, whose number is known from the cluster's name:
// all begin with the same data, so it gets the changes since then, and no whole copy unless they are no longer kept.
// The first start of the first node begins the history, unless another node is there already: then its disk was lost,
// and it joins. A node that was there before tells where it stopped.
constexpr const char* kStart = R"sh(#!/bin/bash
# start.sh first|other HISTORY PEER...
cd "$(dirname "$0")" || exit 1
first=$1 history=$2
shift 2
options=()
answers() { timeout 1 bash -c "exec 3<>/dev/tcp/$1/4567" 2>/dev/null; }
any_peer() { local peer; for peer in "$@"; do if answers "$peer"; then return 0; fi; done; return 1; }
if [[ ! -f data/grastate.dat ]]; then
    printf '# GALERA saved state\nversion: 2.1\nuuid:    %s\nseqno:   0\nsafe_to_bootstrap: 0\n' "$history" >data/grastate.dat
    options+=("--wsrep-start-position=$history:0")
    if [[ $first == first ]] && ! any_peer "$@"; then
        sed -i 's/^safe_to_bootstrap:.*/safe_to_bootstrap: 1/' data/grastate.dat
        options+=(--wsrep-new-cluster)
    else
        until any_peer "$@"; do sleep 0.1; done
    fi
else
    rm -f recover.log
    mariadbd --defaults-file="$PWD/my.cnf" --wsrep-recover --log-error="$PWD/recover.log" >/dev/null 2>&1
    position=$(sed -n 's/.*Recovered position:* *//p' recover.log | tail -n 1)
    [[ -z $position ]] || options+=("--wsrep-start-position=$position")
    # Who comes back before the others agreed that it was gone makes them drop each other. That takes them 1.2 s.
    if grep -q '^seqno: *-1' data/grastate.dat && any_peer "$@"; then sleep 3; fi
    if grep -q 'safe_to_bootstrap: 1' data/grastate.dat && ! any_peer "$@"; then options+=(--wsrep-new-cluster); fi
fi
exec mariadbd --defaults-file="$PWD/my.cnf" "${options[@]}"
)sh";

constexpr const char* kTimes =
    "evs.keepalive_period=PT0.2S;evs.inactive_check_period=PT0.1S;evs.suspect_timeout=PT1S;"
    "evs.join_retrans_period=PT0.2S;evs.inactive_timeout=PT3S;evs.install_timeout=PT3S";

/// The number of the cluster's history.
std::string history_of(const std::string& name) {
    const std::string hex = sha256_hex("galera " + name);
    return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
           hex.substr(20, 12);
}

}  // namespace

Service galera(const ClusterSpec& spec, const HostSpec& host) {
    std::string members;
    Service service;
    service.name = "mariadb";
    service.argv = {"bash", "{{dir}}/start.sh", host.name == first_of(spec, "db").name ? "first" : "other",
                    history_of(spec.name)};
    for (const HostSpec* member : spec.of_role("db")) {
        members += (members.empty() ? "" : ",") + at(member->address, kGroupPort);
        if (member->name != host.name) service.argv.push_back(member->address);
    }
    const std::string settings = mariadb_settings(spec, host) +
                                 "log_bin=bin\n"
                                 "log_slave_updates=1\n"
                                 "default_storage_engine=InnoDB\n"
                                 "innodb_autoinc_lock_mode=2\n"
                                 "wsrep_on=ON\n"
                                 "wsrep_provider=/usr/lib/galera/libgalera_smm.so\n"
                                 "wsrep_cluster_name=" +
                                 spec.name +
                                 "\n"
                                 "wsrep_cluster_address=gcomm://" +
                                 members +
                                 "\n"
                                 "wsrep_node_name=" +
                                 host.name +
                                 "\n"
                                 "wsrep_node_address=" +
                                 host.address +
                                 "\n"
                                 "wsrep_sst_method=mariabackup\n"
                                 "wsrep_sst_auth=root:\n"
                                 "wsrep_slave_threads=2\n"
                                 "wsrep_provider_options=\"gmcast.listen_addr=tcp://" +
                                 at(host.address, kGroupPort) +
                                 ";gcache.size=32M;gcache.page_size=16M;pc.recovery=true;" + kTimes + "\"\n";
    service.files = {
        {"my.cnf", settings}, {"init.sql", "SET SESSION wsrep_on=OFF;\n" + mariadb_users(spec)}, {"start.sh", kStart}};
    service.folders = {"tmp"};
    service.prepare = {mariadb_install()};
    service.health = mariadb_health();
    // Joined, not merely there.
    service.health.command = {"sh", "-c",
                              "mariadb --no-defaults --socket={{dir}}/socket --user=root --connect-timeout=2 -BNe "
                              "\"SHOW STATUS LIKE 'wsrep_ready'\" | grep -q ON"};
    service.stop_grace_ms = 60'000;
    return service;
}

}  // namespace stoa::cluster::engines
