#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Stock xl reads each file that convert writes: of libvirt's XML without a word
# against it, and of another xl file as the same guest.
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
need_xl

# takes FILE JSON: xl reads the file; what it makes of it is in JSON.
takes() {
    checks=$((checks + 1))
    "$fakexen" --memory 1G "$xl" -N create "$1" >"$2" 2>err || {
        cp "$1" out
        wrong "xl does not read $1"
    }
}

# ---- strings with all that has to be escaped, and every device ----
cat >all.xml <<'END'
<domain type='xen'>
  <name>it's "g" \</name>
  <uuid>c7a5fdb2-cdaf-9455-926a-d65c16db1809</uuid>
  <memory>131072</memory>
  <vcpu current='1' cpuset='0-3,^1'>4</vcpu>
  <bootloader>/usr/bin/pygrub</bootloader>
  <bootloader_args>-q --x</bootloader_args>
  <os>
    <type>linux</type>
    <cmdline>a "b" 'c'&#9;d&#13;
\n\</cmdline>
  </os>
  <cpu mode='host-passthrough'><feature policy='disable' name='pni'/></cpu>
  <clock offset='utc'><timer name='tsc' mode='emulate'/></clock>
  <on_crash>preserve</on_crash>
  <devices>
    <disk type='file'><driver name='qemu' type='vhd' discard='unmap'/>
      <source file='/a, "b" c'/><target dev='xvda'/><readonly/></disk>
    <disk type='block'><driver name='phy'/><source dev='/dev/a'/>
      <target dev='xvdb'/></disk>
    <disk type='file' device='cdrom'><target dev='xvdc'/></disk>
    <controller type='usb' model='qusb2' ports='4'/>
    <interface type='bridge'><source bridge='br0'/><model type='netfront'/>
      <bandwidth><outbound average='1000'/></bandwidth></interface>
    <channel type='unix'><source mode='bind' path='/s'/>
      <target type='xen' name='c'/></channel>
    <graphics type='vnc' autoport='no'/>
    <hostdev mode='subsystem' type='usb'>
      <source><address bus='1' device='3'/></source></hostdev>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address bus='1' slot='2'/></source></hostdev>
  </devices>
</domain>
END
run convert --to xl all.xml
[ "$status" = 0 ] || wrong 'the XML is not converted'
mv out all.cfg
takes all.cfg json
tr -d ' \n' <json >flat
for part in '"name":"it'"'"'s\"g\"\\"' '"bootloader_args":["-q","--x"]' \
    '"cmdline":"a\"b\"'"'c'"'\td\r\n\\n\\"' '"tsc_mode":"always_emulate"' \
    '"pdev_path":"/a,\"b\"c","vdev":"xvda","backend":"qdisk","format":"vhd"' \
    '"backend":"phy"' '"is_cdrom":1' '"version":2,"ports":4' \
    '"rate_bytes_per_interval":50000' '"findunused":"False"' \
    '"type.hostdev":{"hostbus":1,"hostaddr":3}' '"seize":true' '"discard_enable":"True"'; do
    grep -qF -e "$part" flat || {
        tr -d '\n' <json >out
        wrong "xl does not take it for $part"
    }
done

# ---- a file of many spellings, and the one that it becomes ----
cat >many.cfg <<'END'
name = 'g'
uuid = "c7a5fdb2-cdaf-9455-926a-d65c16db1809"
memory = 0x80
memory = 0100
maxmem = "0200"
kernel = "/k\\\"\t"
root = "/dev/xvda1"
extra = 'ro "x"'
vcpus = 3
cpus = [ "0-3,^1", 2 ]
disk = [ 'phy:/dev/a,xvda,w', "file:/b.img,xvdb:disk,r", "cdrom,vdev=hdc",
         # a comment
         "vdev=xvdd,access=ro,format=qcow2,discard,target=/y, z",
         'tap:qcow2:/c,xvde,w', 'script=block-nbd,vdev=xvdf,target=h:1' ]
vif = [ '', 'bridge=br0, mac=00-16-3e-0-0-1,rate=10MB/s@20ms', "type=vif" ]
pci = [ '01:02.3,permissive=1', '0000:02:00.0@5' ]
vfb = [ 'vncunused=0,vncdisplay=3,type=vnc' ]
channel = [ 'connection=pty,name=c0' ]
cpuid = "host,tm=0,sse3=1"
tsc_mode = 2
localtime = 1
on_crash = "coredump-restart"
device_model_args = [ "-a", "b c" ]
cpu_weight = 0x200
pool = "Pool-0"
acpi = 1
bootloader_args = [ "-q", "a b" ]
END
works convert --to xl many.cfg
mv out one.cfg
takes many.cfg want
takes one.cfg got
cmp -s want got || {
    diff want got >out
    wrong 'xl makes another guest of the file written anew'
}
finish
