#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The part of the suite that runs in dom0: one case after the other, each
# framed for the counting on the other side.
uptime_s() {
    cut -d . -f 1 /proc/uptime
}

cd /lab/cases || exit 1
[ $# -gt 0 ] || set -- *.sh
# The first guest since boot leaves a page in Xen's own pools: have it now, so
# that a case may count pages.
printf 'name = "warm"\ntype = "pv"\nmemory = 32\nkernel = "%s"\n' \
    "/usr/lib/grub-xen/grub-$(xl info |
        grep -q '^xen_caps .* xen-3.0-x86_32p' &&
        echo i386 || echo x86_64)-xen.bin" >/tmp/warm.cfg
xl create -q /tmp/warm.cfg && xl destroy warm
rm -f /tmp/warm.cfg /var/log/xen/console/guest-warm.log
for case; do
    [ -x "$case" ] || continue
    echo "# case: $case"
    start=$(uptime_s)
    timeout "${LAB_CASE_LIMIT:-600}" sh "./$case" </dev/null 2>&1
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
    xenstore-ls -f | sed -nE \
        's,^(/(local/domain|libxl)/[1-9][0-9]*|/vm/[^/]+) =.*,\1,p' |
        while read -r entry; do
            echo "# left: $entry"
            xenstore-rm "$entry"
        done
    echo "# end: $case $rc $(($(uptime_s) - start))"
done
