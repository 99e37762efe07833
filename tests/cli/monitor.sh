#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest's end, and what is done about it: on an embedded host, where guests
# are ended by hand.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

machine=$(pwd -P)/machine

on_host() {
    "$DOMWRIGHT_FAKEXEN" --host machine "$@"
}

# The processes on this host.
processes() {
    grep -lszxF "FAKEXEN_HOST=$machine" /proc/[0-9]*/environ |
        sed 's#/proc/\([0-9]*\)/.*#\1#'
}

no_process() {
    [ -z "$(processes)" ]
}

# waits WHAT COMMAND...: until it succeeds, which it has to some time.
waits() {
    checks=$((checks + 1))
    what=$1 tries=200
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        if [ "$tries" = 0 ]; then
            cat machine.log >err 2>&1
            wrong "in vain: $what"
            return
        fi
        sleep 0.1
    done
}

rows() {
    on_host "$domwright" list 2>&1 | sed '1,2d;s/  */ /g;s/\t/ /g'
}
ids() {
    rows | cut -d ' ' -f 2
}

# ends REASON: as Xen numbers them, xen/sched.h.
ends() {
    on_host "$top/tests/fx/guest_ends" "$(ids | head -n 1)" "$1"
}
poweroff=0 reboot=1 suspend=2 crash=3 watchdog=4 soft_reset=5

empty() {
    [ -z "$(rows)" ]
}
another() {
    [ -n "$(ids)" ] && [ "$(ids)" != "$1" ]
}
says() {
    grep -qE -e "$1" machine.log
}

uuid=6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0
fresh() {
    rm -f machine.log
    config guest.cfg "uuid = '$uuid'" "$@"
}

# destroys REASON [LINE]...: nothing is left of the guest, nor of its monitor.
destroys() {
    reason=$1
    shift
    fresh "$@"
    works --host machine create guest.cfg
    ends "$reason"
    waits "the end of the guest, $reason" empty
    waits "the end of the monitor, $reason" no_process
    on_host "$top/tests/fx/store_list" >after
    cmp -s before after || wrong "it left something in xenstore, $reason"
}

started() {
    [ "$(grep -c ': started again$' machine.log)" = "$1" ]
}

# restarts TIMES REASON [LINE]...: the same guest under another ID, each time.
restarts() {
    times=$1 reason=$2
    shift 2
    fresh "$@"
    works --host machine create guest.cfg
    for turn in $(seq "$times"); do
        old=$(ids)
        ends "$reason"
        waits "another guest, $reason, $turn" started "$turn"
        another "$old" || wrong "it is the same guest, $reason"
        on_host "$domwright" info --json guest >out 2>err || wrong 'info'
        grep -q "\"uuid\": \"$uuid\"" out || wrong "another UUID, $reason"
        grep -q '"memory_mib": 32' out || wrong "other memory, $reason"
        grep -qE '"state": "[r-][b-]----"' out || wrong "it does not run, $reason"
    done
    works --host machine destroy guest
    waits "the end of the monitor, $reason" no_process
    on_host "$top/tests/fx/store_list" >after
    cmp -s before after || wrong "it left something in xenstore, $reason"
}

# preserves REASON [LINE]...: the guest stays as it is, alone.
preserves() {
    reason=$1
    shift
    fresh "$@"
    works --host machine create guest.cfg
    old=$(ids)
    ends "$reason"
    waits "the end of the monitor, $reason" no_process
    [ "$(ids)" = "$old" ] || wrong "it did not stay, $reason"
    works --host machine destroy guest
}

fresh
works --host machine create -e guest.cfg
works --host machine destroy guest
on_host "$top/tests/fx/store_list" >before

# xl's defaults, and every reason's own key.
destroys $poweroff
destroys $crash
destroys $watchdog
destroys $soft_reset
destroys 9
restarts 2 $reboot
destroys $reboot 'on_reboot = "destroy"'
restarts 1 $crash 'on_crash = "restart"'
preserves $poweroff 'on_poweroff = "preserve"'
preserves $crash 'on_crash = "preserve"'
preserves $watchdog 'on_watchdog = "preserve"'
preserves $soft_reset 'on_soft_reset = "preserve"'

