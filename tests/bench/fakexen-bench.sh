#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# domwright's hooks against libxenguest's own, on an embedded host: the same
# kernel and memory, a process for each build, in turn. What fakexen itself
# needs is told apart. Prints a table in Markdown, and which targets were
# reached and which were missed.
#
#   fakexen-bench.sh [ROUNDS]     in the build directory
set -eu
rounds=${1:-5}
fakexen=$PWD/src/hypervisor/fakexen
bench=$PWD/tests/bench/fakexen-bench
guests=$PWD/tests/guests
FAKEXEN_LIBRARY=${FAKEXEN_LIBRARY:-$fakexen/.libs/fakexen.so}
export FAKEXEN_LIBRARY
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What a guest takes beside its memory, and the host for itself.
host_memory() {
    echo $(($1 + 1024))M
}

# median FIELD FILE, and the least and the most
median() {
    cut -d' ' -f"$1" "$2" | sort -n | awk '{ v[NR] = $1 }
        END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}
least() {
    cut -d' ' -f"$1" "$2" | sort -n | head -n 1
}
most() {
    cut -d' ' -f"$1" "$2" | sort -n | tail -n 1
}

# Fields of fakexen-bench's line.
outside=1 inside=2 calls=3 mappings=4 own=5 peak=6 wall=7

# measure KERNEL MIB: all rounds on one host, and one that does not count.
measure() {
    results=$work/$1-$2
    # shellcheck disable=SC2016 # for the inner shell
    "$fakexen/fakexen" --memory "$(host_memory "$2")" sh -euc '
        "$1" ours "$2" "$3" >/dev/null
        "$1" stock "$2" "$3" >/dev/null
        while [ "$4" -gt 0 ]; do
            "$1" ours "$2" "$3" >>"$5-ours"
            "$1" stock "$2" "$3" >>"$5-stock"
            set -- "$1" "$2" "$3" $(($4 - 1)) "$5"
        done' sh "$bench" "$guests/hello-$1" "$2" "$rounds" "$results"
    for hooks in ours stock; do
        row "$1" "$2" "$hooks"
    done
}

row() {
    file=$work/$1-$2-$3
    stock=$work/$1-$2-stock
    awk -v kernel="$1" -v mib="$2" -v hooks="$3" \
        -v t="$(median $outside "$file")" -v low="$(least $outside "$file")" \
        -v high="$(most $outside "$file")" \
        -v base="$(median $outside "$stock")" \
        -v inside="$(median $inside "$file")" \
        -v calls="$(median $calls "$file")" \
        -v mappings="$(median $mappings "$file")" \
        -v own="$(median $own "$file")" -v peak="$(median $peak "$file")" \
        -v wall="$(median $wall "$file")" 'BEGIN {
        memory = mib < 1024 ? mib " MiB" : mib / 1024 " GiB"
        printf "| %s, %s | %s | %.2f (%.2f to %.2f) | %.2f | %.1f | %d | %d | %.1f | %.1f | %d |\n",
            memory, kernel == "64" ? "64-bit" : "32-bit", hooks, t / 1000,
            low / 1000, high / 1000, t / base, inside / 1000, calls,
            mappings, own / 1024, peak / 1024, wall / 1000 }'
}

# target TEXT IS OPERATOR LIMIT
target() {
    awk -v text="$1" -v is="$2" -v limit="$3" 'BEGIN {
        printf "%s: %s, %.6g of at most %.6g\n",
            is + 0 <= limit + 0 ? "reached" : "missed", text, is, limit }'
}

# ratio FIELD FILE OTHER
ratio() {
    awk -v a="$(median "$1" "$2")" -v b="$(median "$1" "$3")" \
        'BEGIN { print a / b }'
}

# whole FILE: outside and inside
whole() {
    awk -v a="$(median $outside "$1")" -v b="$(median $inside "$1")" \
        'BEGIN { print a + b }'
}

# A host that is a file, from nothing: its maker, a guest, its end, and a call.
cold() {
    start=$(date +%s%N)
    "$fakexen/fakexen" --host "$work/host" --memory "$(host_memory 65536)" \
        "$bench" ours "$guests/hello-pae" 65536 >"$work/cold"
    end=$(date +%s%N)
    blocks=$(stat -c %b "$work/host")
    call=$("$fakexen/fakexen" --host "$work/host" "$bench" call 1000000)
}

# What verify takes, and the plainest loop over the same memory: 64 GiB.
verify_cost() {
    "$fakexen/fakexen" --memory "$(host_memory 65536)" \
        "$PWD/tests/bench/verify-bench" "$guests/hello-64" 65536 "$rounds"
}

echo '| guest | hooks | CPU ms outside fakexen, median (range) | of stock | ms inside | hypercalls | mappings | own MiB | peak MiB | ms in all |'
echo '|---|---|---|---|---|---|---|---|---|---|'
for mib in 128 1024 4096 16384 65536; do
    measure pae $mib
done
measure 64 65536
cold
verify_ms=$(verify_cost)

echo
for guest in pae-16384 pae-65536 64-65536; do
    target "CPU time outside fakexen, of the stock hooks', $guest" \
        "$(ratio $outside "$work/$guest-ours" "$work/$guest-stock")" 0.5
done
for guest in pae-16384 pae-65536 64-65536; do
    target "mappings, $guest" "$(median $mappings "$work/$guest-ours")" 3
    target "hypercalls, $guest" "$(median $calls "$work/$guest-ours")" \
        "$(median $calls "$work/$guest-stock")"
done
# A tenth more than four times, for what is not in step with the rest.
target "CPU time of 64 GiB, outside and inside, in times of 16 GiB's" \
    "$(awk -v large="$(whole "$work/pae-65536-ours")" \
        -v small="$(whole "$work/pae-16384-ours")" \
        'BEGIN { print large / small }')" 4.4
target 'seconds for a 64 GiB host and guest' \
    "$(awk -v ns=$((end - start)) 'BEGIN { print ns / 1e9 }')" 5
target 'MiB resident for them' \
    "$(awk -v kib="$(median $peak "$work/cold")" 'BEGIN { print kib / 1024 }')" \
    1024
target "MiB of the host's file that take room" $((blocks / 2048)) 1024
target 'nanoseconds for a plain hypercall on a host file' "$call" 2000
target "CPU time of verify of 64 GiB in times of the plainest loop over it" \
    "$(echo "$verify_ms" | awk '{ print $1 / $2 }')" 2
