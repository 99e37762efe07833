#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# domwright's commands on its own guests, xl's commands on them, and
# domwright's on xl's.
. "$(dirname "$0")/lib.sh"
needs pv32

entries() {
    xenstore-ls -f | grep -v '^/local/domain/0/backend'
}

field() {
    domwright info "$1" | sed -n "s/^$2 *: //p"
}

state() {
    domwright list | awk -v name="$1" '$1 == name { print $5 }'
}

guest_config g32 "$grub_32" >/tmp/g32.cfg
guest_config g64 "$grub_64" >/tmp/g64.cfg

# xenstored and xl keep a little of their own once there was a guest; so does
# Xen, for each kind of it: 40-leak.sh counts its pages.
xl create -qp /tmp/g32.cfg && xl destroy g32
before=$(entries)

nothing_left() {
    is "$(entries)" "$before" 'nothing is left in xenstore'
}

status 0 'create' domwright create /tmp/g32.cfg
like "$out" '^created g32 \(domain [0-9]+\): 32-bit PAE, 128 MiB, 1 vCPU, '\
"L3 at MFN 0x[0-9a-f]+ \\($(on 'below 4 GiB' \
    '(below|above) 4 GiB, extended CR3 declared')\\)\$" 'create says what it made'
ok 'GRUB shows its prompt' wait_console g32 '^grub> ' 60

# Reports.
status 0 'list' domwright list
like "$out" '^Domain-0 +0 +[0-9]+ +1 .* pv64$' 'list has domain 0'
like "$out" '^g32 +[0-9]+ +128 +1 .* pv32$' 'list has the guest'
is "$(domwright list | cut -c -66 | sed 's/[rb] *$//;s/[-rb]*$//' | sort)" \
    "$(xl list | cut -c -66 | sed 's/[rb] *$//;s/[-rb]*$//' | sort)" \
    'list reads like xl list'
status 0 'list --json' domwright list --json
like "$out" '"name": "g32"' 'list --json has the guest'
id=$(xl domid g32)
is "$(field g32 id)" "$id" 'info and xl agree on the ID'
is "$(field "$id" name)" g32 'info by ID'
is "$(field g32 type)" pv32 'info tells the width'
is "$(field g32 root_level)" 3 'info tells the level of the root'
is "$(field g32 uuid)" \
    "$(xl list -v g32 | awk 'NR == 2 { print $7 }')" 'one UUID'
like "$(domwright info --json g32)" '"root_mfn": [0-9]+' 'info --json'
like "$(domwright info)" "^xen_version +: $LAB_RELEASE" 'info of the host'

# The first client that attaches sees all that the guest has said.
out=$(timeout 3 domwright console g32 2>&1)
like "$out" 'GNU GRUB' 'domwright console'

# Pause.
ok 'pause' domwright pause g32
like "$(state g32)" 'p' 'it is paused'
ok 'unpause' domwright unpause g32
like "$(state g32)" '^[rb-]+$' 'it is not'
ok 'xl pause' xl pause g32
like "$(state g32)" 'p' 'it is paused'
ok 'xl unpause' xl unpause g32
like "$(state g32)" '^[rb-]+$' 'it is not'

timeout 3 xl shutdown g32 >/dev/null 2>&1 # which waits for GRUB to answer
is "$(xenstore-read "/local/domain/$id/control/shutdown")" poweroff \
    'xl shutdown asks for it'

# Names are taken once.
status 3 'a name that is taken' domwright create /tmp/g32.cfg
is "$out" "domwright: /tmp/g32.cfg:1: name: domain $id is named g32 already" \
    'it says by whom'

status 0 'destroy' domwright destroy g32
nothing_left

# xl destroys ours, we destroy xl's.
status 0 'create, 64 bits' domwright create --json /tmp/g64.cfg
like "$out" '"width": 64' 'create --json'
ok 'GRUB, 64 bits, shows its prompt' wait_console g64 '^grub> ' 60
out=$(timeout 3 xl console g64 2>&1)
like "$out" 'GNU GRUB' 'xl console'
ok 'xl destroy' xl destroy g64
ok 'xl create' xl create -q /tmp/g32.cfg
ok 'destroy by ID' domwright destroy "$(xl domid g32)"
nothing_left

# What the configuration says.
guest_config many "$grub_32" 'maxvcpus = 4' 'maxmem = 256' 'cpus = "all"' \
    'uuid = "6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0"' >/tmp/many.cfg
status 0 'create -p' domwright create -p /tmp/many.cfg vcpus=2
id=$(xl domid many)
is "$(state many)" '--p---' 'it is paused'
is "$(field many max_vcpus)" 4 'four vCPUs'
is "$(field many uuid)" 6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0 'the UUID'
is "$(xenstore-read "/local/domain/$id/cpu/1/availability")" online 'vCPU 1'
is "$(xenstore-read "/local/domain/$id/cpu/2/availability")" offline 'vCPU 2'
is "$(xenstore-read "/local/domain/$id/memory/static-max")" 262144 'maxmem'
is "$(xenstore-read "/local/domain/$id/memory/target")" 131072 'memory'
ok 'xl vcpu-list' xl vcpu-list many
ok 'xl rename' xl rename many other
ok 'the new name' domwright unpause other
ok 'destroy' domwright destroy other
status 3 'no such host CPU' domwright create /tmp/many.cfg 'cpus="9"'
like "$out" '^domwright: .*: cpus: vCPU 0 gets none of the host.s [0-9]+ CPUs$' \
    'it says so'

# The console first, then the guest.
out=$(timeout 10 domwright create -c /tmp/g64.cfg 'name="con"' 2>&1)
like "$out" 'GNU GRUB' 'create -c'
ok 'destroy two' domwright destroy con

# A guest that ends stays until it is destroyed, if nobody waits for it.
if [ -e /guests/hello-pae ]; then
    guest_config hello /guests/hello-pae >/tmp/hello.cfg
    ok 'create hello' domwright create -e /tmp/hello.cfg
    ok 'it ends' wait_for 30 sh -c \
        'domwright info hello | grep -q "^shutdown_reason *: poweroff"'
    like "$(state hello)" s 'it is shut down'
    ok 'destroy it' domwright destroy hello
fi

status 1 'no such name' domwright destroy nobody
is "$out" 'domwright: no domain is named nobody' 'it says so'
status 1 'no such ID' domwright destroy 999
is "$out" 'domwright: no domain 999' 'it says so'
for command in info pause unpause console; do
    status 1 "$command, no such ID" domwright "$command" 999
    is "$out" 'domwright: no domain 999' 'it says so'
done
status 1 'domain 0' domwright destroy 0
is "$out" 'domwright: domain 0 is not to be destroyed' 'it says so'
status 1 'domain 0 by name' domwright destroy Domain-0
nothing_left

done_testing
