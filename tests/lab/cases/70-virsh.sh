#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirt's guests, built by our hooks in libvirtd and by the stock ones.
. "$(dirname "$0")/libvirt.sh"

before=$(free_pages)
for builder in ours stock; do
    ok "libvirtd, $builder" libvirtd_start $builder
    status "$([ $builder = ours ] && echo 0 || echo 1)" 'hooks --status' \
        domwright hooks --status libvirtd
    for width in 32 64; do
        eval "kernel=\$grub_$width"
        forget_console "v$width"
        # shellcheck disable=SC2154 # set by eval
        domain "v$width" "$(arch_of $width)" "$kernel" >/tmp/v.xml
        ok "virsh create: GRUB, $width bits" vsh create /tmp/v.xml
        ok 'it shows its prompt' wait_console "v$width" '^grub> ' 60
        ok 'virsh destroy' vsh destroy "v$width"
    done
    ok 'libvirtd ends' libvirtd_stop
done
ok 'no page of them is left' wait_free_pages "$before" 20
done_testing
