# Sourced by scripts/engines: a GlusterFS volume that is kept three times, mounted at DIR/gluster/mount. It does not work
# on loopback addresses, so it lives in a network namespace; and it writes to fixed folders, so glusterd and the bricks
# see folders of DIR in their place. Stop all bricks and the mount hangs. Root only.
# shellcheck shell=bash disable=SC2154

gluster_address=10.77.0.1  # inside the namespace
gluster_space() { printf 'stoa-%s' "$(cksum <<<"$dir" | cut -d' ' -f1)"; }

gluster() {  # a command of its administrator
    nsenter --mount --net --target "$(pid_of glusterd)" gluster --mode=script \
        --glusterd-sock=/run/gluster/glusterd.socket "$@"
}

up_gluster() {
    local home=$dir/gluster space i
    space=$(gluster_space)
    if [[ -f $home/up ]]; then
        for i in glusterd gluster-mount brick1 brick2 brick3; do start_engine "$i"; done
        return
    fi
    [[ $EUID -eq 0 ]] || die "The set gluster needs root: it makes a namespace and a mount."
    need glusterd gluster ip nsenter unshare
    [[ -c /dev/fuse ]] || die "There is no /dev/fuse, so nothing can be mounted."
    mkdir -p "$home"/{lib,run,log,mount,brick1/data,brick2/data,brick3/data}
    ip netns add "$space" 2>/dev/null || true
    ip -n "$space" link set lo up
    ip -n "$space" address replace "$gluster_address/32" dev lo
    cat >"$home/glusterd.vol" <<SETTINGS
volume management
    type mgmt/glusterd
    option working-directory /var/lib/glusterd
    option transport-type socket
    option transport.socket.listen-port 24007
    option glusterd-sockfile /run/gluster/glusterd.socket
    option ping-timeout 0
    option max-port 60999
end-volume
SETTINGS
    cat >"$home/start-glusterd" <<'SCRIPT'
set -e
cd "$(dirname "$0")"
mkdir -p /var/lib/glusterd /var/log/glusterfs /run/gluster
mount --bind lib /var/lib/glusterd
mount --bind log /var/log/glusterfs
mount --bind run /run/gluster
exec glusterd --no-daemon --volfile="$PWD/glusterd.vol" --pid-file=/run/gluster/glusterd.pid \
    --log-file=/var/log/glusterfs/glusterd.log
SCRIPT
    launch gluster glusterd nsenter --net="/run/netns/$space" unshare --mount --propagation private \
        bash "$home/start-glusterd"
    wait_until 30 "glusterd does not answer" gluster_answers
    gluster volume create files replica 3 "$gluster_address:$home/brick1/data" "$gluster_address:$home/brick2/data" \
        "$gluster_address:$home/brick3/data" force >"$home/create.log" 2>&1 || die "No volume." "See $home/create.log"
    gluster volume set files network.ping-timeout 3 >>"$home/create.log"
    gluster volume start files >>"$home/create.log"
    wait_until 30 "the bricks do not start" find_bricks
    launch gluster gluster-mount nsenter --net="/run/netns/$space" glusterfs --no-daemon \
        --volfile-server="$gluster_address" --volfile-id=files --log-file="$home/log/mount.log" "$home/mount"
}

gluster_answers() { gluster peer status; }

# Notes the processes of the bricks, which glusterd started, and how.
find_bricks() {
    local i file pid
    for i in 1 2 3; do
        file=$(compgen -G "$dir/gluster/run/vols/files/*brick$i-data.pid") || return 1
        pid=$(tr -d ' \n' <"$file")
        if [[ -z $pid ]] || gone "$pid"; then return 1; fi
        printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$dir/gluster/brick$i/pid"
        { tr '\0' '\n' <"/proc/$pid/cmdline"; say --no-daemon; } >"$dir/gluster/brick$i/command"
    done
}

start_gluster() {
    local words
    case $1 in
        brick*)
            # By hand: glusterd does not start a brick whose death it has not noticed.
            mapfile -t words <"$dir/gluster/$1/command"
            note_command gluster "$1" nsenter --mount --net --target "$(pid_of glusterd)" "${words[@]}"
            launch_again "$1"
            note_command gluster "$1" "${words[@]}"
            ;;
        gluster-mount)
            umount -l "$dir/gluster/mount" 2>/dev/null || true
            launch_again "$1"
            ;;
        *) launch_again "$1" ;;
    esac
}

# shellcheck disable=SC2016  # for the inner shell
gluster_writes() { timeout 10 sh -c 'echo 1 >"$1/.ready" && rm "$1/.ready"' _ "$dir/gluster/mount"; }
gluster_mounted() { mountpoint -q "$dir/gluster/mount"; }
ready_gluster() {
    wait_until 30 "the volume is not mounted" gluster_mounted
    wait_until 30 "the volume takes no files" gluster_writes
    mkdir -p "$dir/gluster/mount/stoa"
}

down_gluster() {
    local space pid
    space=$(gluster_space)
    umount -l "$dir/gluster/mount" 2>/dev/null || true
    for pid in $(ip netns pids "$space" 2>/dev/null); do kill -9 "$pid"; done
    ip netns delete "$space" 2>/dev/null || true
}

toml_gluster() {
    [[ $1 == files ]] || return 0
    say "url = \"dir:$dir/gluster/mount/stoa\""
}
