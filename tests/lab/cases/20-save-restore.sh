#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The stock toolstack saves and restores guests of every variant, whoever has
# built them: the guest finds all as it was, and nothing is left behind.
. "$(dirname "$0")/suspend.sh"

# save_and_restore NAME ROUND [CONFIG]: a new domain goes on.
save_and_restore() {
    ok "$way: xl save $1${3:+ with its configuration}" \
        xl save "$1" /tmp/saved ${3:+"$3"}
    is "$(xl domid "$1" 2>&1 | grep -c '^[0-9]')" 0 'the domain is gone'
    ok 'xl restore' xl restore -e /tmp/saved
    ok "$1 goes on" wait_console "$1" "^suspend: ready $2\$" 60
    came_through "$1" "$1" "$2"
}

for way in by_xl by_domwright by_plugin; do
    for variant in pae legacy 64; do
        name=suspend-$variant
        create "$name"
        if [ "$way" = by_domwright ]; then
            # xl finds no configuration of a domain that it has not made.
            status 1 "$way: xl save $name" xl save "$name" /tmp/saved
            like "$out" 'unable to retrieve domain configuration' \
                'it says what it lacks'
            save_and_restore "$name" 1 /tmp/guest.cfg
        else
            save_and_restore "$name" 1
        fi
        if [ "$way" = by_xl ]; then
            save_and_restore "$name" 2
            ok "$way: xl save -c $name" xl save -c "$name" /tmp/saved
            ok "$name goes on" wait_console "$name" '^suspend: ready 3$' 60
            came_through "$name" "$name" 3
            like "$(console "$name")" '^resumed=2 cancelled=1$' \
                'in the domain that it was in'
        fi
        power_off "$name" "$name"
    done
done
rm -f /tmp/saved
done_testing
