#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The part of the suite that runs in dom0: one case after the other, each
# framed for the counting on the other side.
uptime_s() {
    cut -d . -f 1 /proc/uptime
}

cd /lab/cases || exit 1
[ $# -gt 0 ] || set -- *.sh
for case; do
    [ -x "$case" ] || continue
    echo "# case: $case"
    start=$(uptime_s)
    timeout "${LAB_CASE_LIMIT:-300}" sh "./$case" </dev/null 2>&1
    rc=$?
    # What a case leaves behind would spoil the next one.
    left=$(xl list | awk 'NR > 1 && $2 != 0 { print $2 }')
    if [ -n "$left" ]; then
        xl list | sed 's/^/# /'
        for id in $left; do
            timeout 30 xl destroy "$id"
        done
        echo "# left: domains $left"
    fi
    echo "# end: $case $rc $(($(uptime_s) - start))"
done
