#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The lab's Xen is what the other cases take for granted.
. "$(dirname "$0")/lib.sh"

info=$(xl info)
like "$info" 'xen_caps.* xen-3.0-x86_32p' 'Xen runs 32-bit PV guests'
like "$info" 'xen_version *: 4\.17' 'Xen 4.17'
ok 'dom0 is listed' sh -c 'xl list | grep -q "^Domain-0 "'
ok 'RAM above 4 GiB' sh -c \
    'xl dmesg | grep -E "\[0000000100000000, [0-9a-f]+\] \(usable\)"'
like "$(free_pages)" '^[1-9][0-9]{5,}$' 'free memory is counted in pages'

for width in 32 64; do
    eval "kernel=\$grub_$width"
    # shellcheck disable=SC2154 # set by eval
    guest_config "xl$width" "$kernel" >"/tmp/xl$width.cfg"
    before=$(free_pages)
    ok "xl creates GRUB, $width bits" xl create -q "/tmp/xl$width.cfg"
    ok "GRUB, $width bits, shows its prompt" \
        wait_console "xl$width" '^grub> ' 60
    ok "xl destroys GRUB, $width bits" xl destroy "xl$width"
    ok "no page of it is left" wait_free_pages "$before" 20
done

done_testing
