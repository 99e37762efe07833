#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each verb that xl and domwright both have, by either, on guests of either: the
# same becomes of the guest, and is seen by either.
# alone: patched
. "$(dirname "$0")/suspend.sh"

# seen: what either says of guest $name, and what is in xenstore, in the
# transcript.  A guest that blocks may run for a moment.
seen() {
    {
        echo "## $*"
        domwright list "$name" | awk 'NR == 2 {
            gsub("[rb]", "-", $5); print $1, $3, $4, $5 }'
        xl list -l "$name" | grep -E '"(name|target_memkb|avail_vcpus)"|0x'
        at=/local/domain/$(domwright domid "$name")
        xenstore-read "$at/name" "$at/memory/target" "$at/cpu/0/availability" \
            "$at/cpu/1/availability"
    } >>"$transcript" 2>&1
}

# verb WORD...: by $tool.
verb() {
    ok "$maker's guest: $tool $1" "$tool" "$@"
    seen "$1"
}

is_right() {
    is "$(domwright verify "$name")" "$name: 0 findings" 'verify finds nothing'
}

# But for what Xen keeps of its own when something is done for the first time.
pages_are_back() {
    [ "$(free_pages)" -ge $((before - 6)) ]
}

ready() {
    ok 'it goes on' wait_console pair "^suspend: ready $1\$" 60
}

guest_config pair /guests/suspend-pae 'maxvcpus = 2' 'on_poweroff = "preserve"' |
    small >/tmp/guest.cfg
for pair in xl-xl domwright-xl xl-domwright; do
    maker=${pair%-*} tool=${pair#*-}
    [ "$tool" = xl ] && other=domwright || other=xl
    transcript=/tmp/$pair name=pair
    forget_console pair
    before=$(free_pages)
    ok "$maker create" "$maker" create -qe /tmp/guest.cfg
    ready 0
    seen create
    is_right
    verb pause pair
    verb unpause pair
    is "$($tool domname "$($tool domid pair)")" pair "$tool domid, domname"
    verb mem-set pair 6
    verb mem-set pair 8
    force=$([ "$tool" = xl ] && echo --ignore-host)
    # shellcheck disable=SC2086 # one word or none
    verb vcpu-set $force pair 2
    # shellcheck disable=SC2086
    verb vcpu-set $force pair 1
    verb save -c pair /tmp/saved
    ready 1
    name=other
    verb rename pair other
    name=pair
    verb rename other pair
    ok "$tool save" "$tool" save pair /tmp/saved
    is "$(left_behind)" '' 'the domain is gone'
    ok "$other restore" "$other" restore -e /tmp/saved
    ready 2
    seen restore
    is_right
    verb reboot pair # which it acknowledges, and no more
    ok "$tool shutdown" "$tool" shutdown pair
    ok 'it ends' wait_for 30 sh -c 'xl list pair | grep -q -- "---s--"'
    seen shutdown
    ok "$tool destroy" "$tool" destroy pair
    ok 'its pages come back' wait_for 20 pages_are_back
    is "$(left_behind)" '' 'nothing else is left'
done
for pair in domwright-xl xl-domwright; do
    is "$(cat /tmp/$pair)" "$(cat /tmp/xl-xl)" "$pair: as xl's are, told by xl"
done
done_testing