# The old one stays under another name and UUID.
fresh 'on_crash = "rename-restart"'
works --host machine create guest.cfg
old=$(ids)
ends $crash
waits 'the next one' started 1
rows | grep -qE "^guest-[0-9]{8}T[0-9]{4}Z $old 32 1 -*[^ ]*c" ||
    wrong 'the crashed one is not as it was'
rows | grep -qE '^guest [0-9]+ 32 1 ' || wrong 'the next one is not there'
on_host "$domwright" info "$old" >out 2>err
! grep -q "$uuid" out || wrong 'they have one UUID'
on_host "$domwright" info guest >out 2>err
grep -q "$uuid" out || wrong 'the next one has another UUID'
works --host machine destroy "$old"
works --host machine destroy guest
waits 'the end of the monitor' no_process

# One that loses its entries no longer runs; and it is not given new ones, should
# it be seen crashed then.
fresh 'on_crash = "rename-restart"'
works --host machine create guest.cfg
old=$(ids)
cp --sparse=always machine kept
"$fakexen" --host kept --trace trace "$domwright" destroy guest >out 2>err ||
    wrong 'destroy'
nth=$(sed -e '/"call":"unmap"/d' -e '/"op":"destroydomain"/q' trace | wc -l)
rm kept trace
on_host --fail "$nth:SIGKILL" "$domwright" destroy guest >out 2>err
rows | grep -qE "^\(null\) $old 32 1 --p" || wrong 'it runs without its entries'
on_host "$top/tests/fx/store_list" >after
cmp -s before after || wrong 'it has entries'
ends $crash
waits 'the end of the monitor' no_process
says 'renaming it to .*: somebody else is taking it away' || wrong 'the log'
on_host "$top/tests/fx/store_list" >after
cmp -s before after || wrong 'it has entries again'
works --host machine destroy "$old"
[ -z "$(rows)" ] || wrong 'it is there again'

# What it is called meanwhile is what it is called afterwards.
fresh
works --host machine create guest.cfg
works --host machine rename guest other
ends $reboot
waits 'another guest' started 1
rows | grep -q '^other ' || wrong 'it has its first name again'
works --host machine destroy other
waits 'the end of the monitor' no_process

# Unless it is none that a guest can have, as that of a file elsewhere.
for name in ../../other "$(printf 'a\033b')" 17; do
    fresh
    works --host machine create guest.cfg
    on_host "$top/tests/fx/store_write" "/local/domain/$(ids)/name" "$name"
    ends $reboot
    waits 'another guest' started 1
    rows | grep -q '^guest ' || wrong "it is called $name"
    says 'its new name, .* is not taken: it ' || wrong 'it does not say so'
    ! grep -q "$(printf '\033')" machine.log || wrong 'an escape in the log'
    works --host machine destroy guest
    waits 'the end of the monitor' no_process
done

# xl takes away what xl gave it.
mkdir bin
cat >bin/xl <<'END'
#!/bin/sh
echo "$*" >>"$XL_CALLS"
END
chmod +x bin/xl
fresh
XL_CALLS=$work/calls PATH=$work/bin:$PATH "$domwright" --host machine \
    create guest.cfg >out 2>err || wrong 'create'
old=$(ids)
on_host "$top/tests/fx/store_write" "/libxl/$old/device/vbd/51712/backend" /x
ends $poweroff
waits 'the end of the monitor' no_process
[ "$(cat calls)" = "destroy $old" ] || wrong 'xl was not asked to destroy it'
rm machine # of which nobody but xl would take the guest
on_host true

# A guest that suspends is left to who asked for that.
fresh
works --host machine create guest.cfg
ends $suspend
works --host machine list
[ "$(processes | wc -l)" = 1 ] || wrong 'its monitor is gone'
works --host machine destroy guest
waits 'the end of the monitor' no_process
says 'somebody else destroyed it$' || wrong 'it does not say so'

# Nothing ties the monitor to who made it: neither pipe nor lock nor terminal.
fresh
(
    exec 9>lock
    flock 9
    # shellcheck disable=SC2016 # for the inner shell
    timeout -k 1 30 sh -c '"$0" --host machine create guest.cfg | cat' \
        "$domwright" >out
) 2>err || wrong 'create in a pipe'
# One that holds a pipe holds up all that follows.
[ "$failures" = 0 ] || finish
prints '^created guest '
flock -n lock true || wrong 'it holds a lock of ours'
pid=$(processes)
[ "$(readlink "/proc/$pid/cwd")" = / ] || wrong 'it keeps a directory'
[ "$(readlink "/proc/$pid/fd/0")" = /dev/null ] || wrong 'it has an input'
for fd in 1 2; do
    [ "$(readlink "/proc/$pid/fd/$fd")" = "$machine.log" ] ||
        wrong "descriptor $fd is no log"
