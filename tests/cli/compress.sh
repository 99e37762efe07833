#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# save -z: what reads saved guests takes a compressed one, or one from a pipe, and
# believes in nothing that is in it.

# libxenguest waits until a stream is on the disk; so where there is none.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm
export TMPDIR="${TMPDIR:-/tmp}"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
DOMWRIGHT_HOST=$work/host
export DOMWRIGHT_HOST
mkdir tmp
TMPDIR=$work/tmp

status_of_host() {
    "$fakexen" --host host --status | grep -v '^hypercalls'
}
# played OPTION...: guest's kernel, which is ready.
played() {
    : >played
    "$domwright" regress --play guest --seed 1 "$@" >played 2>&1 &
    kernel=$!
    until grep -q ready played || ! kill -0 $kernel; do sleep 0.05; done
}
config guest.cfg 'memory = 12'
"$fakexen" --host host true
status_of_host >before
gone() {
    status_of_host >after
    cmp -s before after || wrong "$1: something is left on the host"
    [ -z "$(ls tmp)" ] || wrong "$1: a copy is left"
}

# A file as large as files may be: the guest goes on.
works create -pe guest.cfg
played
checks=$((checks + 1))
(ulimit -f 100 && "$domwright" save -z guest late.save) >out 2>err &&
    wrong 'a file that is too large is no failure'
[ "$(cat err)" = 'domwright: cannot write late.save: File too large' ] ||
    wrong 'not said why it cannot be written'
wait $kernel || wrong 'its kernel failed'
grep -q resumed played || wrong 'it does not go on'
[ -z "$(ls late.save* 2>/dev/null)" ] || wrong 'a part of a file is left'

# Nobody reads what is written: a signal ends it all the same.
mkfifo slow
sleep 100 3<>slow &
reader=$!
for option in '' -z; do
    works destroy guest
    works create -pe guest.cfg
    played
    # shellcheck disable=SC2086 # none, or one
    "$domwright" save $option guest slow >told 2>&1 &
    save=$!
    until grep -q suspended played || ! kill -0 $save; do sleep 0.05; done
    sleep 0.3
    kill $save
    status=0
    wait $save || status=$?
    [ "$status" = 143 ] || wrong "save $option to nobody: $status"
    [ "$(cat told)" = 'domwright: stopped: Terminated' ] ||
        wrong "save $option to nobody: $(cat told)"
    wait $kernel || wrong 'its kernel failed'
    grep -q resumed played || wrong "save $option: it does not go on"
done
kill $reader
works destroy guest

# ---- there and back ----
works create -pe guest.cfg
played --keep state
works -q save -z guest packed
wait $kernel || wrong 'its kernel failed'
[ "$(od -An -tx1 -N4 packed)" = ' 28 b5 2f fd' ] || wrong 'it is not compressed'
gone 'save -z'
works image packed
prints '^name *: guest$'
works verify ./packed
works inspect ./packed
works -q restore -pe packed
works regress --state guest --against state
works verify guest
works destroy guest
checks=$((checks + 1))
"$domwright" -q restore -pe - <packed >out 2>err || wrong 'not as standard input'
works destroy guest
gone 'restore'
# Standard output has it alone.
works create -pe guest.cfg
played --keep state
"$domwright" save -z guest /dev/stdout 2>err | cat >piped
wait $kernel || wrong 'its kernel failed'
works -q restore -pe piped
works regress --state guest --against state
works destroy guest
# shellcheck disable=SC2002 # a pipe is what is meant
cat packed | "$domwright" image - >out 2>err || wrong 'image: not from a pipe'
prints '^name *: guest$'
# shellcheck disable=SC2002
cat packed | "$domwright" restore - >out 2>err && wrong 'a pipe was restored'
[ "$(cat err)" = 'domwright: -: what is compressed is restored from a file; "zstd -dc | domwright restore -" unpacks it before' ] ||
    wrong 'not said that it is not'
gone 'a pipe'

# ---- what is wrong with it ----
# refused WHAT ERE: restore says so, and nothing stays.
refused() {
    run restore -pe bad
    [ "$status" = 3 ] || wrong "$1: status $status"
    grep -qE "^domwright: bad: .*$2" err || wrong "$1: not said: $2"
    gone "$1"
}
size=$(wc -c <packed)
for at in 3 4 100 $((size / 3)) $((size - 4)) $((size - 1)); do
    head -c "$at" packed >bad
    refused "cut at $at" ''
done
fails 3 'bad: its end is cut off' image bad
{ cat packed; printf x; } >bad
refused 'a byte behind it' 'zstd: |follows'
{ cat packed packed; } >bad
refused 'another guest behind it' 'something follows the end of the guest$'
for at in 4 6 $((size / 2)) $((size - 2)); do
    cp packed bad
    # shellcheck disable=SC2094 # it is written to in place
    printf '\252\125\252' | dd of=bad bs=1 seek="$at" conv=notrunc 2>err
    refused "damaged at $at" ''
done
# The copy of it has to go somewhere.
TMPDIR=$work/none
fails 1 "packed: a copy of it, in $work/none: No such file or directory" \
    restore packed
TMPDIR=$work/tmp

# ---- by the program zstd ----
zstd --version >/dev/null 2>&1 || finish
zstd -dqc packed >plain
works image plain
sed 1d out >facts
works image packed
sed 1d out | cmp -s - facts || wrong 'another report of what is compressed'
works image plain packed
# shellcheck disable=SC2002 # a pipe is what is meant
cat plain | "$domwright" -q restore -pe - >out 2>err || wrong 'not from a pipe'
works regress --state guest --against state
works destroy guest
zstd -19 -qc plain >packed.19
works image plain packed.19
# A window that takes more memory than anybody has to give.
zstd -3 -qc --long=27 <plain >bad
refused 'a large window' 'zstd: Frame requires too much memory'
# The same pages, again and again.
python3 - <<'END'
import struct
data = open("plain", "rb").read()
at = data.index(b"LibxlFmt") + 16
at = data.index(b"\xff" * 8 + b"XENF", at) + 40
while True:
    kind, length = struct.unpack_from("<II", data, at)
    end = at + 8 + (length + 7 & ~7)
    if kind == 1:
        break
    at = end
open("bomb", "wb").write(data[:at] + data[at:end] * 2 + data[end:])
END
zstd -qc bomb >bad
rm bomb
refused 'more than a guest' 'it has more in it than a guest as large as it says$'
finish
