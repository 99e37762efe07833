#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A restore of the stock library of which any one call fails leaves nothing.
# shellcheck source=tests/cli/machine.sh
. "${srcdir:-.}/tests/cli/machine.sh"

stream=$(mktemp -p /dev/shm 2>/dev/null) || stream=$work/stream
trap 'rm -rf "$work" "$stream"' EXIT

# fail_restore_at KERNEL N ERRNO: false where there is no Nth call.
fail_restore_at() {
    if ! try "$2:$3" "$top/tests/fx/save_restore" -r -m 8 "$stream"; then
        [ "$status" = 0 ] || wrong "restore of hello-$1: without a fault"
        return 1
    fi
    [ "$status" = 0 ] || [ -s err ] ||
        wrong "restore of hello-$1: call $2's $3: not a word"
}

fail_restore() {
    on_host "$top/tests/fx/save_restore" -m 8 "$guests/hello-$1" "$stream" \
        >out 2>err || wrong "hello-$1: save and restore"
    each_call fail_restore_at "$@"
    [ "$n" -gt 20 ] || wrong "restore of hello-$1: only $n calls"
}

fail_restore legacy ENOMEM EFAULT EINVAL ESRCH
fail_restore 64 ENOMEM EFAULT EINVAL ESRCH
finish
