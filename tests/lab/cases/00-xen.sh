#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The lab's Xen is what the other cases take for granted.
. "$(dirname "$0")/lib.sh"

info=$(xl info)
# shellcheck disable=SC2154 # set beside this
release=$(echo "$LAB_RELEASE" | sed 's/\./\\./')
like "$info" "xen_version *: $release\\." "Xen $LAB_RELEASE"
# What Debian leaves out is what "caps" says is not there.
answer() {
    # shellcheck disable=SC2015 # echo does not fail
    xen_has "$1" && echo yes || echo no
}
built=$([ "$LAB_XEN" = debian ] && echo no || echo yes)
is "$(answer pv32)" "$built" "32-bit PV guests: $built"
is "$(answer log_dirty)" "$built" "shadow paging: $built"
caps=$(domwright caps)
like "$caps" "^pv32 *: $built\$" 'domwright caps: the same'
like "$caps" "^pv_log_dirty *: $built\$" 'and of shadow paging'
ok 'dom0 is listed' sh -c 'xl list | grep -q "^Domain-0 "'
ok 'RAM above 4 GiB' sh -c \
    'xl dmesg | grep -E "\[0000000100000000, [0-9a-f]+\] \(usable\)"'
like "$(free_pages)" '^[1-9][0-9]{5,}$' 'free memory is counted in pages'

for width in $widths; do
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
