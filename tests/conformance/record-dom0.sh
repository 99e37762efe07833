#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The part of record that runs in dom0: each file behind a line "@ NAME".
set -e
# Each refusal is a line on Xen's slow console: have none of them.
xl debug-keys G---
/lab/conformance/run /tmp/actual /lab/conformance/conformance
cd /tmp/actual
for file in *.txt; do
    echo "@ $file"
    cat "$file"
done
