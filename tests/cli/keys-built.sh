#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each key that is built: what xl makes of it, so do we, by what the hypervisor
# and xl hold of the guest; and what xl refuses, we do.
# shellcheck source=tests/cli/private.sh
. "${srcdir:-.}/tests/cli/private.sh"
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded
need_xl

on_host() {
    "$fakexen" --host machine "$@"
}

# The host has two nodes, and a pool of its own with two of four CPUs.
"$fakexen" --nodes 2 --host new true || exit 99
on_new() {
    "$fakexen" --host new "$xl" "$@" >out 2>err || wrong "xl $*"
}
on_new cpupool-cpu-remove Pool-0 2,3
on_new cpupool-create 'name="blue"' 'sched="credit"' 'cpus=["2","3"]'
on_new cpupool-create 'name="real"' 'sched="rtds"'

# made COMMAND...: creates a guest of guest.cfg; what became of it is in `made`.
# Xen gives each domain the next ID, which is not to be seen.
made() {
    checks=$((checks + 1))
    status=0
    cp --sparse=always new machine
    rm -f /run/xen/domid-history /var/lib/xen/*
    on_host "$@" guest.cfg >out 2>err </dev/null || status=$?
    : >made
    [ "$status" = 0 ] || return
    {
        on_host "$xl" list -l guest
        on_host "$top/tests/fx/domain_terms" 1
    } >made 2>err.made || { cp err.made err; wrong "what $* made cannot be read"; }
}

# same [LINE]...: xl and we make the same guest, with no warning of ours.
same() {
    config guest.cfg "uuid = '6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0'" "$@"
    made "$xl" create -eq
    [ "$status" = 0 ] || wrong "xl refuses: $*"
    mv made theirs
    made "$domwright" create -eq --native
    [ "$status$(cat err)" = 0 ] || wrong "we refuse, or warn of: $*"
    diff theirs made >out || wrong "not what xl makes of: $*"
}

# differs LINE...: something comes of each alone.
differs() {
    for line in "$@"; do
        config guest.cfg "uuid = '6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0'" "$line"
        made "$domwright" create -eq --native
        ! cmp -s plain made || wrong "nothing comes of: $line"
    done
}

# names N LINE: refused, with line N and the key.
names() {
    [ "$status" = "${code:-3}" ] || wrong "status $status: $2"
    grep -q "^domwright: guest.cfg:$1: ${2%% *}: " err || wrong "not named: $2"
}

# refused LINE...: by both, and by us with the line and the key.
refused() {
    config guest.cfg 'vcpus = 2' "$@"
    made "$xl" create -eq
    [ "$status" != 0 ] || wrong "xl takes: $*"
    made "$domwright" create -eq --native
    names 5 "$1"
}

same
mv made plain
grep -q '^pool 0, scheduler [0-9]*: weight 256, cap 0' plain ||
    wrong 'the plain guest is not as it was'

# Numbers and words as xl reads them; the last of two counts.
same 'cpu_weight = 1' 'cap = 1' 'max_event_channels = 2' 'max_grant_frames = 1' \
    'max_maptrack_frames = 0' "tsc_mode = 'always_emulate'" "pool = 'Pool-0'"
same "cpu_weight = '0x400'" 'cap = 0' 'max_event_channels = 0' \
    'max_grant_frames = 63' 'max_maptrack_frames = 1' "tsc_mode = 'Native'" \
    "pool = '0'"
same 'cpu_weight = 65535' 'vcpus = 2' 'maxvcpus = 4' 'cap = 400' \
    "max_event_channels = '0100'" 'max_grant_frames = 64' \
    'max_maptrack_frames = 1024' 'tsc_mode = 0x1' 'pool = "x"; pool = "Pool-0"'
same 'cpu_weight = 7' 'cpu_weight = 8' 'max_event_channels = 1023' \
    "tsc_mode = 'default'" "tsc_mode = '0'"
differs 'cpu_weight = 512' 'cap = 50' 'max_event_channels = 100' \
    'max_grant_frames = 8' 'max_maptrack_frames = 8' 'tsc_mode = 2' 'pool = 0'

# Another pool, whose scheduler is another one.
for pool in blue 1; do
    same "pool = '$pool'" 'vcpus = 3' 'cpu_weight = 99' 'cap = 33'
    grep -q '^pool 1, scheduler 5: weight 99, cap 33' theirs || wrong "pool $pool"
    grep -q '^vCPU 0: on 0xff, better 0xf$' theirs || wrong 'not on both nodes'
done
# Where it is pinned, xl prefers a node that it cannot run on.
config guest.cfg "pool = 'blue'" "cpus = '1-2'" 'vcpus = 1'
made "$domwright" create -eq
grep -q '^vCPU 0: on 0x6, better 0x5$' made || wrong 'placed beside its pool'

# Where vCPUs had better run, the guest is not placed.
same 'cpus_soft = "0,2"' 'vcpus = 2'
grep -q '^vCPU 1: on 0xff, better 0x5$' theirs || wrong 'soft affinity'
same 'cpus_soft = [ "1", "all" ]' 'vcpus = 3' 'cpus = "0-1"'
same 'cpus_soft = "all"' 'vcpus = 1'
same 'cpus_soft = "3"' 'cpus = "all,^0"' 'vcpus = 1'

for value in 0 65536; do
    refused "cpu_weight = $value"
done
refused 'cap = 201'
code=4 refused 'max_grant_frames = 0'
# Xen's own default is a limit up to 4.17.
if [ "$xen_minor" -lt 18 ]; then
    code=4 refused 'max_grant_frames = 65'
    code=4 refused 'max_maptrack_frames = 1025'
else
    same 'max_grant_frames = 65' 'max_maptrack_frames = 1025'
fi
refused 'max_grant_frames = "x"'
refused 'max_maptrack_frames = "-1"'
for value in 3 "'x'"; do
    refused "tsc_mode = $value"
done
refused "cpus = '0,1'" 'pool = "blue"'
for value in "'x'" "'3'" "'real'"; do
    refused "pool = $value"
done

# The host's memory map: of real machines, and one with a device and memory where
# the guest's memory would be, and behind it.
HOSTMAP=$work/map HOSTMAP_LOG=$work/maps
export HOSTMAP HOSTMAP_LOG
# map_of FILE: a machine's, as Linux told it.
map_of() {
    sed -n 's/.*BIOS-e820: \[*\(mem 0x\)*\([0-9a-f]*\) *- *\(0x\)*\([0-9a-f]*\)\]* (*\([a-zA-Z]*\) *\([a-zA-Z]*\).*/\2 \4 \5\6/p' \
        "$1" | while read -r first end type; do
        case $type in
        usable*) type=1 ;; ACPIdata) type=3 ;; ACPINVS) type=4 ;; unusable) type=5 ;;
        *) type=2 ;;
        esac
        printf '%x %x %d\n' "0x$first" "$((0x$end - 0x$first))" "$type"
    done
}
# maps CREATE...: what a guest of guest.cfg gets, in maps.
maps() {
    : >maps
    LD_PRELOAD=$kernels/.libs/hostmap.so made "$@"
    [ "$status" = 0 ] || wrong 'a guest with a memory map'
}
machine() {
    shift
    config guest.cfg "uuid = '6f0ff2a8-5a40-4b37-9d6f-3a1d34f3c5a0'" \
        'e820_host = 1' "$@"
    maps "$xl" create -eq
    mv maps theirs.map
    mv made theirs
    maps "$domwright" create -eq --native
    diff theirs made >out || wrong 'not what xl makes of e820_host'
    # The limit on the memory is a map, too, and comes first.
    diff theirs.map maps >out || wrong "not the map of xl, on: $(cat map)"
    [ "$(wc -l <maps)" -gt 3 ] || wrong 'hardly a map'
}
for file in "$srcdir"/tests/memmap/05*.txt "$srcdir"/tests/memmap/15*.txt; do
    map_of "$file" >map
    [ "$(wc -l <map)" -gt 5 ] || { cp map out; wrong "$file has no map"; }
    machine "$file" 'maxmem = 48'
