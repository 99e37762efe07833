#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Waiting for a guest's state and for a line of its console: by wait, create,
# shutdown and reboot; on an embedded host, where the test does what a guest and
# xenconsoled would.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
DOMWRIGHT_HOST=$work/machine
export DOMWRIGHT_HOST

on_host() {
    "$fakexen" --host machine "$@"
}

# until_it COMMAND...: succeeds, which it has to some time.
until_it() {
    tries=300
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" != 0 ] || { wrong "in vain: $*"; return; }
        sleep 0.05
    done
}

# new [OPTION]...: a guest, which nobody waits for.
new() {
    works create -eq "$@" guest.cfg
    id=$("$domwright" domid guest)
}

# waits ARGUMENT...: in the background, until waited STATUS [LINE].
waits() {
    "$domwright" wait "$@" >waiting.out 2>waiting.err &
    waiting=$!
    until_it asleep
}

# It sleeps, having looked.
asleep() {
    grep -q '^State:.*sleeping' "/proc/$waiting/status" &&
        [ "$(find "/proc/$waiting/task" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ]
}

waited() {
    checks=$((checks + 1)) status=0
    wait "$waiting" || status=$?
    cp waiting.out out && cp waiting.err err
    [ "$status" = "$1" ] || wrong "it ended with $status, not $1"
    [ "$(cat err)" = "${2:+domwright: $2}" ] || wrong "it did not say: ${2:-}"
    [ ! -s out ] || wrong 'it prints something'
}

# ends REASON: as Xen numbers them, xen/sched.h.
ends() {
    on_host "$top/tests/fx/guest_ends" "$id" "$1" || wrong 'ending the guest'
}
poweroff=0 suspend=2 crash=3

# The console's other end, in xenconsoled's place: says TEXT writes it.
serve() {
    mkfifo words 2>/dev/null
    rm -f served
    "$fakexen" --host machine "$top/tests/cli/toolstack" console "$id" \
        <words >served &
    server=$!
    exec 3>words
    until_it grep -q serving served
}
says() {
    # shellcheck disable=SC2059 # with its escapes
    printf "$1" >&3
}
hang_up() {
    exec 3>&-
    wait "$server"
}

config guest.cfg 'memory = 16'

# ---- what is no use ----
usage='see "domwright help wait"'
fails 2 "wait: one domain is wanted; $usage" wait
fails 2 "wait: one domain is wanted; $usage" wait a b
for number in '' x 1x -1 1. .5 1.2.3 1e3 0x10 ' 1' 99999999999; do
    fails 2 "wait: --timeout: \"$number\" is no number of seconds; $usage" \
        wait --timeout="$number" guest
done
fails 2 "wait: --state: there is no state \"odd\"; there are \
running, paused, shutdown, crashed and gone; $usage" wait --state=odd guest
fails 2 "wait: --state: there is no state \"\"; there are \
running, paused, shutdown, crashed and gone; $usage" wait --state= guest
fails 2 "wait: --text: it is empty; $usage" wait --text= guest
fails 2 "wait: --text: \"a(\": Unmatched ( or \\(; $usage" \
    wait --text='a(' guest
fails 2 "wait: --text and --state are two things; $usage" \
    wait --text=a --state=gone guest
fails 2 "wait: unknown option --frob; $usage" wait --frob guest
fails 1 'no domain is named guest' wait guest
fails 1 'no domain is named guest' wait --text=a guest
fails 1 'no domain 77' wait --state=crashed 77
fails 1 'domain 0 is not waited for' wait 0
works wait --state=gone guest
works wait --state=gone 77

# ---- states that are there, or not in time ----
new -p
works wait --state=paused guest
fails 1 'guest: 0 s were over before it was running' \
    wait --state=running --timeout=0 guest
fails 1 'guest: 0.15 s were over before it was shutdown' \
    wait --timeout=0.15 guest
waits --state=running guest
works unpause guest
waited 0
waits --state=paused "$id"
works pause guest
waited 0
waits guest
ends $poweroff
waited 0
works wait guest
works wait --state=shutdown --timeout=0 guest
fails 1 'guest has shut down (poweroff) before it was crashed' \
    wait --state=crashed guest
fails 1 'guest has shut down (poweroff) before it was running' \
    wait --state=running --timeout=10 guest
waits --state=gone guest
works destroy guest
waited 0

new
waits --state=crashed guest
ends $crash
waited 0
works destroy guest
new
waits --state=crashed guest
works destroy guest
waited 1 'guest is gone before it was crashed'

# Who is saved is not shut down.
new
ends $suspend
fails 1 'guest: 0 s were over before it was shutdown' wait --timeout=0 guest
waits guest
works destroy guest
waited 0

# It is the domain that counts, whatever is called so later.
new
waits --state=gone guest
works rename guest other
works domid other
new
works destroy other
waited 0
waits --state=gone guest
works destroy guest
new
waited 0

# ---- lines ----
serve
says 'Booting\r\nall is '
waits --text='^all is well$' guest
says 'well\n'
waited 0
# A prompt has no end, and terminals are told how to show it.
waits --text='^login: $' guest
says 'trying...\r\033[1;31mlogin\033[0m: '
waited 0
# Each is read once.
fails 1 'guest: 0.3 s were over before "login" was on its console; nothing was there' \
    wait --text=login --timeout=0.3 guest
says 'one\ntwo\nthree'
fails 1 'guest: 0.3 s were over before "four" was on its console; the last line there: three' \
    wait --text=four --timeout=0.3 guest
# What has no end at all is several lines.
head -c 6000 /dev/zero | tr '\0' x >&3
works wait --text='^x{4096}$' --timeout=20 guest
# Its last words count, however soon it goes.
waits --text='bye' guest
says 'good'
says 'bye\n'
ends $poweroff
waited 0
says 'and\n'
fails 1 'guest has shut down (poweroff) before "bye" was on its console; the last line there: and' \
    wait --text=bye guest
works destroy guest
hang_up
new
fails 1 'guest: 0.1 s were over before "a" was on its console; it has had no console' \
    wait --text=a --timeout=0.1 guest
# xenconsoled may start later, and again.
waits --text='two$' guest
serve
says 'one\n'
hang_up
serve
says 'line two\n'
waited 0
waits --text=more guest
works destroy guest
hang_up
waited 1 'guest is gone before "more" was on its console; nothing was there'

# ---- create ----
usage='see "domwright help create"'
fails 2 "create: --wait: \"a\" is no number of seconds; $usage" \
    create --wait=a guest.cfg
for option in -n -c -F; do
    fails 2 "create: --wait, --text and --state go with none of -c, -F and -n; $usage" \
        create --wait=3 "$option" guest.cfg
done
works create -e --wait --state=running guest.cfg
prints '^created guest '
works destroy guest
fails_with_report() {
    run create -e "$@" guest.cfg
    [ "$status" = 1 ] || wrong "create $*: $status"
    prints '^created guest |"name": "guest"'
}
fails_with_report --wait=0.2
grep -qx 'domwright: guest: 0.2 s were over before it was shutdown' err ||
    wrong 'it does not say so'
works destroy guest # it stays
fails_with_report --wait=0.1 --json --text=login
works destroy guest
"$domwright" create --text=login guest.cfg >out 2>waiting.err &
waiting=$!
until_it grep -q '^created' out
id=$("$domwright" domid guest)
serve
says 'login: '
waited_status=0
wait "$waiting" || waited_status=$?
[ "$waited_status" = 0 ] || wrong "create --text: $waited_status"
works destroy guest
hang_up
"$domwright" create --wait guest.cfg >out 2>waiting.err &
waiting=$!
until_it grep -q '^created' out
id=$("$domwright" domid guest)
ends $poweroff
wait "$waiting" || wrong "create --wait: $?"
works wait --state=gone guest
config disk.cfg 'memory = 16' 'disk = [ "a" ]'
fails 2 "create: --wait, --text and --state: disk.cfg is left to xl; \"domwright wait\" waits for its guest; $usage" \
    create --wait=1 disk.cfg

# ---- shutdown, reboot ----
for verb in shutdown reboot; do
    fails 2 "$verb: --wait: \"soon\" is no number of seconds; see \"domwright help $verb\"" \
        $verb --wait=soon guest
    new
    fails 1 "domain $id: 0.2 s were over before it ended" $verb --wait=0.2 guest
    "$domwright" $verb --wait=60 guest >out 2>err &
    waiting=$!
    ends $poweroff
    wait "$waiting" || wrong "$verb --wait: $?"
    works $verb --wait guest
    fails 1 "domain $id: 0 s were over before it was gone" $verb -w --wait=0 guest
    works destroy guest
done

# ---- stopped ----
new
waits --state=gone guest
kill -TERM "$waiting"
waited 143
waits --state=gone guest
rm machine
checks=$((checks + 1)) status=0
wait "$waiting" || status=$?
[ "$status" = 5 ] || wrong "without a host: $status"
grep -qx 'domwright: the embedded host is gone' waiting.err ||
    wrong 'it does not say that the host is gone'
finish
