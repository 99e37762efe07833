#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What inspect shows of guests and of their configurations: the plan and what
# was built have to look the same, whatever the form.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/domwright
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
needs_embedded

pv_build=$top/tests/portrait/pv-build plant=$top/tests/fx/plant

on_host() {
    "$fakexen" --host machine "$@"
}

new_host() {
    rm -f machine
    on_host --memory 5G --level "$1" true
    DOMWRIGHT_HOST=$work/machine
    export DOMWRIGHT_HOST
}

state() {
    on_host --status | sed /^hypercalls/d
}

# value KEY: the first of that name in the last report, which is JSON.
value() {
    sed -n "s/^ *\"$1\": \(.*[^,]\),\{0,1\}$/\1/p" out | head -n 1
}

# has KEY VALUE
has() {
    [ "$(value "$1")" = "$2" ] || wrong "$1 is $(value "$1"), not $2"
}

# Areas and tables by their addresses and PFNs, which are the plan's to say.
# Where a kernel begins, a domain does not tell: it has all that is before it.
layout() {
    sed -n '/^ *address  /,/^$/p; /^level  *address/,/^$/p' "$1" |
        awk '$1 ~ /^L[1-4]$/ { $6 = "-" } $5 == "memory," { next }
            $5 == "kernel," { $1 = $3 = $4 = $7 = "-" } NF { $1 = $1; print }'
}

# is_picture: one document, without what XML has no place for.
is_picture() {
    [ "$(head -c 5 out)" = '<svg ' ] || wrong "$1: no picture"
    [ "$(tail -n 1 out)" = '</svg>' ] || wrong "$1: half a picture"
    ! grep -qE '[^a-z]-?(nan|inf)[^a-z]' out || wrong "$1: a number that is none"
    ! grep -qE '(width|height)="-' out || wrong "$1: it is less than nothing"
    ! grep -q '&[^a-z]' out || wrong "$1: a bare &"
    if command -v xmllint >/dev/null; then
        xmllint --noout out 2>err || wrong "$1: it is not XML"
    fi
}

# ---- what was planned is what was built ----
for level in stock patched; do
    new_host "$level"
    for kernel in "$guests"/hello-pae "$guests"/hello-64 "$guests"/hello-legacy \
        /usr/lib/grub-xen/grub-i386-xen.bin \
        /usr/lib/grub-xen/grub-x86_64-xen.bin; do
        [ -f "$kernel" ] || continue
        case $level:$kernel in
        stock:*-64 | stock:*.bin) continue ;;
        esac
        config guest.cfg "kernel = \"$kernel\"" 'memory = 48' \
            "ramdisk = \"$srcdir/tests/cli/lib.sh\""
        works inspect guest.cfg
        layout out >plan
        [ "$(grep -c . plan)" -gt 10 ] || wrong 'a plan of nothing'
        prints '^guest  *guest, as planned: pv(32|64), 12288 pages, not built yet$'
        prints ' ramdisk, PFN '
        works create -ep guest.cfg
        state >before
        works inspect guest
        layout out >built
        cmp -s plan built || {
            diff plan built >out
            wrong "$level, $kernel: it is not as it was planned"
        }
        works inspect --json guest
        cp out json
        for key in '"pages": 12288' '"has_run": false' '"p2m": "start_info"' \
            '"total": 12288' '"foreign": 0' '"others": 0'; do
            prints "^ *$key,?\$"
        done
        works inspect --format svg guest
        is_picture guest
        works info --json guest
        root=$(value root_mfn) low=$(value root_below_4g)
        assist=$(value extended_cr3)
        cp json out
        has mfn "$root"
        has below_4g "$low"
        has extended_cr3 "$assist"
        state >after
        cmp -s before after || wrong 'inspect has changed the host'
        works destroy guest
        # Others' builders lay out the same, and pin as they like.
        id=$(on_host "$pv_build" -m 48 -v 2 stock "$kernel") || wrong 'pv-build'
        works inspect "$id"
        layout out >built
        works inspect guest.cfg 'ramdisk = ""'
        layout out >plan
        cmp -s plan built || {
            diff plan built >out
            wrong "$level, $kernel: stock is not as we planned it"
        }
        on_host "$pv_build" -d "$id" || wrong 'pv-build -d'
    done