done
printf '%s\n' '0 9f000 1' '100000 f00000 1' '1000000 400000 1' \
    '1400000 1000 2' '1401000 ff000 1' '1500000 100000 5' '1600000 100000 4' \
    '1700000 10000000 1' '200000000 100000 2' '100000000 10000000 1' >map
machine 'devices in it'
machine 'a gap' 'memory = 18; maxmem = 19'
machine 'no gap' 'memory = 20; maxmem = 20'
machine 'up to memory' 'memory = 16; maxmem = 16'
# The host's memory ends before its first device.
printf '%s\n' '0 1000000 1' '1000000 800000 1' '2000000 1000 2' \
    '3000000 1000 3' '4000000 1000 4' >map
machine 'a gap behind memory' 'memory = 16; maxmem = 16'
# Behind 4 GiB xl puts memory on a device that is there.
printf '%s\n' '0 1000000 1' '1000000 1000 2' '101000000 1000 2' \
    '100000000 801000 2' >map
config guest.cfg 'e820_host = 1'
maps "$domwright" create -eq --native
grep -qx '101001000 1000000 1' maps || { cp maps out; wrong 'memory on a device'; }
echo '0 80000000 1' >map
config guest.cfg 'e820_host = 1'
maps "$domwright" create -eq --native
grep -qx '0 2000000 1' maps || wrong 'a host without devices'
unset HOSTMAP HOSTMAP_LOG

