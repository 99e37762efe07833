/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x86_main.c - lib/ on an MMU that is not ours: a program without an operating
 * system, which multiboot starts. Words on its command line say what the
 * machine was given: 1g     the CPU has 1 GiB pages, and there is that much RAM
 * in one piece high   there is RAM above 4 GiB
 */
#include "x86.h"

static struct machine machine;

void bare_main(void)
{
    cpu_start();
    machine_read(&machine);
    check_direct(&machine);
    check_mtrrs(&machine);
    check_live(&machine);
    tap_plan();
    cpu_stop(true);
}
