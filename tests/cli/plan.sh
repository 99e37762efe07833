#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# create --dry-run, as text and as JSON; the examples.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

config g.cfg
works create -n g.cfg
prints '^type pv32, 8192 pages of memory$'
prints '^kernel +0[x]?[0-9a-f]* '
prints '^root table: PFN 0x[0-9a-f]+, below 4 GiB unless extended CR3 can be '\
'declared$'
works create -n g.cfg "kernel='$guests/hello-legacy'"
prints '^root table: PFN 0x[0-9a-f]+, below 4 GiB$'
works create -n g.cfg "kernel='$guests/hello-64'"
prints '^type pv64, 8192 pages of memory$'
prints '^root table: PFN 0x[0-9a-f]+$'

works create --dry-run --json g.cfg
prints '"type": "pv32"'
prints '"root_frame": "below-4g-unless-declared"'
if command -v jq >/dev/null; then
    jq -e '.pages == 8192 and (.items | length) > 5 and
        (.tables | map(.count) | add) == (.items[] |
        select(.item == "page tables") | .pages)' out >/dev/null ||
        wrong 'the plan as JSON'
fi

works create -n --json g.cfg "kernel='$guests/hello-legacy'"
prints '"root_frame": "below-4g"'
works create -n --json g.cfg "kernel='$guests/hello-64'"
prints '"root_frame": "any"'

# Two runs give one plan; a full device is an error.
works create -n g.cfg
cp out first
works create -n g.cfg --pin-order=root
cmp -s out first || wrong 'the plan changes from run to run'
if [ -c /dev/full ]; then
    status=0
    "$domwright" create -n g.cfg >/dev/full 2>err || status=$?
    : >out
    [ "$status" = 1 ] || wrong 'a report that cannot be written'
fi

for example in "$srcdir"/examples/*.cfg; do
    works create -n "$example" "kernel='$guests/hello-pae'" "ramdisk=''"
done

finish
