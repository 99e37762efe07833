#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Configurations as other people and other programs write them: what stock xl
# takes is taken, planned or told why not, and by whom the guest is built.
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
DOMWRIGHT_PLUGIN=$top/src/builder/.libs/plugin.so
export DOMWRIGHT_PLUGIN
if [ -n "${xl-}" ] && ldd "$xl" | grep -q 'not found'; then
    unset xl
fi
mkdir bin
printf '#!/bin/sh\nexit 37\n' >bin/xl
chmod +x bin/xl
ln -s "$guests/hello-pae" kernel
echo ramdisk >ramdisk

# taken WARNINGS REASON: the file in guest.cfg is planned, with these lines, and
# built by us, or by xl for that reason.  Stock xl, where there is one, takes it.
taken() {
    run create -n guest.cfg
    [ "$status" = 0 ] || wrong "-n: status $status"
    sed 's/^domwright: warning: guest.cfg//; s/: left to xl.*/: xl/' err >told
    [ "$(cat told)" = "$1" ] || wrong "-n does not say: $1"
    rm -f machine
    checks=$((checks + 1)) status=0
    PATH=$work/bin:$PATH "$domwright" --host machine create -eq guest.cfg \
        >out 2>err </dev/null || status=$?
    [ "$status" = "${2:-0}" ] || wrong "create: status $status"
    [ "${xl-}" ] || return 0
    checks=$((checks + 1))
    "$fakexen" "$xl" -N create guest.cfg >out 2>err || wrong 'xl refuses it'
}
by_xl=37

# An installer's, with what older tools wanted to know besides.
cat >guest.cfg <<'END'
#
#  Configuration file for the Xen instance web, created by a tool
#

kernel      = 'kernel'
extra       = 'elevator=noop'
ramdisk     = 'ramdisk'

vcpus       = '1'
memory      = '64'

#
#  Disk device(s).
#
root        = '/dev/xvda2 ro'
disk        = [
                  'phy:/dev/vg0/web-disk,xvda2,w',
                  'phy:/dev/vg0/web-swap,xvda1,w',
              ]

name        = 'web'
dhcp        = 'dhcp'
vif         = [ 'mac=00:16:3E:00:00:01,bridge=xenbr0' ]

on_poweroff = 'destroy'
on_reboot   = 'restart'
on_crash    = 'restart'
END
taken ':22: unknown key dhcp
: disk, vif: xl' $by_xl

# Its kernel is on its disk.
cat >guest.cfg <<'END'
name = "db"
uuid = "11111111-2222-4333-8444-555555555555"
maxmem = 512
memory = 256
vcpus = 2
bootloader = "/usr/bin/pygrub"
localtime = 0
on_poweroff = "destroy"
on_reboot = "restart"
on_crash = "restart"
vnc = 1
vncunused = 1
vnclisten = "127.0.0.1"
parallel = "none"
serial = "none"
disk = [ "format=raw,vdev=xvda,access=rw,backendtype=phy,target=/dev/vg0/db" ]
END
taken ':14: unknown key parallel
:6: bootloader: no kernel is known yet that could be planned for; xl builds the guest' \
    $by_xl
sed -i 's/^memory/kernel = "kernel"\n&/' guest.cfg
taken ':15: unknown key parallel
: bootloader, vnc, disk: xl' $by_xl

# A unikernel's: a label for a Xen that may have no policy, no devices; a module
# in place of arguments; nothing about memory; commas at the ends of lists.
cat >guest.cfg <<'END'
name="Server"
kernel="kernel"
memory=1
seclabel='system_u:system_r:domU_t'
END
sed -i 's/=1$/=16/' guest.cfg
taken ': seclabel: xl' $by_xl
cat >guest.cfg <<'END'
name = "unikernel"
kernel = "kernel"
extra = "-home / -c '(a, \"b\")'"
vif = [ ]
disk = []
on_crash = 'preserve'
END
taken ": memory is missing; the guest gets libxl's default of 32 MiB"
cat >guest.cfg <<'END'
# -*- mode: python; -*-
kernel = "kernel"
memory = 32;
name = "Mini-OS"; on_crash = 'destroy'
vif = [ '', ]
END
printf '# the end' >>guest.cfg
sed -i '$s/$/\n/' guest.cfg
taken ': vif: xl' $by_xl

# With a card, a display, a domain that drives others' devices, and CPUs.
cat >guest.cfg <<'END'
type = "pv"
name = "driver"
kernel = "kernel"
memory = 64
vcpus = 4
cpus = "0-3,"
cpus_soft = "0"
cpu_weight = 512
cap = 0
pci = [ '0000:03:00.0,permissive=1', "04:00.0" ]
driver_domain = 1
vfb = [ 'type=vnc,vncdisplay=1,vncpasswd=x' ]
vif = [ 'ip=192.0.2.7,script=vif-route' ]
iomem = [ "fe000,1" ]
irqs = [ 5 ]
videoram = 16
usb = 1
END
taken ': pci, driver_domain, vfb, vif, iomem, irqs: xl' \
    $by_xl

# What is left over from another kind of guest, and by other kinds.
cat >guest.cfg <<'END'
builder = 'generic'
name = 'old'
kernel = 'kernel'
memory = 32
acpi = 1
apic = 1
pae = 1
boot = "cd"
videoram = 16
device_model_version = 'qemu-xen'
stdvga = 0
sdl = 0
vnc = 0
vncviewer = 0
usbdevice = 'tablet'
xen_platform_pci = 1
shadow_memory = 8
END
taken ':9: videoram: ignored, it has no effect on a PV guest'
for type in pvh hvm; do
    cat >guest.cfg <<END
type = "$type"
name = "other"
kernel = "kernel"
ramdisk = "none"
memory = 64
timer_mode = 'delay_for_missed_ticks'
vif = [ '' ]
END
    taken ':1: type: only a PV guest has a plan; xl builds the guest' $by_xl
done
finish
