#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The test guests, in every variant, by every way to our builder: what they
# find inside is what Xen promises a PV guest.
. "$(dirname "$0")/lib.sh"

# One way more than there usually is.
by_xl_root_pin() {
    DOMWRIGHT_PIN_ORDER=root domwright xl create -q "$1"
}

# The checks that the guest counted, without those that it skipped.
passes() {
    console "$1" | grep '^ok ' | grep -vc '# SKIP'
}

# check ended, and found nothing wrong.
check_is_good() {
    console "$1" | grep '^not ok'
    [ "$(passes "$1")" -gt 50 ] && ! console_has "$1" '^not ok'
}

run_guests() {
    way=$1
    for variant in $variants; do
        for guest in hello check; do
            name=$guest-$variant
            forget_console "$name"
            guest_config "$name" "/guests/$name" 'vcpus = 2' 'maxvcpus = 4' \
                'extra = "one two"' | sed '/^vcpus = 1$/d' >"/tmp/$name.cfg"
            ok "$way: $name is created" "$way" "/tmp/$name.cfg"
        done
    done
    for variant in $variants; do
        ok "$way: hello-$variant says hello" \
            wait_console "hello-$variant" '^hello: done' 30
        like "$(console "hello-$variant")" '^cmd_line=one two$' \
            "$way: hello-$variant has its command line"
        ok "$way: check-$variant ends" \
            wait_console "check-$variant" '^# check: done' 60
        ok "$way: check-$variant finds all as promised" \
            check_is_good "check-$variant"
        for guest in hello check; do
            domwright destroy "$guest-$variant" 2>/dev/null || :
        done
    done
    xen_has pv32 || return 0
    ok "$way: the legacy guest's L3 is below 4 GiB" \
        console_has check-legacy 'l3-above-4g=no extended-cr3=no'
    ok "$way: the other's assist is on" console_has check-pae 'extended-cr3=yes'
}

for way in by_domwright by_root_pin by_xl by_xl_root_pin; do
    run_guests "$way"
done
done_testing
