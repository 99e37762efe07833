/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lib/ in a hypervisor of one's own, as short as it can be: a guest's
 * second-stage table, in a process.  See lib/README.md.
 *
 *     cc -std=c11 -Ilib examples/second-stage.c lib/pt/[a-z]*.c \
 *         lib/mem/p2m_table.c
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem/p2m_table.h"

/* Table memory: 64 frames of a machine, from frame 0x80000 on. */
static _Alignas(2 * 4096) uint64_t frame[64][PT_ENTRIES];
static uint64_t used;
static unsigned int stores;

#define FIRST UINT64_C(0x80000)

static uint64_t *table(void *ctx, mfn_t mfn, unsigned int level, vaddr_t va)
{
    (void)ctx, (void)level, (void)va;
    return frame[mfn.v - FIRST];
}

static int alloc(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    (void)ctx, (void)level, (void)va;
    if (used == 64)
        return -ENOMEM;
    memset(frame[used], 0, sizeof(frame[0]));
    *mfn = MFN(FIRST + used++);
    return 0;
}

static void give_back(void *ctx, unsigned int level, mfn_t mfn)
{
    (void)ctx;
    printf("    free: the table of level %u at frame %#" PRIx64 "\n", level,
           mfn.v);
}

static int store(void *ctx, uint64_t *slot, uint64_t raw)
{
    (void)ctx;
    *(volatile uint64_t *)slot = raw; /* and a barrier: dsb ishst */
    stores++;
    return 0;
}

static void invalidate(void *ctx, vaddr_t va, uint64_t bytes)
{
    (void)ctx; /* tlbi ipas2e1is for each page; dsb; tlbi vmalle1is; dsb */
    printf("    flush: %#" PRIx64 " + %#" PRIx64 "\n", va.v, bytes);
}

static void put(void *ctx, mfn_t mfn)
{
    (void)ctx;
    printf("    put: frame %#" PRIx64 " of another domain\n", mfn.v);
}

static const struct p2m_table_ops ops = {
    .pt = {.table = table,
           .alloc = alloc,
           .free = give_back,
           .store = store,
           .invalidate = invalidate},
    .put = put,
};

static void step(const char *what, int rc)
{
    printf("%s: %s, %u stores\n", what, rc == 0 ? "done" : strerror(-rc),
           stores);
    stores = 0;
    if (rc < 0)
        exit(1);
}

int main(void)
{
    struct p2m_table p2m;
    struct p2m_entry e;

    used = 2; /* 40 bits of guest address: a root of two frames in a row */
    step("a table",
         p2m_table_init(&p2m, &pt_arm_s2_40, MFN(FIRST), &ops, NULL));
    /* VTTBR_EL2 is mfn_to_maddr(p2m.tables.root), once there is a VMID. */
    step("1 GiB of RAM", p2m_table_set(&p2m, GFN(0x40000), 18, MFN(0x100000),
                                       P2M_RAM, P2M_ACCESS_ALL));
    step("a page out of it", p2m_table_set(&p2m, GFN(0x40005), 0, MFN(0x777),
                                           P2M_FOREIGN, P2M_ACCESS_ALL));
    step("a look", p2m_table_get(&p2m, GFN(0x40006), &e));
    printf("    gfn 0x40006 is frame %#" PRIx64 ", order %u\n", e.mfn.v,
           e.order);
    step("the page is taken away", p2m_table_remove(&p2m, GFN(0x40005), 1));
    step("all is", p2m_table_dispose(&p2m));
    return 0;
}
