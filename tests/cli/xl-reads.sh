#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Random configurations are read as stock xl reads them: tests/cli/xl_reads.py.
# More of them: XL_READS="SEED CASES" tests/cli/xl-reads.sh
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
needs_embedded
need_xl
if ! python3 -c '' 2>/dev/null; then
    echo 'there is no python3 here'
    exit 77
fi

XL=$xl DOMWRIGHT=$domwright GUESTS=$guests
FAKEXEN=$top/src/hypervisor/fakexen/fakexen
FAKEXEN_LIBRARY=$top/src/hypervisor/fakexen/.libs/fakexen.so
export XL DOMWRIGHT GUESTS FAKEXEN FAKEXEN_LIBRARY
unset DOMWRIGHT_HOST FAKEXEN_HOST
# shellcheck disable=SC2086 # two numbers
python3 "$srcdir/tests/cli/xl_reads.py" ${XL_READS:-1 10}
