#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A build or a restore of which any one call fails leaves nothing, and one that
# is killed at any point leaves a host that is in order.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

fakexen=$top/src/hypervisor/fakexen/fakexen
FAKEXEN_LIBRARY=$top/src/hypervisor/fakexen/.libs/fakexen.so
export FAKEXEN_LIBRARY

# A sanitizer's runtime has to be loaded before all else, which it is not here.
if ldd "$FAKEXEN_LIBRARY" | grep -q libasan; then
    echo 'the embedded host cannot be preloaded with sanitizers'
    exit 77
fi

stream=$(mktemp -p /dev/shm 2>/dev/null) || stream=$work/stream
trap 'rm -rf "$work" "$stream"' EXIT

on_host() {
    "$fakexen" --host machine "$@"
}

# Frames, types, pins, domains, the audit's word, and the store.
state() {
    on_host --status | sed /^hypercalls/d
    on_host "$top/tests/fx/store_list"
}

# as_before WHAT: the host is again as it was at first.
as_before() {
    checks=$((checks + 1))
    state >out
    cmp -s before out && return
    diff before out >err
    wrong "$1 left something"
    new_machine # or all that follow fail, too
}

create() {
    config guest.cfg "kernel=\"$guests/hello-$1\"" 'memory=16'
}

# The store of one that has had guests: what these are in, stays.
new_machine() {
    rm -f machine
    on_host --memory 256M true
    create legacy
    on_host "$domwright" create guest.cfg >out 2>err || wrong 'create'
    on_host "$domwright" destroy guest >out 2>err || wrong 'destroy'
}

# try N:WHAT COMMAND...: its status, and whether there was an Nth call at all.
try() {
    fault=$1
    shift
    status=0
    on_host --trace trace --fail "$fault" "$@" >out 2>err || status=$?
    calls=$(grep -cv '"call":"unmap"' trace)
    [ "$calls" -ge "${fault%:*}" ]
}

# A step, then a reason.
one_line() {
    [ "$(wc -l <err)" = 1 ] && [ ! -s out ] &&
        grep -qE '^domwright: [A-Za-z][^:]*: .' err
}

# fail_create_at KERNEL N ERRNO: false where there is no Nth call.
fail_create_at() {
    if ! try "$2:$3" "$domwright" create guest.cfg; then
        [ "$status" = 0 ] || wrong "hello-$1: without a fault"
        on_host "$domwright" destroy guest || wrong "hello-$1: destroy"
        return 1
    fi
    if [ "$status" != 0 ]; then
        one_line || wrong "hello-$1: call $2's $3 is not one line with a step"
    else
        # xen_version, and extents of an order that is not to be had.
        dispensable=$((dispensable + 1))
        [ -s err ] && wrong "hello-$1: call $2's $3 is told, but no matter"
        on_host "$domwright" destroy guest || wrong "hello-$1: destroy"
    fi
}

# fail_create KERNEL ERRNO...: these at each call.
fail_create() {
    kernel=$1 n=1 more=yes dispensable=0
    shift
    create "$kernel"
    while [ "$more" ]; do
        for error in "$@"; do
            fail_create_at "$kernel" "$n" "$error" || more=
        done
        as_before "hello-$kernel: call $n's failure"
        n=$((n + 1))
    done
    [ "$n" -gt 20 ] || wrong "hello-$kernel: only $n calls"
    [ "$dispensable" -le $((4 * $#)) ] ||
        wrong "hello-$kernel: $dispensable calls may fail"
}

# What fails to be destroyed, can be at the next attempt. (Not with ESRCH: who
# is told that the domain is not there, is done.)
fail_destroy() {
    create "$1"
    n=1 more=yes
    while [ "$more" ]; do
        on_host "$domwright" create guest.cfg >out || wrong "hello-$1: create"
        domid=$(sed -n 's/.*(domain \([0-9]*\)).*/\1/p' out)
        try "$n:$2" "$domwright" destroy "$domid" || more=
        if [ "$status" != 0 ]; then
            one_line || wrong "destroy: call $n's $2 is not one line"
            on_host "$domwright" destroy "$domid" ||
                wrong "destroy: not after call $n's $2"
        fi
        as_before "destroy of hello-$1: call $n's $2"
        n=$((n + 1))
    done
}

fail_restore() {
    kernel=$1 error=$2 n=1
    on_host "$top/tests/fx/save_restore" -m 8 "$guests/hello-$kernel" \
        "$stream" >out 2>err || wrong "hello-$kernel: save and restore"
    while try "$n:$error" "$top/tests/fx/save_restore" -r -m 8 "$stream"; do
        [ "$status" = 0 ] || [ -s err ] ||
            wrong "restore: call $n's $error: not a word"
        as_before "restore of hello-$kernel: call $n's $error"
        n=$((n + 1))
    done
    [ "$status" = 0 ] || wrong "restore of hello-$kernel: without a fault"
}

# What a killed builder has left: a sound host, and a domain to be destroyed.
bury() {
    on_host --status >out
    grep -q '^audit: 0 ' out || wrong "$1: the audit finds something"
    # shellcheck disable=SC2013 # words they are
    for domid in $(sed -n 's/^domain \([1-9][0-9]*\):.*/\1/p' out); do
        on_host "$domwright" destroy "$domid" 2>err || wrong "$1: destroy"
    done
    as_before "$1"
}

kill_at_calls() {
    create "$1"
    n=1
    while try "$n:SIGKILL" "$domwright" create guest.cfg ||
        [ "$status" = 137 ]; do
        [ "$status" = 137 ] || wrong "hello-$1: not killed at call $n"
        bury "hello-$1: killed at call $n"
        n=$((n + 1))
    done
    [ "$n" -gt 20 ] || wrong "hello-$1: only $n calls"
    bury "hello-$1: not killed"
}

# Wherever it is then: mostly in a call, holding the lock.
kill_at_times() {
    for ms in $2; do
        status=0
        on_host timeout -s KILL "0.$ms" "$top/tests/fx/save_restore" -b -m 8 \
            "$guests/hello-$1" >out 2>err || status=$?
        [ "$status" = 137 ] || wrong "hello-$1: ended before it was killed"
        bury "hello-$1: killed after 0.$ms s"
    done
}

new_machine
state >before
fail_create legacy ENOMEM EFAULT EINVAL ESRCH
fail_create 64 ENOMEM EFAULT EINVAL ESRCH
fail_destroy legacy ENOMEM
fail_destroy 64 EFAULT
fail_restore legacy ENOMEM
fail_restore 64 EINVAL
kill_at_calls legacy
kill_at_calls 64
# The digits behind 0.: 15 to 65 ms.
random_times() {
    awk "BEGIN { srand($1); for (i = 0; i < 12; i++)
        printf \"%06d \", 15000 + rand() * 50000 }"
}
kill_at_times legacy "$(random_times "$$")"
kill_at_times 64 "$(random_times "$(($$ + 1))")"
finish
