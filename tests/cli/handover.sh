#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that domwright does not build by itself is handed to stock xl, with
# the same options.  What stands for xl here tells how it was called.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
DOMWRIGHT_PLUGIN=$top/src/builder/.libs/plugin.so
export DOMWRIGHT_PLUGIN

mkdir bin
cat >bin/xl <<'END'
#!/bin/sh
for word; do
    printf '<%s>' "$word"
done
echo
echo "preload $LD_PRELOAD"
echo "order ${DOMWRIGHT_PIN_ORDER-none}"
[ ! -e answer ] || cat /dev/stdin
exit 37
END
chmod +x bin/xl
old_path=$PATH
PATH=$work/bin:$PATH

left="left to xl, with domwright's builder in it"

# hands WORDS LINE ARGUMENT...: xl is called with these words, one line says so.
hands() {
    want=$1 line=$2
    shift 2
    run --host machine create "$@"
    [ "$status" = 37 ] || wrong "'$*': status $status is not xl's"
    [ "$(head -n 1 out)" = "$want" ] || wrong "'$*' did not run xl $want"
    grep -q "^preload $DOMWRIGHT_PLUGIN:" out || wrong "'$*': no plugin"
    sed -i "/^domwright: warning: .* devices have no backend on an /d" err
    [ "$(cat err)" = "${line:+domwright: $line}" ] || wrong "'$*' does not say: $line"
}

config g.cfg 'disk = [ "/dev/vg/a,,xvda" ]' 'vif = [ "mac=00:16:3e:00:00:01" ]' \
    'pci = [ "01:00.0" ]'
hands '<create><g.cfg>' "g.cfg: disk, vif, pci: $left" g.cfg
run --host machine create -q g.cfg
[ "$(cat err)" = "domwright: warning: g.cfg: disk, vif, pci: devices have no \
backend on an embedded host; disk=[] vif=[] pci=[] leaves them out" ] ||
    wrong 'devices on an embedded host'
run --host machine create g.cfg 'vif=[]' 'disk=[]' 'pci=[]' 'latency=300'
[ "$(cat err)" = "domwright: g.cfg: latency: $left" ] || wrong 'no devices'
run --host machine create g.cfg
grep -qx 'order none' out || wrong 'a pin order that nobody asked for'
hands '<create><-p><g.cfg>' "g.cfg: disk, vif, pci: $left" -p g.cfg
hands '<create><-c><g.cfg>' "g.cfg: disk, vif, pci: $left" --console g.cfg
hands '<create><-e><-p><g.cfg>' "g.cfg: disk, vif, pci: $left" -pe g.cfg
hands '<create><-F><g.cfg>' "g.cfg: disk, vif, pci: $left" g.cfg -F
hands '<create><-q><g.cfg>' '' -q g.cfg
hands '<-v><create><g.cfg>' "g.cfg: disk, vif, pci: $left" -v g.cfg
hands "<create><g.cfg><memory=64><extra=\"a b\">" "g.cfg: disk, vif, pci: $left" \
    g.cfg memory=64 'extra="a b"'
hands '<create><g.cfg>' "g.cfg: disk, vif, pci: $left" --pin-order=root g.cfg
grep -qx 'order root' out || wrong 'the pin order does not get to the plugin'

# The file's name is nothing else to xl, and -q is the same in front.
cp g.cfg a=b.cfg
cp g.cfg ./-p.cfg
hands '<create><-p><-f><a=b.cfg>' "a=b.cfg: disk, vif, pci: $left" -p -f a=b.cfg
hands '<create><-f><-p.cfg><memory=64>' "-p.cfg: disk, vif, pci: $left" \
    memory=64 --defconfig=-p.cfg
hands '<create><-f><-p.cfg>' "-p.cfg: disk, vif, pci: $left" -- -p.cfg
hands '<create><-q><g.cfg>' '' -q g.cfg
checks=$((checks + 1))
"$domwright" -q --host machine create g.cfg >out 2>err
[ "$(head -n 1 out)" = '<create><-q><g.cfg>' ] || wrong '-q is not passed on'

# The plugin is found where the user says, and not where libraries are.
cp "$DOMWRIGHT_PLUGIN" plugin.so
checks=$((checks + 1))
DOMWRIGHT_PLUGIN=plugin.so "$domwright" --host machine create g.cfg >out 2>err
grep -q "^preload $(pwd -P)/plugin.so:" out || wrong 'the plugin is lost'

# A setting on the command line, a bootloader in place of a kernel, other types.
config one.cfg
hands '<create><one.cfg><vif=[""]>' "one.cfg: vif: $left" one.cfg 'vif=[""]'
# Where xl would not heed cpus, it is told how many vCPUs there are.
hands '<create><one.cfg><disk=[""]><cpus="0"><vcpus=1>' \
    "one.cfg: disk: $left" one.cfg 'disk=[""]' 'cpus="0"'
hands '<create><one.cfg><disk=[""]><cpus_soft="0"><vcpus=1>' \
    "one.cfg: disk: $left" one.cfg 'disk=[""]' 'cpus_soft="0"'
for key in vcpus maxvcpus; do
    hands "<create><one.cfg><disk=[\"\"]><cpus=\"0\"><$key=2>" \
        "one.cfg: disk: $left" one.cfg 'disk=[""]' 'cpus="0"' "$key=2"
