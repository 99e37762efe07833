#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# domwright create against stock xl create on an embedded host whose xenstore
# has 700 entries of domains that are gone: the same guest by each in turn. What
# they ask xenstore for, and how long they take, fakexen's own time included,
# which is most of it. Prints a table in Markdown, and which targets were
# reached and which were missed.
#
#   names-bench.sh [ROUNDS]     in the build directory
set -eu
rounds=${1:-5}
top=$PWD
fakexen=$top/src/hypervisor/fakexen/fakexen
FAKEXEN_LIBRARY=${FAKEXEN_LIBRARY:-$top/src/hypervisor/fakexen/.libs/fakexen.so}
export FAKEXEN_LIBRARY
xen=$(sed -n 's/^#define XEN_VERSION "\(.*\)"/\1/p' config.h)
xl=${XL:-/usr/lib/xen-$xen/bin/xl}
[ -x "$xl" ] || { echo "names-bench: no $xl; Debian has it in xen-utils-$xen"; exit; }
for folder in /run/xen /var/lib/xen; do
    [ -w $folder ] || { echo "names-bench: xl wants to write in $folder"; exit; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

on_host() {
    "$fakexen" --host host "$@"
}

# shellcheck disable=SC2016 # for the inner shell
"$fakexen" --host host --memory 1G sh -euc 'id=1000
    while [ $id -lt 1700 ]; do
        "$1" /local/domain/$id/name "gone$id"
        "$1" /local/domain/$id/domid $id
        id=$((id + 1))
    done' sh "$top/tests/fx/store_write"
printf 'name="guest"\nkernel="%s"\nmemory=64\n' "$top/tests/guests/hello-pae" \
    >guest.cfg

# build WHO [OPTION]...: makes the guest, and removes it again.
build() {
    who=$1
    shift
    case $who in
    ours) on_host "$@" "$top/src/builder/domwright" create -q -e guest.cfg ;;
    stock) on_host "$@" "$xl" create -q -e guest.cfg ;;
    esac
}

gone() {
    on_host "$top/src/builder/domwright" destroy guest
}

requests() {
    grep '"call":"xs_' trace | grep -cv '"call":"xs_\(open\|close\)"'
}

for who in ours stock; do
    build $who --trace trace
    eval "$who=$(requests)"
    gone
    : >"$who.ms"
done
i=0
while [ $i -lt "$rounds" ]; do
    for who in ours stock; do
        start=$(date +%s%N)
        build $who
        end=$(date +%s%N)
        gone
        echo $(((end - start) / 1000)) >>"$who.ms"
    done
    i=$((i + 1))
done

median() {
    sort -n "$1.ms" | awk '{ v[NR] = $1 } END {
        print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2000 }'
}

# target TEXT IS LIMIT
target() {
    awk -v text="$1" -v is="$2" -v limit="$3" 'BEGIN {
        printf "%s: %s, %.4g of at most %.4g\n",
            is + 0 <= limit + 0 ? "reached" : "missed", text, is, limit }'
}

# shellcheck disable=SC2154 # set by eval
cat <<END
700 entries without a domain in xenstore:

| create | requests to xenstore | ms, median |
|---|---|---|
| domwright | $ours | $(median ours) |
| stock xl | $stock | $(median stock) |

END
target 'requests for a create with one domain there' "$ours" 70
target "requests, of stock xl's" \
    "$(awk -v a="$ours" -v b="$stock" 'BEGIN { print a / b }')" 0.3333
target "time of a create, of stock xl's" \
    "$(awk -v a="$(median ours)" -v b="$(median stock)" 'BEGIN { print a / b }')" \
    0.3
