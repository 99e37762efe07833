#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# convert: both forms of a configuration into each of the three, told by their
# content; all that cannot be said, at once, with file, line and key.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

cat >guest.cfg <<END
name = "g"
uuid = "c7a5fdb2-cdaf-9455-926a-d65c16db1809"
memory = 64
kernel = "$guests/hello-pae"
extra = "a \"b\" 'c' \\\\n"
on_crash = "preserve"
disk = [ "phy:/dev/nowhere/a,xvda,w" ]
vif = [ "mac=00:16:3e:00:00:01,bridge=br0" ]
END

# ---- xl's file in ----
run convert --to libvirt guest.cfg
[ "$status" = 0 ] || wrong 'an xl file is not written as XML'
prints '<type arch="i686" machine="xenpv">linux</type>'
prints '<cmdline>a "b" '"'c'"' .n</cmdline>'
prints '<source dev="/dev/nowhere/a"/>'
mv out guest.xml
cat >want <<'END'
domwright: warning: guest.cfg:5: extra: a backslash is an escape to xl; libvirt would take it as it is
domwright: warning: guest.cfg:7: disk: xl gives /dev/nowhere/a to the kernel's driver, as a block device; libvirt would to qemu's
END
cmp -s err want || wrong 'where libvirt reads otherwise is not told'

works convert --to xl guest.cfg
! grep -q '^extra' out || wrong 'extra is said beside cmdline'
prints '^cmdline = "a \\"b\\" '"'c'"' \\\\n"$'
prints '^disk = \[ "format=raw,vdev=xvda,access=rw,target=/dev/nowhere/a" \]$'
mv out again.cfg
works convert --to xl again.cfg
cmp -s out again.cfg || wrong 'a normalised file changes'

works convert --to json guest.cfg
prints '"memory": 64,$'
prints '"maxmem": 64,$'
prints '"backendtype": "phy",$'
prints '"on_crash": "preserve",$'
prints '"width": 32$'
mv out guest.json
fails 3 'guest.json: it is JSON, which convert writes and does not read' \
    convert --to xl guest.json

# ---- XML in ----
works convert --to libvirt guest.xml
sed 's,<source bridge="br0"/>,&\n      <script path="vif-bridge"/>,' guest.xml |
    cmp -s out - || wrong 'XML does not become the same XML'
works convert --to xl guest.xml
prints '^cmdline = "a \\"b\\" '"'c'"' \\\\n"$'
prints 'backendtype=phy'
works convert --to json guest.xml
prints '"width": 32$'

# ---- told by content, or forced ----
cp guest.xml guest.conf
works convert --to xl guest.conf
works convert --to xl --format libvirt guest.xml
run convert --to xl --format xl guest.xml
[ "$status" = 3 ] || wrong 'XML is read as an xl file'
run convert --to xl --format libvirt guest.cfg
[ "$status" = 3 ] || wrong 'an xl file is read as XML'
"$domwright" convert --to json - <guest.cfg >out 2>err ||
    wrong 'standard input is not read'
cmp -s out guest.json || wrong 'standard input is another guest'

fails 2 'convert: no format qcow; there are xl, libvirt and json; see "domwright help convert"' \
    convert --to qcow guest.cfg
fails 2 'convert: no format vmx; there are xl and libvirt; see "domwright help convert"' \
    convert --to xl --format vmx guest.cfg
fails 2 'convert: --to xl, libvirt or json is wanted; see "domwright help convert"' \
    convert guest.cfg

# ---- all that XML cannot say, at once, and nothing is written ----
cat >bad.cfg <<END
name = "g"
memory = 64
kernel = "$guests/hello-pae"
on_crash = "destroy"
on_reboot = "soft-reset"
cpus_soft = "1"
disk = [ "script=block-nbd,vdev=xvda,target=h:1",
         "vdev=xvda,target=/x" ]
