# Sourced by scripts/engines: one Redis. It evicts nothing: streams of the bus and positions of writes must not vanish
# before their time, and a cache that is full is only slower.
# shellcheck shell=bash disable=SC2154

redis_launch() {  # redis_launch SET ENGINE [LINE OF CONFIGURATION…]
    local home=$dir/$1/$2 set=$1 engine=$2 password
    shift 2
    need redis-server redis-cli
    mkdir -p "$home"
    [[ -s $home/port ]] || free_port >"$home/port"
    password=$(secret "$dir/$set/password")
    cat >"$home/redis.conf" <<SETTINGS
port $(<"$home/port")
bind 127.0.0.1
dir $home
requirepass $password
masterauth $password
appendonly yes
appendfsync everysec
save ""
maxmemory 64mb
maxmemory-policy noeviction
SETTINGS
    printf '%s\n' "$@" >>"$home/redis.conf"
    launch "$set" "$engine" redis-server "$home/redis.conf"
}

redis_says() {  # redis_says ENGINE COMMAND…
    local home set
    home=$(home_of "$1")
    set=$(set_of "$1")
    shift
    REDISCLI_AUTH=$(<"$dir/$set/password") timeout 5 redis-cli --no-auth-warning -p "$(<"$home/port")" "$@" 2>/dev/null
}
redis_answers() { [[ $(redis_says "$1" PING) == PONG ]]; }
redis_wait() { wait_until 30 "$1 does not answer" redis_answers "$1"; }

up_redis() {
    if [[ -f $dir/redis/redis1/redis.conf ]]; then
        start_engine redis1
    else
        redis_launch redis redis1
    fi
}
ready_redis() { redis_wait redis1; }
toml_redis() {
    [[ $1 == cache || $1 == bus ]] || return 0
    say "url = \"redis://127.0.0.1:$(port_of redis1)\""
    say "password_file = \"$dir/redis/password\""
}
