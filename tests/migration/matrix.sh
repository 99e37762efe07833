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
    save/legacy:/built-$by/saved-$by/restored-$by kill/64:/restored-$by \
    term/pae: full/legacy: ; do
    works -q regress --seed 1 --json \
        --only "${cell%:*}/16M/1vcpu/high/patched${cell#*:}"
    cp out "${cell%%/*}.json"
    [ -z "$(ls tmp)" ] || wrong 'a folder is left'
done
works regress --merge ./*.json --json
python3 -c "
import json
cells = json.load(open('out'))['cells']
assert len(cells) == 6 and all(c['outcome'] == 'passed' for c in cells), cells" 2>err ||
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
rm -rf tmp/*

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

# ---- what cannot be ----
fails 2 'regress: --shard: 3/2 is none, as 1/4 is; see "domwright help regress"' \
    regress --shard 3/2
fails 2 'no cell is nothing; --list has all' regress --only nothing
fails 2 'regress: no report x; see "domwright help regress"' regress --report x
fails 2 'regress: --merge wants reports; see "domwright help regress"' \
    regress --merge
finish