vtpm = [ "backend=v" ]
cpuid = [ "1:ecx=x" ]
vif = [ "gatewaydev=eth0" ]
END
run convert --to libvirt bad.cfg
[ "$status" = 3 ] || wrong 'what XML cannot say is not 3'
[ ! -s out ] || wrong 'a part of a guest is written'
for line in 'bad.cfg:5: on_reboot: libvirt has no soft-reset there' \
    'warning: bad.cfg:6: cpus_soft: left out; libvirt has no way to say it' \
    'bad.cfg:7: disk: libvirt has no way to say script' \
    'bad.cfg:7: disk: libvirt has no two disks xvda' \
    'bad.cfg:9: vtpm: libvirt has no way to say it' \
    'bad.cfg:10: cpuid: libvirt knows only the form with names' \
    'bad.cfg:11: vif: libvirt has no way to say gatewaydev'; do
    grep -qF "domwright: $line" err || wrong "it is not said: $line"
done

# What xl itself refuses makes no guest in any form, and all is told.
cat >none.cfg <<'END'
memory = 64
vcpus = 4
maxvcpus = 2
vtpm = [ "backend=v" ]
on_crash = "destroy"
END
run convert --to libvirt none.cfg
[ "$status" = 3 ] || wrong 'no guest is not 3'
for line in 'none.cfg: name is missing' 'none.cfg: kernel is missing' \
    'none.cfg:3: maxvcpus: 2; it must be 4 to 8192' \
    'none.cfg:4: vtpm: libvirt has no way to say it'; do
    grep -qF "domwright: $line" err || wrong "it is not said: $line"
done
[ ! -s out ] || wrong 'no guest is written'
for to in xl json; do
    run convert --to $to none.cfg
    [ "$status" = 3 ] || wrong "no guest is not 3 as $to"
    [ ! -s out ] || wrong "no guest is written as $to"
done
# Nor is what create refuses, in the same words.
long=$(head -c 2000 /dev/zero | tr '\0' x)
printf 'name = "%s"\nmemory = 32\nkernel = "/k"\nvcpus = 9999\nextra = "%s"\n' \
    "$(echo "$long" | head -c 300)" "$long" >large.cfg
run create -n large.cfg
cp err want
[ "$status" = 3 ] || wrong 'create takes it'
[ "$(wc -l <want)" = 3 ] || wrong 'create does not tell all three'
printf 'name = "g"\nmemory = 1\nkernel = "%s"\n' "$guests/hello-pae" >little.cfg
run create -n little.cfg
cat err >>want
[ "$status" = 3 ] || wrong 'create takes so little memory'
for to in xl json libvirt; do
    for file in large little; do
        run convert --to $to $file.cfg
        [ "$status" = 3 ] || wrong "$file is not 3 as $to"
        [ ! -s out ] || wrong "$file is written as $to"
        grep -v ': warning: ' err >>got
    done
    cp got out
    diff want got >err || wrong "$to is refused in other words"
    rm got
done
# A ramdisk that is not here may be where the guest is going to be.
echo 'ramdisk = "/nowhere/r"' >>little.cfg
works convert --to xl little.cfg
printf 'name = "g"\nmemory = 64\nkernel = "/k"\ndisk = [ "foo" ]\n' >disk.cfg
fails 3 'disk.cfg:4: disk: no vdev specified' convert --to xl disk.cfg

# The kernel's width is what arch says, or the XML is of another guest.
sed s/i686/x86_64/ guest.xml >wide.xml
fails 3 "wide.xml:8: type: arch asks for a 64-bit guest, and \
$guests/hello-pae is a 32-bit kernel" convert --to xl wide.xml
sed 's,hello-pae</kernel>,hello-64</kernel><initrd>/nowhere/r</initrd>,' \
    guest.xml >narrow.xml
fails 3 "narrow.xml:8: type: arch asks for a 32-bit guest, and \
$guests/hello-64 is a 64-bit kernel" convert --to xl narrow.xml
sed "s,$guests/hello-pae,/nowhere/k," guest.xml >far.xml
run convert --to xl far.xml
[ "$status" = 0 ] || wrong 'a kernel that is not here'
grep -q 'far.xml:8: type: arch is left out' err || wrong 'arch is dropped'
works convert --to libvirt far.xml
prints 'arch="i686"'

# An HVM guest is no PV guest's XML; xl's words for it stay.
printf 'name = "h"\ntype = "hvm"\nmemory = 64\n' >hvm.cfg
fails 3 'hvm.cfg:2: type: domwright writes XML of PV guests' \
    convert --to libvirt hvm.cfg
works convert --to xl hvm.cfg
prints '^type = "hvm"$'
finish
