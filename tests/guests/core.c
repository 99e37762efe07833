/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core.c - the core library at work in a guest, on real Xen: it keeps the P2M
 * in its tree and changes the kernel's own mapping with its calls, by
 * hypercalls. Prints TAP and powers off. It takes 64 MiB or more.
 */
#include "core.h"

void guest_main(void)
{
    tap_note("variant=%s nr-pages=%lu", GUEST_VARIANT, start_info->nr_pages);
    check_p2m();
    check_own_tables();
    end_p2m();
    tap_plan();
    say("# core: done\n");
    if (command_line_has("wait"))
        wait_for_ever();
}
