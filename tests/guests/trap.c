/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trap.c - traps: those that a probe provokes are recorded, any other one
 * ends the domain with a line in Xen's log.
 */
#include "guest.h"

struct last_trap guest_last_trap;

#define TRAP_INFO(number, has_error)                                           \
    {.vector = (number),                                                       \
     .cs = FLAT_KERNEL_CS,                                                     \
     .address = (unsigned long)trap_stub_##number},

void trap_start(void)
{
    trap_info_t traps[] = {
        TRAP_VECTORS(TRAP_INFO){.address = 0},
    };
    long rc = hypercall(__HYPERVISOR_set_trap_table, (unsigned long)traps, 0, 0,
                        0, 0);

    if (rc)
        panic("set_trap_table: %ld", rc);
}

/* Emulated by Xen: the address that it last told this vCPU of. */
static uintptr_t fault_address(void)
{
    uintptr_t cr2;

    __asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
    return cr2;
}

void guest_trap(struct trap_frame *frame)
{
    const unsigned long(*fixup)[2];

    guest_last_trap.vector = frame->vector;
    guest_last_trap.error_code = frame->error_code;
    guest_last_trap.address = frame->vector == 14 ? fault_address() : 0;

    for (fixup = probe_fixups; *fixup < probe_fixups_end; fixup++) {
        if ((*fixup)[0] == frame->ip) {
            frame->ip = (*fixup)[1];
            return;
        }
    }
    panic("unexpected trap %lu, error %#lx, ip %#lx, cr2 %#lx", frame->vector,
          frame->error_code, frame->ip, (unsigned long)guest_last_trap.address);
}
