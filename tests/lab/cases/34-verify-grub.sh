#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# verify and inspect on GRUB, by either builder, before it runs and when it does.
# Then it tells of no P2M: its pages are looked for among all that the host has.
. "$(dirname "$0")/verify.sh"

# grub NAME KERNEL COMMAND...
grub() {
    name=$1
    guest_config "$1" "$2" >/tmp/grub.cfg
    shift 2
    "$@" -p /tmp/grub.cfg
    is_clean "$name" "$name, has not run"
    is "$(p2m "$name")" '"start_info"' 'where its P2M is'
    is_seen "$name"
    like "$out" ' 4 KiB  boot stack, PFN 0x' 'what its builder has laid out'
}

# is_seen NAME: its root, and all of its memory.
is_seen() {
    status 0 "inspect $1" domwright inspect "$1"
    like "$out" "^root  *L[34] at frame $(field "$1" root_mfn), " 'its root'
    like "$out" '^frames  *32768, ' 'its frames'
    like "$out" '^ *L1  *[0-9]+ .* read-only$' 'its tables, and nothing odd'
}

# runs NAME
runs() {
    ok "$1 is unpaused" domwright unpause "$1"
    ok 'it shows its prompt' wait_console "$1" '^grub> ' 60
    is_clean "$1" "$1, runs"
    is "$(p2m "$1")" null 'its P2M is not known'
    is_seen "$1"
    like "$out" ' has run$' 'it has'
    like "$out" ' 4 KiB  shared info$' 'what it has mapped itself'
}

needs pv32
# shellcheck disable=SC2154 # lib.sh's
grub grub32 "$grub_32" domwright create
grub grub64 "$grub_64" xl create -q
status 0 'verify --all' domwright verify --all
is "$out" 'grub32: 0 findings
grub64: 0 findings' 'has both'
runs grub32
runs grub64
domwright destroy grub32 grub64
status 1 'domain 0' domwright verify 0
done_testing
