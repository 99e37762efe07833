#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# With and without Xen's vm_assist operation: what caps says of it, where an L3
# lies, and who notices one that lies where it must not.
# shellcheck source=tests/cli/lib.sh
. "${srcdir:-.}/tests/cli/lib.sh"
uses_embedded

# All that a host has, but for how often it was called.
state() {
    "$DOMWRIGHT_FAKEXEN" --host "$1" --status | sed /^hypercalls/d
}

new_host() {
    "$DOMWRIGHT_FAKEXEN" --host "$1" --level "$1" --memory 8G true || exit 99
}

# create VARIANT LEVEL ORDER PLACE: a guest whose L3 lies there, all told.
create() {
    config guest.cfg "kernel=\"$guests/hello-$1\""
    works --host "$2" create --pin-order="$3" guest.cfg
    prints "^created guest .*, L[34] at MFN 0x[0-9a-f]+ \\($4\\)\$"
    works --host "$2" info guest
    cp out info
    case $4 in
    below*) grep -q '^root_below_4g *: yes$' info ;;
    *) grep -q '^root_below_4g *: no$' info ;;
    esac || wrong "info disagrees with create: $1, $2"
    works --host "$2" destroy guest
}

# create_json VARIANT LEVEL: the report's facts of extended CR3.
create_json() {
    config guest.cfg "kernel=\"$guests/hello-$1\""
    works --host "$2" create --json guest.cfg
    cp out json
    works --host "$2" destroy guest
    cp json out
}

for level in stock patched; do
    new_host $level
    before=$(state $level)

    works --host $level caps
    prints "^xen_version *: $xen_version"
    prints '^guest_types *: pv64 pv32$'
    prints '^pv32 *: yes$'
    prints '^memory_mib *: 8191$'
    prints '^pv32_l3_end_mfn *: 0x100000$'
    prints '^pv_max_vcpus *: 8192$'
    prints '^pv_log_dirty *: no$'
    case $level in
    stock) prints '^vm_assist_domctl *: no$' ;;
    patched) prints '^vm_assist_domctl *: yes$' ;;
    esac
    works --host $level caps --json
    prints '"guest_types": \[$'
    prints '"vm_assist_domctl": (true|false),$'
    prints '"ram_end_mfn": [0-9]{7},$'
    [ "$(state $level)" = "$before" ] || wrong 'caps changed the host'
done

# A hypervisor that fails to answer is one that said no, whatever the question.
"$DOMWRIGHT_FAKEXEN" --host patched --trace trace "$domwright" caps >out 2>err
calls=$(grep -cv '"call":"unmap"' trace)
[ "$calls" -ge 8 ] || wrong "caps makes $calls calls"
while [ "$calls" -gt 0 ]; do
    checks=$((checks + 1)) status=0
    "$DOMWRIGHT_FAKEXEN" --host patched --trace trace --fail "$calls:EFAULT" \
        "$domwright" caps >out 2>err || status=$?
    if [ "$status" != 4 ] || [ -s out ]; then
        wrong "caps: call $calls fails: status $status"
    elif ! grep -qxE 'domwright: asking Xen .*: Bad address' err; then
        wrong "caps: call $calls fails: what it says"
    fi
    calls=$((calls - 1))
done

for order in levels root; do
    create pae stock $order 'below 4 GiB'
    create pae patched $order 'above 4 GiB, extended CR3 declared'
    for level in stock patched; do
        create legacy $level $order 'below 4 GiB'
        create 64 $level $order 'above 4 GiB'
    done
done

for variant in pae legacy; do
    create_json $variant stock
    prints '"assists_declared": false'
    create_json $variant patched
    prints '"assists_declared": true'
done
prints '"extended_cr3": false,$' # of the legacy guest
create_json pae patched
prints '"extended_cr3": true,$'
create_json 64 patched
! grep -qE 'extended_cr3|assists_declared' out ||
    wrong 'extended CR3 is nothing for 64 bits'

# A security policy that knows nothing of the operation: as if there were none.
config guest.cfg "kernel=\"$guests/hello-pae\""
"$DOMWRIGHT_FAKEXEN" --host patched --trace trace \
    "$domwright" create -e guest.cfg >out 2>err || wrong 'create'
works --host patched destroy guest
nth=$(sed -e '/"call":"unmap"/d' -e '/"op":"vm_assist"/q' trace | wc -l)
"$DOMWRIGHT_FAKEXEN" --host patched --fail "$nth:EPERM" \
    "$domwright" create -e guest.cfg >out 2>err || wrong 'a policy without it'
prints ' \(below 4 GiB\)$'
works --host patched destroy guest

# A builder that forgets where the L3 must lie.  Stock Xen does not mind, and
# the guest's L3 is out of its own reach; patched Xen refuses it.
LD_PRELOAD=$kernels/.libs/nolimit.so
export LD_PRELOAD
for order in levels root; do
    before=$(state patched)
    config guest.cfg "kernel=\"$guests/hello-legacy\""
    run --host patched create --pin-order=$order guest.cfg
    [ "$status" = 4 ] || wrong "an L3 above 4 GiB: status $status"
    grep -qxE "domwright: preparing vCPU 0: pin: pinning the L3 table at PFN \
0x[0-9a-f]+ \\(MFN 0x[1-9a-f][0-9a-f]{5}\\) was refused: Numerical result out \
of range" err || wrong 'an L3 above 4 GiB: step, level and frame'
    [ ! -s out ] || wrong 'an L3 above 4 GiB: a report'
    [ "$(state patched)" = "$before" ] || wrong 'it left something'
    create legacy stock $order 'above 4 GiB'
    create pae patched $order 'above 4 GiB, extended CR3 declared'
done

finish
