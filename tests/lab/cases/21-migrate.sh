#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Live migration to the same host by the stock toolstack, whoever has built the
# guest: of one that writes to all of its memory meanwhile, and of an idle one.
. "$(dirname "$0")/suspend.sh"

if ! xen_has log_dirty; then
    # Debian's: what is written cannot be logged; the guest stays, and goes on.
    way=by_domwright name=suspend-64
    create "$name"
    status 1 "xl migrate $name" \
        xl migrate -s '' "$name" 'xl migrate-receive -e'
    like "$out" 'Failed to enable logdirty' 'it says why'
    is "$(xl domid "$name--incoming" 2>&1 | grep -c '^[0-9]')" 0 'no half of it'
    ok 'the guest is there' xl domid "$name"
    ok 'and can be saved' xl save "$name" /tmp/saved
    ok 'xl restore' xl restore -e /tmp/saved
    ok 'it goes on' wait_console "$name" '^suspend: ready 1$' 60
    power_off "$name" "$name"
    rm -f /tmp/saved
    done_testing
fi

to_this_host() {
    xl migrate -s '' "$1" 'xl migrate-receive -e'
}

# xenconsoled opens a domain's log under the name that it has at first.
migrate() {
    ok "$way: xl migrate $1" to_this_host "$1"
    ok "$1 goes on" wait_console "$1--incoming" '^suspend: ready 1$' 60
    came_through "$1" "$1--incoming" 1
    like "$said" '^resumed=1 cancelled=0$' 'in a new domain'
    power_off "$1" "$1--incoming"
    forget_console "$1--incoming"
}

for variant in $variants; do
    name=suspend-$variant
    way=by_stock_xl
    create "$name" busy
    migrate "$name"
    # By its address: the other way to tell where the P2M is.
    way=by_domwright
    create "$name" linear
    migrate "$name"
done
done_testing
