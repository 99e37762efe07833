#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# restore from a pipe: the guest's memory is filled while the stream comes, and
# whatever is wrong with it, and wherever it ends, nothing of the guest is left.
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

on_host() {
    "$domwright" --host machine "$@"
}
machine() {
    "$fakexen" --host machine --status | grep -v '^hypercalls'
}
# A machine with as much below 4 GiB as that, and enough above it.
machine_with() {
    rm -f machine
    printf '4K 1M ram\n16M +%s ram\n4G +256M ram\n' "$1" >e820
    "$fakexen" --host machine --e820 e820 --level "${2:-patched}" true || exit 99
    machine >before
}
gone() {
    machine >after
    cmp -s before after || {
        diff before after >out
        wrong "$1: the machine is not what it was"
    }
}
# pipes FILE ARGUMENT...: as `run`, with FILE coming through a pipe.
pipes() {
    checks=$((checks + 1))
    from=$1
    shift
    status=0
    { cat "$from" 2>cat.err; echo "$?" >cat.status; } | "$domwright" \
        --host machine "$@" >out 2>err || status=$?
}
# is_here WHAT: it was restored without a word, and is right.
is_here() {
    if [ "$status" != 0 ] || [ -s err ]; then
        wrong "$1: status $status"
    fi
    works --host machine verify guest
    [ "$(cat out)" = 'guest: 0 findings' ] || wrong "$1: verify finds something"
    works --host machine info guest
}
other() {
    python3 "$srcdir/tests/cli/pipe.py" "$@" || exit 99
}
portrait() {
    on_host inspect --json guest | grep -v '"id":'
    on_host info guest | grep -v '^\(id\|time\)'
}
# Where it lies is no matter.
where='/above_4g/d; /mfn/d; /frames/,/}/d; /root_below/d; /^ *[{}],*$/d'

machine_with 64M
for kernel in hello-pae hello-legacy hello-64; do
    config guest.cfg "kernel = '$guests/$kernel'" 'memory = 8'
    works create --save-as $kernel.save guest.cfg
    works --host machine restore -pe $kernel.save
    portrait | sed "$where" >want
    works --host machine destroy guest
    pipes $kernel.save restore -pe -
    grep -q '^restored guest (domain [0-9]*)$' out || wrong "$kernel: not said"
    is_here "$kernel"
    if [ $kernel = hello-legacy ]; then
        prints '^root_below_4g *: yes$'
    else
        prints '^root_below_4g *: no$'
    fi
    portrait | sed "$where" >is
    diff want is >out || wrong "$kernel: another guest comes through a pipe"
    works --host machine destroy guest
    gone $kernel
done
mkfifo fifo
cat hello-64.save >fifo &
pipes /dev/null restore -e fifo
is_here 'a FIFO'
works --host machine destroy guest
pipes hello-64.save restore -e /dev/stdin
is_here '/dev/stdin'
works --host machine destroy guest
# A file is one whatever its name is, and wherever it begins.
{ echo; cat hello-legacy.save; } >behind.save
checks=$((checks + 1)) status=0
{
    read -r _
    on_host restore -e - >out 2>err || status=$?
} <behind.save
is_here 'a file'
works --host machine destroy guest
gone 'other pipes'

# ---- where an L3 is to be ----
other hello-legacy.save late >late.save
other hello-legacy.save no-assists >unsaid.save
other hello-pae.save no-assists >unsaid-pae.save
TMPDIR=$PWD/none
export TMPDIR
nowhere="keeping the stream in $TMPDIR: No such file or directory"
# refused STATUS LINE FILE: whichever way it came, nothing of it is left.
refused() {
    pipes "$3" restore -e -
    if [ "$status" != "$1" ] || [ "$(cat err)" != "domwright: $2" ]; then
        wrong "$3: status $status, not $1, $2"
    fi
    gone "$3"
}
# It need not be kept where all of it is put below 4 GiB.
pipes late.save restore -e -
is_here 'an L3 that was a page before'
prints '^root_below_4g *: yes$'
works --host machine destroy guest
# Nor where it may lie anywhere.
machine_with 10M # less than its 8 MiB and a third
pipes hello-pae.save restore -e -
is_here 'one with extended CR3'
prints '^root_below_4g *: no$'
works --host machine destroy guest
refused 1 "$nowhere" late.save
# A file that others may write to is checked as it is read, as a pipe is.
works --host machine restore -e late.save
works --host machine destroy guest
for change in 'chmod 620' 'chmod 602' 'chown 12345'; do
    cp late.save others.save
    $change others.save 2>/dev/null || continue # there is no such user here
    fails 1 "$nowhere" --host machine restore -e others.save
    gone "$change"
done
TMPDIR=$PWD
chmod 666 others.save
works --host machine restore -e others.save
prints '^restored guest '
works --host machine destroy guest
for file in late unsaid; do
    pipes $file.save restore -e -
    is_here "$file, and little low memory"
    prints '^root_below_4g *: yes$'
    on_host inspect --json guest | grep -q '"above_4g": [1-9]' ||
        wrong "$file: all of it is below 4 GiB"
    works --host machine destroy guest
    gone "$file"
