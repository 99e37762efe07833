#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What our hooks build is what the stock ones build, whoever has libxenguest
# build it; and it is the same on real Xen as on fakexen.
. "$(dirname "$0")/lib.sh"

tools=/lab/portrait
cd /tmp || exit 1
seq 1 100000 >module
"$tools/subjects" "$tools" /guests /tmp/module /usr/lib/grub-xen >all
# shellcheck disable=SC2154 # lib.sh's
if xen_has pv32; then mv all subjects; else grep -E '64( |$|-)' all >subjects; fi

# same NAME EXPECTED ACTUAL [INTENDED]
same() {
    same_name=$1
    shift
    ok "$same_name" "$tools/compare" "$@"
}

# like_hooks NAME HOOKS DIR: as far as the portraits in DIR go, they are those of the
# domains that pv-build made with such hooks.
like_hooks() {
    mkdir "$3-like"
    for file in "$3"/*.txt; do
        cp "$2/${file##*/}" "$3-like"
    done
    same "$1 is like hooks $2" "$3-like" "$3"
}

grep -E '^(hello|grub)-' subjects >some

for hooks in stock ours; do
    ok "hooks $hooks build" "$tools/run" "$tools" subjects "$hooks" "$hooks"
done
same 'ours are like the stock ones' stock ours "$tools/intended"
ok 'ours build with the other order of pins' \
    "$tools/run" "$tools" some ours-root ours-root
like_hooks 'that' ours ours-root
mkdir plain
cp stock/plain-* plain
same 'the stock ones are as they were' "$tools/expected" plain

# Fakexen takes its time under emulation: "make check" has the others there.
for hooks in stock ours; do
    ok "hooks $hooks build on fakexen" fakexen --memory 6G \
        --level "$(on stock patched)" \
        "$tools/run" "$tools" some "$hooks" "fakexen-$hooks"
    like_hooks fakexen "$hooks" "fakexen-$hooks"
done

# toolstack NAME HOOKS COMMAND...: another one than pv-build, with such hooks.
toolstack() {
    toolstack=$1 hooks=$2
    shift 2
    mkdir "$toolstack"
    while read -r name first kernel _; do
        guest_config "$name" "$kernel" >toolstack.cfg
        ok "$toolstack: $name" "$@" toolstack.cfg
        "$tools/portrait" -k "$first" "$(xl domid "$name")" \
            >"$toolstack/$name.txt"
        xl destroy "$name"
    done <some
    like_hooks "$toolstack" "$hooks" "$toolstack"
}

toolstack xl stock xl create -q -p
toolstack plugin ours domwright xl create -q -p
toolstack domwright ours domwright create -p
done_testing
