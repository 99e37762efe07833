#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# xl 4.17.7+13-g2445b30a44-0+deb12u1 (Debian 12: xen-utils-4.17) and two guests
# whose configurations have one "uuid", as where a file was copied.
#
# Expected: the second one is refused, as by its name it would be, and as libvirt
# refuses it; or each has an entry of its own below /vm in xenstore.
# Seen: both are created. They share /vm/UUID, the second one's name and start in
# it; "xl destroy" of the first removes it, and "xl uptime" fails for the second
# from then on. A Xen host shows the same.
#
# libxl keeps a guest's name from being taken twice, but not its UUID
# (libxl_create.c, libxl__domain_make()), and removes /vm/UUID for whichever is
# destroyed (libxl_domain.c).
#
# There may be no Xen: xl runs on this tree's fakexen, which has to be built.
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
    "xen-utils-4.17=$version" libyajl2=2.1.0-3+deb12u2
)

build=$(cd "$(dirname "$0")/../build" && pwd) || exit 2
fakexen=$build/src/hypervisor/fakexen
export FAKEXEN_LIBRARY=$fakexen/.libs/fakexen.so
kernel=$build/tests/guests/hello-pae
for file in "$fakexen/fakexen" "$FAKEXEN_LIBRARY" "$kernel"; do
    [ -r "$file" ] || { echo "$file is not built"; exit 2; }
done
[ -w /run/xen ] || { echo 'xl wants to write in /run/xen'; exit 2; }

work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
apt-get download "${packages[@]}" >log 2>&1 || { cat log; exit 2; }
for package in *.deb; do
    dpkg -x "$package" root || exit 2
done

uuid=$(cat /proc/sys/kernel/random/uuid)
printf '%s\n' 'name = "first"' "kernel = \"$kernel\"" 'memory = 16' \
    "uuid = \"$uuid\"" >guest.cfg

xl() {
    "$fakexen/fakexen" --host host \
        env LD_LIBRARY_PATH="$work/root/usr/lib/x86_64-linux-gnu" \
        root/usr/lib/xen-4.17/bin/xl "$@" 2>log
}

# The names that xl uptime knows, but domain 0's.
known() {
    xl uptime | sed '1,2d; s/ .*//' | tr '\n' ' '
}

changed=0
# seen WANTED GOT WHAT
seen() {
    printf '%-28s %s\n' "$3:" "$2"
    [ "$1" = "$2" ] || changed=1
}

"$fakexen/fakexen" --host host --memory 256M true || exit 2
xl create -e -q guest.cfg || { cat log; exit 2; }
second=refused
! xl create -e -q guest.cfg 'name="second"' || second=created
seen created $second 'the second'
seen 'first second ' "$(known)" 'xl uptime'
xl destroy first || { cat log; exit 2; }
seen '' "$(known)" 'xl uptime without the first'
xl list | grep -q '^second ' || changed=1
xl destroy second
exit "$changed"
