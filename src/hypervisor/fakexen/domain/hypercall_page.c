/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hypercall_page.c - the page through which a guest makes hypercalls.
 */
#include "domain/hypercall_page.h"

#include <string.h>

#include "machine/host.h"

/* HYPERCALL_VECTOR and the slot of each stub (xen/arch-x86/xen-x86_32.h). */
#define HYPERCALL_VECTOR 0x82
#define STUB_BYTES       32

/* push %rcx; push %r11; mov $number, %eax; syscall; pop %r11; pop %rcx; ret */
static void stub_64(uint8_t *at, uint32_t number)
{
    static const uint8_t code[] = {0x51, 0x41, 0x53, 0xb8, 0,    0,    0,
                                   0,    0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};
    /* iret does not come back, and takes %rax from the stack besides. */
    static const uint8_t iret[] = {0x51, 0x41, 0x53, 0x50, 0xb8, 0,
                                   0,    0,    0,    0x0f, 0x05};

    if (number == __HYPERVISOR_iret) {
        memcpy(at, iret, sizeof(iret));
        memcpy(at + 5, &number, sizeof(number));
    } else {
        memcpy(at, code, sizeof(code));
        memcpy(at + 4, &number, sizeof(number));
    }
}

/* mov $number, %eax; int $0x82; ret, and push %eax before iret's */
static void stub_32(uint8_t *at, uint32_t number)
{
    static const uint8_t code[] = {0xb8, 0, 0, 0, 0, 0xcd, HYPERCALL_VECTOR,
                                   0xc3};
    static const uint8_t iret[] = {0x50, 0xb8, 0,    0,
                                   0,    0,    0xcd, HYPERCALL_VECTOR};

    if (number == __HYPERVISOR_iret) {
        memcpy(at, iret, sizeof(iret));
        memcpy(at + 2, &number, sizeof(number));
    } else {
        memcpy(at, code, sizeof(code));
        memcpy(at + 1, &number, sizeof(number));
    }
}

void fx_write_hypercall_page(uint8_t *page, bool is_32bit)
{
    uint32_t i;

    memset(page, 0xcc, FX_PAGE_SIZE); /* int3 between the stubs */
    for (i = 0; i < FX_PAGE_SIZE / STUB_BYTES; i++) {
        if (is_32bit)
            stub_32(page + i * STUB_BYTES, i);
        else
            stub_64(page + i * STUB_BYTES, i);
    }
}