done

# ---- large and small, without Xen ----
unset DOMWRIGHT_HOST
# shows KERNEL MEMORY FORMAT...
shows() {
    config guest.cfg "kernel = \"$1\"" "memory = $2"
    memory=$2
    shift 2
    for format in "$@"; do
        works inspect guest.cfg --format "$format"
        [ "$(wc -c <out)" -lt 40000 ] || wrong 'it grows with the guest'
    done
    is_picture "$memory MiB"
}
for kernel in "$guests/hello-pae" "$guests/hello-64"; do
    shows "$kernel" 16 svg
    shows "$kernel" 65536 text json svg
done
for kernel in "$cache"/dom0-*/root/boot/vmlinuz-*; do # the lab's, if it has one
    [ ! -f "$kernel" ] || {
        shows "$kernel" 65536 svg
        prints '>P2M list<.*128 MiB'
        break
    }
done
[ ! -e "$HOME" ] || wrong 'it made a host of the user'

# The JSON of a plan.
config guest.cfg
works inspect --json guest.cfg
for key in name:'"guest"' id:null has_run:null frames:null nodes:null mfn:null \
    p2m:'"start_info"' pinned:null above_4g:null type:'"pv32"'; do
    has "${key%%:*}" "${key#*:}"
done
checks=$((checks + 1))
"$domwright" inspect - --json <guest.cfg >stdin 2>err
cmp -s stdin out || wrong 'standard input gives something else'
works inspect --format json guest.cfg
cmp -s stdin out || wrong '--json is not --format json'

# What is in a picture: tables with what they map, and where the L3 may be.
works inspect --format svg guest.cfg
prints '>CR3 [^ ]* L3<' # an arrow, in any locale
prints '>32-bit PV guest, 32 MiB, not built yet<'
for area in kernel 'P2M list' 'start info' 'xenstore ring' 'console ring' \
    'page tables' 'boot stack' padding "Xen's own"; do
    [ "$(grep -c ">$area<tspan" out)" = 1 ] || wrong "no $area"
done
prints 'L3: here<'
prints 'or here, if extended CR3 can be declared<'
picture=$srcdir/examples/inspect.svg
[ "$(grep '<style>' out)" = "$(grep '<style>' "$picture")" ] ||
    wrong "README's picture is another one: $picture"
config guest.cfg "kernel = \"$guests/hello-legacy\""
works inspect --format svg guest.cfg
prints 'never here: the kernel knows no extended CR3<'
config guest.cfg "kernel = \"$guests/hello-64\""
works inspect --format svg guest.cfg
prints 'L4: anywhere<'
! grep -q 'extended CR3' out || wrong 'extended CR3 of a 64-bit guest'

# ---- names that are markup, and long ----
new_host patched
config guest.cfg 'name = "a<b&c>\"]]>"' 'memory = 16'
config long.cfg 'memory = 16' "name = \"$(printf '%0200d' 7)\""
for file in guest long; do
    run create -ep $file.cfg
    [ "$status" = 0 ] || continue
    id=$(sed -n 's/.*(domain \([0-9]*\)).*/\1/p' out)
    for format in text json svg; do
        works inspect --format $format "$id"
    done
    is_picture "$file"
    works inspect --format svg ./$file.cfg
    is_picture "$file.cfg"
done
id=$("$domwright" list --json | sed -n 's/^ *"id": \(.*\),$/\1/p' | tail -n 1)
on_host "$top/tests/cli/toolstack" write "/local/domain/$id/name" \
    "$(printf '<x>\033\377&\n')" 2>/dev/null
works inspect --format svg "$id"
is_picture 'a name that is no text'
prints '>&lt;x&gt;\\x1b\\xff&amp;.*domain [0-9]'
works destroy --all

