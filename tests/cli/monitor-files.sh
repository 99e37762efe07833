#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What a guest's monitor leaves and looks for in fixed places: the memory of a
# crashed guest, and an xl that is on nobody's PATH.
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

on_host() {
    "$DOMWRIGHT_FAKEXEN" --host machine "$@"
}

# waits: until the monitor has said its last.
waits() {
    checks=$((checks + 1)) tries=200
    while grep -qlszxF "FAKEXEN_HOST=$(pwd -P)/machine" /proc/[0-9]*/environ; do
        tries=$((tries - 1))
        if [ "$tries" = 0 ]; then
            cat machine.log >err 2>&1
            wrong 'the monitor does not end'
            return
        fi
        sleep 0.05
    done
}

# crashes: a guest that is dumped and destroyed.
crashes() {
    rm -f machine.log
    config guest.cfg 'on_crash = "coredump-destroy"'
    works --host machine create guest.cfg
    on_host "$top/tests/fx/guest_ends" \
        "$(on_host "$domwright" domid guest)" 3 # SHUTDOWN_crash, xen/sched.h
    waits
}

# A guest that never ran has not said where its P2M list is, so that libxenctrl
# cannot dump it: no part of a file is left.
crashes
[ "$(stat -c %a /var/lib/xen/dump)" = 700 ] || wrong 'others may look at it'
[ -z "$(ls -A /var/lib/xen/dump)" ] || wrong 'a part is left'
grep -q 'could not be written to /var/lib/xen/dump/guest: ' machine.log ||
    wrong 'not told'

# xl takes away what xl gave, also where it is not on PATH.
mount -t tmpfs tmpfs /usr/sbin || exit 99
printf '#!/bin/sh\necho "$*" >>%s/calls\n' "$work" >/usr/sbin/xl
chmod +x /usr/sbin/xl
config guest.cfg
PATH=/usr/bin:/bin "$domwright" --host machine create guest.cfg >out 2>err ||
    wrong 'create'
id=$(on_host "$domwright" domid guest)
on_host "$top/tests/fx/store_write" "/libxl/$id/device/vbd/51712/backend" /x
on_host "$top/tests/fx/guest_ends" "$id" 0
waits
[ "$(cat calls)" = "destroy $id" ] || wrong 'xl was not asked to destroy it'

# What create failed at is not the monitor's to tell.
rm -f machine.log
config guest.cfg 'name = "second"'
"$domwright" --host machine create guest.cfg >/dev/full 2>err && wrong 'no failure'
works --host machine destroy second
waits
grep -q 'somebody else destroyed it$' machine.log || wrong 'no last word'
grep -v '^domwright: 20[0-9-]*T[0-9:]*Z: ' machine.log >out &&
    wrong 'there are lines that are not its own'

finish
