#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Kernels and ramdisks that other people have: read as libxenguest reads them,
# refused in the plan where they cannot be built, and for their own reason.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

needs_embedded
FAKEXEN_LIBRARY=$top/src/hypervisor/fakexen/.libs/fakexen.so
export FAKEXEN_LIBRARY
portrait=$top/tests/portrait

# Notes by number, xen/elfnote.h.
entry=note=1 hypercall=note=2 base=note=3 version=note=5 os=note=6
loader=note=8 pae=note=9 features=note=10 init_p2m=note=15
mod_start=note=16 phys32=note=18
common="$os:t $version:xen-3.0 $loader:generic"
kernel32="$common $base#0xC0000000/4 $pae:yes"
kernel64="$common $base#0xffffffff80000000/8"
string='guest=LOADER=generic guest=XEN_VER=xen-3.0'

# make NAME WORD...: on fakexen, as any kernel is.
make() {
    "$top/tests/kernels/make-kernel" "$@" || exit 99
}

# on_host COMMAND...: with memory above 4 GiB.
on_host() {
    "$top/src/hypervisor/fakexen/fakexen" --memory 6G "$@"
}

# drawn HOOKS KERNEL [OPTION]...: the portrait of what they build, HOOKS.txt.
drawn() {
    drawn_by=$1 drawn_kernel=$2
    shift 2
    # shellcheck disable=SC2016 # the inner shell's
    on_host sh -c 'p=$1 hooks=$2 kernel=$3; shift 3
        id=$("$p/pv-build" "$@" "$hooks" "$kernel") && "$p/portrait" "$id"' \
        sh "$portrait" "$drawn_by" "$drawn_kernel" -m 32 "$@" \
        >"$drawn_by.txt" 2>err
}

# same NAME [OPTION]...: both builders make the same domain of it.
same() {
    checks=$((checks + 1))
    : >out
    drawn stock "$@" || wrong "stock does not build $1"
    drawn ours "$@" || wrong "ours does not build $1"
    cmp -s stock.txt ours.txt || {
        diff stock.txt ours.txt >out
        wrong "$1 becomes another domain"
    }
}

# planned NAME: the command takes it.
planned() {
    config k.cfg "kernel=\"$1\""
    works create -n k.cfg
}

# refused NAME LINE: by the plan, by the command, and by the plugin before there
# is a page.
refused() {
    config k.cfg "kernel=\"$1\""
    fails 3 "k.cfg:4: kernel: $1: $2" create -n k.cfg
    fails 3 "k.cfg:4: kernel: $1: $2" --host host create -p k.cfg
}
refused_by_hooks() {
    refused "$@"
    checks=$((checks + 1))
    : >out
    on_host --trace trace "$portrait/pv-build" -m 32 ours "$1" >out 2>err &&
        wrong "the hooks build $1"
    grep -qF "$2" err || wrong "the hooks do not say of $1: $2"
    ! grep -q populate_physmap trace || wrong "$1 got memory"
}

# ---- read as libxenguest reads them ----

# shellcheck disable=SC2086 # words
{
    make ok32 32 0xC0000000 $kernel32
    make ok64 64 0xffffffff80000000 $kernel64 $init_p2m#0x8000000000/8 \
        $mod_start#1/4
    make string 32 0xC0000000 paddr=0xC0100000 $string \
        guest=VIRT_BASE=0xC0000000 'guest=PAE=yes[extended-cr3]'
    # 9front's linker gives no section a type.
    make typeless 32 0xC0000000 paddr=0xC0100000 $string names-type=0 \
        guest=VIRT_BASE=0xC0000000 'guest=PAE=yes[extended-cr3]'
    make owner 64 0xffffffff80000000 $kernel64 \
        "note=8|15#0x8000000000/8" $mod_start#1/4
    make version 32 0xC0000000 $kernel32 version=0
    make stack 32 0xC0000000 $kernel32 extra=0x6474e551,0x7000000,4096,4096
    make null 32 0xC0000000 $kernel32 extra=0,0x7000000,4096,4096
    make long-notes 32 0xC0000000 $kernel32 notes-more=0x7000000
    make big-endian 32 0xC0000000 byte-order=2 $kernel32
    # Where libxenguest stops, so do we: extended CR3 is behind that.
    make stops 32 0xC0000000 paddr=0xC0100000 $string \
        guest=VIRT_BASE=0xC0000000 guest=PAE=yes 'guest=FEATURES=!frobnicate' \
        'guest=PAE=yes[extended-cr3]'
}
for name in ok32 ok64 string typeless owner version stack null long-notes \
    big-endian stops; do
    planned "$name"
    same "$name"
