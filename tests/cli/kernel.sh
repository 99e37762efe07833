#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Kernels and ramdisks that cannot be.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

config g.cfg

# bad FILE MESSAGE: the kernel is refused.
bad() {
    config k.cfg "kernel = '$1'"
    fails 3 "k.cfg:4: kernel: $1: $2" create -n k.cfg
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

# Which packing it is, and whether all of it is there.
for packing in 'bzip2 BZh9' 'xz \375\067zXZ\000' 'lzma \135\000\000\200' \
    'lzo \211LZO' 'lz4 \002\041\114\030' 'zstd \050\265\057\375'; do
    printf '%bmore' "$(printf %s "${packing#* }" | sed 's/\\/\\0/g')" >packed
    run create -n g.cfg "kernel='packed'"
    grep -qE "packed with ${packing%% *}: outside of a bzImage only gzip is \
unpacked; [a-z0-9]+( -d)? it\$" err || wrong "packed with ${packing%% *}"
    [ "$status" = 3 ] || wrong "${packing%% *}: status $status"
done
gzip -c "$guests/hello-pae" >hello.gz
size=$(wc -c <hello.gz)
for part in 10 100 $((size / 2)) $((size - 9)); do
    head -c "$part" hello.gz >cut.gz
    bad cut.gz 'truncated gzip data'
done

# bzimage PAYLOAD LENGTH: a header of Linux' boot protocol, version 2.08, that
# speaks of LENGTH bytes.
bzimage() {
    {
        head -c 497 /dev/zero
        printf '\001' # one sector of setup follows the first
        head -c 12 /dev/zero
        printf '\125\252\353\146HdrS\010\002'
        head -c 64 /dev/zero
        printf '\000\000\000\000'
        printf '%b' "$(printf '\\0%03o\\0%03o' $(($2 % 256)) $(($2 / 256)))"
        head -c 434 /dev/zero
        cat "$1"
    } >bzimage
}
bzimage hello.gz "$size"
works create -n g.cfg "kernel='bzimage'"
bzimage hello.gz $((size + 1))
bad bzimage "a truncated bzImage: its payload has $((size + 1)) bytes, $size \
of which are there"
bzimage cut.gz $((size - 9))
bad bzimage 'a bzImage: truncated gzip data'
bzimage text "$(wc -c <text)"
bad bzimage 'a bzImage packed in a way that libxenguest does not know'

truncated='a damaged or truncated ELF image'
for size in 4 20 51 60 200; do
    head -c "$size" "$guests/hello-pae" >"cut-$size"
    bad "cut-$size" "$truncated"
done
size=$(wc -c <"$guests/hello-pae")
head -c $((size / 2)) "$guests/hello-pae" >half
bad half "$truncated"

# Without section headers there are the segments alone to tell; e_shoff is at
# byte 32 of an ELF32 header, e_shnum and e_shstrndx at 48.
cp "$guests/hello-pae" stripped
for at in 32 48; do
    head -c 4 /dev/zero | dd of=stripped bs=1 seek=$at conv=notrunc status=none
done
works create -n g.cfg "kernel='stripped'"
for part in 4096 16000; do
    head -c "$part" stripped >half
    bad half "$truncated"
done

bad "$domwright" 'an ELF image without Xen'"'"'s notes: not a PV kernel'
bad "$kernels/no-notes" \
    'an ELF image without Xen'"'"'s notes: not a PV kernel'
bad "$kernels/pvh-only" 'a kernel for HVM and PVH guests only'
bad "$kernels/no-pae" 'a 32-bit kernel without PAE, which no 64-bit Xen runs'

# Sizes.
fails 3 "g.cfg:3: memory: needs memory=68: the kernel does not fit in 32 MiB" \
    create -n g.cfg "kernel='$kernels/large'"
works create -n g.cfg "kernel='$kernels/large'" memory=68
run create -n g.cfg "kernel='$kernels/large'" memory=67
[ "$status" = 3 ] || wrong 'less than the least memory is enough'
head -c 40000000 /dev/zero >ramdisk
run create -n g.cfg ramdisk=\"ramdisk\"
[ "$status" = 3 ] || wrong "a ramdisk larger than memory: status $status"
least=$(sed -n 's/^.*:3: memory: needs memory=\([0-9]*\): the kernel and the '\
'ramdisk ramdisk (39062 KiB, as it is) do not fit in 32 MiB$/\1/p' err)
works create -n g.cfg ramdisk=\"ramdisk\" memory="${least:-0}"
run create -n g.cfg ramdisk=\"ramdisk\" memory=$((least - 1))
[ "$status" = 3 ] || wrong 'less than the least memory is enough for the ramdisk'
fails 3 "argument 'ramdisk=\"none\"': ramdisk: none: No such file or directory" \
    create -n g.cfg ramdisk=\"none\"

# What no guest of its kind can have.
for guest in hello-pae hello-legacy; do
    works create -n g.cfg "kernel='$guests/$guest'" memory=169984
    for mib in 169985 200000 3145728 4194304 16777215; do
        fails 3 "argument 'memory=$mib': memory: a 32-bit guest of $mib \
MiB; Xen gives it machine frames below 169984 MiB only" \
            create -n g.cfg "kernel='$guests/$guest'" memory=$mib
    done
done
works create -n g.cfg "kernel='$guests/hello-64'" memory=16777215
for mib in 16777216 16777217 4294967295 4294967296; do
    fails 3 "argument 'memory=$mib': memory: $mib MiB; a guest has 1 to \
16777215" create -n g.cfg "kernel='$guests/hello-64'" memory=$mib
done

# Compressed ones are as good as others.
for guest in hello-pae hello-legacy hello-64; do
    works create -n g.cfg "kernel='$guests/$guest'"
    cp out plain
    gzip -c "$guests/$guest" >"$guest.gz"
    works create -n g.cfg "kernel='$guest.gz'"
    cmp -s out plain || wrong "$guest.gz has another plan than $guest"
done

finish
