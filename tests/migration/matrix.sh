#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A small part of the matrix, in parts as on several machines, and its reports.

# libxenguest waits until a stream is on the disk; so where there is none.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm
export TMPDIR="${TMPDIR:-/tmp}"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

mkdir tmp && TMPDIR=$work/tmp

only='*/16M/1vcpu/high/patched*'
works regress --list --seed 1 --only "$only"
sort out >all
[ "$(wc -l <all)" -gt 100 ] || wrong 'hardly a cell'
for shard in 1 2 3; do
    works regress --list --seed 1 --only "$only" --shard $shard/3
    cat out >>parts
done
sort parts | cmp -s - all || wrong 'the parts are not all of it'
works regress --list --seed 2 --only "$only"
sort out | cmp -s - all || wrong 'another seed has other cells'

# By domwright alone; with xl, on request.
by='by-domwright'
for cell in checkpoint/pae:/built-$by/saved-$by image/64:/restored-$by \
    save/legacy:/built-$by/saved-$by/restored-$by kill/64: \
    migrate/64:/nolog/built-$by live/legacy:/nolog/built-$by \
    live/pae:/log/built-$by term/pae: full/legacy: ; do
    works -q regress --seed 1 --json \
        --only "${cell%:*}/16M/1vcpu/high/patched${cell#*:}"
    cp out "$(echo "${cell%:*}" | tr / -).json"
    [ -z "$(ls tmp)" ] || wrong 'a folder is left'
done
works regress --merge ./*.json --json
python3 -c "
import json
cells = json.load(open('out'))['cells']
assert len(cells) == 9 and all(c['outcome'] == 'passed' for c in cells), cells" 2>err ||
    wrong 'it is not one report of all'
works regress --merge ./*.json --report tap
prints '^1\.\.[0-9]*$'
prints '^ok 1 - '
works regress --merge ./*.json --report junit
python3 -c "
import xml.etree.ElementTree as tree
suite = tree.parse('out').getroot()
assert suite.get('failures') == '0' and len(suite) == int(suite.get('tests'))
" 2>err || wrong 'that is no JUnit'

# ---- killed ----
# What plays a guest's kernel does not outlive it.
children() {
    cat "/proc/$1/task/$1/children" 2>/dev/null
}
plays() {
    for child in $(children "$1"); do
        ! tr '\0' ' ' 2>/dev/null <"/proc/$child/cmdline" |
            grep -q ' --play ' || echo "$child"
    done
}
ends() {
    for _ in $(seq 100); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    return 1
}
checks=$((checks + 1))
"$domwright" regress -q --seed 1 --only \
    "checkpoint/pae/16M/1vcpu/high/patched/built-$by/saved-$by" \
    >/dev/null 2>&1 &
regress=$!
kernel=
for _ in $(seq 500); do
    kernel=$(plays $regress)
    [ -z "$kernel" ] || break
    sleep 0.02
done
kill -9 $regress
wait $regress 2>/dev/null || :
[ -n "$kernel" ] || wrong 'nobody was seen to play a kernel'
[ -z "$kernel" ] || ends "$kernel" || wrong 'it plays on'
# What is left is the next one's to remove; not what somebody is at work in.
[ -n "$(ls tmp)" ] || wrong 'nothing is left of one that was killed'
mkdir tmp/domwright-regress.abcdef
flock tmp/domwright-regress.abcdef "$domwright" regress -q --only \
    "build/pae/16M/1vcpu/high/patched/built-$by" >out 2>err ||
    wrong 'the next one failed'
[ "$(ls tmp)" = domwright-regress.abcdef ] ||
    wrong 'what was killed is not cleared up, or what was not is'
rmdir tmp/*
if [ -d /var/lib/xen ] && [ -n "$(ls -A /var/lib/xen 2>/dev/null)" ]; then
    wrong 'userdata of it is left'
fi

# ---- stopped ----
# stopped SIGNAL NUMBER: what runs is ended, and nothing stays.
stopped() {
    checks=$((checks + 1))
    "$domwright" regress -q --seed 1 --only \
        "term/pae/256M/1vcpu/high/patched" --repeat 100 >out 2>err &
    regress=$!
    for _ in $(seq 500); do
        kernel=$(plays $regress)
        [ -z "$kernel" ] || break
        sleep 0.02
    done
    kill -"$1" $regress
    status=0
    wait $regress || status=$?
    [ "$status" = "$2" ] || wrong "stopped by $1: status $status"
    grep -q '^domwright: stopped: ' err || wrong "stopped by $1: it does not say"
    [ -z "$(ls tmp)" ] || wrong "stopped by $1: a folder is left"
    ends "$kernel" || wrong "stopped by $1: its programs go on"
}
stopped TERM 143
stopped HUP 129

# ---- one that fails ----
cat >failed.json <<'END'
{"seed": 3, "cells": [{"name": "save/x", "outcome": "failed", "seconds": 1.5,
 "what": ["PFN 0x12: other contents (memory) <&>"],
 "repeat": "domwright regress --seed 3 --only 'save/x'"},
 {"name": "save/y", "outcome": "skipped", "seconds": 0, "what": ["no xl"]}]}
END
run regress --merge failed.json
[ "$status" = 1 ] || wrong 'a cell that failed is none'
[ "$(cat out)" = "save/x: failed
  PFN 0x12: other contents (memory) <&>
  alone: domwright regress --seed 3 --only 'save/x'
0 passed, 1 failed, 1 skipped" ] || wrong 'not what failed'
[ "$(cat err)" = 'domwright: 1 cell failed' ] || wrong 'not that it failed'
run regress --merge failed.json --report tap
grep -q '^not ok 1 - save/x$' out || wrong 'TAP does not say so'
grep -q '^ok 2 - save/y # SKIP no xl$' out || wrong 'TAP does not say so'
run regress --merge failed.json --report junit
grep -q '<failure>PFN 0x12: other contents (memory) &lt;&amp;&gt;$' out ||
    wrong 'nor does JUnit'
# A cell that failed once has failed, whoever comes first.
printf '%s\n' '{"seed": 3, "cells": [{"name": "save/x", "outcome": "passed",
 "seconds": 1, "what": []}]}' >passed.json
for reports in 'failed.json passed.json' 'passed.json failed.json'; do
    # shellcheck disable=SC2086 # two of them
    run regress --merge $reports
    [ "$status" = 1 ] || wrong 'a failure is forgotten'
done
sed 's/failed/passed/; s/^ "repeat.*$/]},/; s/,$/,/' failed.json >broken.json
run regress --merge failed.json broken.json
[ "$status" = 3 ] || wrong 'a report that is none'
sed 's/"seed": 3/"seed": 4/' passed.json >other.json
fails 3 'other.json: it has another seed than those before it: they are no parts of one matrix' \
    regress --merge passed.json other.json
for what in . out; do
    fails 3 "$what: it is no report of \"domwright regress --json\"" \
        regress --merge $what
done
fails 3 'cannot read none.json: No such file or directory' \
    regress --merge none.json
"$domwright" regress --merge - <passed.json >out 2>err ||
    wrong 'what comes on standard input is no report'
[ "$(cat out)" = '1 passed, 0 failed, 0 skipped' ] || wrong 'nor is it read'

# ---- on a host that is there ----
cell="build/pae/16M/1vcpu/high/patched/built-$by"
"$fakexen" --host given --memory 256M true
works -q regress --host given --only "$cell"
checks=$((checks + 1))
"$domwright" -q regress --host given --only "$cell" --repeat 200 >/dev/null 2>&1 &
regress=$!
for _ in $(seq 500); do
    [ -z "$(ls tmp/*/cell.* 2>/dev/null)" ] || break
    sleep 0.02
