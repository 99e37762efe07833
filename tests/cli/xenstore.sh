#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What create leaves in xenstore, and what it must not touch there.
# shellcheck source=tests/cli/machine.sh
. "${srcdir:-.}/tests/cli/machine.sh"

uuid=6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0
other=11111111-2222-4333-8444-555555555555

store() {
    on_host "$top/tests/fx/store_list"
}

store_write() {
    on_host "$top/tests/fx/store_write" "$@"
}

# domwright on the host, with guest.cfg as create's file.
program=on_host_domwright
on_host_domwright() {
    on_host "$domwright" "$@"
}

# failed STATUS LINE: how the last run ended, and what it said.
failed() {
    [ "$status" = "$1" ] || wrong "status $status, not $1"
    [ "$(cat err)" = "domwright: $2" ] || wrong "it did not say: $2"
}

# The numbers of the calls in the trace that have that in their lines.
call_with() {
    sed -n "/$1/"'s/^{"pid":[0-9]*,"n":\([0-9]*\),.*/\1/p' trace
}

# Values that no two guests share: the kernel's place, when it was started, and
# the frames of its rings.
usual() {
    sed -e "s,\"$guests/,\"," -e 's,\(start_time = \)"[0-9.]*",\1"N",' \
        -e 's,\(ring-ref = \)"[0-9]*",\1"N",' "$@"
}

# renumbered ID: the entries as a guest of ID 1 has them.
renumbered() {
    store | usual | sed -e "s,\(domain\|console\|libxl\)/$1\>,\1/1,g" \
        -e "s,\([(nrw]\)$1\>,\11,g" \
        -e "s,\(id = \)\"$1\",\1\"1\"," -e '/^.tool/d'
}

# Every node, value and permission is stock xl's. xl-store.txt is what Debian
# 12's xl left for this configuration, on a fresh embedded host:
#   fakexen --host m xl create -e guest.cfg
rm -f machine
on_host --memory 256M true
create pae
cat >>guest.cfg <<END
uuid = "$uuid"
ramdisk = "/etc/hostname"
extra = "a b"
memory = 32
maxmem = 64
vcpus = 2
maxvcpus = 3
END
run create guest.cfg
[ "$status" = 0 ] || wrong 'create'
store >out
usual out >ours
cmp -s ours "$srcdir/tests/cli/xl-store.txt" || {
    diff "$srcdir/tests/cli/xl-store.txt" ours >err
    wrong "the entries are not xl's"
}
checks=$((checks + 1))

# A name or a UUID that is in use: nothing is made, and nothing is taken away.
state >before
run create guest.cfg
failed 3 'guest.cfg:1: name: domain 1 is named guest already'
run create guest.cfg 'name="second"'
failed 3 'guest.cfg:6: uuid: domain 1 (guest) has it already'
as_before 'a refused twin'

# Nor are those of a domain that xenstore does not know.
on_host --trace trace "$domwright" create guest.cfg 'name="second"' \
    "uuid=\"$other\"" >out 2>err || wrong 'create'
unnamed=$(call_with '"call":"xs_transaction_end"')
empty=$(call_with '"op":"populate_physmap"' | head -n 1)
run destroy second
as_before 'a second guest'
try "$unnamed:SIGKILL" "$domwright" create guest.cfg 'name="second"' \
    "uuid=\"$other\""
[ "$status" = 137 ] || wrong 'not killed before it had a name'
run create guest.cfg 'name="third"' "uuid=\"$other\""
failed 3 "argument 'uuid=\"$other\"': uuid: domain 3 (without a name) has it \
already"
run destroy 3
[ "$status" = 0 ] || wrong 'destroy of a domain without a name'
as_before 'a domain without a name'

# It has its name before it has memory.
try "$empty:SIGKILL" "$domwright" create guest.cfg 'name="second"' \
    "uuid=\"$other\""
run list
prints '^second +4 +0 '
run destroy second
[ "$status" = 0 ] || wrong 'destroy by name of a domain without memory'
as_before 'a domain without memory'

# Somebody changes what the transaction has read: it is done once more.
renumbered 1 >entries
run destroy guest
state >before
on_host --trace trace "$domwright" create guest.cfg >out 2>err ||
    wrong 'create'
run destroy guest
end=$(call_with '"call":"xs_transaction_end"')
try "$end:EAGAIN" "$domwright" create guest.cfg
[ "$status" = 0 ] || wrong 'a conflict'
renumbered 6 >out
cmp -s out entries || wrong 'a conflict changes the entries'
run destroy guest
as_before 'a conflict'

# What earlier guests of this ID and this UUID have left is no matter, and goes.
store_write /local/domain/7/name guest
store_write /local/domain/7/vm "/vm/$uuid"
store_write /local/domain/7/device/vbd/51712/state 4
store_write "/vm/$uuid/rtc/timeoffset" 3600
store_write /libxl/7/device/vbd/51712/state 4
store_write /local/domain/0/backend/console/7/0/hotplug-status connected
run create guest.cfg
[ "$status" = 0 ] || wrong 'create where there was one'
prints '^created guest \(domain 7\): '
store >out
grep -E 'vbd|timeoffset|hotplug' out >err && wrong "an earlier guest's entries stay"
run destroy guest
as_before 'a guest where there was one'

# Nor is what is left in one place only.
store_write /libxl/8/device/vbd/51712/state 4
store_write /local/domain/0/backend/console/8/0/hotplug-status connected
run create guest.cfg
prints '^created guest \(domain 8\): '
store >out
grep -E 'vbd|hotplug' out >err && wrong "part of an earlier guest's entries stays"
run destroy guest
as_before 'a guest where there was part of one'

# Its devices are another toolstack's matter.
run create guest.cfg
store_write /libxl/9/device/vbd/51712/state 4
state >before
run destroy guest
failed 1 'domain guest has devices; use "xl destroy guest"'
as_before 'destroy of a domain with devices'

# Several at once with one name, or one UUID: one of them wins.
at_once() {
    checks=$((checks + 1))
    for i in 1 2 3 4; do
        {
            one=0
            on_host "$domwright" create guest.cfg "name=\"guest$1\"" \
                >"out.$i" 2>"err.$i" || one=$?
            echo "$one" >"status.$i"
        } &
        shift
    done
    wait
    cat out.? >out
    cat err.? >err
    [ "$(sort status.? | tr '\n' ' ')" = '0 3 3 3 ' ] || wrong 'not one has won'
    domid=$(sed -n 's/.*(domain \([0-9]*\)).*/\1/p' out)
    renumbered "$domid" | sed 's,"guest[1-4]","guest",' >out
    cmp -s out entries || {
        diff entries out >err
        wrong "the winner's entries"
    }
    run destroy "$domid"
    as_before 'several at once'
}

rm -f machine
on_host --memory 256M "$domwright" create guest.cfg >out 2>err ||
    wrong 'create'
run destroy guest
state >before
at_once '' '' '' ''
at_once 1 2 3 4
finish
