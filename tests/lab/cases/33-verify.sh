#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# verify on guests that run, and on those that wait, of every variant and by
# whichever builder: nothing is wrong with them, but for a root that the tools
# restore above 4 GiB where the guest knows no such.
. "$(dirname "$0")/verify.sh"

# runs WAY KERNEL [WORDS]: how the guest tells of its P2M.
runs() {
    way=$1
    create "$2" "${3:-}"
    is_clean "$2" "$1: $2 ${3:-}"
    is "$(p2m "$2")" "\"$([ "${3:-}" ] && echo list || echo tree)\"" 'where its P2M is'
    ok "destroy $2" domwright destroy "$2"
}

for variant in $variants; do
    runs by_domwright "suspend-$variant"
    runs by_stock_xl "suspend-$variant" linear
done

# A guest that was restored: the one thing that is wrong is found.
way=by_domwright
for variant in $variants; do
    name="suspend-$variant"
    create "$name"
    ok "xl save $name" xl save "$name" /tmp/saved
    ok 'xl restore' xl restore -e /tmp/saved
    ok "$name goes on" wait_console "$name" '^suspend: ready 1$' 60
    if [ "$variant" = legacy ]; then
        status 1 'verify of a restored legacy guest' domwright verify "$name"
        like "$out" \
            "^$name: l3-above-4g: L3 table 0x[0-9a-f]+ lies above 4 GiB" \
            'its L3 is above 4 GiB'
        like "$out" "^domwright: $name: 1 finding\$" 'and that is all'
    else
        is_clean "$name" "$name, restored"
    fi
    ok "destroy $name" domwright destroy "$name"
done
rm -f /tmp/saved
done_testing
