#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A builder that is killed at any point leaves a host that is in order, and a
# domain that can be destroyed.
# shellcheck source=tests/cli/machine.sh
. "${srcdir:-.}/tests/cli/machine.sh"

# What a killed builder has left: a sound host, and a domain to be destroyed.
bury() {
    audit=
    on_host --status >left
    while read -r word id rest; do
        case "$word $id" in
        'audit: 0') audit=$rest ;;
        'domain 0:') ;;
        'domain '*)
            on_host "$domwright" destroy "${id%:}" 2>err || wrong "$1: destroy"
            ;;
        esac
    done <left
    [ "$audit" ] || wrong "$1: the audit finds something"
    as_before "$1"
}

kill_at_calls() {
    create "$1"
    n=1
    while is_left_out "$n" ||
        try "$n:SIGKILL" "$domwright" create -e guest.cfg; do
        if ! is_left_out "$n"; then
            [ "$status" = 137 ] || wrong "hello-$1: not killed at call $n"
            bury "hello-$1: killed at call $n"
        fi
        n=$((n + 1))
    done
    [ "$n" -gt 50 ] || wrong "hello-$1: only $n calls"
    bury "hello-$1: not killed"
}

# The same for who destroys it: the rest goes with the next one, or by itself.
kill_destroyer() {
    create "$1"
    n=1
    while
        on_host "$domwright" create guest.cfg >out 2>err ||
            wrong "hello-$1: create, before call $n"
        try "$n:SIGKILL" "$domwright" destroy guest
    do
        [ "$status" = 137 ] || wrong "hello-$1: destroy not killed at call $n"
        bury "hello-$1: destroyer killed at call $n"
        n=$((n + 1))
    done
    [ "$n" -gt 5 ] || wrong "hello-$1: only $n calls to destroy"
    bury "hello-$1: destroyer not killed"
}

# Wherever it is then: mostly in a call, holding the lock.
kill_at_times() {
    for ms in $2; do
        status=0
        # In the foreground, timeout waits for what it has killed.
        on_host timeout --foreground -s KILL "0.$ms" \
            "$top/tests/fx/save_restore" -b -m 8 "$guests/hello-$1" \
            >out 2>err || status=$?
        [ "$status" = 137 ] || wrong "hello-$1: ended before it was killed"
        bury "hello-$1: killed after 0.$ms s"
    done
}

# The digits behind 0.: 15 to 65 ms.
random_times() {
    awk "BEGIN { srand($1); for (i = 0; i < 12; i++)
        printf \"%06d \", 15000 + rand() * 50000 }"
}
leave_store_out legacy
kill_at_calls legacy
left_out=
kill_at_calls 64
kill_destroyer 64
kill_at_times legacy "$(random_times "$$")"
kill_at_times 64 "$(random_times "$(($$ + 1))")"
finish