done
fails 1 "--host $work/given: another regress is at work there" \
    -q regress --host given --only "$cell"
kill -TERM $regress
wait $regress || :
works -q regress --host given --only "$cell"
for what in /dev/null .; do
    run regress -q --host $what --only "$cell"
    [ "$status" = 5 ] || wrong "--host $what: status $status"
    grep -q '^domwright: --host: .' err || wrong 'not said that it is no host'
    [ "$(wc -l <err)" = 1 ] || wrong 'more than that is said'
done
# ---- where there is nothing to do, or no room ----
works -q regress --shard 2/2 --only "$cell"
[ "$(cat out)" = '0 passed, 0 failed, 0 skipped' ] || wrong 'a part without cells'
works -q regress --shard 2/2 --only "$cell" --report junit
mkdir small
if mount -t tmpfs -o size=3M tmpfs small 2>/dev/null; then
    for cell in "$cell" "save/pae/16M/1vcpu/high/patched/built-$by/saved-$by"; do
        TMPDIR=$work/small run regress -q --only "$cell"
        [ "$status" = 1 ] || wrong "no room: status $status"
        grep -q "^domwright: there is no room in $work/small/domwright-regress.* \
for what is tried: " err || wrong 'not said that there is no room'
        [ ! -s out ] || wrong 'a cell is said to have failed'
        [ -z "$(ls small)" ] || wrong 'a folder is left'
    done
    umount small
fi

# ---- what cannot be ----
fails 2 'regress: --shard: 3/2 is none, as 1/4 is; see "domwright help regress"' \
    regress --shard 3/2
see='; see "domwright help regress"'
while IFS='|' read -r line arguments; do
    # shellcheck disable=SC2086 # several
    fails 2 "regress: $line$see" regress $arguments
done <<'END'
--only: an empty word|--only=
--guest: an empty word|--guest= --quick
--against goes with --state|--quick --against x
--rate goes with --play|--rate 5
--keep does not go with --state|--state p --keep x
--quick does not go with --play|--play p --quick
--state does not go with --play|--play p --state p
--host does not go with --play|--play p --host h
--seed does not go with --merge|--merge x --seed 3
--report does not go with --list|--list --report json
--delay: 1x is no number of seconds|--play p --delay 1x
--delay: -1 is no number of seconds|--play p --delay -1
--delay: nan is no number of seconds|--play p --delay nan
--rate: 1x is no number|--play p --rate 1x
--rate: 9999999999 is too large|--play p --rate 9999999999
--repeat: 99999999999999999999 is too large|--repeat 99999999999999999999
--repeat: 0 is no number above 0|--repeat 0
END
# A guest that cannot be is not tried a thousand times.
: >empty.cfg
config disk.cfg "disk = ['phy:/dev/null,xvda,w']"
while IFS='|' read -r file why; do
    fails 3 "--guest $work$file cannot be tried: $why" regress --guest ".$file"
done <<END
|cannot read $work: Is a directory
/empty.cfg|$work/empty.cfg: kernel is missing
END
run regress --guest disk.cfg
[ "$status" = 3 ] || wrong 'a guest with devices is tried'
grep -q 'disk: not supported' err || wrong 'nobody says why it is not'
[ -z "$(ls tmp)" ] || wrong 'a folder is left'
fails 2 'no cell is nothing; --list has all' regress --only nothing
fails 2 'regress: no report x; see "domwright help regress"' regress --report x
fails 2 'regress: --merge wants reports; see "domwright help regress"' \
    regress --merge
finish
