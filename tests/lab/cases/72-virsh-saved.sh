#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirt's guests that are saved, restored, kept and born again, by our hooks in
# libvirtd and by the stock ones: what virsh says of them is the same.
# alone: patched
. "$(dirname "$0")/libvirt.sh"

# ready ROUND: it waits to be told something.
ready() {
    wait_console "$name" "^suspend: ready $1\$" 60 >>"$transcript" 2>&1
}

# Another domain than $first has GRUB's name, and has come as far.
is_anew() {
    [ "$(vsh domid grub)" != "$first" ] &&
        [ "$(console grub | grep -c 'GNU GRUB')" = 2 ]
}

life() {
    said "define /tmp/v.xml; start $name"
    ready 0
    # The kernel gives none back, and its pages have to fit where it is restored.
    said "setmem $name 12M --live; dommemstat $name; setmem $name 16M --live"
    said "save $name /tmp/v.saved; list --all; restore /tmp/v.saved"
    ready 1
    said "domstate $name --reason; managedsave $name"
    said "list --all --managed-save; start $name"
    ready 2
    status 0 "$builder, $width bits: verify" domwright verify "$name"
    said "list --all --managed-save; destroy $name; undefine $name"
    console "$name" | sed 's/root_mfn=[^ ]* above_4g=[^ ]*//' >>"$transcript"
}

before=$(free_pages)
for builder in ours stock; do
    ok "libvirtd, $builder" libvirtd_start $builder
    for width in 32 64; do
        transcript=/tmp/$builder-$width name=v$width
        forget_console "$name"
        domain "$name" "$(arch_of $width)" \
            "/guests/suspend-$([ $width = 32 ] && echo pae || echo 64)" 16 \
            >/tmp/v.xml
        life
    done
    transcript=/tmp/$builder-grub
    forget_console grub
    domain grub i686 "$grub_32" >/tmp/v.xml
    said 'create /tmp/v.xml'
    ok 'GRUB' wait_console grub '^grub> ' 60
    first=$(vsh domid grub)
    ok 'it reboots by itself' /lab/guest_ends "$first" 1
    ok 'and is there anew' wait_for 60 is_anew
    status 0 "$builder: verify" domwright verify grub
    said 'destroy grub; list --all'
    ok 'libvirtd ends' libvirtd_stop
done
for what in 32 64 grub; do
    said_alike "$what"
done
ok 'no page of them is left' wait_for 20 pages_are_back
is "$(find /var/lib/xen -name 'userdata-?.[1-9]*'
    find /var/lib/libvirt/libxl -type f)" '' 'nor a file'
done_testing