done
printf '%s\n' 'name = "b"' 'bootloader = "pygrub"' 'memory = 64' >boot.cfg
hands '<create><boot.cfg>' "boot.cfg: bootloader: $left" boot.cfg
config hvm.cfg 'type = "hvm"'
hands '<create><hvm.cfg>' "hvm.cfg: type: $left" hvm.cfg
# Where xl would fail to free memory for a size that it does not know, it is told
# the size.
printf '%s\n' 'name = "b"' 'bootloader = "pygrub"' >size.cfg
hands '<create><size.cfg><memory=32>' "warning: size.cfg: memory is missing; \
the guest gets libxl's default of 32 MiB
domwright: size.cfg: bootloader: $left" size.cfg
hands '<create><size.cfg><maxmem=32>' "size.cfg: bootloader: $left" \
    size.cfg maxmem=32
# Of another guest's virtual nodes xl sees what they are.
hands '<create><size.cfg><vnuma=[["x"]]><type="hvm">' \
    "size.cfg: bootloader, type: $left" size.cfg 'vnuma=[["x"]]' 'type="hvm"'
# A PV guest would balloon down by what others have for their display.
hands '<create><one.cfg><disk=[""]><videoram=8><videoram=0>' \
    "one.cfg: disk: $left" one.cfg 'disk=[""]' videoram=8
# An empty bootloader is none, and xl would run it.
hands '<create><one.cfg><disk=[""]><bootloader=""><bootloader=[]>' \
    "one.cfg: disk: $left" one.cfg 'disk=[""]' 'bootloader=""'
hands '<create><one.cfg><disk=[""]><bootloader_args=0><firmware=""><bootloader_args=[]><firmware=[]>' \
    "one.cfg: disk: $left" one.cfg 'disk=[""]' bootloader_args=0 'firmware=""'
hands '<create><hvm.cfg><videoram=8>' "hvm.cfg: type: $left" hvm.cfg videoram=8

# xl refuses a comment in the last line that has no newline;
# and so it does with other systems' line ends.
: >answer
printf '# no end' | cat g.cfg - >end.cfg
run --host machine create end.cfg memory=64
grep -qx '<create></dev/fd/[0-9]*><memory=64>' out || wrong 'not the mended file'
printf '\357\273\277' | cat - g.cfg | sed 's/$/\r/' >crlf.cfg
cat >bin/xl.file <<'END'
#!/bin/sh
cat "$2"
exit 37
END
chmod +x bin/xl.file
mv bin/xl bin/xl.words
mv bin/xl.file bin/xl
for file in end crlf; do
    run --host machine create $file.cfg
    [ "$status" = 37 ] || wrong "$file.cfg: status $status"
    { cat g.cfg; [ $file = crlf ] || echo '# no end'; } | cmp -s out - ||
        wrong "xl does not get what is in $file.cfg"
done
mv bin/xl.words bin/xl
rm answer
# xl prints names as they are.
name=$(printf 'a\033[31mb.cfg')
cp g.cfg "$name"
run --host machine create "$name"
grep -qx '<create></dev/fd/[0-9]*>' out || wrong 'xl gets the name'
[ "$(head -n 1 err)" = "domwright: a\\x1b[31mb.cfg: disk, vif, pci: $left" ] ||
    wrong 'the name moves the cursor'
grep -q "$(printf '\033')" err && wrong 'the name moves the cursor in a warning'

# Standard input is read by both.
: >answer
checks=$((checks + 1))
status=0
# shellcheck disable=SC2002 # a pipe it has to be
cat g.cfg | "$domwright" --host machine create - >out 2>err || status=$?
rm answer
[ "$status" = 37 ] || wrong "status $status of a configuration from a pipe"
[ "$(head -n 1 out)" = '<create></dev/stdin>' ] || wrong 'not from the pipe'
sed 1,3d out >copy
cmp -s copy g.cfg || wrong 'xl does not get what was in the pipe'
grep -qxF "domwright: <stdin>: disk, vif, pci: $left" err || wrong 'it does not say so'

# Nothing of it is left here.
works --host machine list
[ "$(wc -l <out)" = 2 ] || wrong 'there is a guest'

# --native refuses, and names every setting.
run --host machine create --native g.cfg
[ "$status" = 3 ] || wrong "--native: status $status"
for place in 4:.disk 5:.vif 6:.pci; do
    grep -q "^domwright: g.cfg:$place: not supported" err ||
        wrong "--native does not name $place"
done
[ ! -s out ] || wrong 'xl ran all the same'

# A plan needs no xl; where xl decides what is built, there is none.
run create -n g.cfg
[ "$status" = 0 ] || wrong "-n: status $status"
prints '^kernel '
[ "$(cat err)" = "domwright: warning: g.cfg: disk, vif, pci: $left; the plan \
is without them" ] || wrong '-n does not say whose guest it is'
no_kernel='no kernel is known yet that could be planned for; xl builds the guest'
warns "boot.cfg:2: bootloader: $no_kernel" create -n boot.cfg
[ ! -s out ] || wrong 'it is planned for no kernel'
warns "boot.cfg:2: bootloader: $no_kernel" create -n --json boot.cfg
[ "$(cat out)" = '{}' ] || wrong 'no JSON where there is no plan'
warns 'hvm.cfg:4: type: only a PV guest has a plan; xl builds the guest' \
    create -n hvm.cfg
fails 2 'create: --json: g.cfg is left to xl, which reports nothing; see "domwright help create"' \
    --host machine create --json g.cfg

# Without xl.
if [ ! -e /usr/sbin/xl ]; then
    PATH=$old_path
    [ -n "$(command -v xl)" ] || {
        run --host machine create g.cfg
        [ "$status" = 1 ] || wrong "without xl: status $status"
        grep -qx "domwright: there is no xl here; Debian has it in the package xen-utils-$xen_version" \
            err || wrong 'it does not say what is missing'
    }
fi
finish
