#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# verify on guests that run, and on those that wait, of every variant and by
# whichever builder: nothing is wrong with them, but for a root that the tools
# restore above 4 GiB where the guest knows no such.
. "$(dirname "$0")/suspend.sh"

# is_clean NAME WHAT
is_clean() {
    status 0 "$2" domwright verify "$1"
    is "$out" "$1: 0 findings" "$2: 0 findings"
}

p2m() {
    domwright verify --json "$1" | sed -n 's/^ *"p2m": \(.*\),$/\1/p'
}

# runs WAY KERNEL [WORDS]: how the guest tells of its P2M.
runs() {
    way=$1
    create "$2" "${3:-}"
    is_clean "$2" "$1: $2 ${3:-}"
    is "$(p2m "$2")" "\"$([ "${3:-}" ] && echo list || echo tree)\"" 'where its P2M is'
    ok "destroy $2" domwright destroy "$2"
}

for variant in pae legacy 64; do
    runs by_domwright suspend-$variant
    runs by_stock_xl suspend-$variant linear
done

# A guest that was restored: the one thing that is wrong is found.
way=by_domwright
for variant in pae legacy 64; do
    name=suspend-$variant
    create "$name"
    ok "xl save $name" xl save "$name" /tmp/saved
    ok 'xl restore' xl restore -e /tmp/saved
    ok "$name goes on" wait_console "$name" '^suspend: ready 1$' 60
    if [ $variant = legacy ]; then
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

# GRUB tells of no P2M once it runs, and other people wrote it.
for create in 'xl create -q' 'domwright create'; do
    for width in 32 64; do
        eval "kernel=\$grub_$width"
        # shellcheck disable=SC2154 # set by eval
        guest_config "grub$width" "$kernel" >/tmp/grub.cfg
        $create -p /tmp/grub.cfg
        is_clean "grub$width" "$create: GRUB, $width bits, has not run"
        is "$(p2m "grub$width")" '"start_info"' 'where its P2M is'
        domwright unpause "grub$width"
        ok 'it shows its prompt' wait_console "grub$width" '^grub> ' 60
        is_clean "grub$width" 'and now it runs'
        is "$(p2m "grub$width")" null 'nobody knows its P2M'
        forget_console "grub$width"
    done
    status 0 'verify --all' domwright verify --all
    is "$out" 'grub32: 0 findings
grub64: 0 findings' 'has both'
    domwright destroy grub32 grub64
done
status 1 'domain 0' domwright verify 0
rm -f /tmp/saved
done_testing
