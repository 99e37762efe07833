#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# eu-readelf of elfutils 0.188-2.1 (Debian 12), on an ELF file that has notes in
# a PT_NOTE segment, and section headers, none of which is one of notes: GRUB
# for Xen's PV guests (grub-xen-host), as grub-mkimage writes it.
#
# Expected: "eu-readelf -n" shows the notes, as "readelf -n" of binutils does:
# elf(5) has them in segments for whoever loads the file, and Xen looks there.
# Seen: it shows nothing, and ends with 0.  Without section headers the same
# file's notes are shown.
#
# handle_notes() in src/readelf.c looks at segments only where there are no
# section headers at all, as separate debug files have segments with nothing
# behind them.
#
# Ends with 0 if it is as said here, with 1 if that has changed, with 2 if it
# could not be tried.
set -u

packages=(
    elfutils=0.188-2.1 libasm1=0.188-2.1 libdw1=0.188-2.1 libelf1=0.188-2.1
    grub-xen-host=2.06-13+deb12u2
)

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get download "${packages[@]}" >log 2>&1 || { cat log; exit 2; }
for package in *.deb; do
    dpkg -x "$package" root || exit 2
done
kernel=root/usr/lib/grub-xen/grub-x86_64-xen.bin

# e_shoff is at byte 40 of an ELF64 header, e_shnum and e_shstrndx at 60.
cp "$kernel" stripped || exit 2
head -c 8 /dev/zero | dd of=stripped bs=1 seek=40 conv=notrunc status=none
head -c 4 /dev/zero | dd of=stripped bs=1 seek=60 conv=notrunc status=none

changed=0
# seen COUNT FILE: how many notes of Xen's it shows.
seen() {
    got=$(LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu \
        root/usr/bin/eu-readelf -n "$2") || exit 2
    got=$(grep -c '^ *Xen ' <<<"$got")
    printf '%-44s %s notes\n' "$2" "$got"
    [ "$got" = "$1" ] || changed=1
}

seen 0 "$kernel"
seen 5 stripped
exit "$changed"
