#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# xl 4.17.7+13-g2445b30a44-0+deb12u1 (Debian 12: xen-utils-4.17) and a bootloader
# of one's own ("bootloader" in xl.cfg(5)) that names a kernel where it lies.
#
# Expected: the guest is built from that file, which stays; or xl says that it has
# to be below the folder that "--output-directory" gives.
# Seen: the guest is built, and the file is deleted, without a word. A program
# that answers "kernel /boot/vmlinuz" costs its host that kernel.
#
# libxl takes every file that a bootloader names for one that it has made
# (libxl_bootloader.c, parse_bootloader_result()), as pygrub does.
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

cp "$kernel" kernel
: >disk
cat >boot <<END
#!/bin/sh
for word; do
    case \$word in --output=*) out=\${word#--output=} ;; esac
done
printf 'kernel $work/kernel\0' >"\$out"
END
chmod +x boot
# With too little memory for a guest, which then is no matter.
printf '%s\n' 'name = "guest"' "bootloader = '$work/boot'" 'memory = 1' \
    "disk = ['$work/disk,raw,xvda,r']" >guest.cfg
"$fakexen/fakexen" --memory 256M \
    env LD_LIBRARY_PATH="$work/root/usr/lib/x86_64-linux-gnu" \
    root/usr/lib/xen-4.17/bin/xl create -e -q guest.cfg >log 2>&1
grep -q libxl__build_dom log || { cat log; exit 2; }
if [ -e kernel ]; then
    echo 'the kernel is still there'
    exit 1
fi
echo 'the kernel is gone'
exit 0
