#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Somebody's own guest goes through a part of the matrix, on a host that is his.

# libxenguest waits until a stream is on the disk; so where there is none.
[ ! -w /dev/shm ] || TMPDIR=/dev/shm
export TMPDIR="${TMPDIR:-/tmp}"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

"$fakexen" --host mine --memory 512M --level stock true
"$fakexen" --host mine --status | grep -v '^hypercalls' >before
config own.cfg 'name = "mine"' 'memory = 12' 'vcpus = 2'
for cell in save/pae/16M/1vcpu/high/patched/built-by-domwright/saved-by-domwright/restored-by-domwright \
    image/pae/16M/1vcpu/high/patched/restored-by-domwright; do
    works -q regress --guest own.cfg --host mine --only $cell
    [ "$(cat out)" = '1 passed, 0 failed, 0 skipped' ] || wrong 'it failed'
done
"$fakexen" --host mine --status | grep -v '^hypercalls' | cmp -s - before ||
    wrong 'something is left on the host'

# Nobody else's guest is taken for ours.
works --host mine create -pe own.cfg 'name="guest"'
fails 3 "--host $work/mine: a domain is named guest there, as those that are tried \
are to be" regress --host mine --only build/pae
works --host mine info guest
works --host mine destroy guest

# One that no host has room for: the report says why, whatever was warned of before,
# and how to see it again.
config own.cfg 'memory = 9000' 'frobnicate = 1'
run -q regress --seed 5 --guest own.cfg --only build/pae/16M/1vcpu/high/patched/built-by-domwright
[ "$status" = 1 ] || wrong 'a guest that cannot be built passed'
prints '^  domwright create -pqe own.cfg .*: status 4, not 0: domwright: .*: memory: the guest is to have '
prints "^  alone: domwright regress --seed 5 --guest .*/own.cfg --only 'build/pae/"
finish
