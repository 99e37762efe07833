#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# create is stopped at whatever moment, and killed; then a hundred times over.
. "$(dirname "$0")/lib.sh"

entries() {
    xenstore-ls -f | grep -v '^/tool/\|/domid-history'
}

guest_config g "$grub_32" | sed 's/^memory = .*/memory = 2048/' >/tmp/g.cfg
before=$(entries)
pages=$(free_pages)

# Run create and send it a signal after some time: stop SIGNAL SECONDS.
stop() {
    stopped=0
    out=$(timeout -s "$1" "$2" domwright create -p /tmp/g.cfg 2>&1) ||
        stopped=$?
}

nothing_left() {
    is "$(xl list | wc -l)" 2 "$1: no domain"
    is "$(entries)" "$before" "$1: no entry in xenstore"
    ok "$1: no page" wait_free_pages "$pages" 60
}

for signal in INT TERM HUP; do
    case $signal in
    INT) number=2 ;;
    TERM) number=15 ;;
    HUP) number=1 ;;
    esac
    hits=0
    for after in 0.02 0.04 0.06 0.08 0.1 0.14 0.2 0.3; do
        stop $signal $after
        # Status: stopped in the build; ended before it; done before that.
        case $stopped in
        $((128 + number)))
            case $out in
            'domwright: stopped: '*) hits=$((hits + 1)) ;;
            esac
            ;;
        0 | 143) domwright destroy g ;;
        esac
        ok "$signal after $after s: $stopped" test "$stopped" = 0 -o \
            "$stopped" = $((128 + number)) -o "$stopped" = 143
        nothing_left "$signal after $after s"
    done
    ok "$signal hit a build $hits times" test "$hits" -gt 0
done

# Nobody can clean up after SIGKILL; destroy does it later.
hits=0
for after in 0.05 0.08 0.12 0.16 0.2 0.25; do
    stop KILL $after
    id=$(domwright list | awk 'NR > 1 && $2 != 0 { print $2 }')
    [ -n "$id" ] || continue
    hits=$((hits + 1))
    like "$(domwright list)" "^(\(null\)|g) +$id " "KILL after $after s: listed"
    ok "KILL after $after s: destroy" domwright destroy "$id"
    nothing_left "KILL after $after s"
done
ok "KILL left a domain $hits times" test "$hits" -gt 0

# A hundred times.
guest_config g "$grub_32" >/tmp/g.cfg
hundred() {
    for _ in $(seq 100); do
        domwright create /tmp/g.cfg && domwright destroy g || return
    done
}
ok 'a hundred times' hundred
nothing_left 'a hundred times'

done_testing
