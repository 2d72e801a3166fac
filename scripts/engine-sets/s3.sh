# Sourced by scripts/engines: Swift with its S3 interface. One storage node with three devices keeps each object three
# times; an upload is confirmed by two of them.
# shellcheck shell=bash disable=SC2154

swift_rings() {
    local type i port
    for type in account container object; do
        port=$(<"$dir/s3/s3-$type/port")
        swift-ring-builder "$dir/s3/etc/$type.builder" create 6 3 0
        for i in 1 2 3; do
            swift-ring-builder "$dir/s3/etc/$type.builder" add --region 1 --zone "$i" --ip 127.0.0.1 --port "$port" \
                --device "disk$i" --weight 1
        done
        swift-ring-builder "$dir/s3/etc/$type.builder" rebalance
    done
}

swift_storage() {  # swift_storage account|container|object
    cat <<SETTINGS
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $(<"$dir/s3/s3-$1/port")
devices = $dir/s3/disks
mount_check = false
swift_dir = $dir/s3/etc
user = $(id -un)
workers = 0
log_level = WARNING
disable_fallocate = true
[pipeline:main]
pipeline = $1-server
[app:$1-server]
use = egg:swift#$1
SETTINGS
}

swift_proxy() {
    cat <<SETTINGS
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = $(<"$dir/s3/s3-proxy/port")
swift_dir = $dir/s3/etc
user = $(id -un)
workers = 0
log_level = WARNING
[pipeline:main]
pipeline = catch_errors cache s3api tempauth copy bulk slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
conn_timeout = 0.5
node_timeout = 3
recoverable_node_timeout = 1
error_suppression_interval = 1
error_suppression_limit = 3
[filter:tempauth]
use = egg:swift#tempauth
user_stoa_stoa = $(secret "$dir/s3/secret") .admin
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:$(<"$dir/s3/s3-cache/port")
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = us-east-1
[filter:copy]
use = egg:swift#copy
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
SETTINGS
}

# The access key holds a colon, so that the login stands in the address; that comes by standard input, as the process
# list is open to all.
s3_request() {  # s3_request METHOD PATH: prints the status
    curl --silent --output /dev/null --write-out '%{http_code}' --max-time 10 --request "$1" \
        --aws-sigv4 aws:amz:us-east-1:s3 \
        --header "x-amz-content-sha256: $(printf '' | sha256sum | cut -d' ' -f1)" --config - \
        <<<"url = \"http://stoa%3Astoa:$(<"$dir/s3/secret")@127.0.0.1:$(port_of s3-proxy)$2\""
}
s3_answers() { [[ $(s3_request GET /) == 200 ]]; }
# Again and again: on a busy machine its servers take longer than it waits for them, and it says 503.
s3_takes_bucket() { [[ $(s3_request PUT /stoa) == 200 || $(s3_request HEAD /stoa) == 200 ]]; }

up_s3() {
    local type engine
    if [[ -f $dir/s3/up ]]; then
        for engine in $(engines_of s3); do start_engine "$engine"; done
        return
    fi
    need swift-proxy-server swift-ring-builder memcached curl
    mkdir -p "$dir"/s3/{etc,disks/disk1,disks/disk2,disks/disk3}
    for engine in cache account container object proxy; do
        mkdir -p "$dir/s3/s3-$engine"
        free_port >"$dir/s3/s3-$engine/port"
    done
    printf '[swift-hash]\nswift_hash_path_prefix = %s\nswift_hash_path_suffix = %s\n[storage-policy:0]\nname = p0\ndefault = yes\n' \
        "$(new_password)" "$(new_password)" >"$dir/s3/etc/swift.conf"
    swift_rings >"$dir/s3/rings.log" || die "swift-ring-builder failed." "See $dir/s3/rings.log"
    launch s3 s3-cache memcached -l 127.0.0.1 -p "$(<"$dir/s3/s3-cache/port")" -U 0 -m 16 -t 1 -u "$(id -un)"
    for type in account container object; do
        swift_storage "$type" >"$dir/s3/etc/$type.conf"
        launch s3 "s3-$type" "swift-$type-server" "$dir/s3/etc/$type.conf"
    done
    swift_proxy >"$dir/s3/etc/proxy.conf"
    launch s3 s3-proxy swift-proxy-server "$dir/s3/etc/proxy.conf"
    wait_until 120 "s3-proxy does not answer" s3_answers
    wait_until 120 "s3-proxy takes no bucket" s3_takes_bucket
}
ready_s3() { wait_until 60 "s3-proxy does not answer" s3_answers; }
toml_s3() {
    [[ $1 == files ]] || return 0
    say "url = \"s3+http://stoa%3Astoa@127.0.0.1:$(port_of s3-proxy)/stoa?region=us-east-1\""
    say "secret_key_file = \"$dir/s3/secret\""
}
