#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The stock toolstack saves and restores guests of every variant, whoever has
# built them: the guest finds all as it was, and nothing is left behind.
. "$(dirname "$0")/suspend.sh"

# save_and_restore NAME ROUND: a new domain goes on.  The tools restore
# a root wherever there is memory, the legacy guest's too.  Patched Xen lets them
# where it is the one in vCPU 0's context and nobody declared the guest's assists.
save_and_restore() {
    ok "$way: xl save $1" xl save "$1" /tmp/saved
    is "$(left_behind)" '' 'the domain is gone'
    ok 'xl restore' xl restore -e /tmp/saved
    ok "$1 goes on" wait_console "$1" "^suspend: ready $2\$" 60
    came_through "$1" "$1" "$2"
    like "$said" ' above_4g=yes ' 'with its root where there is memory'
}

# checkpoint NAME ROUND: the domain itself goes on.
checkpoint() {
    ok "$way: xl save -c $1" xl save -c "$1" /tmp/saved
    ok "$1 goes on" wait_console "$1" "^suspend: ready $2\$" 60
    came_through "$1" "$1" "$2"
    like "$said" "^resumed=$(($2 - 1)) cancelled=1\$" 'in the same domain'
}

for variant in $variants; do
    name=suspend-$variant
    way=by_stock_xl
    create "$name"
    save_and_restore "$name" 1
    checkpoint "$name" 2
    save_and_restore "$name" 3
    power_off "$name" "$name"

    way=by_xl
    create "$name"
    checkpoint "$name" 1
    save_and_restore "$name" 2
    power_off "$name" "$name"

    way=by_domwright
    create "$name"
    checkpoint "$name" 1
    save_and_restore "$name" 2
    power_off "$name" "$name"
done
rm -f /tmp/saved
done_testing