done
drawn ours typeless
checks=$((checks + 1))
grep -q 'vm_assist 0x8' ours.txt || wrong 'extended CR3 is lost without types'
drawn ours stops
checks=$((checks + 1))
! grep -q vm_assist ours.txt || wrong 'extended CR3 is declared behind the stop'

# ---- plans that cannot be built ----

outside='lies outside of its memory, 0xc0000000 to 0xc2000000'
# shellcheck disable=SC2086 # words
{
    make translated 32 0xC0000000 $kernel32 \
        "$features:!auto_translated_physmap"
    make page 32 0xC0000000 $kernel32 $hypercall#0xC0101000/4
    make page-above 32 0xC0000000 $kernel32 $hypercall#0xC9000000/4
    make page-below 32 0xC0000000 $kernel32 $hypercall#0xBFFFF000/4
    make page-zero 32 0xC0000000 $kernel32 $hypercall#0/4
    make page-last 32 0xC0000000 $kernel32 $hypercall#0xC1FFF123/4
    make page-end 32 0xC0000000 $kernel32 $hypercall#0xC2000000/4
    make page-p2m 32 0xC0000000 $kernel32 $hypercall#0xC0103000/4
    make page-number 32 0xC0000000 paddr=0xC0100000 $string guest=PAE=yes \
        guest=HYPERCALL_PAGE=0x101 guest=VIRT_BASE=0xC0000000
    make page-address 32 0xC0000000 paddr=0xC0100000 $string guest=PAE=yes \
        guest=HYPERCALL_PAGE=0xC0101000 guest=VIRT_BASE=0xC0000000
}
refused_by_hooks translated \
    'it wants to be auto-translated, which Xen no longer does'
for name in page page-last page-number; do
    planned "$name"
    same "$name"
done
refused_by_hooks page-above "its HYPERCALL_PAGE, 0xc9000000, $outside"
refused_by_hooks page-below "its HYPERCALL_PAGE, 0xbffff000, $outside"
refused_by_hooks page-zero "its HYPERCALL_PAGE, 0, $outside"
refused_by_hooks page-end "its HYPERCALL_PAGE, 0xc2000000, $outside"
refused_by_hooks page-p2m "its HYPERCALL_PAGE, 0xc0103000, lies on the P2M list \
that the guest starts with"
refused_by_hooks page-address "its HYPERCALL_PAGE, 0xc01c1000000, $outside; in \
__xen_guest it is a page number, counted from VIRT_BASE"

# ---- the reason for a refusal ----

