# Sourced by scripts/engines: db1 is the primary, db2 and db3 follow by GTID. A commit is answered when one replica has
# it (semi-sync, AFTER_SYNC) and waits for ever otherwise: it never becomes asynchronous silently.
# shellcheck shell=bash disable=SC2154

# A server that starts is a replica that takes no writes and follows nobody until it is told.
replication_settings() {
    cat <<'SETTINGS'
log_bin=bin
log_slave_updates=1
gtid_domain_id=0
gtid_strict_mode=1
relay_log=relay
relay_log_recovery=1
skip_slave_start=1
read_only=1
slave_parallel_threads=4
slave_parallel_mode=optimistic
slave_net_timeout=4
rpl_semi_sync_master_wait_point=AFTER_SYNC
rpl_semi_sync_master_timeout=4294967295
rpl_semi_sync_master_wait_no_slave=1
rpl_semi_sync_slave_kill_conn_timeout=1
rpl_semi_sync_slave_enabled=1
SETTINGS
}

# Turned on for the primary alone: on a replica, its applier would wait for an acknowledgement for ever. The role makes
# crash recovery keep what a replica may have got already.
primary_options=(--init-rpl-role=MASTER --rpl-semi-sync-master-enabled=1 --read-only=0)
replica_options=(--init-rpl-role=SLAVE --rpl-semi-sync-master-enabled=0 --read-only=1 --skip-slave-start=0)

up_replication() {
    local engine id=0 password
    if [[ -f $dir/replication/db3/port ]]; then
        for engine in db1 db2 db3; do start_engine "$engine"; done
        return
    fi
    for engine in db1 db2 db3; do
        id=$((id + 1))
        mariadb_new replication "$engine" "$id" < <(replication_settings)
    done
    rm -rf "$dir/replication/new-data"
    for engine in db1 db2 db3; do
        launch replication "$engine" mariadbd --defaults-file="$dir/replication/$engine/my.cnf" --init-rpl-role=SLAVE
    done
    for engine in db1 db2 db3; do mariadb_wait "$engine"; done
    password=$(secret "$dir/replication/replica-password")
    sql db1 "SET GLOBAL read_only=0; CREATE USER replica@'%' IDENTIFIED BY '$password';
             GRANT REPLICATION SLAVE ON *.* TO replica@'%'"
    for engine in db2 db3; do
        sql "$engine" "CHANGE MASTER TO master_host='127.0.0.1', master_port=$(port_of db1), master_user='replica',
            master_password='$password', master_use_gtid=slave_pos, master_connect_retry=1,
            master_heartbeat_period=1; START SLAVE"
    done
    sql db1 "SET GLOBAL rpl_semi_sync_master_enabled=1"
    make_schema replication stoa >/dev/null
    # Each returns in its role: the primary takes writes again, the replicas follow at once.
    note_command replication db1 mariadbd --defaults-file="$dir/replication/db1/my.cnf" "${primary_options[@]}"
    for engine in db2 db3; do
        note_command replication "$engine" mariadbd --defaults-file="$dir/replication/$engine/my.cnf" \
            "${replica_options[@]}"
    done
}

replica_follows() {
    [[ $(sql "$1" 'SHOW STATUS LIKE "Slave_running"') == *ON ]]
}
ready_replication() {
    local engine position
    for engine in db1 db2 db3; do mariadb_wait "$engine"; done
    for engine in db2 db3; do wait_until 30 "$engine does not follow db1" replica_follows "$engine"; done
    position=$(sql db1 'SELECT @@gtid_binlog_pos')
    for engine in db2 db3; do
        [[ $(sql "$engine" "SELECT MASTER_GTID_WAIT('$position', 60)") == 0 ]] || die "$engine does not catch up."
    done
}

# One after the other: a commit needs one replica that receives.
delay_replication() {
    local engine
    [[ $1 =~ ^[0-9]+$ ]] || die "The delay is in whole seconds."
    for engine in db2 db3; do
        sql "$engine" "STOP SLAVE; CHANGE MASTER TO master_delay=$1; START SLAVE"
        wait_until 30 "$engine does not follow db1" replica_follows "$engine"
    done
}
toml_replication() { mariadb_toml replication "$1"; }
