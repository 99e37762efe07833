#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A hundred domains come and go, and the host is as before, to the very page.
# alone: stock
. "$(dirname "$0")/lib.sh"

cycle() {
    domwright create -p "/tmp/leak-$1.cfg" >/dev/null && domwright destroy leak
}

# cycles COUNT: guests of all kinds, in turn.
cycles() {
    i=0
    while [ "$i" -lt "$1" ]; do
        for kind in $variants; do
            cycle "$kind" || return 1
            i=$((i + 1))
        done
    done
}

for kind in $variants; do
    guest_config leak "/guests/hello-$kind" >"/tmp/leak-$kind.cfg"
done
cycles 3 # Xen's own pools grow once
store=$(xenstore-ls /)
before=$(free_pages)
ok 'a hundred domains are created and destroyed' cycles 100
ok 'no page of them is left' wait_free_pages "$before" 20
is "$(xenstore-ls /)" "$store" 'nor an entry in xenstore'
done_testing
