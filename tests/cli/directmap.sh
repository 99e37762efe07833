#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The direct map of machines whose memory maps people pasted.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

maps=$srcdir/tests/memmap

# value KEY: of the last report, which is JSON.
value() {
    sed -n "s/^ *\"$1\": \(.*[^,]\),\{0,1\}$/\1/p" out
}

# has KEY VALUE
has() {
    [ "$(value "$1" | head -n 1)" = "$2" ] || wrong "$1 is not $2"
}

# notes ERE: a finding matches.
notes() {
    sed -n '/"findings"/,$p' out | grep -qE -e "$1" || wrong "no finding: $1"
}

# Each of them gives what a careful reading gives.
while read -r file bytes ranges large medium small tables types; do
    case $file in '#'*) continue ;; esac
    works directmap --e820 "$maps/$file" --format json
    has ram_bytes "$bytes"
    sed -n '/"ranges": \[$/,/^  \]/p' out >ranges
    [ "$(grep -c first ranges)" = "$ranges" ] || wrong "not $ranges ranges"
    # What is broken has leaves, too, before and behind.
    sed -n '/^  "leaves"/,/^  }/p; /^  "tables"/,/^  }/p' out >need
    for pair in 1G:$large 2M:$medium 4K:$small total:$tables; do
        grep -qE "^    \"${pair%:*}\": ${pair#*:},?\$" need || wrong "$file: not $pair"
    done
    found=$(sed -n '/"chunks": \[$/,/^  \]/s/.*"type": "\(.*\)"/\1/p' out |
        sort -u | paste -sd,)
    [ "${found:--}" = "$types" ] || wrong "$file: not $types"
    works directmap --e820 "$maps/$file"
done <"$maps/expected"
[ "$checks" -gt 60 ] || wrong 'there were no maps'