# shellcheck disable=SC2086 # words
{
    make pvh-linux 32 0xC0000000 $os:linux $version:xen-3.0 $pae:yes \
        $base#0xC0000000/4 $phys32#0x100000/4 entry=0x100000
    make pvh 64 0 $os:t $version:xen-3.0 $phys32#0x100000/4
    make nobody 32 0xC0000000 $os:t $version:xen-3.0 $base#0xC0000000/4 $pae:yes
    make xen-4 32 0xC0000000 $common $version:xen-4.0 $base#0xC0000000/4 $pae:yes
    make no-version 32 0xC0000000 $loader:generic $base#0xC0000000/4 $pae:yes
    make reactos 32 0xC0000000 guest=LOADER=generic guest=XEN_VER=3.0 \
        guest=VIRT_BASE=0xC0000000 guest=PAE=yes
    make mach 64 0xffffffff7ff00000 paddr=0xffffffff80000000 $string \
        guest=VIRT_BASE=0x40000000 guest=ELF_PADDR_OFFSET=0x40000000
    make mach-none 32 0xC0000000 paddr=0xC0100000 $string guest=PAE=yes
    make mach-octal 32 0xC0000000 paddr=0xC0100000 $string guest=PAE=yes \
        guest=VIRT_BASE=C0000000
    make below 32 0xC0000000 $kernel32 note=4#0x200000/4 entry=0xBFF00000
    make baseless 64 0xffffffff80000000 $common
    make entry 32 0xC0000000 $kernel32 $entry#0xC0104000/4
    make string-entry 32 0xC0000000 paddr=0xC0100000 $string guest=PAE=yes \
        guest=VIRT_BASE=0xC0000000 guest=VIRT_ENTRY=0xC0104000
    make offset 32 0xC0000000 $common $pae:yes note=4#0/4
    make p2m 64 0xffffffff80000000 $kernel64 $init_p2m#0xffffffff80101000/8
    make unknown 32 0xC0000000 $kernel32 "$features:!mmu_pt_update_preserve_ad"
    make dom0 32 0xC0000000 $kernel32 "$features:!dom0"
    make arm 64 0xffffffff80000000 machine=183 $kernel64
    make alien 64 0xffffffff80000000 machine=999
    make nothing 32 0xC0000000 $kernel32 flags=0
    make headers-cut 32 0xC0000000 $kernel32 cut=200
    make kernel-whole 32 0xC0000000 $kernel32 headless=1
    make kernel-cut 32 0xC0000000 $kernel32 headless=1 cut=1
    make note-cut 64 0 $common headless=1 size=0 note=7:never $pae:yes cut=4
    make number-cut 64 0 $common headless=1 size=0 note=12#1/8 cut=4
    make nowhere 32 0xC0000000 $kernel32 notes=nowhere
}
only='a kernel for HVM and PVH guests only'
linked='the kernel is linked at'
refused pvh-linux "$only; Linux has no 32-bit PV since 5.9"
refused pvh "$only"
refused nobody 'its LOADER is "" and its GUEST_OS "t"; one has to be "generic",'\
' or the other "linux"'
refused xen-4 'its XEN_VERSION is "xen-4.0", not "xen-3.0"'
refused no-version 'it has no XEN_VERSION, which has to be "xen-3.0"'
refused reactos 'its XEN_VER is "3.0", not "xen-3.0"'
refused_by_hooks mach "$linked 0xffffffff80000000, but says that its memory \
begins at VIRT_BASE 0x40000000"
refused_by_hooks mach-none "$linked 0xc0100000, but without a VIRT_BASE its \
memory begins at 0"
refused_by_hooks mach-octal "$linked 0xc0100000, but says that its memory begins \
at VIRT_BASE 0"
refused below "$linked 0xbff00000, below its VIRT_BASE 0xc0000000"
refused baseless 'its entry, 0xffffffff80100000, lies outside of the kernel, '\
'0x100000 to 0x103000; it has no VIRT_BASE'
for name in entry string-entry; do
    refused $name 'its entry, 0xc0104000, lies outside of the kernel, '\
'0xc0100000 to 0xc0103000'
done
refused offset 'it has a PADDR_OFFSET, but no VIRT_BASE'
refused p2m 'its INIT_P2M, 0xffffffff80101000, lies within the kernel, '\
'0xffffffff80100000 to 0xffffffff80103000'
refused unknown 'it requires "mmu_pt_update_preserve_ad", a feature that '\
'libxenguest does not know'
refused dom0 'a kernel for domain 0 only'
refused arm 'a kernel for another machine (AArch64)'
refused alien 'a kernel for another machine (ELF machine 999)'
refused nothing 'an ELF image with nothing to load'
planned kernel-whole
for name in headers-cut kernel-cut note-cut number-cut; do
    refused $name 'a damaged or truncated ELF image'
done
same kernel-cut # what is left of it is what libxenguest builds
refused nowhere "an ELF image without Xen's notes: not a PV kernel"

# Other people's words reach nobody's terminal as they are.
# shellcheck disable=SC2086 # words
make escape 32 0xC0000000 $os:t $loader:generic $base#0xC0000000/4 $pae:yes \
    "$version:$(printf '\033[31m')"
refused escape 'its XEN_VERSION is "\x1b[31m", not "xen-3.0"'

