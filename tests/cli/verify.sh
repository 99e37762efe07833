#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What verify says of guests that are all right, whoever built them, and of
# guests with a fault each. Faults that Xen lets nobody make are test_inspect's.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/domwright
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
needs_embedded

pv_build=$top/tests/portrait/pv-build plant=$top/tests/fx/plant

on_host() {
    "$fakexen" --host machine "$@"
}

# A host of its own: new_host LEVEL.
new_host() {
    level=$1
    rm -f machine
    on_host --memory 5G --level "$level" true
    DOMWRIGHT_HOST=$work/machine
    export DOMWRIGHT_HOST
}

state() {
    on_host --status | sed /^hypercalls/d
}

# is_clean DOMAIN NAME
is_clean() {
    works verify "$1"
    prints "^$2: 0 findings\$"
    [ "$(grep -c . out)" = 1 ] || wrong "verify $1: more than a line"
}

# ---- nothing is wrong ----
for level in stock patched; do
    new_host "$level"
    for kernel in "$guests"/hello-pae "$guests"/hello-64 "$guests"/hello-legacy \
        /usr/lib/grub-xen/grub-i386-xen.bin \
        /usr/lib/grub-xen/grub-x86_64-xen.bin \
        "$cache"/dom0-*/root/boot/vmlinuz-*; do # the lab's, if it has one
        [ -f "$kernel" ] || continue
        case $kernel in
        */vmlinuz*) memory=192 ;;
        *) memory=48 ;;
        esac
        config guest.cfg "kernel = \"$kernel\"" "memory = $memory"
        works create -ep guest.cfg
        state >before
        is_clean guest guest
        state >after
        cmp -s before after || wrong "verify has changed the host"
        works destroy guest
        for hooks in ours stock; do
            id=$(on_host "$pv_build" -m $memory -h 4 -v 2 $hooks "$kernel") ||
                wrong "pv-build $hooks"
            is_clean "$id" "domain $id"
            on_host "$pv_build" -d "$id" || wrong 'pv-build -d'
        done
    done
done

# ---- a fault each ----

# guest KERNEL: a new one, whose ID is in $id
guest() {
    "$domwright" destroy guest 2>/dev/null
    config guest.cfg "kernel = \"$guests/hello-$1\"" 'memory = 16'
    works create -ep guest.cfg
    id=$("$domwright" domid guest)
}

# finds KIND ERE [LINES]: verify tells of a fault of that kind, and of no other.
finds() {
    run verify guest
    [ "$status" = 1 ] || wrong "$1: it ended with status $status"
    prints "^guest: $1: $2\$"
    [ "$(grep -c . out)" = "${3:-1}" ] || wrong "$1: not that alone"
    [ "$(cut -d: -f2 out | sort -u)" = " $1" ] || wrong "$1: other kinds"
    found=${3:-1}
    [ "$found" = 1 ] && plural='' || plural=s
    [ "$(cat err)" = "domwright: guest: $found finding$plural" ] ||
        wrong "$1: the count"
    run verify --json guest
    [ "$status" = 1 ] || wrong "$1: --json ended with status $status"
    prints "^    \"findings\": $found,\$"
    prints "\"kind\": \"$1\""
}

planted() {
    on_host "$plant" "$@" >out 2>err || wrong "plant $*"
}

hex='0x[0-9a-f]+'
for level in stock patched; do
    new_host "$level"
    [ "$level" = stock ] && variants="pae 64" || variants="pae 64 legacy"
    for kernel in $variants; do
        case $kernel in
        64) root=4 linear=4 ;;
        *) root=3 linear=2 ;;
        esac
        guest "$kernel"
        planted "$id" unpinned-root
        finds unpinned-root "L$root table $hex is loaded by a vCPU and not pinned"
        guest "$kernel"
        planted "$id" pin-below-root
        finds pin-below-root "L1 table $hex is pinned and no root"
        guest "$kernel"
        planted "$id" absent-address
        finds absent-address \
            "L1 table $hex, entry [0-9]+ is not present but has an address \\(0x1234000\\)"
        guest "$kernel"
        planted "$id" linear-table
        finds linear-table \
            "L$linear table ($hex), entry [0-9]+ leads to a table of the same level: frame \\1, L$linear \\(.*65\\)"
        guest "$kernel"
        planted "$id" p2m-twice
        finds p2m-m2p "frame $hex is at PFN 0x11 in the P2M, and at 0x12 in the M2P" 2
        run verify guest
        prints "^guest: p2m-m2p: frame $hex is not in the P2M, and at 0x11 in the M2P\$"
        guest "$kernel"
        planted "$id" p2m-hole
        finds p2m-m2p "frame $hex is not in the P2M, and at 0x11 in the M2P"
        guest "$kernel"
        other=$id
        "$domwright" rename guest other
        guest "$kernel"
        planted "$id" foreign-frame "$other"
        finds foreign-frame \
            "L1 table $hex, entry [0-9]+ has a frame that is not the domain's: frame $hex \\($hex\\)"
        works verify other
        works destroy other
        guest "$kernel"
        on_host "$top/tests/cli/toolstack" write \
            "/local/domain/$id/store/ring-ref" 7
        finds special-page "xenstore page, frame 0x7 is no data page of the domain's"
        guest "$kernel"
        planted "$id" start-info-console
        finds special-page \
            "start_info's console page, frame $hex is no data page of the domain's"
    done
done

# Xen without the patches takes such a root from tools.
new_host stock
id=$(on_host "$pv_build" -m 16 stock "$guests/hello-pae")
planted "$id" l3-above-4g
run verify "$id"
[ "$status" = 1 ] || wrong 'l3-above-4g'
prints "^domain $id: l3-above-4g: L3 table 0x[1-9a-f][0-9a-f]{5} lies above 4 GiB without pae_extended_cr3\$"
[ "$(grep -c . out)" = 1 ] || wrong 'l3-above-4g: not that alone'
# Without a vCPU nobody knows of its assists.
planted "$id" no-vcpu
is_clean "$id" "domain $id"

# ---- one that is dying, whose tables are gone ----
new_host patched
guest 64
dying=$id
frame=$(on_host "$top/tests/cli/toolstack" read \
    "/local/domain/$id/store/ring-ref")
mkfifo hold
# shellcheck disable=SC2094 # hold and held are two
on_host "$top/tests/cli/toolstack" hold "$id" "$frame" <hold >held &
exec 9>hold
until grep -q held held; do
    sleep .02
done
works destroy guest
fails 1 "domain $dying is dying" verify "$dying"
guest 64
works verify --all
prints '^guest: 0 findings$'
! grep -q "^domain $dying" out || wrong 'one that is dying is verified'
exec 9>&-
wait

# ---- what is no fault ----
rm -f machine
fails 1 'domain 0 cannot be verified: it maps others'"'"' frames' verify 0
fails 1 'no domain is named nobody' verify nobody
works verify --all
[ ! -s out ] || wrong 'there is no guest'
works verify --all --json
[ "$(cat out)" = '[]' ] || wrong 'there is no guest'
on_host "$top/tests/cli/toolstack" create >out
is_clean "$(cat out)" "domain $(cat out)"
finish
