#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What create refuses on a host leaves nothing there.
. "$(dirname "$0")/lib.sh"
needs pv32

entries() {
    xenstore-ls -f
}

guest_config g "$grub_32" >/tmp/g.cfg
domwright create -p /tmp/g.cfg >/dev/null && domwright destroy g
sleep 1
before=$(entries)
pages=$(free_pages)

# refused STATUS LINE ARGUMENT...
refused() {
    want=$1 line=$2
    shift 2
    status "$want" "$line" domwright create /tmp/g.cfg "$@"
    is "$out" "domwright: $line" 'one line'
    is "$(xl list | wc -l)" 2 'no domain'
    is "$(entries)" "$before" 'no entry in xenstore'
    ok 'no page' wait_free_pages "$pages" 20
}

echo 'no kernel' >/tmp/text
head -c 5000 "$grub_32" >/tmp/cut
# bad ARGUMENT WHY: what is wrong is told with the argument and its key.
bad() {
    refused 3 "argument '$1': ${1%%=*}: $2" "$1"
}

bad 'kernel="/none"' '/none: No such file or directory'
bad 'kernel="/tmp/text"' '/tmp/text: not an ELF image, nor one packed in a way '\
'libxenguest knows'
bad 'kernel="/tmp/cut"' '/tmp/cut: a damaged or truncated ELF image'
bad 'kernel="/bin/busybox"' "/bin/busybox: an ELF image without Xen's notes: \
not a PV kernel"
bad memory=0 '0 MiB; a guest has 1 to 16777215'
bad vcpus=0 '0; a PV guest has 1 to 8192'
bad vcpus=8193 '8193; a PV guest has 1 to 8192'
refused 3 "argument 'vif=[\"\"]': vif: not supported; use "\
'"domwright xl create /tmp/g.cfg"' --native 'vif=[""]'

# Memory: more than there is, and just as much, which a build cannot get as
# the vCPUs take some. There the host is exhausted in mid-build.
free=$(domwright info | sed -n 's/^free_mib *: //p')
refused 4 "argument 'memory=65536': memory: the guest is to have 65536 MiB, the \
host has $free MiB free" memory=65536
status 4 'all of the free memory' \
    domwright create /tmp/g.cfg "memory=$free" vcpus=64
like "$out" '^domwright: populating the memory: .+: Cannot allocate memory$' \
    'it says so'
is "$(echo "$out" | wc -l)" 1 'one line'
is "$(xl list | wc -l)" 2 'no domain'
is "$(entries)" "$before" 'no entry in xenstore'
# Xen's own pools have grown by some pages for so many vCPUs.
ok 'its memory is free' wait_for 60 sh -c ". ./lib.sh
    [ \$(free_pages) -gt $((pages - 64)) ]"

done_testing
