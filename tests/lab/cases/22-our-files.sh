#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# domwright saves and restores guests of every variant, in files that are xl's:
# the guest finds all as it was, and its root where it may lie.
. "$(dirname "$0")/suspend.sh"

# goes_on ROUND WHERE: in a new domain, its root WHERE.
goes_on() {
    ok "$name goes on" wait_console "$name" "^suspend: ready $1\$" 60
    came_through "$name" "$name" "$1"
    like "$said" " above_4g=$2 " "with its root above 4 GiB: $2"
    is "$(domwright verify "$name")" "$name: 0 findings" 'verify finds nothing'
}

# saved_by TOOL: in /tmp/saved, and gone.
saved_by() {
    ok "$1 save $name" "$1" save "$name" /tmp/saved
    is "$(left_behind)" '' 'the domain is gone'
    is "$(domwright image /tmp/saved | sed -n 's/^name *: //p')" "$name" \
        'domwright image knows the guest'
}

way=by_domwright
for variant in $variants; do
    name="suspend-$variant"
    # Without extended CR3 there is one place for an L3.
    [ "$variant" = legacy ] && where=no || where=yes
    create "$name"

    saved_by domwright
    is "$(stat -c %a /tmp/saved)" 600 'root alone may read it'
    ok 'domwright restore' domwright restore -e /tmp/saved
    goes_on 1 "$where"

    saved_by xl
    ok 'domwright restore' domwright restore -e /tmp/saved
    goes_on 2 "$where"

    saved_by domwright
    ok 'xl restore' xl restore -e /tmp/saved
    ok "$name goes on" wait_console "$name" '^suspend: ready 3$' 60
    came_through "$name" "$name" 3

    ok 'domwright save -c' domwright save -c "$name" /tmp/saved
    ok "$name goes on" wait_console "$name" '^suspend: ready 4$' 60
    came_through "$name" "$name" 4
    like "$said" '^resumed=3 cancelled=1$' 'in the same domain'
    power_off "$name" "$name"
done
rm -f /tmp/saved
done_testing
