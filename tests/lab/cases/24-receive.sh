#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that writes to all of its memory goes live from this host to itself by
# domwright on both ends: without Xen's log where Xen has none, and with it where
# it has.  Its memory is filled while the stream comes, from a pipe as well, and
# a root that cannot lie above 4 GiB does not.
# alone: stock
. "$(dirname "$0")/suspend.sh"

live() {
    domwright migrate -l "$1" --via='domwright migrate-receive -e'
}

through_a_pipe() {
    domwright save "$1" /tmp/saved || return
    # shellcheck disable=SC2002 # that is what is tested
    cat /tmp/saved | domwright restore -e -
}

# arrived LOG ROUND
arrived() {
    ok "$name goes on" wait_console "$1" "^suspend: ready $2\$" 60
    came_through "$name" "$1" "$2"
    like "$said" " above_4g=$where " "with its root above 4 GiB: $where"
    is "$(domwright verify "$name")" "$name: 0 findings" 'verify finds nothing'
}

way=by_domwright
for variant in $variants; do
    name="suspend-$variant"
    # Without extended CR3 there is one place for an L3.
    [ "$variant" = legacy ] && where=no || where=yes
    create "$name" busy
    ok "domwright migrate --live $name" live "$name"
    arrived "$name--incoming" 1
    like "$said" '^resumed=1 cancelled=0$' 'in a new domain'
    ok 'domwright save, and restore from a pipe' through_a_pipe "$name"
    arrived "$name" 2
    power_off "$name" "$name"
    forget_console "$name--incoming"
done
rm -f /tmp/saved
done_testing
