#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The stock builder, save and restore, on an embedded host: every kind of
# guest, plain and live, one vCPU and several.
set -u
top=$PWD
fakexen=$top/src/hypervisor/fakexen
FAKEXEN_LIBRARY=$fakexen/.libs/fakexen.so
export FAKEXEN_LIBRARY

# A sanitizer's runtime has to be loaded before all else, which it is not here.
if ldd "$FAKEXEN_LIBRARY" | grep -q libasan; then
    echo 'the embedded host cannot be preloaded with sanitizers'
    exit 77
fi

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failures=0

for kernel in pae legacy 64; do
    for options in '' -l '-v 3' '-l -v 2 -m 128'; do
        # shellcheck disable=SC2086 # several options
        "$fakexen/fakexen" --host "$work/host" tests/fx/save_restore \
            $options "tests/guests/hello-$kernel" "$work/stream" \
            >"$work/out" 2>&1 && continue
        echo "FAILED: hello-$kernel, options '$options'"
        sed 's/^/  /' "$work/out"
        failures=$((failures + 1))
    done
done
exit $((failures > 0))