# What MTRRs alone say; --mtrr finds them as --e820 does.
# types FILE 'FIRST-END TYPE'...: among what they say
types() {
    file=$1
    shift
    works directmap --mtrr "$maps/$file" --json
    has ram_bytes null
    notes 'RAM is unknown'
    notes 'default type is not in the paste.*unknown'
    sed -n '/"types"/,/^  \]/p' out | tr -d ' \n"' | tr '{' '\n' >types
    for type in "$@"; do
        first=${type%%-*} rest=${type#*-}
        grep -qF "first:$first,end:${rest%% *},type:${rest#* }" types ||
            wrong "$file: not $type"
    done
}
types 34-mtrr-write-protect-top.txt '0xa0000-0x100000 uncachable' \
    '0x100000-0xad000000 write-back' '0xad000000-0xff000000 unknown' \
    '0xff000000-0x100000000 write-protect' \
    '0x100000000-0x24fe00000 write-back' '0x24fe00000-0x250000000 uncachable'
types 35-proc-mtrr-2.6.14-kb-and-holes.txt '0-0xc0000 write-back' \
    '0xc0000-0x100000 uncachable' '0x100000-0x20000000 write-back' \
    '0xfd000000-0xfd400000 write-combining'
types 37-proc-mtrr-2.6.22-64g.txt '0-0xbff00000 write-back' \
    '0xbff00000-0x100000000 uncachable' '0x100000000-0x1000000000 write-back'
types 39-proc-mtrr-32g-holes.txt '0-0xaf800000 write-back' \
    '0xaf800000-0x100000000 uncachable' '0x100000000-0x82fe00000 write-back' \
    '0x82fe00000-0x840000000 uncachable'
types 41-proc-mtrr-4k-in-wc.txt '0-0x9f700000 write-back' \
    '0x9f700000-0xa0000000 uncachable' '0xa0000000-0xf0000000 unknown' \
    '0xf0000000-0xf8000000 write-combining' \
    '0xfb000000-0xfb001000 uncachable' '0xfb001000-0xfc000000 write-combining'

# What is odd about some of them is said.
reads() { # FILE FINDING
    works directmap --e820 "$maps/$1" --json
    notes "$2"
}
reads 71-linux-2.6.3-bios-88.txt 'the firmware gave no E820'
reads 72-linux-2.6.16-wrapped-by-mail.txt 'line 4: its type is wrapped.*one of 10'
reads 73-linux-4.17-quoted-printable.txt 'line 3: a range goes on behind a soft line break.*one of 5'
reads 77-sysfs-script-two-listings.txt 'line 17: another map begins, which is left out'
reads 80-proc-mtrr-2.6.12-size-slip.txt 'line 2: .* the size is 1024MB'
reads 82-linux-xen-pv-guest.txt "not the machine's"
reads 84-linux-epyc-without-tom2.txt 'RAM above 4 GiB: its type is unknown .AMD.s TOM2'
reads 04-linux-2.6.27-and-proc-mtrr.txt 'line 17: the range of line 12 once more'
reads 08-linux-3.0-loglevel-wrapped.txt 'line 8: its type is wrapped'
reads 28-linux-soft-reserved-fragment.txt 'incomplete: what is below 0xc050000000'
reads 30-linux-user-pmem12.txt "not the firmware's map"
reads 57-proc-iomem-5.3.txt "Linux's view"
reads 59-linux-dmesg-x-head-missing.txt 'incomplete: what is below 0xfed40000'
reads 44-xen-4.1.1-half-page.txt 'no MTRRs: memory types are unknown'

# Damage is refused with its line.
log() {
    cat >log
}
refused() { # LINE: of what is in log
    fails 3 "log:$1" directmap --e820 log
    fails 3 "log:$1" directmap --e820 log --json
}
log <<'END'
BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
BIOS-e820: [mem 0x0000000000100000-0x00000000000effff] usable
END
refused '2: a range ends before it begins'
log <<'END'
BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
BIOS-e820: [mem 0x0000000000100000-
0x000000007ffdffff] usable
END
refused '2: a range that is not whole: wrapped, or cut'
log <<'END'
(XEN) Xen-e820 RAM map:
(XEN)  [0000000000000000, 000000000009fbff] (usable)
(XEN)  [0000000000100000, 0000000
END
refused '3: a range that is not whole: wrapped, or cut'
log <<'END'
(XEN) Xen-e820 RAM map:
(XEN)  [0000000000000000, 000000000009fbff] (usable)
(XEN)  [0000000000100000, 000000000[    0.000000] Linux version
END
refused '3: a range that is not whole: wrapped, or cut'
log <<'END'
 BIOS-e820: 0000000000000000 - 000000000009f000 (usable)
 BIOS-e820: 0000000000100000 - 000000007fff0000 (usa
END
refused '2: a range without its type: wrapped, or cut'
log <<'END'
[    0.000000]  BIOS-e820: 0000000000000000 - 000000000009f000 (usable)
[    0.000000]  BIOS-e820: 0000000000100000 - 00000000[    0.000000] Linux version 2.6.38
[    0.000000]  BIOS-e820: 0000000000000000 - 000000000009f000 (usable)
END
refused '2: a range that is not whole: wrapped, or cut'
for cut in '' 0 00000000000 '[mem' '[    0.000000] NX'; do
    log <<END
 BIOS-e820: 0000000000000000 - 000000000009f000 (usable)
 BIOS-e820: $cut
END
    refused '2: a range that is not whole: wrapped, or cut'
done
log <<'END'
BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff]  System RAM
BIOS-e820: [gap 0x00000000000a0000-0x00000000000effff]
BIOS-e820: [mem 0x0000000000100000-0x000000000ffdffff]  System RAM
END
refused '3: a line is missing before it: neither a range nor a gap ends here'
log <<'END'
BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usble
END
refused '1: a range without a type that is known'
log <<'END'
BIOS-e820: [mem 0x0000000000000000-0x0010000000000fff] usable
END
refused '1: no machine has an address of more than 52 bits'
log <<'END'
/sys/firmware/memmap/0/end:0x9fbff
/sys/firmware/memmap/0/start:0x0
/sys/firmware/memmap/0/type:System RAM
/sys/firmware/memmap/1/end:0x3fffffff
END
refused '4: entry 1 has no start'
log <<'END'
00000000-00000fff : Reserved
00001000-0009fbff : System RAM
00080000-000fffff : Reserved
END
refused '3: a range that is neither in the one before nor behind it'
log <<'END'
MTRR default type: uncachable
MTRR variable ranges enabled:
  0 base 000000000000 mask FFFF80000000 write-back
  2 disabled
END
fails 3 'log:4: register 2 where 1 is due' directmap --mtrr log
log <<'END'
reg00: base=0x80000000 (1024MB), size=1024MB: write-back, count=1
END
fails 3 'log:1: 0x80000000 is not 1024MB' directmap --mtrr log
log <<'END'
reg00: base=0x80000000 (2048MB), size=1536MB: write-back, count=1
END
fails 3 'log:1: a size that is no power of two' directmap --mtrr log
log <<'END'
  0 base 000000000000 mask F0F000000000 write-back
END
fails 3 'log:1: no mask that makes one range' directmap --mtrr log
log <<'END'
00000000-00000000 : Reserved
00000000-00000000 : System RAM
END
refused "1: all addresses are zero: not root's view"
log <<'END'
reg00: base=0x00000000 (   0MB), size=2048MB: write-back, count=1
reg01: base=0x80000000 (2048MB), size=10
END
fails 3 'log:2: a register that is not whole: wrapped, or cut' \
    directmap --mtrr log

# Of several maps the machine's own is taken; what is odd about it is said.
# gives BYTES [FINDING]: what is in log
gives() {
    works directmap --e820 log --json
    has ram_bytes "$1"
    [ $# = 1 ] || notes "$2"
}
log <<'END'
(XEN) Initial Xen-e820 RAM map:
(XEN)  [0000000000100000, 000000007fffffff] (usable)
(XEN)  [0000000000000000, 000000000009ffff] (usable)
(XEN)  [000000000009d000, 000000000009ffff] (reserved)
(XEN) Xen-e820 RAM map:
(XEN)  [0000000000000000, 000000000009cfff] (usable)
(XEN)  [0000000000100000, 000000007ffeffff] (usable)
(XEN) System RAM: 2047MB (2096628kB)
END
gives 2147012608 'line 8: Xen counts 2096628 kB of RAM, and the map has 2096692 kB'
sed -n 1,4p log >initial
mv initial log
gives 2147078144 'line 4: the range overlaps the one before'
log <<'END'
BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable
BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable
BIOS-e820: [mem 0x0000000000000000-0x000000000009efff] usable
BIOS-e820: [mem 0x0000000000100000-0x00000000ffffffff] usable
END
gives 2147090432 'line 3: another map begins, which is left out'
log <<'END'
BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable
BIOS-e820: [mem 0x0000000100000000-0x000000017fffffff] usable
BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable
last_pfn = 0x200000 max_arch_pfn = 0x400000000
END
gives 4294574080 'line 3: not in order'
notes 'line 4: Linux has RAM up to 0x200000000, and the map up to 0x180000000'
printf '%s ' '[    0.0] BIOS-provided physical RAM map:' \
    '[    0.0]  BIOS-e820: 0000000000000000 - 00000000000a0000 (usable)' \
    '[    0.0]  BIOS-e820: 0000000000100000 - 0000000080000000 (usable)' \
    '[    0.0] e820 update range: 0000000000000000 - 0000000000010000 (usable)' \
    '[    0.0] MTRR default type: uncachable' \
    '[    0.0] MTRR variable ranges disabled: [    0.0] Disabled' >log
gives 2147090432 'the MTRRs are disabled: memory types are unknown'
printf '\033[32m[    0.000000] \033[0m\033[33mBIOS-e820: \033[0m%s\n' \
    '[mem 0x0000000000000000-0x000000000009ffff] usable' \
    '[mem 0x0000000000100000-0x000000007fffffff] usable' >log
gives 2147090432
yes 'BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable' |
    head -n 70 >log
gives 655360 'line 65: the range of line 1 once more'
notes 'and more like these'
[ "$(wc -l <out)" -lt 140 ] || wrong 'all of them are told'
log <<'END'
In my log is only BIOS-e820: [mem 0x0000000100000000-0x000000013fffffff] usable for
it; of "BIOS-e820:" I know nothing, nor of BIOS-e820: as such.
END
gives 1073741824 'incomplete: what is below 0x100000000'
log <<'END'
BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable<br>
BIOS-e820: [mem 0x0000000000100000-0x000000007fffffff] usable<br />
  0 base 000000000 mask F80000000 write-through
  1 base 000000000 mask F80000000 write-combining
END
gives 2147090432 'must not overlap do: what memory is there is undefined'

# What a guest logs into Xen's log is no map of the machine, its firmware's
# neither.
log <<'END'
(XEN) HVM4: e820 map has 2 items:
(XEN) HVM4:   0: 0000000000000000 - 000000000009fc00 = 1 RAM
(XEN) HVM4:   1: 0000000000100000 - 000000007f7ff000 = 1 RAM
(XEN) HVM4: Booting from Hard Disk...
(XEN) HVM4: e820: BIOS-provided physical RAM map:
(XEN) HVM4: BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable
(XEN) HVM4: BIOS-e820: [mem 0x0000000000100000-0x000000007f7fefff] usable
(XEN) Xen-e820 RAM map:
(XEN)  0000000000000000 - 000000000009d000 (usable)
(XEN)  0000000000100000 - 00000000bfc00000 (usable)
END
gives 3216625664

# Entries that a page has broken in two are none; the title says what it was.
untitled='log:1: the title of a memory map, without an entry that can be read'
log <<'END'
(XEN) Initial Xen-e820 RAM map:
(XEN)
0000000000000000 -
000000000009d000 (usable)
(XEN)
0000000000100000 -
000000009cf66000 (usable)
END
fails 3 "$untitled" directmap --e820 log

# The command line.
fails 2 'directmap: one of --e820, --mtrr and --host is wanted; see "domwright help directmap"' \
    directmap
fails 2 'directmap: --e820 or --host, not both; see "domwright help directmap"' \
    directmap --e820 log --host
fails 2 'directmap: standard input is one file; --e820 finds MTRRs, too; see "domwright help directmap"' \
    directmap --e820 - --mtrr -
fails 2 "directmap: the file's name is empty; see \"domwright help directmap\"" \
    directmap --mtrr=
fails 2 'directmap: no format yaml; see "domwright help directmap"' \
    directmap --e820 log --format yaml
fails 2 'directmap: it takes no argument; see "domwright help directmap"' \
    directmap --e820 log log
fails 3 'nowhere: No such file or directory' directmap --e820 nowhere
fails 3 '.: Is a directory' directmap --e820 .
: >log
fails 3 'log: no memory map in it' directmap --e820 log
fails 3 'log: no MTRRs in it' directmap --mtrr log

# Standard input; a file each.
works directmap --e820 "$maps/44-xen-4.1.1-half-page.txt" --json
cp out wanted
checks=$((checks + 3))
"$domwright" directmap --json --e820 - <"$maps/44-xen-4.1.1-half-page.txt" >out
cmp -s out wanted || wrong 'standard input gives something else'
"$domwright" directmap --e820 - <&- >out 2>err && wrong 'no standard input'
[ "$(cat err)" = 'domwright: standard input: Bad file descriptor' ] ||
    wrong 'no standard input has another line'
works directmap --e820 "$maps/44-xen-4.1.1-half-page.txt" \
    --mtrr "$maps/37-proc-mtrr-2.6.22-64g.txt" --json
grep -q '"type": "write-back"' out || wrong 'the MTRRs are not taken'

# What is no paste at all: refused, by a line, and nothing else happens.
for junk in "$domwright" "$srcdir/tests/cli/lib.sh" /dev/null; do
    run directmap --e820 "$junk" --json
    [ "$status" = 3 ] || wrong "$junk: status $status"
    [ "$(wc -l <err)" = 1 ] || wrong "$junk: not one line"
done

# A picture: one document, whose numbers are the report's.
works directmap --e820 "$maps/15-linux-5.10-default-write-back.txt" --format svg
[ "$(head -c 5 out)" = '<svg ' ] || wrong 'no picture'
[ "$(tail -n 1 out)" = '</svg>' ] || wrong 'half a picture'
prints '>Direct map of 7\.7 GiB of RAM<'
prints '>6 leaves of 1 GiB, 855 leaves of 2 MiB, 618 leaves of 4 KiB, 8 tables<'
# Three chunks and two places that cannot be 1 GiB leaves below 4 GiB; four and
# three in all.
[ "$(grep -c '<rect class="wb" .*height="30"' out)" = 7 ] || wrong 'chunks'
[ "$(grep -c '<path class="b" .*l5 7h-10z"/>$' out)" = 5 ] || wrong 'broken places'
! grep -q 'nan\|inf' out || wrong 'a number that is none'
works directmap --mtrr "$maps/37-proc-mtrr-2.6.22-64g.txt" --format svg
prints '>RAM is unknown: there is no memory map<'

# Titles without end in one line cost no more than their bytes.
yes 'RAM map: ' | head -n 600000 | tr -d '\n' >log
fails 3 "$untitled" directmap --e820 log

# The output is full, closed, or read in part.
map=$maps/54-xen-efi-quoted-448g.txt
for format in text json svg; do
    checks=$((checks + 3))
    "$domwright" directmap --e820 "$map" --format $format >/dev/full 2>err &&
        wrong 'a full output is success'
    grep -qx 'domwright: writing the output failed: No space left on device' err ||
        wrong 'a full output is not told of'
    "$domwright" directmap --e820 "$map" --format $format >&- 2>err &&
        wrong 'a closed output is success'
    "$domwright" directmap --e820 "$map" --format $format 2>err | head -n 1 >out
    [ "$(wc -l <out)" = 1 ] || wrong 'head got no line'
    [ ! -s err ] || wrong 'a closed pipe is told of'
done

# A host's own map, of the embedded one here.
if ! ldd "$top/src/hypervisor/fakexen/.libs/fakexen.so" | grep -q libasan; then
    DOMWRIGHT_FAKEXEN=$top/src/hypervisor/fakexen/fakexen
    export DOMWRIGHT_FAKEXEN
    printf '0 +640K ram\n1M +1023M ram\n4G +3G ram\n' >e820
    "$DOMWRIGHT_FAKEXEN" --host machine --e820 e820 true || wrong 'no machine'
    works --host machine directmap --host --json
    has ram_bytes $((651264 + (1023 + 3072) * 1048576)) # not page 0
    notes 'no MTRRs'
    works --host machine directmap --host
    prints '^memory map  the host, as Xen has it$'
    prints '^leaves      3 of 1 GiB, 511 of 2 MiB, 415 of 4 KiB$'
    prints '^tables      4 '
fi
if [ ! -e /dev/xen/privcmd ]; then
    DOMWRIGHT_FAKEXEN=/nowhere
    export DOMWRIGHT_FAKEXEN
    fails 5 'DOMWRIGHT_FAKEXEN: /nowhere: No such file or directory' \
        directmap --host
fi
finish
