# Sourced by up and down: where the portal of this checkout lives and whether it runs.
# shellcheck shell=bash
run_dir=run
# shellcheck disable=SC2034  # used by the scripts that source this file
data_dir=$run_dir/portal
pid_file=$run_dir/portal.pid
# shellcheck disable=SC2034
log_file=$run_dir/portal.log
# shellcheck disable=SC2034
ports_file=$run_dir/portal.ports

# The pid file may be old, and its number given to a stranger.
portal_running() {
    local pid
    [[ -s $pid_file ]] || return 1
    pid=$(<"$pid_file")
    # "S stoa": its state and its name; Z is one that died and was not buried yet
    [[ $(ps -o state=,comm= -p "$pid" 2>/dev/null) == [!Z]*stoa* ]]
}
