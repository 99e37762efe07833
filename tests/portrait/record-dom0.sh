#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The part of record that runs in dom0: each file behind a line "@ NAME".
set -e
cd /lab/portrait
./subjects . /guests /none | grep '^plain-' >/tmp/subjects
./run . /tmp/subjects stock /tmp/portraits
cd /tmp/portraits
for file in *.txt; do
    echo "@ $file"
    cat "$file"
done
