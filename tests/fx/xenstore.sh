#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# xenstore's clients on an embedded host: one by itself, several at once, and
# some that are killed.
# shellcheck disable=SC2016 # what is expanded by the command's own shell
set -u
top=$PWD
fakexen=$top/src/hypervisor/fakexen
client=$top/tests/fx/xenstore
FAKEXEN_LIBRARY=${FAKEXEN_LIBRARY:-$fakexen/.libs/fakexen.so}
export FAKEXEN_LIBRARY client
fakexen=${FAKEXEN:-$fakexen/fakexen}

if ldd "$FAKEXEN_LIBRARY" | grep -q libasan; then
    echo 'the embedded host cannot be preloaded with sanitizers'
    exit 77
fi

work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
failures=0
fail() {
    echo "FAILED: $1"
    failures=$((failures + 1))
}

"$fakexen" --memory 64M --trace trace "$client" || fail 'one client'
grep -qF '"path":"/\u0022\u005c\u000a\u0080","transaction":0,' trace ||
    fail 'a path in the trace that is no text'

# Every transaction that counts is counted once.
"$fakexen" --host host --memory 64M sh -c '
    for i in 1 2 3 4; do "$client" 1000 & done
    wait
    "$client" 0 4000' || fail 'four clients'

# A client that is killed holds up nobody.
"$fakexen" --host host sh -c '
    for i in 1 2 3 4 5 6 7 8 9 10; do
        "$client" 1000000 & sleep 0.0$i; kill -KILL $!; wait $!
    done 2>/dev/null
    "$client" 10' || fail 'after killed clients'

# A machine that is removed or replaced, or was its command's, has nothing to be
# waited for any more.
"$fakexen" --host new --memory 64M true
cp --sparse=always host replaced
unnamed_poll="" unnamed_read=""
for how in poll read; do
    "$fakexen" --host host timeout 60 "$client" $how >host.$how 2>&1 &
    eval "host_$how=\$!"
    "$fakexen" --host replaced timeout 60 "$client" $how >replaced.$how 2>&1 &
    eval "replaced_$how=\$!"
    "$fakexen" sh -c 'timeout 60 "$client" "$1"; echo "ended with $?"' \
        sh $how >unnamed.$how 2>&1 &
    eval "unnamed_$how=\$!"
done
for file in host replaced unnamed; do
    for how in poll read; do
        until grep -q waiting $file.$how; do sleep 0.05; done
    done
done
rm host
mv new replaced
kill -KILL "$unnamed_poll" "$unnamed_read"
for file in host replaced; do
    for how in poll read; do
        eval "wait \"\$${file}_$how\"" || fail "$how: $file is gone"
        grep -q "^fakexen: the machine's file was removed$" $file.$how ||
            fail "$how: nothing is said of it: $file"
    done
done
for how in poll read; do
    until grep -q 'ended with' unnamed.$how; do sleep 0.05; done
    grep -q 'ended with 0' unnamed.$how || fail "$how: unnamed"
done

[ "$failures" = 0 ]
