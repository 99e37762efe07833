#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What `domwright image` tells of saved guests, and that it believes nothing.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

saved() {
    rm -f machine
    "$fakexen" --memory 256M "$top/tests/fx/save_restore" -m 5 "$@" >/dev/null ||
        exit 99
}

for kernel in pae legacy 64; do
    saved -v 2 "$guests/hello-$kernel" "$kernel.save"
done

# told FACT VALUE: the last report has it.
told() {
    grep -q "^$1 *: $2\$" out || wrong "no line '$1: $2'"
}

works image pae.save
told format libxenguest
told width 32
told pfns 1280
told pages '.*, l1 2, l2 1, l3 1, pinned 1, empty 0, broken 0, absent 0'
told 'vcpu 1' 'root at PFN 0x[0-9a-f]*'
told vm_assists pae_extended_cr3
told contents 1280
told bytes "$(stat -c %s pae.save)"
works image legacy.save
told vm_assists ''
works image --json 64.save
# json EXPRESSION VALUE: what Python makes of the last report, in d.
json() {
    [ "$(python3 -c "import json; d = json.load(open('out')); print($1)")" = \
        "$2" ] || wrong "$1 is not $2"
}
json "d['width'], d['pages']['l4'], d['p2m_pages'], d['vcpus'][1]['vcpu']" \
    '64 1 3 1'

# A pipe's is the same.
works image --json pae.save
sed 's/"pae.save"/"-"/' out >want
"$domwright" image --json - <pae.save >out 2>err
cmp -s out want || wrong 'another report from a pipe'

# What follows the end is another's.
cp pae.save longer.save
echo rest >>longer.save
warns "longer.save: what follows its end, at $(
    printf '%#x' "$(stat -c %s pae.save)"
), is not read" image longer.save

# ---- as xl wraps it ----
cat >config.json <<'EOF'
{"c_info": {"type": "pv", "name": "a\u001bb",
            "uuid": "6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0"},
 "b_info": {"max_memkb": 16384, "target_memkb": 8192}}
EOF
wrap() {
    python3 "$srcdir/tests/cli/wrap.py" "$@" || exit 99
}
wrap pae.save config.json >xl.save
works image xl.save
told format xl
told name 'a\\x1bb'
told uuid 6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0
told memory_mib 8
told maxmem_mib 16
told bytes "$(stat -c %s xl.save)"
# No JSON, or one that is no object: what else is there is told.
for config in '' '[' '[]' '{"c_info": 1, "b_info": {"max_memkb": "x"}}' \
    '{"c_info": {"name": null, "uuid": {"a": "\u001b"}}}'; do
    printf %s "$config" >other.json
    wrap pae.save other.json >other.save
    works image other.save
    told format xl
    grep -q '^name' out && wrong "a name from $config"
done
wrap pae.save config.json 7 >flags.save
fails 3 "flags.save: at 0, xl's header: flags 0x7, of which not all are known" \
    image flags.save
wrap pae.save config.json 1 >old.save
fails 3 "old.save: at 0, xl's header: the format of Xen 4.5 and before" \
    image old.save
wrap pae.save config.json 3 0xffffffff >long.save
room=$(($(stat -c %s config.json) + 5))
fails 3 "long.save: at 0, xl's header: a configuration of 4294967295 bytes in \
$room" image long.save
size=$(stat -c %s xl.save)
front=$((size - $(stat -c %s pae.save) - 16)) # before LIBXC_CONTEXT
tail -c 8 xl.save >end
head -c -8 xl.save >twice.save
tail -c +$((front + 1)) xl.save >>twice.save
fails 3 "twice.save: at $(
    printf '%#x' $((size - 8))
), LIBXC_CONTEXT: a second domain" image twice.save
{
    head -c $front xl.save
    cat end
} >none.save
run image none.save
grep -q 'END: there was no domain before it$' err || wrong 'a file of nobody'

