# Sourced by scripts/engines: processes, ports and waiting. An engine has a folder of its own, DIR/SET/ENGINE, with
#   pid       process number and its start time, so that a number given to a stranger is not mistaken for it
#   port      where it listens
#   command   how it was started, one argument per line
#   log       what it printed
# shellcheck shell=bash disable=SC2154  # dir comes from scripts/engines

now_ms() { echo $(($(date +%s%N) / 1000000)); }

# wait_until SECONDS WHAT COMMAND…
wait_until() {
    local seconds=$1 what=$2 deadline
    shift 2
    deadline=$(($(now_ms) + seconds * 1000))
    until "$@" >/dev/null 2>&1; do
        if [[ $(now_ms) -ge $deadline ]]; then
            cat "$dir"/*/"${what%% *}"/log 2>/dev/null | tail -n 5 >&2 || true  # when it begins with an engine's name
            die "Waited $seconds s: $what." "The logs are in $dir."
        fi
        sleep 0.03
    done
}

need() {  # need PROGRAM…
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || die "$program is missing." "Run scripts/install-deps --test"
    done
}

engines_of() {  # engines_of SET
    local folder
    for folder in "$dir/$1"/*/; do
        if [[ -f $folder/command ]]; then basename "$folder"; fi
    done
}

set_of() {  # set_of ENGINE
    local command
    for command in "$dir"/*/"$1"/command; do
        [[ -f $command ]] || continue
        command=${command%/*/command}
        basename "$command"
        return 0
    done
    die "There is no engine $1." "scripts/engines status names them."
}

home_of() {
    local set
    set=$(set_of "$1") || exit 1
    printf '%s' "$dir/$set/$1"
}
port_of() { cat "$(home_of "$1")/port" 2>/dev/null || true; }

# A random port below those that the system gives to outgoing connections: it is still free when the engine returns.
free_port() {
    local port try
    for try in $(seq 200); do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        if [[ -e $dir/.port-$port ]]; then continue; fi  # promised to another engine, which may be down
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
        : >"$dir/.port-$port"
        printf '%s' "$port"
        return 0
    done
    die "No free port after $try tries."
}

start_time() { awk '{sub(/.*\) /, ""); print $20}' "/proc/$1/stat" 2>/dev/null; }

# pid_of ENGINE: fails when it does not run.
pid_of() {
    local home pid started
    home=$(home_of "$1")
    read -r pid started 2>/dev/null <"$home/pid" || return 1
    [[ -n $started && $(start_time "$pid") == "$started" ]] || return 1
    [[ $(ps -o state= -p "$pid" 2>/dev/null) != Z* ]] || return 1
    printf '%s' "$pid"
}

# launch SET ENGINE COMMAND…: in the background, in a session of its own.
launch() {
    note_command "$@"
    launch_again "$2"
}
note_command() {  # note_command SET ENGINE COMMAND…: how the engine is started from now on
    local home=$dir/$1/$2
    shift 2
    mkdir -p "$home"
    printf '%s\n' "$@" >"$home/command"
}
launch_again() {  # launch_again ENGINE [MORE ARGUMENTS…]
    local home command pid
    home=$(home_of "$1")
    shift
    mapfile -t command <"$home/command"
    setsid "${command[@]}" "$@" >>"$home/log" 2>&1 </dev/null 9>&- &
    pid=$!
    disown "$pid"  # else bash tells of its end
    printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$home/pid"
}

gone() { ! kill -0 "$1" 2>/dev/null || [[ $(ps -o state= -p "$1" 2>/dev/null) == Z* ]]; }
kill_engine() {
    local pid
    pid=$(pid_of "$1") || return 0
    kill -9 "$pid"
    wait_until 10 "process $pid of $1 does not end" gone "$pid"
}
end_engine() {  # SIGTERM, and wait
    local pid
    pid=$(pid_of "$1") || return 0
    kill -TERM "$pid"
    wait_until 30 "process $pid of $1 does not end" gone "$pid"
}
stop_engine() {
    local pid
    pid=$(pid_of "$1") || die "$1 does not run."
    kill -STOP "$pid"
}
cont_engine() {
    local pid
    pid=$(pid_of "$1") || die "$1 does not run."
    kill -CONT "$pid"
}

new_password() { head -c 18 /dev/urandom | base64 | tr '+/' 'xy'; }

# secret FILE: the password in it, made when there is none.
secret() {
    [[ -s $1 ]] || new_password >"$1"
    cat "$1"
}
