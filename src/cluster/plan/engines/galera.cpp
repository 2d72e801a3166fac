// Three MariaDB that all take writes. The survivors notice a dead node after one second instead of five, and agree on
// who is left 0.2 s later: messages about that are repeated each second unless told otherwise. A shorter
// install_timeout makes them drop each other. https://galeracluster.com/library/documentation/galera-parameters.html

#include "base/crypto.hpp"
#include "cluster/plan/engines/engines.hpp"

namespace stoa::cluster::engines {
namespace {

constexpr int kGroupPort = 4567;

// Tells how far the data are, in the file `position`, and waits for the agent's word in the file `role`: cluster/galera
// decides who begins the group and who joins it. A server by itself never begins one.
//
// A new node says that it is at the beginning of the cluster's history, whose number is known from the cluster's name:
// so the agents know that it has nothing that others lack. Galera then offers it the changes since then, but a server
// whose storage has never seen a position does not take them ("wrong state"): it starts once more and gets a copy.
constexpr const char* kStart = R"sh(#!/bin/bash
# start.sh HISTORY
cd "$(dirname "$0")" || exit 1
PATH=$PATH:/usr/sbin:/sbin
history=$1 none=00000000-0000-0000-0000-000000000000
milliseconds() { local now=${EPOCHREALTIME/[.,]/}; echo $((now / 1000)); }
began=$(milliseconds) clean=yes
rm -f position role
saved() { sed -n "s/^$1: *//p" data/grastate.dat; }
save() {  # save UUID SEQNO
    printf '# GALERA saved state\nversion: 2.1\nuuid:    %s\nseqno:   %s\nsafe_to_bootstrap: 0\n' "$@" >data/grastate.dat
}
# Somebody emptied the data's folder: it is made again.
if [[ ! -d data/mysql && ! -f data/grastate.dat ]]; then rm -f prepared; exit 1; fi
# A server that meets a full disk while it starts waits in there for a minute.
until (($(df --output=avail -k data | tail -n 1) > 65536)); do sleep 0.2; done

[[ -f data/grastate.dat ]] || save "$history" 0
position=$(saved uuid):$(saved seqno)
if [[ -d data/.sst || ! -f data/ibdata1 || $position == "$none"* ]]; then
    position=$none:-1  # a copy broke off in the middle: what is there is of no use
    save "$none" -1
elif [[ $position == *:-1 ]]; then
    clean=no
    rm -f recover.log
    mariadbd --defaults-file="$PWD/my.cnf" --wsrep-recover --log-error="$PWD/recover.log" >/dev/null 2>&1
    found=$(sed -n 's/.*Recovered position:* *//p' recover.log | tail -n 1)
    case $found in
        "$none"*) position=$(saved uuid):0 ;;  # no change has ever come
        '') position=unknown ;;
        *) position=$found ;;
    esac
fi
printf '%s %s\n' "$$" "$position" >position.new
mv position.new position
until read -r word pid as 2>/dev/null <role && [[ $pid == "$$" ]]; do sleep 0.05; done
rm -f role position

[[ -z $as ]] || { position=$as; save "${as%:*}" "${as#*:}"; }  # an operator forced it: a history of a new number
options=()
case $position in unknown | "$none"*) ;; *) options+=("--wsrep-start-position=$position") ;; esac
if [[ $word == bootstrap ]]; then
    sed -i 's/^safe_to_bootstrap:.*/safe_to_bootstrap: 1/' data/grastate.dat
    options+=(--wsrep-new-cluster)
elif [[ $clean == no ]]; then
    # Who comes back before the others agreed that it was gone makes them drop each other. That takes them 1.2 s.
    while (($(milliseconds) < began + 3000)); do sleep 0.1; done
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
    service.argv = {"bash", "{{dir}}/start.sh", history_of(spec.name)};
    std::string group;  // for the agent
    for (const HostSpec* member : spec.of_role("db")) {
        members += (members.empty() ? "" : ",") + at(member->address, kGroupPort);
        group += member->name + " " + member->address + "\n";
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
                                 ";gcache.size=32M;gcache.page_size=16M;pc.recovery=false;" + kTimes + "\"\n";
    service.files = {{"my.cnf", settings},
                     {"init.sql", "SET SESSION wsrep_on=OFF;\n" + mariadb_users(spec)},
                     {"start.sh", kStart},
                     {"group", group}};
    service.folders = {"tmp"};
    service.prepare = {mariadb_install()};
    service.health = mariadb_health();
    // Joined, not merely there.
    service.health.command = {"sh", "-c",
                              "mariadb --no-defaults --socket={{dir}}/socket --user=root --connect-timeout=2 -BNe "
                              "\"SHOW STATUS LIKE 'wsrep_ready'\" | grep -q ON"};
    service.restart_longest_ms = 1'000;
    service.stop_grace_ms = 60'000;
    return service;
}

}  // namespace stoa::cluster::engines
