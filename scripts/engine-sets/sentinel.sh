# Sourced by scripts/engines: three Redis, of which one leads, and three Sentinels that choose another when it is silent
# for a second. The leader refuses writes that no follower takes.
# shellcheck shell=bash disable=SC2154

sentinel_launch() {  # sentinel_launch ENGINE
    local home=$dir/sentinel/$1
    mkdir -p "$home"
    free_port >"$home/port"
    cat >"$home/sentinel.conf" <<SETTINGS
port $(<"$home/port")
bind 127.0.0.1
dir $home
sentinel monitor stoa 127.0.0.1 $(port_of redis-a) 2
sentinel auth-pass stoa $(<"$dir/sentinel/password")
sentinel down-after-milliseconds stoa 1000
sentinel failover-timeout stoa 3000
sentinel parallel-syncs stoa 1
SETTINGS
    launch sentinel "$1" redis-server "$home/sentinel.conf" --sentinel
}

up_sentinel() {
    local engine
    if [[ -f $dir/sentinel/up ]]; then
        for engine in $(engines_of sentinel); do start_engine "$engine"; done
        return
    fi
    local lines=('repl-diskless-sync yes' 'repl-diskless-sync-delay 0' 'repl-backlog-size 8mb' 'repl-timeout 5'
        'repl-ping-replica-period 1' 'min-replicas-to-write 1' 'min-replicas-max-lag 2')
    redis_launch sentinel redis-a "${lines[@]}"
    for engine in redis-b redis-c; do
        redis_launch sentinel "$engine" "${lines[@]}" "replicaof 127.0.0.1 $(port_of redis-a)"
    done
    for engine in redis-a redis-b redis-c; do redis_wait "$engine"; done
    for engine in sentinel-a sentinel-b sentinel-c; do sentinel_launch "$engine"; done
}

sentinels_agree() {
    local engine found
    for engine in sentinel-a sentinel-b sentinel-c; do
        found=$(timeout 5 redis-cli -p "$(port_of "$engine")" SENTINEL MASTER stoa 2>/dev/null |
            awk 'NR % 2 {key = $0; next} key ~ /^(flags|num-slaves|num-other-sentinels)$/ {printf "%s ", $0}')
        [[ $found == 'master 2 2 ' ]] || return 1
    done
}
ready_sentinel() { wait_until 60 "the Sentinels do not see two followers and each other" sentinels_agree; }

toml_sentinel() {
    local hosts='' engine
    [[ $1 == cache || $1 == bus ]] || return 0
    for engine in sentinel-a sentinel-b sentinel-c; do hosts+=${hosts:+,}127.0.0.1:$(port_of "$engine"); done
    say "url = \"redis+sentinel://$hosts/stoa\""
    say "password_file = \"$dir/sentinel/password\""
}
