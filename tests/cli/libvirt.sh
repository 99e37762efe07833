#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# libvirt's XML in the place of an xl file: told by its content, built by
# domwright or left to xl in xl's words, and refused line by line.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
DOMWRIGHT_PLUGIN=$top/src/builder/.libs/plugin.so
export DOMWRIGHT_PLUGIN

# xml FILE ARCH KERNEL [ELEMENT...]: a domain; the elements are its devices.
xml() {
    xml_file=$1 arch=$2 kernel=$3
    shift 3
    cat >"$xml_file" <<END
<domain type='xen'>
  <name>guest</name>
  <uuid>c7a5fdb2-cdaf-9455-926a-d65c16db1809</uuid>
  <memory unit='KiB'>32768</memory>
  <vcpu current='1'>2</vcpu>
  <os>
    <type arch='$arch' machine='xenpv'>linux</type>
    <kernel>$kernel</kernel>
  </os>
  <on_reboot>destroy</on_reboot>
  <devices>
END
    [ $# = 0 ] || printf '    %s\n' "$@" >>"$xml_file"
    printf '  </devices>\n</domain>\n' >>"$xml_file"
}

# The same guest as an xl file says it has the same plan.
xml guest.xml i686 "$guests/hello-pae" "<console type='pty'/>"
works create -n guest.xml
mv out plan
config guest.cfg 'maxvcpus = 2'
works create -n guest.cfg
cmp -s out plan || wrong 'XML and an xl file have different plans'

# By its content, whatever the name is; and from standard input.
cp guest.xml guest.conf
works create -n --format=libvirt guest.conf
cmp -s out plan || wrong 'a name decides what a file is'
{
    printf '\357\273\277\n'
    cat guest.xml
} >mark.xml
works create -n mark.xml
"$domwright" create -n - <guest.xml >out 2>err || wrong 'XML from standard input'
cmp -s out plan || wrong 'XML from standard input has another plan'
works create -n guest.xml memory=16
prints '^type pv32, 4096 pages of memory$'

# What it is not.
run create -n --format=xl guest.xml
[ "$status" = 3 ] || wrong 'XML is read as an xl file'
grep -q '^domwright: guest.xml:1: config parsing error' err ||
    wrong 'XML as an xl file is not refused by its reader'
fails 3 "guest.cfg:1: it is no XML: Start tag expected, '<' not found" \
    create -n --format=libvirt guest.cfg
run create -n --format=lib guest.xml
[ "$status" = 2 ] || wrong 'a format that there is not'

# It is built, and the domain is what was asked for.
run --host machine create -pe guest.xml
[ "$status" = 0 ] || wrong 'create from XML'
prints '^created guest \(domain 1\): 32-bit PAE, 32 MiB, 1 vCPU,'
run --host machine list --json
prints 'c7a5fdb2-cdaf-9455-926a-d65c16db1809'
run --host machine destroy guest

# The kernel has to be of the width that arch asks for.
xml wide.xml x86_64 "$guests/hello-pae"
fails 3 "wide.xml:7: type: arch asks for a 64-bit guest, and \
$guests/hello-pae is a 32-bit kernel" create -n wide.xml
xml wide.xml i686 "$guests/hello-64"
fails 3 "wide.xml:7: type: arch asks for a 32-bit guest, and \
$guests/hello-64 is a 64-bit kernel" create -n wide.xml

# All that is wrong, each with its line, and values with that of their element.
xml bad.xml i686 "$guests/hello-pae" "<sound model='ac97'/>" \
    "<disk type='file'><target dev='xvda'/></disk>"
run create -n bad.xml
[ "$status" = 3 ] || wrong 'a wrong XML is not 3'
cat >want <<'END'
domwright: bad.xml:12: <sound>: domwright cannot give that to a PV guest
domwright: bad.xml:13: <disk>: the source, with a file, is missing
END
cmp -s err want || wrong 'not all that is wrong is told'
sed 's/current=.1./current="3"/' guest.xml >vcpus.xml
run create -n vcpus.xml
[ "$status" = 3 ] || wrong 'vCPUs that are too many'
grep -q '^domwright: vcpus.xml:5: maxvcpus: ' err ||
    wrong 'a value has not the line of its element'

# More than are shown are counted in the last line.
i=0
set --
while [ $((i += 1)) -le 41 ]; do
    set -- "$@" "<sound model='ac97'/>"
done
xml many.xml i686 "$guests/hello-pae" "$@"
run create -n many.xml
[ "$status" = 3 ] || wrong 'many faults are not 3'
[ "$(wc -l <err)" = 32 ] || wrong 'many faults are not 32 lines'
[ "$(tail -n1 err)" = 'domwright: many.xml: 10 faults more' ] ||
    wrong 'what is not shown is not counted'

# convert writes the text that create would leave to xl; or nothing at all.
cp "$srcdir/tests/cli/libvirt.xml" kept.xml
run convert --to xl kept.xml
[ "$status" = 0 ] || wrong 'the XML is not converted'
# libvirt's own conversion would drop it in silence.
cat >want <<'END'
domwright: warning: kept.xml:8: <shares>: libvirt would leave it out
domwright: warning: kept.xml:8: <vcpupin>: libvirt would leave it out
domwright: warning: kept.xml:17: <mtu>: libvirt would leave it out
domwright: warning: kept.xml:19: <hostdev>: libvirt would leave managed out
END
diff want err >/dev/null || wrong 'what libvirt drops is not told'
cmp out "$srcdir/tests/cli/libvirt.cfg" || wrong 'convert writes another file'
works convert --to json kept.xml
run convert --to xl bad.xml
[ "$status" = 3 ] || wrong 'convert takes a wrong XML'
[ ! -s out ] || wrong 'a refused file is converted in part'
"$domwright" convert --to xl guest.xml >guest.conv 2>err || wrong 'convert'
works create -n guest.conv
cmp -s out plan || wrong 'what was converted has another plan'

# What domwright does not build goes to xl in xl's words.
mkdir bin
cat >bin/xl <<'END'
#!/bin/sh
for file; do :; done
cat "$file"
exit 37
END
chmod +x bin/xl
xml disk.xml i686 "$guests/hello-pae" \
    "<disk type='file'><source file='/x, y'/><target dev='xvda'/></disk>"
PATH=$work/bin:$PATH
run -q --host machine create disk.xml
[ "$status" = 37 ] || wrong 'XML with a disk is not left to xl'
prints '^disk = \[ "format=raw,vdev=xvda,access=rw,target=/x, y" \]$'
prints '^name = "guest"$'
finish
