# Sourced by the other scripts: common words. Leaves the caller in the top folder of the project.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LC_ALL=C.UTF-8

if [[ -t 1 && -z ${NO_COLOR:-} ]]; then
    bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
    bold='' red='' green='' plain=''
fi
export bold red green plain

say() { printf '%s\n' "$*"; }
step() { printf '%s==>%s %s\n' "$bold" "$plain" "$*"; }
warn() { printf '%swarning:%s %s\n' "$bold" "$plain" "$*" >&2; }
# die MESSAGE [WHAT TO DO]…
die() {
    printf '%serror:%s %s\n' "$red" "$plain" "$1" >&2
    shift
    local line
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

# The usage text of a script is the comment block below its first line.
usage() {  # usage EXIT-CODE
    sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$0"
    exit "$1"
}

node_minimum='20.19.0'
tools_dir=$PWD/.tools

node_is_enough() {  # node_is_enough NODE
    local version
    version=$("$1" --version 2>/dev/null) || return 1
    version=${version#v}
    [[ $(printf '%s\n%s\n' "$node_minimum" "$version" | sort -V | head -n1) == "$node_minimum" ]]
}

# Puts a suitable node first on PATH: the machine's own, else the one that install-deps keeps in .tools.
use_node() {
    if command -v node >/dev/null && command -v npm >/dev/null && node_is_enough node; then return 0; fi
    local folder
    for folder in "$tools_dir"/node_modules/node-linux-*/bin; do
        if [[ -x $folder/node ]] && node_is_enough "$folder/node"; then
            export PATH="$folder:$tools_dir/node_modules/.bin:$PATH"
            return 0
        fi
    done
    return 1
}

# npm install in a folder, only when its package files changed since the last time.
npm_install() {  # npm_install FOLDER
    local folder=$1 stamp=$1/node_modules/.installed sum
    sum=$(cat "$folder/package.json" "$folder/package-lock.json" 2>/dev/null | sha256sum)
    if [[ -f $stamp && $(<"$stamp") == "$sum" ]]; then return 0; fi
    use_node || die "Node $node_minimum or newer is missing." "Run scripts/install-deps --run"
    (cd "$folder" && npm install --no-audit --no-fund --loglevel=error) ||
        die "npm install failed in $folder." "Is the npm registry reachable? Try: cd $folder && npm install"
    sum=$(cat "$folder/package.json" "$folder/package-lock.json" 2>/dev/null | sha256sum)
    printf '%s\n' "$sum" >"$stamp"
}

jobs_count() { nproc 2>/dev/null || echo 2; }