# ---- guests with faults are shown all the same ----
for kernel in pae 64; do
    for fault in linear-table absent-address unpinned-root p2m-twice p2m-hole; do
        config guest.cfg "kernel = \"$guests/hello-$kernel\"" 'memory = 16'
        works create -ep guest.cfg
        on_host "$plant" "$("$domwright" domid guest)" $fault || wrong 'plant'
        works inspect --format svg guest
        is_picture $fault
        works destroy guest
    done
done
# A grant of another's, and a linear table, are counted.
works create -ep guest.cfg
other=$("$domwright" domid guest)
works rename guest other
works create -ep guest.cfg
id=$("$domwright" domid guest)
on_host "$plant" "$id" foreign-frame "$other" || wrong 'plant'
on_host "$plant" "$id" linear-table || wrong 'plant'
works inspect guest
prints ', 1 of others$'
prints '^   L4 .*, 1 elsewhere$'
works destroy --all

# ---- of several nodes nobody knows which has a frame ----
"$fakexen" --host nodes --memory 2G --nodes 2 true
works --host nodes create -ep guest.cfg
works --host nodes inspect guest
prints '^frames .*; nodes unknown$'
works --host nodes inspect --json guest
has nodes null

# ---- refusals ----
# told STATUS ERE: how the last run ended, and what it said.
told() {
    [ "$status" = "$1" ] || wrong "it ended with status $status"
    grep -q "$2" err || wrong "no line matches: $2"
}
fails 1 'no domain is named nobody' inspect nobody
fails 1 'no domain 77' inspect 77
fails 1 'domain 0 cannot be inspected: Xen does not show it its own frames' \
    inspect 0
on_host "$top/tests/cli/toolstack" create >out
id=$(cat out)
for format in text json svg; do
    works inspect "$id" --format $format
done
is_picture 'no vCPU'
works inspect "$id"
prints '^root  *none: no vCPU is set up$'
works destroy "$id"
see='see "domwright help inspect"'
fails 2 "inspect: no format junk; $see" inspect --format junk nobody
fails 2 "inspect: a domain or a configuration file is wanted; $see" inspect
fails 2 "inspect: one domain at a time; $see" inspect a b
fails 2 "inspect: b is not KEY=VALUE; $see" inspect a.cfg b
fails 3 'cannot read nowhere.cfg: No such file or directory' inspect nowhere.cfg
printf 'name = "guest"\nkernel = [\n' >bad.cfg
run inspect bad.cfg
told 3 '^domwright: bad.cfg:[123]: '
config bad.cfg 'memory = 1'
run inspect bad.cfg
told 3 '^domwright: bad.cfg:4: memory: '
config bad.cfg 'type = "pvh"'
fails 3 'bad.cfg:4: type: only a PV guest has a plan' inspect bad.cfg
config guest.cfg 'disk = ["/dev/null,raw,xvda,w"]'
run inspect guest.cfg
told 0 '^domwright: warning: .*disk'

# ---- one that is dying, whose frames are gone one by one ----
config guest.cfg 'memory = 16'
works create -ep guest.cfg
id=$("$domwright" domid guest)
frame=$(on_host "$top/tests/cli/toolstack" read \
    "/local/domain/$id/store/ring-ref")
mkfifo hold
# shellcheck disable=SC2094 # hold and held are two
on_host "$top/tests/cli/toolstack" hold "$id" "$frame" <hold >held &
exec 9>hold
until grep -qs held held; do
    sleep .02
done
works destroy guest
fails 1 "domain $id is dying" inspect "$id"
exec 9>&-
wait

# ---- the output is full, closed, or read in part ----
config guest.cfg 'memory = 16'
works create -ep guest.cfg
for what in guest guest.cfg; do
    for format in text json svg; do
        checks=$((checks + 3))
        "$domwright" inspect $what --format $format >/dev/full 2>err &&
            wrong 'a full output is success'
        grep -qx 'domwright: writing the output failed: No space left on device' err ||
            wrong 'a full output is not told of'
        "$domwright" inspect $what --format $format >&- 2>err &&
            wrong 'a closed output is success'
        "$domwright" inspect $what --format $format 2>err | head -n 1 >out
        [ "$(wc -l <out)" = 1 ] || wrong 'head got no line'
        [ ! -s err ] || wrong 'a closed pipe is told of'
    done
done
finish
