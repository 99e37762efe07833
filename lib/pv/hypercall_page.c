/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/hypercall_page.h"

#include <stdint.h>
#include <string.h>

#include <xen/xen.h>

#define STUB_BYTES 32
#define INT3       0xcc

/* Code for one hypercall, with its number at an offset. */
struct stub {
    uint8_t size, number_at, code[STUB_BYTES];
};

/* iret does not come back, and has the accumulator on the stack. */
struct pv_stubs {
    struct stub call, iret;
};

/* mov $N, %eax; int $0x82; ret */
const struct pv_stubs pv_stubs_x86_32 = {
    .call = {8, 1, {0xb8, 0, 0, 0, 0, 0xcd, 0x82, 0xc3}},
    .iret = {8, 2, {0x50, 0xb8, 0, 0, 0, 0, 0xcd, 0x82}},
};

/* push %rcx; push %r11; mov $N, %eax; syscall, which uses both; pop %r11; pop
 * %rcx; ret */
const struct pv_stubs pv_stubs_x86_64 = {
    .call = {14,
             4,
             {0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59,
              0xc3}},
    .iret = {11, 5, {0x51, 0x41, 0x53, 0x50, 0xb8, 0, 0, 0, 0, 0x0f, 0x05}},
};

void pv_hypercall_page_write(const struct pv_abi *abi, void *page)
{
    uint8_t *slot = page;

    memset(page, INT3, DW_PAGE_SIZE);
    for (uint32_t n = 0; n < DW_PAGE_SIZE / STUB_BYTES; n++) {
        const struct stub *stub =
            n == __HYPERVISOR_iret ? &abi->stubs->iret : &abi->stubs->call;

        memcpy(slot, stub->code, stub->size);
        memcpy(slot + stub->number_at, &n, sizeof(n));
        slot += STUB_BYTES;
    }
}
