#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# How long a guest stands still on its way to another host, over a link of 1
# Gbit/s, that dirties 1 % of its memory a second: migrate --live, where Xen
# cannot log dirty pages, against stopping and copying it, in turn, between new
# embedded hosts each time. Prints a table in Markdown, and which target was
# reached or missed.
#
#   migrate-bench.sh [ROUNDS [MIB]]     in the build directory
set -eu
rounds=${1:-3}
mib=${2:-1024}
link=125000000 # bytes a second
top=$PWD
fakexen=$top/src/hypervisor/fakexen/fakexen
domwright=$top/src/builder/domwright
FAKEXEN_LIBRARY=${FAKEXEN_LIBRARY:-$top/src/hypervisor/fakexen/.libs/fakexen.so}
export FAKEXEN_LIBRARY
# The hosts' memory is not to wait for a disk.
work=$(mktemp -d -p "${TMPDIR:-/dev/shm}")
kernel=
trap '[ -z "$kernel" ] || kill "$kernel" || :; rm -rf "$work"' EXIT
cd "$work"
printf 'name="guest"\nkernel="%s"\nmemory=%u\n' "$top/tests/guests/hello-pae" \
    "$mib" >guest.cfg

# Until the stand-in for its kernel has filled its memory.
await_ready() {
    until grep -qx ready play; do
        kill -0 "$kernel" || { cat play >&2; exit 1; }
        sleep 0.1
    done
}

# migrate WAY [OPTION]: the report of one goes behind the others.
migrate() {
    way=$1
    shift
    rm -f here there play
    for host in here there; do
        "$fakexen" --host $host --memory $((mib + 512))M true
    done
    "$domwright" --host here create -qe guest.cfg
    "$domwright" --host here regress --play guest --seed 1 \
        --rate $((mib * 256 / 100)) >play 2>&1 &
    kernel=$!
    await_ready
    "$domwright" --host here migrate "$@" --json --via "
        '$top/tests/bench/throttle' $link |
        '$fakexen' --host there '$domwright' migrate-receive -e" guest |
        tail -n 1 >>"$way"
    wait $kernel
    kernel=
    "$domwright" --host there verify guest >/dev/null
}

# numbers NAME WAY: of all reports
numbers() {
    sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" "$2"
}

median() {
    numbers "$1" "$2" | sort -n | awk '{ v[NR] = $1 }
        END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# row TEXT WAY PAGES-BEFORE PAGES-MEANWHILE
row() {
    numbers downtime_ms "$2" | sort -n >sorted
    printf '| %s | %.0f (%s to %s) | %s | %s |\n' "$1" \
        "$(median downtime_ms "$2")" "$(head -n 1 sorted)" \
        "$(tail -n 1 sorted)" "$3" "$4"
}

i=0
while [ "$i" -lt "$rounds" ]; do
    migrate live --live
    migrate stopped
    i=$((i + 1))
done

echo "A guest of $mib MiB that dirties 1 % of it a second, over 1 Gbit/s:"
echo
echo '| migrate | stands still, ms, median (range) | pages sent before | meanwhile |'
echo '|---|---|---|---|'
row 'live, by hashes' live "$(median pages_live live)" \
    "$(median pages_stopped live)"
row 'stopped and copied' stopped 0 "$(median pages stopped)"
echo
awk -v a="$(median downtime_ms live)" -v b="$(median downtime_ms stopped)" \
    'BEGIN {
    printf "%s: time that it stands still, of stopping and copying, %.4f of at most 0.05\n",
        a / b <= 0.05 ? "reached" : "missed", a / b }'
