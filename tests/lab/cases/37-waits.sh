#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Scripts wait for what a guest says or comes to, and hear of all that happens.
# alone: stock
. "$(dirname "$0")/lib.sh"
needs pv32

# A console has one reader: events gets none of it here.
domwright events >/tmp/events &
events=$!
ok 'events is ready' wait_for 20 grep -q '"event": "ready"' /tmp/events

# shellcheck disable=SC2154 # lib.sh sets it
guest_config waits "$grub_32" >/tmp/guest.cfg
ok 'create waits for a prompt' \
    domwright create --wait=60 --text '^grub> ' /tmp/guest.cfg
ok 'it is there' console_has waits '^grub> '
domwright wait --text '^no such thing$' --timeout 1 waits >/tmp/out 2>&1
is $? 1 'what does not come is a failure'
like "$(cat /tmp/out)" '^domwright: .*waits' 'that says for whom it was'

domwright wait --state gone --timeout 60 waits &
gone=$!
domwright destroy waits
wait $gone
is $? 0 'the end of a guest ends the wait'
kill -TERM $events
wait $events
is $? 0 'events ends when it is told to'
is "$(sed -n 's/.*"event": "\([a-z]*\)".*/\1/p' /tmp/events | xargs)" \
    'ready birth end' 'and has told all that was'

domwright events --text '^grub> ' heard >/tmp/events &
events=$!
# shellcheck disable=SC2154 # lib.sh sets it
guest_config heard "$grub_64" >/tmp/guest.cfg
ok 'a guest of 64 bits' domwright create /tmp/guest.cfg
ok 'events hears its prompt' \
    wait_for 60 grep -q '"event": "console"' /tmp/events
ok 'it is destroyed' domwright destroy heard
ok 'and hears of its end' wait_for 20 grep -q '"event": "end"' /tmp/events
kill -TERM $events
wait $events
done_testing
