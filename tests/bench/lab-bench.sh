#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# domwright's builder against stock xl, on real Xen, in one boot of the lab:
# the same guest (GRUB's 32-bit image, left paused), the same memory, one after
# the other in turn. Prints a table in Markdown.
#
#   lab-bench.sh [ROUNDS [MEMORY]...]
set -eu
rounds=${1:-10}
[ $# = 0 ] || shift
[ $# -gt 0 ] || set -- 128 512 2048
work=$(mktemp -d)

# The ways to create a guest.
ways='xl levels root plugin'
command_of() {
    case $1 in
    xl) echo 'xl create -q -p' ;;
    levels) echo 'domwright create -p' ;;
    root) echo 'domwright create -p --pin-order=root' ;;
    plugin) echo 'domwright xl create -q -p' ;;
    esac
}

# Xen scrubs a dead domain's pages when it is idle, or else when they are
# handed out again, and then it is the next guest's time.
wait_scrubbed() {
    while
        xl dmesg -c >/dev/null
        xl debug-keys H
        xl dmesg | grep -q 'has [0-9]* unscrubbed pages'
    do
        sleep 0.3
    done
}

# run WAY [PREFIX]...: one guest comes and goes; prints the microseconds.
run() {
    way=$1
    shift
    wait_scrubbed
    # shellcheck disable=SC2046 # the command is words
    "$@" /lab/stopwatch $(command_of "$way") "$work/cfg"
    xl destroy bench
}

median() {
    sort -n "$1" | awk '{ v[NR] = $1 }
        END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

row() {
    awk -v memory="$1" -v name="$(command_of "$2")" -v t="$(median "$work/$2")" \
        -v low="$(sort -n "$work/$2" | head -n 1)" \
        -v high="$(sort -n "$work/$2" | tail -n 1)" \
        -v base="$(median "$work/xl")" \
        -v calls="$(grep -c ^hypercall "$work/$2.trace")" \
        -v maps="$(grep -c ^mapping "$work/$2.trace")" 'BEGIN {
        printf "| %d MiB | `%s` | %.1f (%.1f to %.1f) | %.2f | %d | %d |\n",
            memory, name, t / 1000, low / 1000, high / 1000, t / base,
            calls, maps }'
}

echo '| memory | command | ms, median (range) | of xl | hypercalls | mappings |'
echo '|---|---|---|---|---|---|'
for memory; do
    cat >"$work/cfg" <<EOF
name = "bench"
type = "pv"
kernel = "/usr/lib/grub-xen/grub-i386-xen.bin"
memory = $memory
vcpus = 1
EOF
    for way in $ways; do
        rm -f "$work/$way" "$work/$way.trace"
        run "$way" env LD_PRELOAD=/lab/privtrace.so \
            PRIVTRACE="$work/$way.trace" >/dev/null
    done
    i=0
    while [ "$i" -lt "$rounds" ]; do
        for way in $ways; do
            run "$way" >>"$work/$way"
        done
        i=$((i + 1))
    done
    for way in $ways; do
        row "$memory" "$way"
    done
done
rm -rf "$work"
