#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that links the core library: its P2M in the library's tree, its own
# tables changed by its calls, which Xen may refuse.
# alone: patched
. "$(dirname "$0")/verify.sh"

# Every result, and as many as were planned.
is_complete() {
    [ "$(console "$1" | sed -n 's/^1\.\.//p')" = \
        "$(console "$1" | grep -cE '^(not )?ok [0-9]')" ]
}

for way in by_domwright by_stock_xl; do
    for variant in $variants; do
        name=core-$variant
        forget_console "$name"
        guest_config "$name" "/guests/$name" 'extra = "wait"' >"/tmp/$name.cfg"
        ok "$way: $name is created" "$way" "/tmp/$name.cfg"
    done
    for variant in $variants; do
        name=core-$variant
        ok "$way: $name ends" wait_console "$name" '^# core: done' 60
        ok "$way: $name has all its results" is_complete "$name"
        # Not in a pipe: what is counted has to be counted here.
        console "$name" >/tmp/results
        tap_lines "$way: $name" </tmp/results
        is "$(p2m "$name")" '"tree"' "$way: $name has published its P2M"
        is_clean "$name" "$way: $name is verified"
        domwright destroy "$name" 2>/dev/null || :
    done
done
done_testing