done
session=$(sed 's/.*) //' "/proc/$pid/stat" | cut -d ' ' -f 4)
[ "$session" != "$(sed 's/.*) //' "/proc/$$/stat" | cut -d ' ' -f 4)" ] ||
    wrong 'it is of our session'
kill -HUP "$pid"
works --host machine list
[ "$(processes)" = "$pid" ] || wrong 'it did not survive SIGHUP'

# In the log's place there may be what somebody else put there.
works --host machine destroy guest
waits 'the end of the monitor' no_process
echo mine >victim
for bad in 'ln -s victim' mkfifo; do
    rm -f machine.log
    $bad machine.log
    works --host machine create guest.cfg
    ends $poweroff
    waits "the end of the guest, $bad" empty
    waits "the end of the monitor, $bad" no_process
done
[ "$(cat victim)" = mine ] || wrong 'the log is written to another file'
rm machine.log
works --host machine create guest.cfg
pid=$(processes)

# Without it the guest goes on, whatever ended it.
kill -KILL "$pid"
waits 'the end of the monitor' no_process
works --host machine info guest
works --host machine destroy guest
works --host machine create guest.cfg
kill -TERM "$(processes)"
waits 'the end of the monitor' no_process
works --host machine info guest
works --host machine destroy guest

# -e: nobody waits.
works --host machine create -e guest.cfg
no_process || wrong 'there is a process after all'
ends $poweroff
works --host machine info guest
works --host machine destroy guest

# -F: it stays, and tells its user.
"$domwright" --host machine create -F guest.cfg >out 2>err &
foreground=$!
waits 'the guest' another ''
ends $poweroff
wait "$foreground" || wrong "-F: status $?"
prints '^created guest '
grep -qE '^domwright: .*Z: guest \(domain [0-9]+\): powered off: destroy$' err ||
    wrong '-F does not say what it does'
empty || wrong 'the guest is still there'
"$domwright" --host machine create -F guest.cfg >out 2>err &
foreground=$!
waits 'the guest' another ''
waits 'its report' grep -q '^created' out
pid=$(processes | while read -r pid; do
    [ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$domwright")" ] &&
        echo "$pid"
done)
kill -TERM ${pid:+"$pid"}
status=0
wait "$foreground" || status=$?
[ "$status" = 143 ] || wrong "-F and SIGTERM: status $status"
works --host machine destroy guest
fails 2 'create: -F goes with neither -c nor -e; see "domwright help create"' \
    create -F -e guest.cfg

# A guest that cannot be built again is gone, and that is told.
cp "$guests/hello-pae" kernel
fresh 'kernel = "kernel"'
works --host machine create guest.cfg
rm kernel
ends $reboot
waits 'the end of the guest' empty
waits 'the end of the monitor' no_process
says "kernel.*$work/kernel|$work/kernel.*No such file" ||
    wrong 'it does not say what is missing'

# Relative paths hold, and the file as it is now counts.
cp "$guests/hello-pae" kernel
fresh 'kernel = "kernel"'
works --host machine create guest.cfg
cp "$guests/hello-64" kernel.new && mv kernel.new kernel
old=$(ids)
ends $reboot
waits 'another guest' another "$old"
waits 'the next one' started 1
rows | grep -q ' pv64$' || wrong 'it is the old kernel'

# It does not outlive the host, or take another one for it.
mv machine gone
on_host true
waits 'the end of the monitor' no_process
empty || wrong 'the new host has a guest'
rm gone
on_host --status | grep -q '^audit: 0 ' || wrong 'the audit found something'

# Who waits for the guest is told.
"$domwright" --host machine create -F guest.cfg >out 2>err &
foreground=$!
waits 'its report' grep -q '^created' out
rm machine
status=0
wait "$foreground" || status=$?
[ "$status" = 5 ] || wrong "-F and no host any more: status $status"
grep -q '^domwright: the embedded host that guest was on is gone$' err ||
    wrong '-F does not say that its host is gone'
finish
