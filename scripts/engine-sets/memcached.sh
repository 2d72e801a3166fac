# Sourced by scripts/engines: two Memcached.
# shellcheck shell=bash disable=SC2154

up_memcached() {
    local engine home
    need memcached
    for engine in memcached1 memcached2; do
        home=$dir/memcached/$engine
        if [[ -f $home/port ]]; then
            start_engine "$engine"
            continue
        fi
        mkdir -p "$home"
        free_port >"$home/port"
        launch memcached "$engine" memcached -l 127.0.0.1 -p "$(<"$home/port")" -U 0 -m 32 -t 2 -u "$(id -un)"
    done
}

memcached_answers() {
    local line
    exec 3<>"/dev/tcp/127.0.0.1/$(port_of "$1")" || return 1
    printf 'version\r\n' >&3
    read -r -t 2 line <&3
    exec 3>&-
    [[ $line == VERSION* ]]
}
ready_memcached() {
    local engine
    for engine in memcached1 memcached2; do wait_until 10 "$engine does not answer" memcached_answers "$engine"; done
}
toml_memcached() {
    [[ $1 == cache ]] || return 0
    say "url = \"memcached://127.0.0.1:$(port_of memcached1),127.0.0.1:$(port_of memcached2)\""
}
