#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What pinning costs on patched Xen, against stock Xen: instructions from the
# call in dom0 until it returns, in one boot of the lab for each. Prints a table
# in Markdown; fails where patched Xen takes a hundredth more.
#
#   pin-bench.sh PIN-COST
set -eu -o pipefail
program=$1
lab=$(cd "$(dirname "$0")/../lab" && pwd)/lab
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/script" <<'EOS'
# No lines on Xen's console meanwhile.
xl debug-keys G---
./pin-cost
EOS

for xen in stock patched; do
    "$lab" --xen "$xen" --count --timeout 1800 --add "$program:/root/pin-cost" \
        "$work/script" >"$work/$xen"
done

echo '| bits | entries | | stock | patched | ratio |'
echo '|---|---|---|---|---|---|'
# The TSC runs at 16 ticks an instruction.
paste -d ' ' "$work/stock" "$work/patched" | awk '
    function row(what, stock, patched) {
        printf "| %d | %d | %s | %d | %d | %.4f |\n", $1, $2, what,
            stock / 16, patched / 16, patched / stock
        if (patched > stock * 1.01)
            bad = 1
    }
    $1 != $5 || $2 != $6 { exit bad = 1 }
    {
        row("pin", $3, $7)
        row("unpin", $4, $8)
    }
    END { exit bad || NR != 4 }'
