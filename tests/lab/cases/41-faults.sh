#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whatever goes wrong in a build, and wherever: nothing of it is left.
# alone: patched
. "$(dirname "$0")/lib.sh"
needs pv32

trace=/tmp/faults.trace
guest_config faulty /guests/hello-legacy >/tmp/faulty.cfg

# create_with SETTING...: with privtrace, which gets the settings.
create_with() {
    rm -f "$trace"
    env LD_PRELOAD=/lab/privtrace.so PRIVTRACE="$trace" "$@" \
        domwright create -ep /tmp/faulty.cfg
}

domains() {
    xl list | awk 'NR > 1 { print $2 }'
}

# clean: no domain but dom0, and xenstore as it was before.
clean() {
    [ "$(domains)" = 0 ] && [ "$(xenstore-ls /)" = "$store" ]
}

one_line() {
    [ "$(printf '%s\n' "$1" | wc -l)" = 1 ] &&
        printf '%s\n' "$1" | grep -q '^domwright: '
}

create_with >/dev/null && domwright destroy faulty
store=$(xenstore-ls /)
before=$(free_pages)
create_with >/dev/null && domwright destroy faulty
calls=$(grep -c . "$trace")
echo "# a build makes $calls hypercalls and foreign mappings"
ok 'there is something to fail' test "$calls" -gt 15

# What a build can do without: Xen's version, which libxenguest only logs; where
# memory ends, which only messages tell of; an order of extents, as the next lower
# one takes over; to give back what is left of a claim, which is nothing; and the
# declaration of VM assists (0x6477), where there is no right to it.
dispensable() {
    sed -n "$1p" "$trace" |
        grep -qE '^hypercall (xen_version 0|memory_op 2|memory_op 6|memory_op 24|domctl 25719) = -1'
}

# Each of them fails once, for want of memory and for want of a right.
for error in 12 1; do # ENOMEM, EPERM
    n=1
    bad=
    while [ "$n" -le "$calls" ]; do
        if out=$(create_with PRIVTRACE_FAIL="$n:$error" 2>&1); then
            dispensable "$n" || bad="$bad; $n: created all the same"
            domwright destroy faulty
        elif ! one_line "$out"; then
            bad="$bad; $n: said '$out'"
        fi
        clean || bad="$bad; $n: not clean"
        n=$((n + 1))
    done
    is "$bad" '' "errno $error at every call: one line, nothing left"
done

# SIGINT at each of them, or just after: the build ends or is complete.
n=1
bad=
while [ "$n" -le "$calls" ]; do
    if create_with PRIVTRACE_KILL="$n:2" >/dev/null 2>&1; then
        domwright destroy faulty
    fi
    clean || bad="$bad; $n: not clean"
    n=$((n + 1))
done
is "$bad" '' 'SIGINT at every call: nothing left'

# Nobody can clean up after SIGKILL at once; but the half of a domain shows,
# and can be destroyed.
n=1
bad=
while [ "$n" -le "$calls" ]; do
    create_with PRIVTRACE_KILL="$n:9" >/dev/null 2>&1
    for id in $(domains); do
        [ "$id" = 0 ] && continue
        domwright list | awk -v id="$id" '$2 == id { found = 1 }
            END { exit !found }' || bad="$bad; $n: not listed"
        domwright destroy "$id" || bad="$bad; $n: not destroyed"
    done
    clean || bad="$bad; $n: not clean"
    n=$((n + 1))
done
is "$bad" '' 'SIGKILL, and what is left is listed and destroyed'
ok 'no page is left' wait_free_pages "$before" 20

# The host's memory goes away between the plan and its claim: the builder is
# stopped before that call, and another guest takes what it was to have.
mb=$(($(free_pages) / 256))
half=$((mb / 2 + 64))
guest_config faulty /guests/hello-legacy "memory = $half" |
    sed '/^memory = 128$/d' >/tmp/faulty.cfg
guest_config other /guests/hello-64 "memory = $half" |
    sed '/^memory = 128$/d' >/tmp/other.cfg
claim=$(grep -n '^hypercall memory_op 24 ' "$trace" | head -n 1 | cut -d: -f1)

# stop_at CALL: create, stopped before that call.
stop_at() {
    create_with PRIVTRACE_KILL="$1:19" >/tmp/faulty.out 2>&1 &
    builder=$!
    ok 'the builder is stopped in mid-build' wait_for 10 sh -c \
        "[ \$(grep -c . $trace) -ge $(($1 - 1)) ]"
}
go_on() {
    for proc in /proc/[0-9]*; do
        [ "$(cat "$proc/comm" 2>/dev/null)" = domwright ] &&
            kill -CONT "${proc#/proc/}"
    done
}

stop_at "$claim"
ok 'another guest takes the memory' domwright create -p /tmp/other.cfg
go_on
wait "$builder"
is $? 4 'the builder gives up'
like "$(cat /tmp/faulty.out)" 'memory' 'and says why'
ok 'in one line' one_line "$(cat /tmp/faulty.out)"
domwright destroy other
ok 'nothing of either is left' clean

# Once it is claimed, nobody takes it.
stop_at "$((claim + 1))"
status 4 'another guest does not get the memory' \
    domwright create -p /tmp/other.cfg
go_on
wait "$builder"
is $? 0 'the builder goes on'
ok 'and is done' domwright destroy faulty
ok 'nothing is left' clean
ok 'and no page' wait_free_pages "$before" 30
done_testing
