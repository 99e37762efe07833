#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest without extended CR3 gets its L3 below 4 GiB by allocation: nothing is
# exchanged or moved, and the rest of it lies above.
. "$(dirname "$0")/lib.sh"
needs pv32

trace=/tmp/low-l3.trace
# xen/memory.h: increase and decrease the reservation, which the stock builder
# uses to swap a page for another one, and exchange.
exchange='^hypercall memory_op (0|1|11) '

# traced COMMAND...: with each hypercall and mapping in $trace.
traced() {
    rm -f "$trace"
    env LD_PRELOAD=/lab/privtrace.so PRIVTRACE="$trace" "$@"
}

# Most of the guest's pages are above 4 GiB.
mostly_high() {
    console "$1" | sed -n 's/^# pages-above-4g=\([0-9]*\) of \([0-9]*\)$/\1 \2/p' |
        { read -r high all && [ "$high" -gt $((all / 2)) ]; }
}

forget_console check-legacy
guest_config check-legacy /guests/check-legacy >/tmp/low.cfg

ok 'the host is scrubbed' wait_for 60 all_scrubbed

# What the stock builder does, so that its absence below says something.
ok 'xl creates the guest' traced xl create -q /tmp/low.cfg
ok 'the stock builder exchanges a page for the L3' grep -qE "$exchange" "$trace"
ok 'the guest ends' wait_console check-legacy '^# check: done' 60
xl destroy check-legacy 2>/dev/null
wait_for 20 sh -c '! domwright list | grep -q "^check-legacy "'
ok 'the host is scrubbed again' wait_for 60 all_scrubbed

forget_console check-legacy
ok 'domwright creates the guest' traced domwright create -e /tmp/low.cfg
ok 'it exchanges nothing' sh -c "! grep -E '$exchange' '$trace'"
ok 'it maps three times' test "$(grep -c '^mapping' "$trace")" = 3
ok 'the guest ends' wait_console check-legacy '^# check: done' 60
ok 'its L3 is below 4 GiB' console_has check-legacy 'l3-above-4g=no'
ok 'its memory is not' mostly_high check-legacy
domwright destroy check-legacy
done_testing
