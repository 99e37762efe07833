#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# libxlutil 4.17.7+13-g2445b30a44-0+deb12u1 (Debian 12), which reads xl's
# configuration files: xlu_cfg_readdata(), on text whose last line does not end
# with a newline.
#
# Expected: the newline makes no difference.  A comment is skipped, and an
# error is told, as where it is there.
# Seen: a comment in the last line is refused, with "config parsing error near
# `#': lexical error", so that xl cannot create the guest.  And a stray
# character at the very end is dropped without a word: "memory = 2G" is
# 2 MiB.  "xl create -n" on a Xen host shows both.
#
# The rule for comments in tools/libs/util/libxlu_cfg_l.l has the newline in it,
# and its state "lexerr" has no rule for the end of the text.
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
    libyajl2=2.1.0-3+deb12u2
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

cat >memory.py <<'END'
"""What "memory" is in the configuration in argument 1, or "refused"."""
import ctypes
import sys

text = sys.argv[1].encode()
stderr = ctypes.c_void_p.in_dll(ctypes.CDLL(None), "stderr")
xlu = ctypes.CDLL("libxlutil.so.4.17")
xlu.xlu_cfg_init.restype = ctypes.c_void_p
config = ctypes.c_void_p(xlu.xlu_cfg_init(stderr, b"guest.cfg"))
value = ctypes.c_long()
if xlu.xlu_cfg_readdata(config, text, len(text)):
    print("refused")
elif xlu.xlu_cfg_get_long(config, b"memory", ctypes.byref(value), 0):
    print("none")
else:
    print(value.value)
xlu.xlu_cfg_destroy(config)
END

changed=0
# seen WHAT TEXT: what becomes of it.
seen() {
    got=$(python3 memory.py "$2") || exit 2
    printf '%-24q %s\n' "$2" "$got"
    [ "$got" = "$1" ] || changed=1
}

seen 64 $'memory = 64\n# a comment\n'
seen refused $'memory = 64\n# a comment'
seen 64 $'memory = 64 # MiB\n'
seen refused 'memory = 64 # MiB'
seen refused $'memory = 2G\n'
seen 2 'memory = 2G'
exit "$changed"
