#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Modules and memory out of the ordinary: what the guest finds is what it was
# given.
. "$(dirname "$0")/lib.sh"

# The CRC-32 of a file, as gzip leaves it in its last 8 bytes.
crc32() {
    gzip -c <"$1" | tail -c 8 | od -An -tx4 -N4 | tr -d ' '
}

# zeros BYTES
zeros() {
    dd if=/dev/zero bs="$1" count=1 2>/dev/null
}

# 3 MiB and a bit, in whole pages: a guest that takes its module unmapped is
# told of pages, not bytes. Behind what it unpacks libxenguest leaves 16 bytes.
seq 1 600000 | dd of=/tmp/module bs=4096 count=770 iflag=fullblock 2>/dev/null
gzip -c /tmp/module >/tmp/module.gz
plain=$(crc32 /tmp/module)
zeros 16 | cat /tmp/module - >/tmp/padded
mapped=$(crc32 /tmp/padded)
zeros 4096 | cat /tmp/module - >/tmp/padded
unmapped=$(crc32 /tmp/padded)

module() {
    name=hello-$1
    forget_console "$name"
    guest_config "$name" "/guests/$name" "ramdisk = \"/tmp/$2\"" \
        'cmdline = "mod"' >/tmp/mod.cfg
    ok "$name takes $2" domwright create /tmp/mod.cfg
    ok 'it ends' wait_console "$name" '^hello: done' 60
    like "$(console "$name")" "^mod_crc32=$3\$" 'its module is whole'
    domwright destroy "$name"
}

for variant in $variants; do
    module "$variant" module "$plain"
done
module pae module.gz "$mapped"
module legacy module.gz "$mapped"
module 64 module.gz "$unmapped"

# Memory that is no multiple of a 2 MiB extent, and a lot of it.
for memory in 9 2049; do
    name=check-pae
    forget_console "$name"
    guest_config "$name" "/guests/$name" >/tmp/odd.cfg
    ok "$name has $memory MiB" domwright create /tmp/odd.cfg "memory=$memory"
    ok 'it ends' wait_console "$name" '^# check: done' 60
    is "$(console "$name" | grep -c '^not ok')" 0 'and finds all as promised'
    domwright destroy "$name"
done
done_testing