# Virtual nodes are ours alone: stock xl reads them, but builds no PV guest with
# them.  What is in its own reading is in what we leave it; each node's memory is
# on the host's node, and so are its vCPUs, rather.
config guest.cfg 'memory = 40' 'vcpus = 3' 'pool = "Pool-0"' 'vnuma = [
    [ "pnode=1", "size=24", "vcpus=0,2", "vdistances=10,30" ],
    [ "pnode=0", "size=16", "vcpus=1", "vdistances=20,10" ] ]'
made "$xl" create -eq
grep -q 'PV vNUMA is not yet supported' err ||
    wrong 'stock xl builds PV guests with vNUMA by now'
nodes() {
    tr -d ' \n' <"$1" | sed 's/.*"vnuma_nodes":\[\(.*\}\)\],.*/\1/; s/\],"max.*//'
}
free_on() {
    on_host "$xl" info -n | awk -v node="$1:" \
        '/^numa_info/ { numa = 1 } numa && $1 == node { print $3 }'
}
on_host "$xl" -N create guest.cfg >theirs 2>err
made "$domwright" create -eq --native
[ "$status$(cat err)" = 0 ] || wrong 'we refuse vNUMA, or warn of it'
[ "$(nodes theirs)" = "$(nodes made)" ] || wrong 'not the nodes that xl reads'
grep -q pnode theirs || wrong 'xl reads no nodes'
sed -n '/^vCPU/p; /^node/p; /^distance/p' made >terms
cat >want <<'END'
vCPU 0: on 0xff, better 0xa
vCPU 1: on 0xff, better 0x5
vCPU 2: on 0xff, better 0xa
node 0: 0 to 0x1800000
node 1: 0x1800000 to 0x2800000
distance 0, 0: 10
distance 0, 1: 30
distance 1, 0: 20
distance 1, 1: 10
vCPU 0: node 0
vCPU 1: node 1
vCPU 2: node 0
END
diff want terms >out || wrong 'what Xen has of the nodes'
taken_0=$(free_on 0) taken_1=$(free_on 1)
on_host "$xl" save guest saved >out 2>err && wrong 'xl saves it'
grep -q 'Cannot save a guest with vNUMA' err || wrong 'xl does not know of it'
run --host machine verify guest
[ "$status" = 0 ] || wrong 'verify'
on_host "$domwright" destroy guest || wrong destroy
# Xen's own frames for it are beside that.
[ "$((($(free_on 0) - taken_0) / 8)) $((($(free_on 1) - taken_1) / 8))" = '2 3' ] ||
    wrong 'the memory is not on its nodes'

