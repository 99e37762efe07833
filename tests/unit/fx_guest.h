/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fx_guest.h - a guest that could run, on a machine of its own: tables with
 * some pages of memory, and vCPU 0 in its kernel.
 *
 * Its hypercalls are made by fg_call(); what they name is in its memory.
 */
#ifndef DW_FX_GUEST_H
#define DW_FX_GUEST_H

#include "test_fx_host.h"

#define FG_ID    3
#define FG_VCPUS 3

/* Its pages, of which some are not what the others are. */
#define FG_BASE     UINT64_C(0x40000000)
#define FG_PAGES    8
#define FG_READONLY 6 /* cannot be written */
#define FG_ABSENT   7 /* is not mapped */

/* The address of a byte of a page. */
#define FG_AT(page, offset) (FG_BASE + (page)*FX_PAGE_SIZE + (offset))

struct fg_guest {
    struct fx_host *host;
    struct fx_domain *domain;
    bool is_32bit;
    uint64_t data[FG_PAGES];     /* the pages' frames */
    uint64_t root, l1, spare[4]; /* and frames that are not mapped */
};

extern struct fg_guest guest;

/* Fixtures, by the loop's index: 0 for 64 bits, 1 for 32. */
void fg_setup(bool is_32bit);
void fg_teardown(void); /* audits, destroys, audits */

/* vCPU 0's hypercall, or another's. */
long fg_call(unsigned int number, uint64_t a, uint64_t b, uint64_t c,
             uint64_t d);
long fg_call_on(uint32_t vcpu, unsigned int number, uint64_t a, uint64_t b,
                uint64_t c, uint64_t d);

/* Its memory, here: of one page. */
void *fg_memory(uint64_t address);
void fg_put(uint64_t address, const void *from, size_t size);
void fg_get(void *to, uint64_t address, size_t size);

/* A word (unsigned long) of its width. */
void fg_put_word(uint64_t address, uint64_t value);
uint64_t fg_get_word(uint64_t address);
unsigned int fg_word(void);

struct fx_vcpu_state *fg_state(uint32_t vcpu);
uint8_t *fg_shared(void);

#endif /* DW_FX_GUEST_H */
