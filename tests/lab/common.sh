# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the lab's programs share: where the cache is and how to speak.

lab_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${DOMWRIGHT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/domwright}
series=$(cd "$lab_dir/../../src/hypervisor/xen-4.17" && pwd)
# shellcheck source=/dev/null
suite=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-unknown}")

say() {
    printf 'lab: %s\n' "$*" >&2
}

die() {
    say "$*"
    exit 1
}

# Run a long command with its output in a log; show the tail when it fails.
# logged NAME COMMAND...
logged() {
    local name=$1 log=$cache/log/$1.log
    shift
    mkdir -p "$cache/log"
    if ! "$@" >"$log" 2>&1 </dev/null; then
        say "$name failed; the end of $log:"
        tail -n 15 "$log" | sed 's/^/    /' >&2
        return 1
    fi
}

# Take the cache's lock for the rest of this process: two labs that start at
# once prepare once. Whoever already holds it for us says so in LAB_LOCKED.
lock_cache() {
    [ -z "${LAB_LOCKED:-}" ] || return 0
    mkdir -p "$cache"
    exec 9>"$cache/lock"
    flock -n 9 || {
        say "another process is preparing the cache; waiting for it"
        flock 9
    }
    export LAB_LOCKED=1
}

# New things are made in a directory of their own and renamed when complete,
# so that an interrupted run leaves nothing that looks finished.
new_part() {
    mkdir -p "$cache/part"
    mktemp -d "$cache/part/$1.XXXXXX"
}

# Where the hypervisor of a variant is: the patched one has its place by what
# the patches are, so that another series is another hypervisor.
# xen_dir stock|patched
xen_dir() {
    case $1 in
    stock) printf '%s' "$cache/xen-stock" ;;
    patched)
        printf '%s-%s' "$cache/xen-patched" \
            "$(cat "$series"/series "$series"/*.patch | cksum | cut -d ' ' -f 1)"
        ;;
    *) die "Xen is stock or patched, not $1" ;;
    esac
}

# Run a program of an unpacked package tree with that tree's own libraries.
# in_root ROOT PROGRAM ARG...
in_root() {
    local root=$1 prog=$2
    shift 2
    "$root/lib64/ld-linux-x86-64.so.2" \
        --library-path "$(root_libs "$root")" "$root$prog" "$@"
}

root_libs() {
    printf '%s' "$1/usr/lib/x86_64-linux-gnu:$1/lib/x86_64-linux-gnu"
}

# The shared libraries that ELF files need, as paths, found along the library
# path given first: elf_libs ROOT PATH FILE...
elf_libs() {
    local root=$1 path=$2
    shift 2
    local f
    for f; do
        "$root/lib64/ld-linux-x86-64.so.2" --library-path "$path" \
            --list "$f" 2>/dev/null || :
    done | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' | sort -u
}
