#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# fakexen answers, at both levels, as real Xen did when expected/ was recorded.
set -u
top=$PWD here=${srcdir:-.}/tests/conformance
FAKEXEN_LIBRARY=$top/src/hypervisor/fakexen/.libs/fakexen.so
export FAKEXEN_LIBRARY

# A sanitizer's runtime has to be loaded before all else, which it is not here.
if ldd "$FAKEXEN_LIBRARY" | grep -q libasan; then
    echo 'the embedded host cannot be preloaded with sanitizers'
    exit 77
fi

xen=$(sed -n 's/^#define XEN_VERSION "\(.*\)"/\1/p' config.h)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
status=0
for level in stock patched; do
    "$here/run" "$work/$level" "$top/src/hypervisor/fakexen/fakexen" \
        --level "$level" --shadow "$top/tests/conformance/conformance" || exit 1
    echo "level $level:"
    "$here/compare" --xen "$xen" "$level" "$work/$level" "$here/accepted" || status=1
done
exit "$status"
