#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# hooks --status: which running processes have the plugin in them.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
needs_embedded # a sanitizer's plugin cannot be loaded into others
plugin=$top/src/builder/.libs/plugin.so

cp "$(command -v sleep)" dw-toolstack
cp "$(command -v sleep)" dw-stock
mkdir domwright
cp "$plugin" domwright/plugin.so
LD_PRELOAD=$plugin ./dw-toolstack 60 &
ours=$!
./dw-stock 60 &
stock=$!
LD_PRELOAD=$work/domwright/plugin.so ./dw-toolstack 60 &
moved=$!
trap 'kill "$ours" "$stock" "$moved" 2>/dev/null; rm -rf "$work"' EXIT
# Until they are what they are to be.
for pid in $ours $stock $moved; do
    until tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q '^./dw-'; do sleep 0.1; done
done
until grep -q plugin.so "/proc/$ours/maps" && grep -q plugin.so "/proc/$moved/maps"; do
    sleep 0.1
done

works hooks --status "$ours"
prints "^$ours dw-toolstack: domwright 0\.[0-9.]*, $plugin\$"
run hooks --status dw-toolstack
[ "$status" = 0 ] || wrong 'two that have it'
[ "$(wc -l <out)" = 2 ] || wrong 'not all of that name'
run hooks --status
[ "$status" = 0 ] || wrong 'all that have it'
prints "^$ours dw-toolstack: domwright"
prints "^$moved dw-toolstack: domwright 0\.[0-9.]*, $work/domwright/plugin.so\$"
! grep -q dw-stock out || wrong 'one without is told'
run hooks --status "$stock" "$ours"
[ "$status" = 1 ] || wrong 'one without it is no failure'
prints "^$stock dw-stock: the library's own builder\$"
prints "^$ours dw-toolstack: domwright"
[ "$(cat err)" = "domwright: dw-stock, process $stock: it builds without domwright" ] ||
    wrong 'which one has not is not told'
works hooks --status --json "$ours"
prints '"replaced": false'
prints "\"plugin\": \"$plugin\""
prints "\"pid\": $ours,?\$"

# Another file in its place, and none.
cp "$plugin" other.so
mv other.so domwright/plugin.so
works hooks --status "$moved"
prints "^$moved dw-toolstack: domwright, of a file that is no longer there: $work/domwright/plugin.so\$"
rm domwright/plugin.so
works hooks --status "$moved"
prints "^$moved dw-toolstack: domwright, of a file that is no longer there:"

# Another program's plugin of that name is none of ours.
mkdir other
cp "$(ldd "$plugin" | awk '$1 ~ /^libc\.so/ { print $3 }')" other/plugin.so
LD_PRELOAD=$work/other/plugin.so ./dw-stock 60 &
third=$!
until grep -q plugin.so "/proc/$third/maps"; do sleep 0.1; done
run hooks --status "$third"
prints "^$third dw-stock: the library's own builder\$"
kill "$third"

# Nor is one of use to what has another libxenguest than the plugin is for.
LD_PRELOAD="$plugin $kernels/libxenguest.so.4.99" ./dw-stock 60 2>err &
third=$!
until grep -q 'libxenguest\.so\.4\.99' "/proc/$third/maps"; do sleep 0.1; done
run hooks --status "$third"
[ "$status" = 1 ] || wrong 'a plugin for another libxenguest'
prints "^$third dw-stock: the library's own builder\$"
kill "$third"

# What another's path has in it does nothing to a terminal, nor to JSON.
odd=$(printf 'domwright-\033[1m-\377')
mkdir "$odd"
cp "$plugin" "$odd/plugin.so"
LD_PRELOAD=$work/$odd/plugin.so ./dw-stock 60 &
third=$!
until grep -q plugin.so "/proc/$third/maps"; do sleep 0.1; done
works hooks --status "$third"
prints 'domwright-\\x1b\[1m-\\xff/plugin\.so$'
works hooks --status --json "$third"
prints '"plugin": ".*domwright-\\\\x1b\[1m-\\\\xff/plugin\.so"'
kill "$third"

kill "$stock"
wait "$stock" 2>/dev/null
fails 1 "process $stock: No such process" hooks --status "$stock"
fails 1 'there is no process nobody-here that may be looked at' \
    hooks --status nobody-here
# A build that is watched closely says who did it.
uses_embedded
for guest in 'hello-pae 32' 'hello-64 64'; do
    config guest.cfg "kernel=\"$guests/${guest% *}\""
    run --host machine create -v -pe guest.cfg
    [ "$status" = 0 ] || wrong "$guest: no guest"
    grep -qE "domwright 0\.[0-9.]*: domain [0-9]+, ${guest#* }-bit\$" err ||
        wrong "$guest: nothing says who has built it"
    run --host machine destroy guest
done

fails 2 'hooks: --status is wanted; see "domwright help hooks"' hooks
finish
