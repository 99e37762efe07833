#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The stock library's save and restore on an embedded host: what comes out of
# the stream is what went in, and Xen's own checker likes the stream.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

# libxenguest waits until a stream is on the disk; so where there is none.
stream=$(mktemp -p /dev/shm 2>/dev/null) || stream=$work/stream
trap 'rm -rf "$work" "$stream"' EXIT

verify=
for path in /usr/lib/xen-*/bin/verify-stream-v2; do
    [ -e "$path" ] && command -v python3 >/dev/null && verify=$path
done
[ "$verify" ] ||
    echo 'no verify-stream-v2 (xen-utils) here: streams are not checked by it'

verified() {
    PYTHONPATH=${verify%/bin/*}/lib/python python3 "$verify" <"$stream" \
        >out 2>err
}

# Live, as far as a guest's dirty pages can be logged here.
"$fakexen" --host machine --memory 256M --shadow true
"$fakexen" --host machine --status | sed /^hypercalls/d >before
# save_restore compares the domains, and the free pages.
for kernel in pae legacy 64; do
    for options in '' '-v 4' '-l' '-l -v 4'; do
        checks=$((checks + 1))
        what="hello-$kernel, options '$options'"
        # shellcheck disable=SC2086 # several options
        if ! "$fakexen" --host machine "$top/tests/fx/save_restore" \
            -m 16 $options "$guests/hello-$kernel" "$stream" >out 2>err; then
            wrong "$what"
        elif ! grep -q ' 1 pinned$' out || [ -s err ]; then
            wrong "$what: not one root pinned"
        elif [ "$verify" ] && ! verified; then
            wrong "$what: verify-stream-v2 does not like the stream"
        fi
    done
done
"$fakexen" --host machine --status | sed /^hypercalls/d >out
grep -q '^audit: 0 ' out || wrong 'the audit found something'
cmp -s before out || wrong 'the host is not what it was'

# Without shadow paging, as Debian's Xen is: no log, and so no live save, which
# libxenguest tells as on Xen, where the guest goes on.
checks=$((checks + 1))
"$fakexen" --memory 256M "$top/tests/fx/save_restore" -m 16 -l \
    "$guests/hello-pae" "$stream" >out 2>err && wrong 'saved live without a log'
grep -q 'Failed to enable logdirty: 95,22,0 ' err || wrong 'for another reason'
checks=$((checks + 1))
"$fakexen" --memory 256M "$top/tests/fx/save_restore" -m 16 \
    "$guests/hello-pae" "$stream" >out 2>err || wrong 'not saved at rest'
finish