# ---- its tables ----
for file in pae legacy 64; do
    works verify ./$file.save
    [ "$(cat out)" = "./$file.save: 0 findings" ] || wrong "$file: a finding"
done
works verify --json ./64.save
json "d[0]['id'], d[0]['p2m'], d[0]['findings']" 'None None 0'
works inspect --json ./64.save
json "d['root']['level'], d['root']['mfn'], d['has_run'], d['frames'], d['levels'][0]['tables'] > 0" \
    '4 None None None True'
works inspect ./pae.save
prints '^guest +\./pae\.save, as saved: pv32, 1280 pages, in a file$'
works inspect --format svg ./pae.save
# Its root is not pinned.
python3 - <<'END' || exit 99
import struct
data = bytearray(open('pae.save', 'rb').read())
at = 40
while at < len(data):
    kind, length = struct.unpack_from('<II', data, at)
    if kind == 1:
        count, = struct.unpack_from('<I', data, at + 8)
        for i in range(count):
            word, = struct.unpack_from('<Q', data, at + 16 + 8 * i)
            if word >> 60 == 0xb:
                struct.pack_into('<Q', data, at + 16 + 8 * i,
                                 word & ~(8 << 60))
    at += 8 + (length + 7) // 8 * 8
open('unpinned.save', 'wb').write(data)
END
run verify ./unpinned.save
[ "$status" = 1 ] || wrong 'a root that is not pinned passes'
prints '^\./unpinned\.save: unpinned-root: '
fails 3 'cannot read ./nothing.save: No such file or directory' verify ./nothing.save

# ---- two of them ----
works image pae.save pae.save
[ ! -s out ] || wrong 'it differs from itself'
works image --json pae.save pae.save
[ "$(cat out)" = '[]' ] || wrong 'it differs from itself'
# Only libxenguest's records count, not what is around them.
works image pae.save xl.save
# The last two pages of the last batch.
python3 - <<'EOF' || exit 99
import struct
data = bytearray(open('pae.save', 'rb').read())
at, last = 40, None
while at < len(data):
    kind, length = struct.unpack_from('<II', data, at)
    last = at if kind == 1 else last
    at += 8 + (length + 7) // 8 * 8
count, = struct.unpack_from('<I', data, last + 8)
length, = struct.unpack_from('<I', data, last + 4)
for page in 1, 2:
    data[last + 8 + length - 4096 * page + 123] ^= 1
open('other.save', 'wb').write(data)
EOF
run image pae.save other.save
[ "$status:$(cat out):$(cat err)" = "1:PFN 0x4fe to 0x4ff: other contents (normal)\
:domwright: pae.save and other.save differ in 2 pages" ] ||
    wrong 'not the two pages that differ'
run image --json pae.save other.save
[ "$status" = 1 ] || wrong 'they do not differ'
json d "[{'first_pfn': 1278, 'last_pfn': 1279, 'type': 'normal', \
'other_type': 'normal'}]"
run image pae.save 64.save
[ "$status" = 1 ] || wrong 'widths are not told apart'
grep -qx 'another width' out || wrong 'widths are not told apart'
grep -qx 'vCPU 0: another context' out || wrong 'nor contexts'
fails 2 'image: two are compared as files; see "domwright help image"' \
    image - pae.save

# ---- what nobody should believe ----
fails 3 'cannot read none: No such file or directory' image none
fails 3 "cannot read $srcdir: Is a directory" image "$srcdir"
: >empty
fails 3 'empty: it is empty' image empty
fails 3 "$guests/hello-pae: at 0, the beginning: this is no saved domain, \
of xl, libxl or libxenguest" image "$guests/hello-pae"
for kernel in pae 64; do
    checks=$((checks + 1))
    python3 "$srcdir/tests/cli/damage.py" "$kernel.save" "$domwright" >out 2>err ||
        wrong "damaged ones of $kernel"
done
finish
