#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A plan (domwright create -n) of Debian's Linux against libxenguest's own
# reading of the same file: CPU time and peak memory, a process for each, in
# turn. Nearly all of both is unpacking. Prints a table in Markdown, and which
# targets were reached and which were missed.
#
#   kernel-bench.sh [ROUNDS [KERNEL]...]     in the build directory
#
# Without a KERNEL: those in /boot, and the one that the lab has.
set -eu
rounds=${1:-9}
[ $# = 0 ] || shift
[ $# -gt 0 ] ||
    set -- /boot/vmlinuz-* "$HOME"/.cache/domwright/*/root/boot/vmlinuz-*
read_kernel=$PWD/tests/bench/read-kernel
domwright=$PWD/src/builder/domwright
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# median FIELD FILE
median() {
    cut -d' ' -f"$1" "$2" | sort -n | awk '{ v[NR] = $1 }
        END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# target TEXT IS LIMIT
target() {
    awk -v text="$1" -v is="$2" -v limit="$3" 'BEGIN {
        printf "%s: %s, %.3f of at most %.3f\n",
            is + 0 <= limit + 0 ? "reached" : "missed", text, is, limit }'
}

# ratio FIELD KERNEL: of ours to libxenguest's.
ratio() {
    awk -v a="$(median "$1" "$work/$2-ours")" \
        -v b="$(median "$1" "$work/$2-stock")" 'BEGIN { print a / b }'
}

# measure KERNEL NAME: all rounds, and one that does not count.
measure() {
    printf 'name = "guest"\nkernel = "%s"\nmemory = 512\n' "$1" >"$work/g.cfg"
    "$domwright" create -n "$work/g.cfg" >"$work/plan" || return 1
    "$read_kernel" "$1"
    n=$rounds
    while [ "$n" -gt 0 ]; do
        "$read_kernel" -- "$domwright" create -n "$work/g.cfg" \
            >>"$work/$2-ours"
        "$read_kernel" -- "$read_kernel" "$1" >>"$work/$2-stock"
        n=$((n - 1))
    done
    awk -v name="$2" -v ours="$(median 1 "$work/$2-ours")" \
        -v stock="$(median 1 "$work/$2-stock")" \
        -v peak="$(median 2 "$work/$2-ours")" \
        -v peak_stock="$(median 2 "$work/$2-stock")" 'BEGIN {
        printf "| %s | %.1f | %.1f | %.1f | %.1f |\n", name, ours / 1000,
            stock / 1000, peak / 1024, peak_stock / 1024 }'
}

measured=
for kernel; do
    name=${kernel##*/}
    # Not twice, where the lab has several with one name.
    if [ ! -r "$kernel" ] || [ -e "$work/$name-ours" ]; then
        continue
    fi
    [ "$measured" ] || {
        echo '| kernel | create -n, CPU ms | libxenguest reads it | peak MiB | libxenguest |'
        echo '|---|---|---|---|---|'
    }
    measure "$kernel" "$name" && measured="$measured $name"
done
if [ -z "$measured" ]; then
    echo 'no Linux here to be measured'
    exit 0
fi
echo
for name in $measured; do
    target "CPU time of a plan, of libxenguest's reading, $name" \
        "$(ratio 1 "$name")" 1.05
    target "peak memory of it, $name" "$(ratio 2 "$name")" 1.2
done
