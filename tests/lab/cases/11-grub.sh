#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# GRUB, which other people wrote, reaches its prompt by every way.
. "$(dirname "$0")/lib.sh"

before=$(free_pages)
n=0
for how in 'create' 'create --pin-order=root' 'xl create -q'; do
    for width in $widths; do
        eval "kernel=\$grub_$width"
        n=$((n + 1))
        # shellcheck disable=SC2154 # set by eval
        guest_config "grub$n" "$kernel" >"/tmp/grub$n.cfg"
        # shellcheck disable=SC2086 # $how is words
        ok "domwright $how: GRUB, $width bits" \
            domwright $how "/tmp/grub$n.cfg"
        ok 'it shows its prompt' wait_console "grub$n" '^grub> ' 60
        ok 'xl destroys it' xl destroy "grub$n"
    done
done
# What vCPU 0 starts with, by the stock builder and by ours. GRUB says in its
# last note, in which its file ends, that it takes an L3 above 4 GiB.
facts() {
    domwright info "$1" | grep -E '^(type|vcpus|max_vcpus|extended_cr3) '
}

for width in $widths; do
    eval "kernel=\$grub_$width"
    guest_config "stock$width" "$kernel" >/tmp/stock.cfg
    guest_config "ours$width" "$kernel" >/tmp/ours.cfg
    ok "stock xl: GRUB, $width bits, paused" xl create -q -p /tmp/stock.cfg
    ok 'and ours' domwright create -p /tmp/ours.cfg
    is "$(facts "ours$width")" "$(facts "stock$width")" 'they are alike'
    xl destroy "stock$width"
    domwright destroy "ours$width"
done
ok 'no page of them is left' wait_free_pages "$before" 20
done_testing
