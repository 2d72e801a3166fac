# Sourced by run: starts servers for one measurement each, in folders below $dir, and ends them.
# shellcheck shell=bash disable=SC2154

pids=()
stop_all() {
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    pids=()
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

wait_for() {  # wait_for PORT LOG
    for _ in $(seq 300); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.1
    done
    echo "Nothing listens on port $1: $(tail -n 3 "$2" 2>/dev/null)" >&2
    exit 1
}

# start_stoa DATA PORT [OPTION…]: one I/O thread, no limits on rates. Lines of TOML in $settings, and of its
# section push in $push_settings.
start_stoa() {
    local log=$dir/stoa-$2.log
    printf '%s\n' "${settings:-}" '[rest]' 'bucket_size = 0' '[push]' 'sender_messages_per_s = 0' \
        'account_messages_per_s = 0' "${push_settings:-}" >"$dir/stoa-$2.toml"
    "$stoa" serve --data "$1" --config "$dir/stoa-$2.toml" --http --listen "127.0.0.1:$2" --io-threads 1 "${@:3}" \
        >"$log" 2>&1 &
    pids+=($!)
    wait_for "$2" "$log"
}

# start_nchan PORT [CHANNELS [LINE]]: the channels of a subscriber, and a line for both its locations.
start_nchan() {
    local home=$dir/nginx-$1
    mkdir -p "$home"
    cat >"$home/nginx.conf" <<END
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
daemon off; worker_processes 1; pid $home/nginx.pid; error_log $home/nginx.log warn;
events { worker_connections 19000; }
http {
  access_log off; client_body_temp_path $home; proxy_temp_path $home; fastcgi_temp_path $home;
  uwsgi_temp_path $home; scgi_temp_path $home;
  keepalive_requests 100000000; nchan_shared_memory_size 512m;
  server {
    listen 127.0.0.1:$1 backlog=4096;
    location ~ ^/sub/(\w+)\$ { nchan_subscriber websocket; nchan_channel_id ${2:-\$1}; nchan_subscriber_first_message newest; ${3:-} }
    location ~ ^/pub/(\w+)\$ { nchan_publisher http; nchan_channel_id \$1; nchan_message_buffer_length 20; ${3:-} }
  }
}
END
    nginx -c "$home/nginx.conf" 2>"$home/nginx.err" &
    pids+=($!)
    wait_for "$1" "$home/nginx.err"
}

# A Redis that keeps nothing.
start_redis() {  # start_redis PORT
    redis-server --port "$1" --bind 127.0.0.1 --save '' --appendonly no --dir "$dir" >"$dir/redis.log" 2>&1 &
    pids+=($!)
    wait_for "$1" "$dir/redis.log"
}
