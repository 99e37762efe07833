/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* suspend_count.c - vCPUs that count while the first one has the domain
 * suspended, wherever they are then. */
#include "guest.h"
#include "smp.h"
#include "suspend.h"

#define LOOKS 20000000UL

static volatile unsigned long counts[SMP_MAX_VCPUS];
static unsigned int nr = 1;

void smp_main(unsigned long id)
{
    for (;;)
        counts[id]++;
}

unsigned int start_counting(void)
{
    while (!smp_start(nr))
        nr++;
    return nr;
}

static bool counts_on(unsigned int vcpu)
{
    unsigned long before = counts[vcpu], looks;

    for (looks = 0; looks < LOOKS && counts[vcpu] == before; looks++)
        if (looks % 1024 == 1023)
            hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
    return counts[vcpu] != before;
}

bool all_count(void)
{
    unsigned int i;

    for (i = 1; i < nr; i++)
        if (!counts_on(i))
            return false;
    return true;
}
