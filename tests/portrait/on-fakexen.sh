#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What our hooks build is what the stock ones build, on an embedded host of
# either level; and what they build there is what they built on real Xen.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"

fakexen=$top/src/hypervisor/fakexen
FAKEXEN_LIBRARY=$fakexen/.libs/fakexen.so
export FAKEXEN_LIBRARY
here=$srcdir/tests/portrait

# A sanitizer's runtime has to be loaded before all else, which it is not here.
if ldd "$FAKEXEN_LIBRARY" | grep -q libasan; then
    echo 'the embedded host cannot be preloaded with sanitizers'
    exit 77
fi

# build LEVEL HOOKS: with memory above 4 GiB, which an L3 may have to avoid.
build() {
    checks=$((checks + 1))
    "$fakexen/fakexen" --memory 6G --level "$1" "$here/run" \
        "$top/tests/portrait" subjects "$2" "$1-$2" >out 2>err ||
        wrong "hooks $2, level $1"
}

# same WHAT EXPECTED ACTUAL [INTENDED]
same() {
    checks=$((checks + 1))
    what=$1
    shift
    "$here/compare" "$@" >out 2>err || wrong "$what"
}

seq 1 100000 >module
"$here/subjects" "$top/tests/portrait" "$guests" "$work/module" >subjects
build stock stock
for level in stock patched; do
    for hooks in ours ours-root; do
        build "$level" "$hooks"
        same "hooks $hooks, level $level" stock-stock "$level-$hooks" \
            "$here/intended"
    done
done

for hooks in stock ours; do
    mkdir "plain-$hooks"
    cp "stock-$hooks"/plain-* "plain-$hooks"
done
same 'the stock builder on real Xen' "$here/expected" plain-stock
same 'ours on real Xen' "$here/expected" plain-ours "$here/intended"

# Another guest's portrait is another one.
checks=$((checks + 1))
mkdir one two
cp stock-stock/hello-pae.txt one/guest.txt
cp stock-stock/small-pae.txt two/guest.txt
"$here/compare" one two >out 2>err && wrong 'two guests look the same'
finish
