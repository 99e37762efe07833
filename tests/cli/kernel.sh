#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Kernels and ramdisks that cannot be.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

config g.cfg

# bad FILE MESSAGE: the kernel is refused.
bad() {
    fails 3 "kernel $1: $2" create -n g.cfg "kernel='$1'"
}

bad none 'No such file or directory'
bad . 'not a regular file'
: >empty
bad empty 'the file is empty'
mkfifo pipe
bad pipe 'not a regular file'
if [ "$(id -u)" != 0 ]; then
    cp "$guests/hello-pae" closed
    chmod 0 closed
    bad closed 'Permission denied'
fi
fails 3 'g.cfg: kernel is missing' create -n g.cfg "kernel=''"

not_elf='not an ELF image, nor one packed in a way libxenguest knows'
echo 'this is no kernel' >text
bad text "$not_elf"
head -c 3 "$guests/hello-pae" >three-bytes
bad three-bytes "$not_elf"
gzip -c text >text.gz
bad text.gz "$not_elf"

truncated='a damaged or truncated ELF image'
for size in 4 20 51 60 200; do
    head -c "$size" "$guests/hello-pae" >"cut-$size"
    bad "cut-$size" "$truncated"
done
size=$(wc -c <"$guests/hello-pae")
head -c $((size / 2)) "$guests/hello-pae" >half
bad half "$truncated"

bad "$domwright" 'an ELF image without Xen'"'"'s notes: not a PV kernel'
bad "$kernels/no-notes" \
    'an ELF image without Xen'"'"'s notes: not a PV kernel'
bad "$kernels/pvh-only" 'a kernel for HVM and PVH guests only'
bad "$kernels/no-pae" 'a 32-bit kernel without PAE, which no 64-bit Xen runs'

# Sizes.
fails 3 "kernel $kernels/large: no room for the kernel: 65544 KiB needed, \
32768 KiB of memory left" create -n g.cfg "kernel='$kernels/large'"
works create -n g.cfg "kernel='$kernels/large'" memory=80
head -c 40000000 /dev/zero >ramdisk
run create -n g.cfg ramdisk=\"ramdisk\"
[ "$status" = 3 ] || wrong "a ramdisk larger than memory: status $status"
grep -q '^domwright: kernel .*: no room for the .*: 390[0-9][0-9] KiB needed' \
    err || wrong 'a ramdisk larger than memory'
works create -n g.cfg ramdisk=\"ramdisk\" memory=80
fails 3 'ramdisk none: No such file or directory' \
    create -n g.cfg ramdisk=\"none\"

# Compressed ones are as good as others.
for guest in hello-pae hello-legacy hello-64; do
    works create -n g.cfg "kernel='$guests/$guest'"
    cp out plain
    gzip -c "$guests/$guest" >"$guest.gz"
    works create -n g.cfg "kernel='$guest.gz'"
    cmp -s out plain || wrong "$guest.gz has another plan than $guest"
done

finish
