#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest that is none of PV, through xl with our hooks: it comes to be as with the
# stock ones, and one line in the log says that it was left to those.
. "$(dirname "$0")/lib.sh"
[ -e /guests/pvh ] || {
    skip "this case" "make check builds its kernel"
    done_testing
}

# left_to_stock TEXT NUMBER: so many such lines are in it.
left_to_stock() {
    is "$(printf '%s\n' "$1" | grep -cE ' domwright [0-9.]+: domain [0-9]+'\
' is no PV guest: left to libxenguest.s builder$')" "$2" "lines in the log: $2"
}

# The guest's kernel, at 128 MiB, is "hlt" alone: where it runs, it powers off.
cat >/tmp/pvh.cfg <<'END'
name = "pvh"
type = "pvh"
kernel = "/guests/pvh"
memory = 160
on_poweroff = "preserve"
END
has_ended() {
    xl list pvh | grep -q -- '---s--'
}

for xl in 'xl' 'domwright xl'; do
    number=$([ "$xl" = xl ] && echo 0 || echo 1)
    # shellcheck disable=SC2086 # words
    status 0 "$xl create: PVH" $xl -vvv create -e /tmp/pvh.cfg
    left_to_stock "$out" "$number"
    ok 'it runs' wait_for 30 has_ended
    ok 'xl destroy' xl destroy pvh
done
done_testing