# ---- packings ----

le() { # VALUE BYTES: little-endian
    i=0
    while [ "$i" -lt "$2" ]; do
        printf '%b' "\\0$(printf %03o $(($1 >> 8 * i & 255)))"
        i=$((i + 1))
    done
}

# bzimage OUT PAYLOAD [VERSION [LENGTH]]: of Linux' boot protocol.
bzimage() {
    {
        head -c 497 /dev/zero
        printf '\001' # one sector of setup follows the first
        head -c 16 /dev/zero
        printf HdrS
        le "${3:-527}" 2
        head -c 64 /dev/zero
        le 0 4
        le "${4:-$(wc -c <"$2")}" 4
        head -c 432 /dev/zero
        cat "$2"
    } >"$1"
}

# sized FILE OF: and what Linux puts behind all packings but gzip.
sized() {
    le "$(wc -c <"$2")" 4 >>"$1"
}

bzimage plain ok32
bzimage old ok32 519
gzip -c ok32 >ok32.gz
bzimage zipped ok32.gz
for name in ok32.gz zipped plain; do
    planned "$name"
    same "$name"
done
refused old 'a bzImage of protocol 2.07: 2.08 (Linux 2.6.26) is the oldest that '\
'can be unpacked'
size=$(wc -c <ok32.gz)
head -c $((1024 + size - 100)) zipped >short
refused short "a truncated bzImage: its payload has $size bytes, $((size - 100)) \
of which are there"
head -c 600 zipped >shorter
refused shorter "a truncated bzImage: its payload has $size bytes, 0 of which \
are there"

