#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever is killed when in a migration, one guest runs: the link is cut, the
# receiver or the sender killed before each message of theirs, and when the word
# is underway that decides; the next commands see to what is left.

[ ! -w /dev/shm ] || TMPDIR=/dev/shm
export TMPDIR="${TMPDIR:-/tmp}"
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

uuid=6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0
for machine in here there; do
    "$fakexen" --host $machine --memory 64M true
done
machine() {
    "$fakexen" --host "$1" --status | grep -v '^hypercalls'
}
machine here >before
config guest.cfg "kernel = '$guests/hello-64'" 'memory = 8' "uuid = '$uuid'"
"$domwright" create -n --json guest.cfg >plan.json
plan() {
    python3 -c "
import json, sys
print(next(i['pfn'] for i in json.load(open('plan.json'))['items']
           if i['item'] == '$1'))"
}
p2m=$(plan 'P2M list') start_info=$(plan 'start info')

# runs HOST: how many guests run there; others are shown.
runs() {
    "$domwright" --host "$1" list --json 2>>err | python3 -c "
import json, sys
for domain in json.load(sys.stdin):
    if not domain['id']:
        continue
    print(domain['name'], domain['state'])"
}

# struck WHO WHEN WHERE: and the guest is then WHERE.
struck() {
    checks=$((checks + 1))
    "$domwright" --host here create -e guest.cfg >out 2>err || wrong 'create'
    id=$("$domwright" --host here domid guest)
    : >ready
    "$fakexen" --host here timeout 60 "$top/tests/fx/suspends" "$id" "$p2m" \
        "$start_info" >ready &
    suspends=$!
    until grep -q ready ready || ! kill -0 $suspends; do sleep 0.1; done
    echo "$1 $2" >armed
    status=0
    "$domwright" --host here migrate --via \
        "exec python3 '$srcdir/tests/cli/cut.py' '$PWD/armed' '$fakexen' \
            --host '$PWD/there' '$domwright' migrate-receive -e" guest \
        >out 2>err || status=$?
    [ ! -e armed ] || wrong "$1 $2: nothing was struck"
    # The next command on each side.
    runs there >/dev/null
    runs here >/dev/null
    case $(runs here) in
    *--migratedaway*)
        "$domwright" --host here migrate --settle \
            "guest--migratedaway" >>out 2>>err || wrong "$1 $2: --settle"
        ;;
    esac
    {
        runs here | sed 's/^/here /'
        runs there | sed 's/^/there /'
    } >where
    if [ "$(wc -l <where)" != 1 ] ||
        ! grep -qE "^$3 guest [r-][b-]----$" where; then
        cat where >>out
        wrong "$1 $2: not one guest, $3"
    fi
    "$domwright" --host "$3" destroy guest >>out 2>>err
    kill $suspends 2>/dev/null
    wait $suspends
    for host in here there; do
        machine $host >after
        diff before after >>out || wrong "$1 $2: something is left $host"
    done
}

for who in link receiver sender; do
    for when in banner stream ready go; do
        struck $who $when here
    done
done
# From here on it is the receiver's.
struck link went there
struck sender went there
struck link report there
struck sender report there
# Killed when it has said so, it runs all the same.
struck receiver report there
finish
