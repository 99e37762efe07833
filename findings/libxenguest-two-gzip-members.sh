#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libxenguest 4.17.7+13-g2445b30a44-0+deb12u1 (Debian 12), which unpacks a PV
# guest's ramdisk where that is a gzip file: xc_dom_check_gzip() says how much
# room it needs, xc_dom_do_gunzip() fills that.
#
# Expected: of a file of two gzip members, as "cat initrd.gz more.gz" makes, the
# guest gets what gzip(1) and Linux unpack of it: both, one behind the other.
# Or it gets the file as it is, as it does where it cannot be unpacked.
# Seen: the room is that of the second member alone (the file's last four
# bytes), the first is unpacked into it, the rest of the room are zeros, and
# that counts as success.  Where the room is too small for the first one, it is
# a failure, and the guest gets the file as it is: what it finds depends on
# which of the two is larger.
#
# xc_dom_do_gunzip() in tools/libs/guest/xg_dom_core.c calls inflate() once and
# does not look at what is left of its input.
#
# Ends with 0 if it is as said here, with 1 if that has changed, with 2 if it
# could not be tried.
set -u

version=4.17.7+13-g2445b30a44-0+deb12u1
packages=(
    "libxencall1=$version" "libxendevicemodel1=$version"
    "libxenevtchn1=$version" "libxenforeignmemory1=$version"
    "libxengnttab1=$version" "libxenhypfs1=$version"
    "libxenmisc4.17=$version" "libxenstore4=$version"
    "libxentoolcore1=$version" "libxentoollog1=$version"
)

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get download "${packages[@]}" >log 2>&1 || { cat log; exit 2; }
for package in *.deb; do
    dpkg -x "$package" root || exit 2
done
LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH

cat >unpack.py <<'END'
"""What a guest gets of the gzip members of the words given, in one file."""
import ctypes
import gzip
import sys

DUMMY = 1  # XC_OPENFLAG_DUMMY: there is no Xen to talk to
ctypes.CDLL("libxenctrl.so.4.17", ctypes.RTLD_GLOBAL)
xc = ctypes.CDLL("libxenguest.so.4.17")
xc.xc_interface_open.restype = ctypes.c_void_p
xc.xc_dom_check_gzip.restype = ctypes.c_size_t
handle = ctypes.c_void_p(xc.xc_interface_open(None, None, DUMMY))
file = b"".join(gzip.compress(word.encode()) for word in sys.argv[1:])
assert gzip.decompress(file) == "".join(sys.argv[1:]).encode()
size = ctypes.c_size_t(len(file))
room = ctypes.c_size_t(xc.xc_dom_check_gzip(handle, file, size))
guest = ctypes.create_string_buffer(room.value)
if xc.xc_dom_do_gunzip(handle, file, size, guest, room):
    print("the file as it is")
else:
    print(guest.raw.rstrip(b"\0").decode())
END

changed=0
# seen WHAT WORD...: what becomes of them.
seen() {
    want=$1
    shift
    got=$(python3 unpack.py "$@" 2>log) || { cat log; exit 2; }
    printf '%-44s %s\n' "$*" "$got"
    [ "$got" = "$want" ] || changed=1
}

seen 'one member' 'one member'
seen 'the first' 'the first' 'and the second'
seen 'the file as it is' 'the first, which is much longer' 'than that'
exit "$changed"
