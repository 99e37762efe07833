/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check.c - checks from inside what the domain builder has made, prints TAP
 * and powers off. README.md tells how to add a check.
 */
#include "check.h"
#include <xen/version.h>

static void note_domain(void)
{
    long version = xen_version(XENVER_version, NULL);

    tap_note("variant=%s nr-pages=%lu xen=%ld.%ld", GUEST_VARIANT,
             start_info->nr_pages, version >> 16, version & 0xffff);
}

void guest_main(void)
{
    note_domain();
    check_start_info();
    check_registers();
    check_hypercall_page();
    check_frames();
    check_tables();
    check_layout();
    check_refusals();
    check_shared_info();
    check_vcpus();
    check_rings();
    check_store();
    check_assists();
    tap_plan();
    say("# check: done\n");
}