done
machine_with 64M
TMPDIR=$PWD/none
refused 1 "$nowhere" unsaid.save
refused 1 "$nowhere" unsaid-pae.save
TMPDIR=$PWD
pipes unsaid-pae.save restore -e -
is_here 'one of which nobody has said that'
prints '^root_below_4g *: no$'
works --host machine destroy guest
# What was said in front was not so.
for level in stock patched; do
    machine_with 64M $level
    for kernel in pae legacy; do
        other hello-$kernel.save assists >assists.save
        case $kernel in
        pae) said='0x8, and were said to be 0' ;;
        *) said='0, and were said to be 0x8' ;;
        esac
        refused 3 "its VM assists are $said" assists.save
    done
done

# ---- streams that nobody should believe ----
other hello-64.save type >type.save
run --host machine restore type.save
sed 's/type\.save/-/; s/^domwright: //' err >line
[ "$status" = 3 ] || wrong 'a page of no type'
grep -qE '^-: at 0x[0-9a-f]+, PAGE_DATA: PFN 0x[0-9a-f]+ of type 6, which is none$' \
    line || wrong 'a page of no type'
refused 3 "$(cat line)" type.save
# libxenguest would have memory for each of them.
other hello-64.save wide >wide.save
pipes wide.save restore -e -
if [ "$status" != 3 ] || ! grep -qE '^domwright: -: at 0x[0-9a-f]+, X86_PV_P2M_FRAMES: ' err; then
    wrong 'a P2M list that is too wide'
fi
gone 'a P2M list that is too wide'
run --host machine restore -e wide.save
[ "$status" = 3 ] || wrong 'a P2M list that is too wide, from a file'
gone 'a P2M list that is too wide, from a file'
grep -qE 'its P2M list is for 16777217 PFNs, where a guest of its memory has [0-9]+ at most' err ||
    wrong 'not said how many'
other hello-64.save front >front.save
pipes front.save restore -e -
grep -qE '^domwright: -: at 0x[0-9a-f]+, a record: there was no X86_PV_INFO before it$' \
    err || wrong 'all that stands in front is held'
[ "$(cat cat.status)" != 0 ] || wrong 'all of it was read'
other hello-64.save cuts >places
while read -r at; do
    for at in "$at" $((at + 5)); do
        head -c "$at" hello-64.save >cut.save
        pipes cut.save restore -e -
        if [ "$status" != 3 ] || [ "$(wc -l <err)" != 1 ] ||
            ! grep -qE '^domwright: -: (at (0|0x[0-9a-f]+), .*: the stream is cut off|it is empty)$' err; then
            wrong "cut at $at: status $status"
        fi
    done
done <places
gone 'cut off'
sed 's/"localtime": "False"/"localtime": "True" /' hello-64.save >xl.save
refused 3 '-: its configuration says more than domwright restores; "xl restore" does, from a file that has a name' \
    xl.save
checks=$((checks + 1))
on_host restore -e - <xl.save >out 2>err && wrong 'a file without a name for xl'
grep -q 'does, from a file that has a name$' err || wrong 'a file without a name for xl'
fails 3 'cannot read .: Is a directory' --host machine restore .
fails 3 'cannot read none: No such file or directory' --host machine restore none

# ---- it does not come ----
# stopped SIGNAL STATUS AT: a writer that stops there.
stopped() {
    checks=$((checks + 1)) status=0
    rm -f fifo
    mkfifo fifo
    { head -c "$3" hello-64.save; exec sleep 60; } >fifo &
    writer=$!
    "$domwright" --host machine restore -e fifo >out 2>err &
    restore=$!
    until on_host list | grep -q guest; do sleep 0.1; done
    kill -"$1" $restore
    wait $restore || status=$?
    kill $writer
    [ "$status" = "$2" ] || wrong "$1: status $status"
    grep -q '^domwright: stopped: ' err || wrong "$1: not said that it is stopped"
    gone "$1"
}
stopped TERM 143 "$(sed -n '/./p' places | tail -n 4 | head -n 1)"
stopped HUP 129 "$(($(wc -c <hello-64.save) - 4))"

# ---- Xen refuses it: who writes is not left waiting ----
sed 's/"\(max\|target\)_memkb": 8192/"\1_memkb": 4096/
    s/"shadow_memkb": 32/"shadow_memkb": 16/' hello-64.save >much.save
cmp -s much.save hello-64.save && wrong 'no memory in its configuration'
pipes much.save restore -e -
[ "$status" = 4 ] || wrong "more than it may have: status $status"
grep -q '^domwright: restoring domain [0-9]*: .*populate physmap' err ||
    wrong 'not said that it has more than it may'
[ "$(wc -l <err)" = 1 ] || wrong 'more than that is said'
gone 'more than it may have'
finish
