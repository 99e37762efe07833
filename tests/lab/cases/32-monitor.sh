#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The end of a guest of ours that runs, and what is done about it; xl's commands
# on one that it did not make.
# alone: stock
. "$(dirname "$0")/lib.sh"
needs pv32

log=/var/log/xen

# The processes that wait for a guest's end.
monitors() {
    grep -l '^domwright' /proc/[0-9]*/cmdline 2>/dev/null
}
no_monitor() {
    [ -z "$(monitors)" ]
}

left_behind() {
    xenstore-ls -f | grep -E '^/(local/domain|libxl)/[1-9]|^/vm/'
    find /var/lib/xen -name 'userdata-?.[1-9]*'
    monitors
}

# Small objects of Xen's own take a page when something is done for the first
# time, which stays; 40-leak.sh counts exactly, over many guests.
pages_are_back() {
    [ "$(free_pages)" -ge $((before - 2)) ]
}

nothing_is_left() {
    [ -z "$(left_behind)" ]
}

nothing_left() {
    ok "$1: the monitor ends" wait_for 20 no_monitor
    ok "$1: its pages come back" wait_for 20 pages_are_back
    wait_for 10 nothing_is_left
    is "$(left_behind)" '' "$1: nothing else is left"
}

# number NAME: its domain's ID.
number() {
    xl domid "$1" 2>/dev/null
}
is_another() {
    [ -n "$(number "$1")" ] && [ "$(number "$1")" != "$2" ]
}

suspend_guest() {
    guest_config "$@" | sed 's/^memory = .*/memory = 16/'
}

# create FILE [WORD]...: and counts the pages before.
create() {
    before=$(free_pages)
    ok 'create' domwright create "$@"
}

# A guest that powers off by itself.
forget_console h
guest_config h /guests/hello-pae >/tmp/h.cfg
create /tmp/h.cfg
ok 'it ends and is destroyed' wait_for 60 sh -c '! xl domid h'
nothing_left 'powered off'
like "$(cat $log/domwright-h.log)" ': h \(domain [0-9]+\): powered off: destroy$' \
    'the log tells'

# One that stays. Its console log is that of each domain of the name in turn.
create /tmp/h.cfg 'on_poweroff="preserve"'
ok 'it ends' wait_for 60 sh -c \
    'domwright info h | grep -q "^shutdown_reason *: poweroff"'
ok 'nobody waits any more' wait_for 20 no_monitor
ok 'destroy' domwright destroy h
nothing_left 'preserved'

# One that is restarted.
create /tmp/h.cfg 'extra="wait"'
for round in 1 2; do
    forget_console h
    old=$(number h)
    ok "end $round" /lab/guest_ends "$old" 1
    ok 'another domain' wait_for 60 is_another h "$old"
    ok 'which runs' wait_console h '^hello: done' 60
done
ok 'destroy' domwright destroy h
nothing_left 'restarted'

# What xl asks of a guest that runs.
forget_console m
suspend_guest m /guests/suspend-pae 'on_poweroff = "destroy"' \
    'maxvcpus = 2' 'on_crash = "coredump-destroy"' >/tmp/m.cfg
create /tmp/m.cfg
ok 'it runs' wait_console m '^suspend: ready 0$' 60
ok 'xl list -l' sh -c 'xl list -l m | grep -q "\"kernel\": \"/guests/suspend-pae\""'
ok 'xl mem-set' xl mem-set m 12
is "$(xl list -l m | sed -n 's/.*"target_memkb": \([0-9]*\),/\1/p')" 12288 \
    'it shows'
xl mem-set m 16 # the kernel gives none back
ok 'xl vcpu-set' xl vcpu-set --ignore-host m 2
ok 'xl rename' xl rename m n
ok 'xl save -c' xl save -c n /tmp/m.saved
ok 'the guest goes on' wait_console m '^suspend: ready 1$' 60
ok 'and so does its monitor' monitors
ok 'xl save' xl save n /tmp/m.saved
nothing_left 'saved'
ok 'xl restore' xl restore -e /tmp/m.saved
ok 'the guest goes on' wait_console n '^suspend: ready 2$' 60
ok 'xl destroy' xl destroy n
nothing_left 'restored'

# Asked to power off, and it does.
create /tmp/m.cfg
forget_console n
ok 'it runs' wait_for 60 sh -c \
    'domwright info m | grep -q "^state *: .*b"'
ok 'xl shutdown' wait_for 60 xl shutdown m
ok 'it is destroyed' wait_for 60 sh -c '! xl domid m'
nothing_left 'shut down'

# Its memory, when it crashes.
rm -rf /var/lib/xen/dump
create /tmp/m.cfg
ok 'it is made to crash' /lab/guest_ends "$(number m)" 3
ok 'it is destroyed' wait_for 60 sh -c '! xl domid m'
like "$(head -c 4 /var/lib/xen/dump/m | tr -d '\177')" '^ELF' \
    'its memory is written down'
rm -rf /var/lib/xen/dump
nothing_left 'crashed'

# Beside the next one.
create /tmp/m.cfg 'on_crash="rename-restart"'
first=$(number m)
/lab/guest_ends "$first" 3
ok 'another domain' wait_for 60 is_another m "$first"
like "$(xl domname "$first")" '^m-[0-9]{8}T[0-9]{4}Z$' 'the old one stays'
is "$(xl list -l | grep -c '"kernel":')" 2 'xl knows both'
ok 'xl destroy' xl destroy "$first"
ok 'destroy' domwright destroy m
nothing_left renamed

rm -f /tmp/m.saved
done_testing
