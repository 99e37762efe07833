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

fails 1 'no domain is named guest' regress --state guest
finish
