#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest is saved while its memory is written to, twice, and restored in between:
# a script of somebody's own, by what domwright-regress(7) has for that.

# libxenguest waits until a stream is on the disk; so where there is none.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm
export TMPDIR="${TMPDIR:-/tmp}"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
DOMWRIGHT_HOST=$work/host
export DOMWRIGHT_HOST

# played FILE OPTION...: guest's kernel, which is ready; its state goes to FILE.
played() {
    keep=$1
    shift
    : >played
    "$domwright" regress --play guest --keep "$keep" "$@" >played 2>&1 &
    kernel=$!
    until grep -q ready played || ! kill -0 $kernel; do sleep 0.05; done
}

config guest.cfg "kernel = '$guests/hello-legacy'" 'memory = 12' 'vcpus = 2'
works create -pe guest.cfg
works regress --state guest
cp out new
works regress --state guest --against new
for seed in 1 2; do
    played before --seed $seed --rate 1000
    works -q save guest guest.save
    wait $kernel || wrong 'its kernel failed'
    grep -q suspended played || wrong 'it was not suspended'
    works image guest.save
    prints ' normal [0-9]{4}, '
    works -q restore -pe guest.save
    works regress --state guest --against before
    works verify guest
done
# Not what it was at first; the kernel's own pages are filled, too.
run regress --state guest --against new
[ "$status" = 1 ] || wrong 'it is what it was'
prints '^PFN 0x[0-9a-f]+ to 0x[0-9a-f]+: other contents \(memory\)$'
works destroy guest

# It is called off: the guest goes on, and is the same.
works create -pe guest.cfg
played before --seed 3
works -q save -c guest guest.save
wait $kernel
grep -q resumed played || wrong 'its kernel did not go on'
works regress --state guest --against before
works verify guest
works destroy guest

# ---- what plays it ends with it, and is alone ----
works create -pe guest.cfg
domid=$("$domwright" domid guest)
played before --seed 3
checks=$((checks + 1))
fails 1 "domain $domid has a kernel already: it is played, or was" \
    regress --play guest
works destroy guest
status=0
wait $kernel || status=$?
[ "$status" = 1 ] || wrong "its kernel ended with status $status"
grep -q "domain $domid is gone, and was not asked to suspend" played ||
    wrong 'its kernel does not say why it ended'

# Of two that begin at once one does.
works create -pe guest.cfg
checks=$((checks + 1))
for one in 1 2; do
    "$domwright" regress --play guest >"play$one" 2>&1 &
done
for _ in $(seq 200); do
    ! grep -qx ready play1 play2 || ! grep -q 'has a kernel already' play1 play2 ||
        break
    sleep 0.05
done
[ "$(cat play1 play2 | grep -cx ready)" = 1 ] || wrong 'two play one guest'
works destroy guest
wait

# ---- live, where Xen logs what is written to: each round has its line ----
"$fakexen" --host logs --shadow true
"$fakexen" --host there true
DOMWRIGHT_HOST=$work/logs
works create -pe guest.cfg
played before --seed 4 --rate 200000
works migrate -pe --live --json guest "fakexen:$work/there"
wait $kernel || wrong 'its kernel failed'
checks=$((checks + 1))
python3 -c "
import json
*rounds, end = [json.loads(line) for line in open('out')]
assert end['way'] == 'log-dirty' and end['rounds'] > 1, end
assert [r['round'] for r in rounds] == [*range(1, end['rounds'] + 1)], rounds
assert sum(r['pages'] for r in rounds) == end['pages_live']" 2>err ||
    wrong 'these are not the rounds'
DOMWRIGHT_HOST=$work/there
works regress --state guest --against before
works destroy guest
DOMWRIGHT_HOST=$work/host

# Nobody waits for "ready" who cannot hear it; nor for a state that goes nowhere.
works create -pe guest.cfg
fails 1 'cannot write none/before: No such file or directory' \
    regress --play guest --keep none/before
if [ -w /dev/full ]; then
    checks=$((checks + 2))
    status=0
    timeout 60 "$domwright" regress --play guest >/dev/full 2>err || status=$?
    [ "$status" = 1 ] || wrong "'ready' did not get out: status $status"
    "$domwright" regress --state guest >/dev/full 2>err &&
        wrong 'a state that did not get out is one'
    grep -q 'writing the output failed' err || wrong 'nobody says so'
fi
works destroy guest

fails 1 'no domain is named guest' regress --state guest
finish
