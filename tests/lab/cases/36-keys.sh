#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Keys that are built: what real Xen holds of such a guest is what stock xl makes
# it hold.  Virtual nodes, which xl refuses, are as Xen tells them.
# alone: stock
. "$(dirname "$0")/lib.sh"
needs pv32

# terms CREATE...: creates the guest of /tmp/g.cfg, and prints what it has got.
terms() {
    "$@" /tmp/g.cfg || return
    /lab/domain_terms "$(xl domid g)" 2>/dev/null
    xl destroy g
}

# same NAME LINE...: xl and domwright make the same.
same() {
    name=$1
    shift
    guest_config g "$grub_32" "$@" >/tmp/g.cfg
    theirs=$(terms xl create -qp 2>/dev/null)
    like "$theirs" '^last port: ' "$name: by xl"
    is "$(terms domwright create -qp --native)" "$theirs" "$name: the same"
}

same 'nothing else'
same 'limits' 'max_event_channels = 100' 'max_grant_frames = 8' \
    'max_maptrack_frames = 16' 'vcpus = 2'
like "$theirs" '^last port: 100$' 'a last port'
like "$theirs" '^grant frames: .* at most 8$' 'a small grant table'
same 'shares' 'cpu_weight = 512' 'cap = 50' "pool = 'Pool-0'"
like "$theirs" 'weight 512, cap 50$' 'a weight and a cap'
for mode in always_emulate native; do
    same "TSC $mode" "tsc_mode = '$mode'"
done
like "$theirs" '^TSC: mode 2' 'the TSC as it is'
same 'a TSC by number' 'tsc_mode = 1' 'tsc_mode = 0'

# refused STATUS LINE: by Xen (4) or for the configuration (3).
refused() {
    { guest_config g "$grub_32"; echo "$2"; } >/tmp/g.cfg
    status "$1" "refused: $2" domwright create -q --native /tmp/g.cfg
    like "$out" ": ${2%% *}: " "  $2 is named"
}
refused 4 'max_grant_frames = 0'
refused 4 'max_grant_frames = 1000000'
refused 4 'max_maptrack_frames = 100000000'
refused 3 "pool = 'nowhere'"
refused 3 'vnuma = [ [ "pnode=7", "size=128", "vcpus=0" ] ]'

for kernel in "$grub_32" "$grub_64"; do
    { guest_config g "$kernel" && echo 'maxvcpus = 2; vnuma = [
        [ "pnode=0", "size=96", "vcpus=1" ],
        [ "pnode=0", "size=32", "vcpus=0", "vdistances=21,11" ] ]'; } >/tmp/g.cfg
    ok 'virtual nodes' domwright create -q /tmp/g.cfg
    ok '  its prompt' wait_console g '^grub> ' 60
    ok '  verify' domwright verify g
    like "$(xl list -l g)" '"vnuma_nodes"' '  xl knows of them'
    like "$(xl save g /tmp/saved 2>&1)" 'Cannot save a guest with vNUMA' \
        '  and does not save it'
    is "$(/lab/domain_terms "$(xl domid g)" |
        sed -n '/^node/p; /^distance/p; /^vCPU .*node/p')" 'node 0: 0 to 0x6000000
node 1: 0x6000000 to 0x8000000
distance 0, 0: 10
distance 0, 1: 20
distance 1, 0: 21
distance 1, 1: 11
vCPU 0: node 1
vCPU 1: node 0' '  as Xen tells them'
    ok '  destroy' domwright destroy g
done
done_testing
