#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A build or a destruction of which any one call fails, to the hypervisor or to
# xenstore, tells the step and leaves nothing.
# shellcheck source=tests/cli/machine.sh
. "${srcdir:-.}/tests/cli/machine.sh"

# A step, then a reason.
one_line() {
    { IFS= read -r line && ! read -r _; } <err && [ ! -s out ] ||
        return 1
    case $line in
    "domwright: "[A-Za-z]*": "?*) return 0 ;;
    esac
    return 1
}

# fail_create_at KERNEL N ERRNO: false where there is no Nth call.
fail_create_at() {
    if ! try "$2:$3" "$domwright" create -e guest.cfg; then
        [ "$status" = 0 ] || wrong "hello-$1: without a fault"
        on_host "$domwright" destroy guest || wrong "hello-$1: destroy"
        return 1
    fi
    if [ "$status" != 0 ]; then
        one_line || wrong "hello-$1: call $2's $3 is not one line with a step"
    else
        # xen_version, extents of an order that is not to be had, and what
        # says that no domain has the name.
        dispensable=$((dispensable + 1))
        [ -s err ] && wrong "hello-$1: call $2's $3 is told, but no matter"
        on_host "$domwright" destroy guest || wrong "hello-$1: destroy"
    fi
}

fail_create() {
    dispensable=0
    create "$1"
    each_call fail_create_at "$@"
    [ "$n" -gt 50 ] || wrong "hello-$1: only $n calls"
    [ "$dispensable" -le 16 ] ||
        wrong "hello-$1: $dispensable failures do not matter"
}

# Of one that was gone already, the next attempt takes the rest away.
is_gone() {
    [ "$(cat err)" = "domwright: no domain $1; what it had left in xenstore is \
removed" ]
}

# What fails to be destroyed, can be at the next attempt. (Not with ESRCH: who
# is told that the domain is not there, is done.)
fail_destroy() {
    create "$1"
    n=1 more=yes
    while [ "$more" ]; do
        on_host "$domwright" create -e guest.cfg >out || wrong "hello-$1: create"
        domid=$(sed -n 's/.*(domain \([0-9]*\)).*/\1/p' out)
        try "$n:$2" "$domwright" destroy "$domid" || more=
        if [ "$status" != 0 ]; then
            one_line || wrong "destroy: call $n's $2 is not one line"
            on_host "$domwright" destroy "$domid" 2>err ||
                is_gone "$domid" || wrong "destroy: not after call $n's $2"
        fi
        as_before "destroy of hello-$1: call $n's $2"
        n=$((n + 1))
    done
}

# Each call with two of these errors.
leave_store_out legacy
fail_create legacy ENOMEM EINVAL
left_out=
fail_create 64 EFAULT ESRCH
fail_destroy legacy ENOMEM
fail_destroy 64 EFAULT
finish
