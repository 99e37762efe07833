#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Guests that run, and write to all of their memory meanwhile, go live from one
# embedded host to another: by the log of a host that has shadow paging, and by
# hashes from one that has none. What they find there is what they had written.
home=${HOME-} # where the CPU may be kept
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
: "${DOMWRIGHT_CACHE:=${XDG_CACHE_HOME:-$home/.cache}/domwright}"
export DOMWRIGHT_CACHE

on() {
    host=$1
    shift
    "$fakexen" --host "$host" "$@"
}

# does HOST COMMAND...: succeeds.
does() {
    checks=$((checks + 1))
    on "$@" >out 2>err </dev/null || wrong "$* failed"
}

audited() {
    does "$1" --status
    grep -qx 'audit: 0 differences' out || wrong "$1: the audit, after $2"
}

on hashes --memory 256M --run true || exit 99
on log-dirty --memory 256M --run --shadow true || exit 99
on there --memory 256M --run true || exit 99
config guest.cfg "kernel=\"$guests/hello-pae\"" 'memory=16'
does hashes "$domwright" create -e guest.cfg
if grep -q 'does not run: .*Unicorn' err; then
    sed -n 's/.*does not run: //p' err
    exit 77
fi
does hashes "$domwright" destroy guest

# moves KERNEL WAY
moves() {
    config guest.cfg "kernel=\"$guests/suspend-$1\"" 'memory=16' 'vcpus=2' \
        'extra="busy count"'
    does "$2" "$domwright" create -e guest.cfg
    does "$2" "$domwright" wait --timeout=60 --text='suspend: ready 0' guest
    audited "$2" "$1, at work"
    does "$2" "$domwright" migrate --live --json guest fakexen:there
    grep -q "\"way\": \"$2\"" out || wrong "$1: not by $2"
    does there "$domwright" wait --timeout=60 --text='suspend: ready 1' guest
    grep -a '^wrong_memory=' there.console-*.log | tail -n 1 >line
    grep -q 'wrong_memory=0 wrong_p2m=0 tables=same' line ||
        wrong "$1, $2: $(cat line)"
    grep -aq '^vcpus=2 counting=yes' there.console-*.log ||
        wrong "$1, $2: its other vCPU"
    does there "$domwright" destroy guest
    rm there.console-*.log
    audited "$2" "$1"
    audited there "$1"
    does "$2" "$domwright" list
    ! grep -q guest out || wrong "$1: it is here still"
}

moves pae hashes
moves 64 hashes
moves legacy log-dirty
moves 64 log-dirty
finish
