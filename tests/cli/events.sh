#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What events tells: each birth, end and crash, and lines of consoles, in order,
# once, as JSON; and what ends it.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
DOMWRIGHT_HOST=$work/machine
export DOMWRIGHT_HOST

on_host() {
    "$fakexen" --host machine "$@"
}

until_it() {
    tries=300
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" != 0 ] || { cp told out; wrong "in vain: $*"; return; }
        sleep 0.05
    done
}

# listens ARGUMENT...: in the background, to `told`.
listens() {
    rm -f told # that of the last one is ready, too
    "$domwright" events "$@" >told 2>told.err &
    listener=$!
    until_it grep -q '"ready"' told
}

# What was told so far: the event, and what else of its members is asked for.
words() {
    sed "s/.*\"event\": \"\([a-z]*\)\"/\1 &/
        s/ {.*\"name\": \"\([^\"]*\)\"/ \1 &/; s/ {.*\"reason\": \"\([^\"]*\)\", \"code\": \([0-9]*\).*/ \1 \2/
        s/ {.*\"text\": \"\(.*\)\"}/ \1/; s/ {.*//; s/  */ /g; s/ $//" told
}

# tells LINE...: these were told, and nothing else.
tells() {
    checks=$((checks + 1))
    printf '%s\n' "$@" >wanted
    until_it told_all
    words >out
    diff wanted out >err || wrong 'other things were told'
}
told_of() {
    until_it grep -q "\"event\": \"$1\".*\"name\": \"$2\"" told
}
told_all() {
    [ "$(wc -l <told)" -ge "$(wc -l <wanted)" ]
}

# ended STATUS [LINE]
ended() {
    checks=$((checks + 1)) status=0
    wait "$listener" || status=$?
    cp told.err err
    [ "$status" = "$1" ] || wrong "it ended with $status, not $1"
    [ "$(cat err)" = "${2:+domwright: $2}" ] || wrong "it did not say: ${2:-}"
    cp told out
    keep_json events
}
stopped() {
    kill -TERM "$listener"
    ended 0
}

guest() {
    config guest.cfg "name = \"$1\"" 'memory = 16'
    works create -eqp guest.cfg
    id=$("$domwright" domid "$1")
}
ends() {
    on_host "$top/tests/fx/guest_ends" "$id" "$1" || wrong 'ending the guest'
}

usage='see "domwright help events"'
for number in '' 0 x 1.5 -1 9999999999; do
    fails 2 "events: --count: \"$number\" is no number of events; $usage" \
        events --count="$number"
done
fails 2 "events: --timeout: \"1h\" is no number of seconds; $usage" \
    events --timeout=1h
fails 2 "events: --text: it is empty; $usage" events --text=
fails 2 "events: an empty name names no domain; $usage" events g ''
for number in 32752 007 18446744073709551617; do
    fails 2 "events: no domain has the ID $number; $usage" events g $number
done
long=$(head -c 4097 /dev/zero | tr '\0' x)
fails 2 "events: no domain's name has more than 4096 bytes; $usage" \
    events "$long"
fails 2 "events: --text: \"(\": Unmatched ( or \\(; $usage" events --text='('

# ---- lives ----
listens
tells ready
guest a
tells ready 'birth a'
works unpause a
ends 0
tells ready 'birth a' 'shutdown a poweroff 0'
works destroy a
tells ready 'birth a' 'shutdown a poweroff 0' 'end a'
guest b
ends 3
tells ready 'birth a' 'shutdown a poweroff 0' 'end a' 'birth b' 'crash b crash 3'
guest c
told_of birth c
works destroy c
told_of end c
works destroy b
tells ready 'birth a' 'shutdown a poweroff 0' 'end a' 'birth b' \
    'crash b crash 3' 'birth c' 'end c' 'end b'
grep -q "\"id\": $id, \"uuid\": \"[-0-9a-f]*\", \"type\": \"pv32\"" told ||
    wrong 'it does not tell which'
kill -INT "$listener" # as sh has it ignored in the background, to no avail
stopped

# ---- who is there already ----
guest a
listens --existing
tells ready 'existing Domain-0' 'existing a'
grep -q '"name": "a",.*"state": "[r-][b-]p---"' told || wrong 'not its state'
works rename a z
ends 1
tells ready 'existing Domain-0' 'existing a' 'shutdown z reboot 1'
stopped
listens --existing
tells ready 'existing Domain-0' 'existing z'
guest a # which is no end of the other
tells ready 'existing Domain-0' 'existing z' 'birth a'
works destroy a
works destroy z
tells ready 'existing Domain-0' 'existing z' 'birth a' 'end a' 'end z'
stopped

# What a toolstack makes and does not introduce is none.
listens
on_host "$top/tests/cli/toolstack" create 7 >out
id=$(cat out)
works destroy "$id"
guest a
tells ready 'birth a'
stopped

# ---- whom it is asked for ----
uuid=aaaaaaaa-0000-4000-8000-00000000000a
listens b "$((id + 2))" AAAAAAAA-0000-4000-8000-00000000000A
works destroy a
guest b # by name, whatever it is called later
told_of birth b
works rename b c
guest d # by ID
config guest.cfg 'name = "e"' 'memory = 16' "uuid = \"$uuid\""
works create -eqp guest.cfg
guest f
told_of birth e
works destroy f
for name in e d c; do
    works destroy $name
    told_of end "$([ $name = c ] && echo b || echo $name)"
done
tells ready 'birth b' 'birth d' 'birth e' 'end e' 'end d' 'end b'
stopped

# ---- lines ----
serve() {
    mkfifo words 2>/dev/null
    rm -f served
    "$fakexen" --host machine "$top/tests/cli/toolstack" console "$id" \
        <words >served &
    server=$!
    exec 3>words
    until_it grep -q serving served
}
listens --text='^(BUG|login:|a )' a
guest a
serve
printf 'all well\r\nBUG: 1\r\nno BUG\nBUG: \342\202\254 "\\" \377 \302\2332J\001.\n' >&3
tells ready 'birth a' 'console a BUG: 1' \
    'console a BUG: € \"\\\" \\xff \\xc2\\x9b2J.'
printf 'login: ' >&3
until_it grep -q '"login: "' told
printf 'root\na b\n' >&3
until_it grep -q '"a b"' told
grep -c login told | grep -qx 1 || wrong 'a prompt is told of twice'
printf 'BUG: last\n' >&3
ends 3
until_it grep -q '"crash"' told
until_it grep -q '"BUG: last"' told
works destroy a
until_it grep -q '"end"' told
stopped
exec 3>&-
wait "$server"

# ---- what ends it ----
guest a
listens --count=2 --timeout=60
works destroy a
guest a
ended 0
tells ready 'end a' 'birth a'
checks=$((checks + 1))
works events --timeout=0.2 --existing --json
cp out told
tells ready 'existing Domain-0' 'existing a'
run events --count=1 --timeout=0
[ "$status" = 1 ] || wrong "an event that did not come: $status"
grep -qx 'domwright: the time was over 1 events too early' err || wrong 'it is not said'

# A reader that is gone is noticed at once; one that does not read does not keep
# it from being stopped.
checks=$((checks + 3))
{ "$domwright" events 2>err; echo $? >status; } | head -n 1 >out
[ "$(cat status)" = 141 ] || wrong "no reader: $(cat status)"
[ ! -s err ] || wrong 'a reader that is gone is told of'
(
    trap '' PIPE
    "$domwright" events 2>err
    echo $? >status
) | head -n 1 >out
[ "$(cat status)" = 1 ] || wrong "no reader, and no signal: $(cat status)"
grep -qx 'domwright: writing the output failed: Broken pipe' err || wrong 'not that line'
status=0
"$domwright" events >/dev/full 2>err || status=$?
[ "$status" = 1 ] || wrong "/dev/full: $status"
grep -qx 'domwright: writing the output failed: No space left on device' err ||
    wrong 'it does not say so'
status=0
"$domwright" events >&- 2>err || status=$?
[ "$status" = 1 ] || wrong "no output: $status"

mkfifo unread
serve
yes 'a line that nobody reads' | head -n 4000 >&3 &
exec 4<>unread
"$domwright" events --text=. >unread 2>told.err 3>&- 4>&- &
listener=$!
full() {
    grep -q '^State:.*sleeping' "/proc/$listener/status" &&
        [ "$(find "/proc/$listener/task" -mindepth 1 -maxdepth 1 | wc -l)" = 2 ]
}
until_it full
sleep 0.3
kill -TERM "$listener"
checks=$((checks + 1)) status=0
wait "$listener" || status=$?
[ "$status" = 0 ] || wrong "nobody reads: $status"
exec 4>&- 3>&-
kill "$server"

# The host is gone.
listens
rm machine
checks=$((checks + 1)) status=0
wait "$listener" || status=$?
[ "$status" = 5 ] || wrong "without a host: $status"
grep -qx 'domwright: the embedded host is gone' told.err ||
    wrong 'it does not say that the host is gone'
finish