# changed FILE AT: the byte there becomes another one.
changed() {
    old=$(od -An -tu1 -j "$2" -N 1 "$1")
    le $((old ^ 85)) 1 | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

cp ok32.gz damaged.gz
changed damaged.gz $((size / 2))
refused damaged.gz 'the gzip data is damaged'
bzimage damaged damaged.gz
refused damaged 'a bzImage: the gzip data is damaged'
head -c $((size / 2)) ok32.gz >cut.gz
refused cut.gz 'truncated gzip data'
{ cat ok32.gz; printf '\000\000'; } >behind.gz
refused behind.gz '2 bytes stand behind the gzip data, where libxenguest looks '\
'for its unpacked size'

# What is packed is unpacked once, though it is planned for before it is built.
config k.cfg 'kernel="zipped"'
run -v --host once create -e -p k.cfg
[ "$status" = 0 ] || wrong 'a bzImage is not created'
[ "$(grep -c 'unzip ok' err)" = 1 ] || wrong 'it is unpacked more than once'

# Others, where their packers are there; what this libxenguest was built without
# it says itself.
for packing in 'xz xz --check=crc32' 'lzma xz --format=lzma' 'lz4 lz4 -l' \
    'zstd zstd -q' 'bzip2 bzip2' 'lzo lzop'; do
    name=${packing%% *} packer=${packing#* }
    command -v "${packer%% *}" >/dev/null || continue
    $packer -c <ok32 >"ok32.$name"
    run create -n k.cfg "kernel='ok32.$name'"
    grep -qE "packed with $name: outside of a bzImage only gzip is unpacked; \
[a-z0-9]+( -d)? it\$" err || wrong "a plain ELF image packed with $name"
    sized "ok32.$name" ok32
    bzimage "bz.$name" "ok32.$name"
    run create -n k.cfg "kernel='bz.$name'"
    if [ "$status" = 0 ]; then
        same "bz.$name"
        [ "$name" != lz4 ] || continue # it has no checksum
        cp "ok32.$name" "damaged.$name"
        changed "damaged.$name" $(($(wc -c <"ok32.$name") / 2))
        bzimage damaged "damaged.$name"
        run create -n k.cfg kernel=\"damaged\"
        grep -q "a bzImage whose $name data is damaged or not for libxenguest \
(\(XZ\|LZMA\|ZSTD\)" err || wrong "damaged $name data"
    else
        grep -q "a bzImage packed with $name, which this libxenguest cannot \
unpack: it was built without" err || wrong "a bzImage packed with $name"
    fi
done

# A 64-bit one of Linux without notes, and one in which there is nothing.
# shellcheck disable=SC2086 # words
make noteless 64 0xffffffff80000000 $kernel64 notes=nowhere
bzimage linux noteless
refused linux "an ELF image without Xen's notes: not a PV kernel; a Linux for PV \
guests has CONFIG_XEN_PV"
printf MZ >efi
head -c 3000 /dev/zero >>efi
refused efi 'an EFI program, neither an ELF image nor a bzImage'

# ---- memory ----

# shellcheck disable=SC2086 # words
make large 64 0xffffffff80000000 $kernel64 room=0x4000000
config k.cfg 'kernel="large"'
fails 3 'k.cfg:3: memory: needs memory=68: the kernel does not fit in 32 MiB' \
    create -n k.cfg
works create -n k.cfg memory=68
config k.cfg 'kernel="ok32"' 'ramdisk="rd"'
head -c 40000000 /dev/zero >rd
fails 3 'k.cfg:3: memory: needs memory=40: the kernel and the ramdisk rd (39062 '\
'KiB, as it is) do not fit in 32 MiB' create -n k.cfg
works create -n k.cfg memory=40
gzip -c rd >rd.gz
# From 4.20 on libxenguest unpacks no ramdisk: guests get each as it is.
[ "$xen_minor" -lt 20 ] && unpacks=yes || unpacks=no
[ "$unpacks" = no ] || fails 3 'k.cfg:3: memory: needs memory=40: the kernel and the ramdisk rd.gz '\
'(39062 KiB unpacked) do not fit in 32 MiB' create -n k.cfg 'ramdisk="rd.gz"'

# ---- a ramdisk arrives whole ----

seq 1 20000 >all
head -c 60000 all >first
tail -c +60001 all >second
{ gzip -c first; gzip -c second; } >members
{ gzip -c first; cat second; } >mixed
{ gzip -c all; head -c 512 /dev/zero; } >padded
gzip -c all >whole
head -c 20000 whole >cut-off
cp whole damaged
changed damaged 20000
printf '\000\000\000\000' >zeros

# like FILE OTHER: both become the same in the guest.
like() {
    checks=$((checks + 1))
    drawn ours ok32 -r "$1"
    cp ours.txt one
    drawn ours ok32 -r "$2"
    : >out
    cmp -s one ours.txt || { diff one ours.txt >out; wrong "$1 is not $2"; }
}

# Of one sound member libxenguest makes what was packed, and 16 zeros more.
{ cat all; head -c 16 /dev/zero; } >unpacked
same ok32 -r whole
[ "$unpacks" = no ] || like whole unpacked
same ok32 -r padded
# The others arrive as they are, as for libxenguest a file does that ends with
# zeros, in no more room than they take: greedy's last bytes speak of 768 MiB.
same ok32 -r cut-off
{ head -c 20000 whole; printf '\000\000\000\060'; } >greedy
for name in members mixed greedy; do
    checks=$((checks + 1))
    cat "$name" >raw
    [ "$unpacks" = no ] || cat zeros >>raw
    drawn stock ok32 -r raw
    drawn ours ok32 -r "$name"
    : >out
    cmp -s stock.txt ours.txt || {
        diff stock.txt ours.txt >out
        wrong "$name does not arrive as it is"
    }
done
config k.cfg 'kernel="ok32"' 'ramdisk="members"'
works create -n k.cfg
warns 'ramdisk cut-off: its gzip data is truncated; the guest gets the file as it is' \
    create -n k.cfg 'ramdisk="cut-off"'
warns 'ramdisk damaged: its gzip data is damaged; the guest gets the file as it '\
'is' create -n k.cfg 'ramdisk="damaged"'
{ printf tiny | gzip -c; gzip -c second; } >tiny
[ "$unpacks" = no ] || warns 'ramdisk tiny: the guest gets its first gzip member alone, a few bytes; '\
'libxenguest cannot hand over the others' create -n k.cfg 'ramdisk="tiny"'

warns 'ramdisk greedy: its gzip data is truncated; the guest gets the file as it '\
'is' create -n k.cfg 'ramdisk="greedy"' memory=8
finish