# Of a host that has not so many.
code=3
for words in '"pnode=2", "size=32", "vcpus=0"' '"size=32", "vcpus=0-4"'; do
    config guest.cfg "vnuma = [ [ $words ] ]"
    made "$domwright" create -eq --native
    names 4 vnuma
done
config guest.cfg 'vnuma = [ [ "size=32", "vcpus=0-4" ] ]' 'maxvcpus = 5'
made "$domwright" create -eq --native
[ "$status" = 0 ] || wrong 'more vCPUs than CPUs, and it is meant'
# One node's memory alone: what the other has is of no use.
config guest.cfg 'maxmem = 4000; memory = 4000' \
    'vnuma = [ [ "size=4000", "vcpus=0" ] ]'
made "$domwright" create -eq --native
[ "$status" = 4 ] || wrong 'more memory than the node has'
on_host "$xl" list guest >out 2>&1 && wrong 'it is there'

# A scheduler without weights: xl says nothing.
cp --sparse=always new machine
on_host "$xl" cpupool-cpu-remove blue 3 || wrong 'a CPU of its pool'
on_host "$xl" cpupool-create 'name="none"' 'sched="null"' 'cpus=["3"]' >out ||
    wrong 'a third pool'
config guest.cfg 'pool = "none"' 'cap = 10'
warns "guest.cfg:5: cap: the scheduler of the guest's CPU pool has no weights and \
no caps" --host machine create -e guest.cfg

# A guest that reboots gets all of it again.
config guest.cfg 'memory = 40' 'vcpus = 2' 'cpu_weight = 300' 'cap = 150' \
    'max_event_channels = 200' 'max_grant_frames = 16' 'tsc_mode = 2' \
    'pool = "blue"' 'vnuma = [ [ "size=40", "vcpus=0-1", "pnode=1" ] ]'
cp --sparse=always new machine
works --host machine create -q guest.cfg
on_host "$top/tests/fx/guest_ends" 1 1
tries=100
while [ "$(on_host "$xl" domid guest 2>/dev/null)" != 2 ] && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep .1
done
tries=100
until grep -q 'last port: 200' out || [ "$tries" = 0 ]; do
    on_host "$top/tests/fx/domain_terms" 2 >out 2>/dev/null
    tries=$((tries - 1))
done
prints '^pool 1, scheduler 5: weight 300, cap 150$'
prints '^grant frames: .*, at most 16$'
prints '^TSC: mode 2'
prints '^node 0: 0 to 0x2800000$'
prints '^last port: 200$'
on_host "$domwright" destroy guest || wrong 'destroy after reboot'

# We alone: xl takes -1 for nothing, and makes a guest without its channels.
for line in "cpu_weight = '-1'" "cap = '-5'" 'max_event_channels = 1' \
    'cpu_weight = "high"' 'pool = [ "a" ]' 'tsc_mode = 4'; do
    config guest.cfg "$line"
    run create -n guest.cfg
    names 4 "$line"
done

# Each key that is built is tried, here or in what xl reads at random.
for key in $("$top/tests/cli/keytable" | awk -F '\t' '$2 == "READ" { print $1 }'); do
    grep -qw "$key" "$srcdir/tests/cli/keys-built.sh" \
        "$srcdir/tests/cli/xl_reads.py" "$srcdir/tests/cli/userdata.sh" ||
        wrong "$key is tried nowhere"
done
finish
