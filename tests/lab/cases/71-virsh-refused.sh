#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What libvirt or the builder refuses, by our hooks and by the stock ones: the
# same from virsh, the reason in libxl's log, and nothing is left.
# alone: patched
. "$(dirname "$0")/libvirt.sh"

head -c 8192 "$grub_32" >/tmp/cut
echo 'no kernel at all' >/tmp/text
long=$(head -c 1200 /dev/zero | tr '\0' x)
good() {
    domain bad i686 "$grub_32" "$@"
}

# refused NAME [ERE]: virsh refuses /tmp/bad.xml with status 1 and two lines;
# with our hooks, ERE is among what libxl logs, as an error that names no file.
refused() {
    : >"$libxl_log"
    status 1 "$builder: $1" vsh create /tmp/bad.xml
    {
        echo "## $1"
        echo "$out" | sed "s/'[0-9a-f-]\{36\}'/UUID/"
    } >>"/tmp/refused-$builder"
    [ -n "${2:-}" ] && [ "$builder" = ours ] || return 0
    like "$(cat "$libxl_log")" "xc: domwright: $2\$" 'and the log says why'
    is "$(grep -cE 'low memory|domwright.*\.c:|panic' "$libxl_log")" 0 \
        'with nothing else in its place'
}

all_of_them() {
    good | sed "s,$grub_32,/nowhere," >/tmp/bad.xml
    refused 'no kernel'
    good | sed "s,$grub_32,/tmp/text," >/tmp/bad.xml
    refused 'a text'
    good | sed "s,$grub_32,/tmp/cut," >/tmp/bad.xml
    refused 'half a kernel'
    good | sed "s,$grub_32,/tmp," >/tmp/bad.xml
    refused 'a folder'
    good | sed 's,</kernel>,&<initrd>/nowhere</initrd>,' >/tmp/bad.xml
    refused 'no ramdisk'
    good 4 >/tmp/bad.xml
    refused '4 MiB' 'plan: needs memory=8: the kernel does not fit in 4 MiB'
    good 7 >/tmp/bad.xml
    refused '7 MiB' 'plan: needs memory=8: the kernel does not fit in 7 MiB'
    good 20000 >/tmp/bad.xml
    refused 'more than there is' \
        'populate: the host has no memory left for [0-9]+ of 5120000 pages'
    good 128 "<disk type='file' device='disk'><source file='/nowhere'/>" \
        "<target dev='xvda' bus='xen'/></disk>" >/tmp/bad.xml
    refused 'no disk'
    good | sed 's,>destroy<,>reboot<,' >/tmp/bad.xml
    refused 'an unknown action'
    good | sed "s,'xen',kvm," >/tmp/bad.xml
    refused 'XML that is none'
    good | sed "s,'xen',kvm,; s,kvm,'kvm'," >/tmp/bad.xml
    refused 'no Xen domain'
    good | sed 's,</domain>,,' >/tmp/bad.xml
    refused 'XML with no end'
    good | sed 's,<name>.*,,' >/tmp/bad.xml
    refused 'no name'
    good | sed 's,<vcpu.*,<vcpu>9000</vcpu>,' >/tmp/bad.xml
    refused 'more vCPUs than Xen has'
    # Cut at 1023 bytes by the one, refused by the other.
    [ "$builder" = ours ] || return 0
    good | sed "s,</kernel>,&<cmdline>$long</cmdline>," >/tmp/bad.xml
    refused 'a long command line' \
        'plan: the command line .* has 1200 bytes; Xen passes on 1023 at most'
    sed -i '/^## a long/,$d' /tmp/refused-ours
}

before=$(free_pages)
for builder in ours stock; do
    ok "libvirtd, $builder" libvirtd_start $builder
    all_of_them
    is "$(xl list | awk 'NR > 1 && $2' | wc -l)" 0 'there is no domain'
    is "$(vsh list --all | grep -v ' Domain-0 ')" '' 'libvirt has none either'
    ok 'nor a page' wait_for 20 pages_are_back
    ok 'libvirtd ends' libvirtd_stop
done
is "$(cat /tmp/refused-ours)" "$(cat /tmp/refused-stock)" \
    'virsh says the same with either'
done_testing
