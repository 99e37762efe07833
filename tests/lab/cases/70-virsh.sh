#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirt's guests, built by our hooks in libvirtd and by the stock ones: what
# virsh says of them is the same.
. "$(dirname "$0")/libvirt.sh"

# It waits to be told something.
ready() {
    wait_console "$name" '^suspend: ready 0$' 60 >>"$transcript" 2>&1
}

is_off() {
    [ "$(vsh domstate "$name")" = 'shut off' ]
}

# A guest that answers to what a toolstack asks, from its birth to its end.
life() {
    said "define /tmp/v.xml; list --all; start $name"
    ready
    said "list; dominfo $name; domstate $name --reason; dumpxml $name"
    said "ttyconsole $name; vcpucount $name; schedinfo $name"
    said "suspend $name; domstate $name --reason; resume $name; domstate $name"
    # The host has one CPU, and libvirt lets no guest have more vCPUs.
    said "setmem $name 12M --live; setvcpus $name 1 --live; vcpucount $name"
    said "dommemstat $name; dumpxml $name --inactive"
    status 0 "$builder, $width bits: verify" domwright verify "$name"
    # Which it acknowledges, and no more.
    said "reboot $name; domstate $name"
    said "shutdown $name"
    wait_for 60 is_off || echo 'it goes on' >>"$transcript"
    said "domstate $name --reason; undefine $name; list --all"
    # Where assists cannot be declared ours keeps the L3 below 4 GiB all the same.
    console "$name" | sed 's/root_mfn=[^ ]* above_4g=[^ ]*//' >>"$transcript"
}

version=$(domwright --version)
before=$(free_pages)
for builder in ours stock; do
    : >"$libxl_log"
    ok "libvirtd, $builder" libvirtd_start $builder debug
    status "$([ $builder = ours ] && echo 0 || echo 1)" 'hooks --status' \
        domwright hooks --status libvirtd
    for width in 32 64; do
        transcript=/tmp/$builder-$width name=v$width
        forget_console "$name"
        domain "$name" "$(arch_of $width)" \
            "/guests/suspend-$([ $width = 32 ] && echo pae || echo 64)" 16 \
            >/tmp/v.xml
        life
        is "$(grep -oE "domwright [0-9.]+: domain [0-9]+, $width-bit\$" \
            "$libxl_log" | sed 's/domain [0-9]*/domain N/')" \
            "$([ $builder = stock ] || echo "$version: domain N, $width-bit")" \
            'whether ours has built it is in the log, once'
    done
    transcript=/tmp/$builder-grub
    forget_console grub
    domain grub x86_64 "$grub_64" >/tmp/v.xml
    said 'create /tmp/v.xml'
    ok 'virsh create: GRUB' wait_console grub '^grub> ' 60
    like "$(typed grub ls '^grub> ls')" "^Connected to domain 'grub'\$" \
        'virsh console'
    ok 'what was typed is answered' console_has grub '^grub> ls'
    said 'list; dominfo grub; destroy grub; list --all'
    ok 'libvirtd ends' libvirtd_stop
done
for what in 32 64 grub; do
    said_alike "$what"
done
ok 'no page of them is left' wait_for 20 pages_are_back
is "$(find /var/lib/xen -name 'userdata-?.[1-9]*')" '' 'nor a file'
done_testing
