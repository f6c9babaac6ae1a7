# Shared by the scripts of this folder; sourced, never run. Each script states what it does; this file has the how.

set -euo pipefail
repo_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$repo_root"

# Names of Debian 12 packages. Build: what `pixgate` is made from. Test and bench: what only their scripts need.
build_packages=(
    git ca-certificates clang-19 lld-19 libclang-rt-19-dev cmake ninja-build ccache pkg-config
    libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libboost-system1.81-dev
    libvips-dev libjpeg62-turbo-dev libwebp-dev zlib1g-dev libtomlplusplus-dev libcli11-dev libspdlog-dev prometheus-cpp-dev libpugixml-dev
    libsqlite3-dev libseccomp-dev libssl-dev
)
test_packages=(
    libgtest-dev libgmock-dev clang-format-19 clang-tidy-19 llvm-19 python3 python3-pytest python3-boto3 python3-yaml python3-pil
    awscli curl jq chromium fonts-noto-cjk
)
bench_packages=(
    nginx-light libnginx-mod-http-dav-ext libnginx-mod-http-image-filter varnish wrk libjpeg-turbo-progs
    python3 python3-numpy python3-pil
)

python=/usr/bin/python3 # Debian's: the one that has python3-pytest and python3-boto3

jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
export CMAKE_BUILD_PARALLEL_LEVEL=$jobs

# npm trusts its own list of certificate authorities only; a network with an own one has it in the system's list.
if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -f /etc/ssl/certs/ca-certificates.crt ]; then
    export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
fi

say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() {
    say "$*"
    exit 1
}

# usage: prints the comment at the head of the running script.
usage() {
    sed -n '2,/^[^#]/{/^#/!d;s/^# \{0,1\}//;p}' "$0"
    exit "${1:-0}"
}

# quietly LOG COMMAND…: runs it with its output in LOG; shows the end of LOG when it fails.
quietly() {
    local log=$1 status=0
    shift
    mkdir -p "$(dirname "$log")"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    [ "$status" -eq 0 ] || tail -n 40 "$log" >&2
    return "$status"
}

# node_is_new_enough: Node.js 18 or newer is on PATH, wherever it came from.
node_is_new_enough() {
    local version
    version=$(node --version 2>/dev/null) || return 1
    version=${version#v}
    [ "${version%%.*}" -ge 18 ] 2>/dev/null
}

# missing_packages PKG…: those that dpkg doesn't have installed, one a line.
missing_packages() {
    local name
    for name in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || echo "$name"
    done
}

# configure_and_build PRESET [TARGET…]: progress goes to the terminal when there is one.
configure_and_build() {
    local preset=$1
    shift
    local targets=()
    [ $# -eq 0 ] || targets=(--target "$@")
    quietly "build/logs/configure-$preset.log" cmake --preset "$preset" || return 1
    cmake --build --preset "$preset" --parallel "$jobs" "${targets[@]}"
}
