# Sourced by scripts/engines: three MariaDB that all take writes (Galera). The survivors notice a dead node after one
# second instead of five, and agree on who is left 0.2 s later instead of a second; a shorter install_timeout makes them
# drop each other. Without pc.recovery a node that was
# killed comes back under a new identity: under the old one the others took seconds to let it in.
# shellcheck shell=bash disable=SC2154

galera_timeouts='evs.keepalive_period=PT0.2S;evs.inactive_check_period=PT0.1S;evs.suspect_timeout=PT1S'
galera_timeouts+=';evs.join_retrans_period=PT0.2S;evs.inactive_timeout=PT3S;evs.install_timeout=PT3S'

galera_settings() {  # galera_settings NUMBER
    local members='' i group state transfer
    for i in 1 2 3; do members+=${members:+,}127.0.0.1:$(<"$dir/galera/group-port$i"); done
    group=$(<"$dir/galera/group-port$1")
    state=$(free_port) transfer=$(free_port)
    cat <<SETTINGS
default_storage_engine=InnoDB
innodb_autoinc_lock_mode=2
wsrep_on=ON
wsrep_provider=/usr/lib/galera/libgalera_smm.so
wsrep_cluster_name=stoa
wsrep_cluster_address=gcomm://$members
wsrep_node_name=galera$1
wsrep_node_address=127.0.0.1:$group
wsrep_node_incoming_address=127.0.0.1:$(<"$dir/galera/galera$1/port")
wsrep_sst_method=mariabackup
wsrep_sst_auth=$(id -un):
wsrep_sst_receive_address=127.0.0.1:$transfer
wsrep_slave_threads=2
wsrep_provider_options="base_port=$group;gmcast.listen_addr=tcp://127.0.0.1:$group;ist.recv_addr=127.0.0.1:$state;gcache.size=32M;gcache.page_size=16M;pc.recovery=false;$galera_timeouts"
SETTINGS
}

galera_synced() {
    [[ $(sql "$1" "SHOW STATUS WHERE Variable_name = 'wsrep_local_state_comment' AND Value = 'Synced'") ]]
}
galera_wait() { wait_until 90 "$1 does not join, see $(home_of "$1")/log" galera_synced "$1"; }
ready_galera() {
    local engine
    for engine in galera1 galera2 galera3; do galera_wait "$engine"; done
}

# The first node begins the cluster and is ended; the others get a copy of its data and so its position in the cluster,
# which is quicker than to let them ask for it (mariabackup waits ten seconds before each).
up_galera() {
    local i engine
    if [[ -f $dir/galera/up ]]; then
        galera_revive
        return
    fi
    [[ -f /usr/lib/galera/libgalera_smm.so ]] || die "galera-4 is missing." "Run scripts/install-deps --test"
    need mariabackup socat
    for i in 1 2 3; do
        [[ -s $dir/galera/group-port$i ]] || free_port >"$dir/galera/group-port$i"
    done
    for i in 1 2 3; do
        engine=galera$i
        mariadb_new galera "$engine" "$i" </dev/null
        galera_settings "$i" >>"$dir/galera/$engine/my.cnf"
        note_command galera "$engine" mariadbd --defaults-file="$dir/galera/$engine/my.cnf"
    done
    rm -rf "$dir/galera/new-data" "$dir"/galera/galera[23]/data
    launch_again galera1 --wsrep-new-cluster
    galera_wait galera1
    make_schema galera stoa >/dev/null
    end_engine galera1
    rm -f "$dir"/galera/galera1/data/{galera.cache,gvwstate.dat}
    for i in 2 3; do cp -a --reflink=auto "$dir/galera/galera1/data" "$dir/galera/galera$i/data"; done
    launch_again galera1 --wsrep-new-cluster
    galera_wait galera1
    for engine in galera2 galera3; do
        launch_again "$engine"
        galera_wait "$engine"
    done
}

# Where a node was when it died: it then gets what it missed instead of a whole copy.
galera_position() {
    local home=$dir/galera/$1
    mariadbd --defaults-file="$home/my.cnf" --wsrep-recover --log-error="$home/recover.log" >/dev/null 2>&1 || true
    grep -a 'Recovered position' "$home/recover.log" | tail -n 1 | sed 's/.*Recovered position:* *//'
}

# The others must have agreed that a dead node is gone before it comes back: when both happen at once, they run into
# install_timeout, drop each other, and no majority is left that could let anybody in.
galera_settled() {
    local engine living=0 size
    for engine in galera1 galera2 galera3; do
        if pid_of "$engine" >/dev/null; then living=$((living + 1)); fi
    done
    for engine in galera1 galera2 galera3; do
        pid_of "$engine" >/dev/null || continue
        size=$(sql "$engine" "SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'wsrep_cluster_size'") || continue
        [[ $size -gt $living ]] || return 0
    done
    [[ $living -eq 0 ]]
}

start_galera() {
    local position
    wait_until 30 "The other nodes of Galera still wait for $1." galera_settled
    position=$(galera_position "$1")
    launch_again "$1" ${position:+--wsrep-start-position="$position"}
}

# What is dead is started. When none lives, the one that got furthest begins a new cluster.
galera_revive() {
    local engine position best='' position_of_best='' most=-1
    for engine in galera1 galera2 galera3; do
        if pid_of "$engine" >/dev/null; then most=living; fi
    done
    if [[ $most != living ]]; then
        for engine in galera1 galera2 galera3; do
            position=$(galera_position "$engine")
            if [[ ${position##*:} -gt $most ]]; then best=$engine most=${position##*:} position_of_best=$position; fi
        done
        sed -i 's/^safe_to_bootstrap:.*/safe_to_bootstrap: 1/' "$dir/galera/$best/data/grastate.dat"
        launch_again "$best" --wsrep-new-cluster --wsrep-start-position="$position_of_best"
        galera_wait "$best"
    fi
    for engine in galera1 galera2 galera3; do
        pid_of "$engine" >/dev/null || start_galera "$engine"
    done
}
toml_galera() { mariadb_toml galera "$1"; }
