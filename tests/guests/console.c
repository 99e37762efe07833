/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * console.c - output to the PV console, as io/console.h describes its ring.
 *
 * While the ring is full the guest yields: it has nothing else to do, and
 * waiting for an event would need shared_info mapped before it was checked.
 */
#include "guest.h"
#include <xen/io/console.h>

static struct xencons_interface *ring;

void console_start(void)
{
    ring = boot_frame(MFN(start_info->console.domU.mfn), "console");
}

static XENCONS_RING_IDX ring_used(void)
{
    XENCONS_RING_IDX used =
        ring->out_prod - *(volatile XENCONS_RING_IDX *)&ring->out_cons;

    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return used;
}

static void ring_kick(void)
{
    event_send(start_info->console.domU.evtchn);
}

static void yield(void)
{
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
}

static void ring_put(char c)
{
    if (ring_used() == sizeof(ring->out)) {
        ring_kick();
        while (ring_used() == sizeof(ring->out))
            yield();
    }
    ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = c;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    ring->out_prod++;
}

void console_drain(void)
{
    ring_kick();
    while (ring_used())
        yield();
}

void vsay(const char *format, va_list ap)
{
    /* Longer than the longest command line with its key. */
    static char line[MAX_GUEST_CMDLINE + 64];
    size_t length = format_text(line, sizeof(line), format, ap);
    size_t i;

    for (i = 0; i < length; i++)
        ring_put(line[i]);
    ring_kick();
}
