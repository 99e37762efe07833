#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# VM assists and the place of the L3: what the builder declares, what a guest
# may do by itself, and that Xen notices a builder that is wrong. The same on
# both Xens, but for what they are there to differ in.
. "$(dirname "$0")/lib.sh"
needs pv32

xen=$(on stock patched)

# The guests; large enough that Xen does not have all of one below 4 GiB.
for variant in pae legacy 64; do
    guest_config "check-$variant" "/guests/check-$variant" \
        "extra = \"xen=$xen $(! since 19 || echo l3=checked)\"" >"/tmp/assists-$variant.cfg"
done

# Free memory lies high once it is clean.
ok 'the host is scrubbed' wait_for 60 all_scrubbed

caps=$(domwright caps)
like "$caps" "^xen_version *: $LAB_RELEASE" "caps: Xen $LAB_RELEASE"
like "$caps" '^guest_types *: .*pv32' 'caps: 32-bit PV guests'
like "$caps" '^pv32 *: yes$' 'and once more'
like "$caps" "^vm_assist_domctl *: $(on no yes)\$" "caps: $xen Xen"
like "$caps" '^ram_end_mfn *: 0x1c0000$' 'caps: the end of memory'
like "$(domwright caps --json)" "\"vm_assist_domctl\": $(on false true)" \
    'caps --json'

gone() {
    ! domwright list | grep -q '^check-'
}

# check VARIANT PLACE: its L3 (or L4) lies there, and all that the guest tries
# by itself ends as it should.
check() {
    name=check-$1
    ok "$name ends" wait_console "$name" '^# check: done' 100
    is "$(console "$name" | grep '^not ok')" '' 'and finds all as promised'
    like "$(console "$name")" "^# l[34]-mfn=[0-9a-fx]* l[34]-above-4g=$2 " \
        "its root above 4 GiB: $2"
    [ "$1" = 64 ] ||
        is "$(console "$name" | grep -c 'L3 above 4 GiB is .* with the assist')" \
            6 'it tried an L3 above 4 GiB'
    domwright destroy "$name" 2>/dev/null
}

# check_all WAY PLACE: the pae guest's L3 lies there.
check_all() {
    for variant in pae legacy 64; do
        forget_console "check-$variant"
        ok "$1: check-$variant" "$1" "/tmp/assists-$variant.cfg"
    done
    check pae "$2"
    check legacy no
    check 64 yes
    ok 'they are gone' wait_for 20 gone
    ok 'and their memory is clean' wait_for 60 all_scrubbed
}

for way in by_domwright by_root_pin by_xl; do
    check_all "$way" "$(on no yes)"
done
# The stock builder believes the note and declares nothing.
check_all by_stock_xl yes

# What create and info say of it.
guest_config g /guests/hello-pae >/tmp/assists-g.cfg
status 0 'create' domwright create -p /tmp/assists-g.cfg
like "$out" "L3 at MFN 0x[0-9a-f]+ \\($(on 'below 4 GiB' \
    'above 4 GiB, extended CR3 declared')\\)\$" 'create tells where the L3 is'
like "$(domwright info g)" "^root_below_4g *: $(on yes no)\$" 'and so does info'
like "$(domwright info g)" '^extended_cr3 *: yes$' 'the assist is in force'
domwright destroy g
wait_for 60 all_scrubbed

# A builder that forgets where the legacy guest's L3 must lie.
wrong_builder() {
    env LD_PRELOAD=/lab/nolimit.so domwright create -p --pin-order="$1" \
        /tmp/assists-legacy.cfg
}

for order in levels root; do
    store=$(xenstore-ls /)
    before=$(free_pages)
    status "$(on 0 4)" "a wrong builder, pin order $order" wrong_builder $order
    if [ "$xen" = patched ]; then
        like "$out" "^domwright: preparing vCPU 0: pin: pinning the L3 table \
at PFN 0x[0-9a-f]+ \\(MFN 0x1[0-9a-f]{5}\\) was refused: Numerical result out \
of range" 'is told step, level and frame'
        mfn=$(echo "$out" | sed -n 's/.*(MFN 0x\([0-9a-f]*\)).*/\1/p')
        if since 19; then
            line="PAE pgd must be below 4GB \\(0x$mfn >= "
        else
            line="d[1-9][0-9]*: L3 table at mfn $mfn needs pae_extended_cr3"
        fi
        like "$(xl dmesg)" "$line" "Xen's log tells frame and reason"
        is "$(xl list | wc -l)" 2 'it leaves no domain'
    else
        like "$out" '\(above 4 GiB\)$' 'goes unnoticed'
        domwright destroy check-legacy
    fi
    ok 'no page is left' wait_free_pages "$before" 20
    is "$(xenstore-ls /)" "$store" 'nor an entry in xenstore'
    wait_for 60 all_scrubbed
done

# So does it where a declaration, or vCPU 0's context after it, is refused.
if [ "$xen" = patched ]; then
    xl dmesg -c >/dev/null
    ok 'contexts, declared or not' /lab/conformance/conformance assists-32
    like "$(xl dmesg)" \
        "d[1-9][0-9]*: vCPU 0's context has VM assists 0x8, not 0" \
        "Xen's log tells of one that contradicts"
    like "$(xl dmesg)" "d[1-9][0-9]*: VM assists 0x40 aren't for it" \
        'of an assist that the domain cannot have'
    like "$(xl dmesg)" 'd[1-9][0-9]*: too late for VM assists 0x1' \
        'and of one that comes too late'
fi
done_testing
