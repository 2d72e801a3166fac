# Sourced by scripts/engines: one MariaDB with the settings that the portal asks for, and what the other MariaDB sets
# share. The administrator is whoever started it, through the socket; the portal's user has what it needs, not more.
# shellcheck shell=bash disable=SC2154  # dir and with come from scripts/engines

# Settings of every MariaDB here: durable, small, as `stoa doctor` wants them.
mariadb_settings() {  # mariadb_settings HOME PORT
    cat <<SETTINGS
[mariadbd]
datadir=$1/data
tmpdir=$1/tmp
socket=$1/socket
port=$2
bind-address=127.0.0.1
pid-file=$1/mariadbd.pid
report_host=127.0.0.1
report_port=$2
skip-name-resolve
character-set-server=utf8mb4
local_infile=0
query_cache_type=0
query_cache_size=0
binlog_format=ROW
sync_binlog=1
innodb_flush_log_at_trx_commit=1
innodb_buffer_pool_size=64M
innodb_log_file_size=64M
innodb_log_buffer_size=2M
innodb_buffer_pool_dump_at_shutdown=0
innodb_buffer_pool_load_at_startup=0
key_buffer_size=1M
aria_pagecache_buffer_size=1M
performance_schema=0
max_connections=400
table_open_cache=1000
thread_stack=256k
SETTINGS
    if [[ $EUID -eq 0 ]]; then say "user=root"; fi  # the folder is open to its owner alone
}

# mariadb_new SET ENGINE SERVER-ID: the folder of a new server, with data that is copied from the set's first.
# Settings of the set itself come from standard input.
mariadb_new() {
    local home=$dir/$1/$2 port
    need mariadbd mariadb-install-db mariadb
    mkdir -p "$home/tmp"
    port=$(free_port)
    printf '%s\n' "$port" >"$home/port"
    { mariadb_settings "$home" "$port"; say "server_id=$3"; cat; printf '%s\n' "${with[@]}"; } >"$home/my.cnf"
    if [[ ! -d $dir/$1/new-data ]]; then
        # A server that starts removes from its folder for temporary files what looks like its leftovers: one each.
        mkdir -p "$dir/$1/new-tmp"
        mariadb-install-db --no-defaults --datadir="$dir/$1/new-data" --tmpdir="$dir/$1/new-tmp" ${user_option:+"$user_option"} --skip-test-db \
            --auth-root-authentication-method=socket --auth-root-socket-user="$(id -un)" --skip-name-resolve \
            >"$dir/$1/install.log" 2>&1 || die "mariadb-install-db failed." "See $dir/$1/install.log"
    fi
    cp -a --reflink=auto "$dir/$1/new-data" "$home/data"
}
user_option=''
[[ $EUID -ne 0 ]] || user_option=--user=root

mariadb_answers() { sql "$1" 'SELECT 1'; }
mariadb_wait() {
    wait_until "${2:-60}" "$1 does not answer, see $(home_of "$1")/log" mariadb_answers "$1"
}

# sql ENGINE [SQL]: without SQL, a session.
sql() {
    local home
    home=$(home_of "${1:?engine}")
    if [[ $# -gt 1 ]]; then set -- "$1" --batch --skip-column-names --execute="$2"; fi
    shift
    mariadb --no-defaults --socket="$home/socket" --user="$(id -un)" --connect-timeout=5 "$@"
}

writer_of() {  # the engine of a set that takes writes
    case $1 in
        mariadb) echo mariadb1 ;;
        replication) echo db1 ;;
        galera) echo galera1 ;;
        *) die "The set $1 has no SQL." ;;
    esac
}

# The portal's user with its rights on one schema.
make_schema() {  # make_schema SET NAME
    local engine password
    [[ $2 =~ ^[a-z0-9_]{1,60}$ ]] || die "A schema's name is made of a-z, 0-9 and _."
    engine=$(writer_of "$1")
    password=$(secret "$dir/$1/password")
    sql "$engine" "
        CREATE DATABASE IF NOT EXISTS \`$2\` CHARACTER SET utf8mb4;
        CREATE USER IF NOT EXISTS stoa@'%' IDENTIFIED BY '$password';
        GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, DROP, REFERENCES ON \`$2\`.* TO stoa@'%';
        GRANT REPLICA MONITOR, BINLOG MONITOR ON *.* TO stoa@'%'" || die "$engine refuses to make the schema $2."
    database_url "$1" "$2"
}
drop_schema() { sql "$(writer_of "$1")" "DROP DATABASE IF EXISTS \`$2\`"; }

database_url() {  # database_url SET SCHEMA
    local engine hosts='' mode=''
    for engine in $(engines_of "$1"); do hosts+=${hosts:+,}127.0.0.1:$(port_of "$engine"); done
    [[ $1 != galera ]] || mode='?mode=galera'
    say "mariadb://stoa@$hosts/$2$mode"
}

mariadb_toml() {  # mariadb_toml SET SECTION
    [[ $2 == database ]] || return 0
    say "url = \"$(database_url "$1" stoa)\""
    say "password_file = \"$dir/$1/password\""
}

up_mariadb() {
    if [[ -f $dir/mariadb/mariadb1/my.cnf ]]; then
        start_engine mariadb1
        return
    fi
    mariadb_new mariadb mariadb1 1 <<<$'log_bin=bin\ngtid_strict_mode=1'
    rm -rf "$dir/mariadb/new-data"
    launch mariadb mariadb1 mariadbd --defaults-file="$dir/mariadb/mariadb1/my.cnf"
    mariadb_wait mariadb1
    make_schema mariadb stoa >/dev/null
}
ready_mariadb() { mariadb_wait mariadb1; }
toml_mariadb() { mariadb_toml mariadb "$1"; }
