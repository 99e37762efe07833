#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# verify on GRUB, by whichever builder, before it runs and when it does.
. "$(dirname "$0")/verify.sh"

# GRUB tells of no P2M once it runs, and other people wrote it.
for create in 'xl create -q' 'domwright create'; do
    for width in 32 64; do
        eval "kernel=\$grub_$width"
        # shellcheck disable=SC2154 # set by eval
        guest_config "grub$width" "$kernel" >/tmp/grub.cfg
        $create -p /tmp/grub.cfg
        is_clean "grub$width" "$create: GRUB, $width bits, has not run"
        is "$(p2m "grub$width")" '"start_info"' 'where its P2M is'
        domwright unpause "grub$width"
        ok 'it shows its prompt' wait_console "grub$width" '^grub> ' 60
        is_clean "grub$width" 'and now it runs'
        is "$(p2m "grub$width")" null 'nobody knows its P2M'
        forget_console "grub$width"
    done
    status 0 'verify --all' domwright verify --all
    is "$out" 'grub32: 0 findings
grub64: 0 findings' 'has both'
    domwright destroy grub32 grub64
done
status 1 'domain 0' domwright verify 0
done_testing
