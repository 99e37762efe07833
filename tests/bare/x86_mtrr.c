/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x86_mtrr.c - MTRRs that cut superpages. QEMU has the registers, and nothing
 * of their effect: so the tables are looked at, after the CPU has taken them.
 */
#include "x86.h"

#define KIB  UINT64_C(0x400)
#define MIB  UINT64_C(0x100000)
#define LEAF (2 * MIB)

#define MASK UINT64_C(0xfffffff000) /* 40 bits */
#define ON   0x800

/* Of the 8 MiB from `place` on, which are RAM, WB, and nobody's. */
static const struct {
    uint64_t first, bytes;
    enum mem_type type;
} cuts[] = {
    {MIB, MIB, MEM_UC},
    {LEAF + 8 * KIB, 8 * KIB, MEM_WT},
    {4 * MIB, 4 * MIB, MEM_WC},
    {4 * MIB, 64 * KIB, MEM_UC}, /* wins over the one that it is in */
};
#define CUTS (sizeof(cuts) / sizeof(cuts[0]))

static const struct {
    uint64_t end;
    unsigned int level;
    enum mem_type type;
} wanted[] = {
    {1 * MIB, 0, MEM_WB},           {2 * MIB, 0, MEM_UC},
    {2 * MIB + 8 * KIB, 0, MEM_WB}, {2 * MIB + 16 * KIB, 0, MEM_WT},
    {4 * MIB, 0, MEM_WB},           {4 * MIB + 64 * KIB, 0, MEM_UC},
    {6 * MIB, 0, MEM_WC},           {8 * MIB, 1, MEM_WC},
    {10 * MIB, 1, MEM_WB},
};
#define PLACE_BYTES (10 * MIB)

static uint64_t find_place(const struct machine *m)
{
    for (size_t i = 0; i < m->nr_chunks; i++) {
        const struct mem_chunk *c = &m->chunk[i];
        uint64_t at = (c->first.v + 16 * MIB - 1) & ~(8 * MIB - 1);

        if (c->type == MEM_WB && at + PLACE_BYTES <= c->end.v &&
            !is_used(MADDR(at)) && !is_used(MADDR(at + PLACE_BYTES - 1)))
            return at;
    }
    return 0;
}

/* The registers that were free, and are set. */
static unsigned int set_cuts(uint64_t place, uint32_t msr[CUTS])
{
    unsigned int count = rdmsr(MSR_MTRRCAP) & 0xff, n = 0;

    for (unsigned int i = 0; i < count && n < CUTS; i++) {
        uint32_t base = MSR_MTRR_BASE0 + 2 * i;

        if ((rdmsr(base + 1) & ON) != 0)
            continue;
        wrmsr(base, (place + cuts[n].first) | (uint64_t)cuts[n].type);
        wrmsr(base + 1, (MASK & ~(cuts[n].bytes - 1)) | ON);
        msr[n++] = base;
    }
    return n;
}

/* A walk of its own: the entry that maps `va`, and on which level. */
static uint64_t raw_leaf(mfn_t root_mfn, uint64_t va, unsigned int *level)
{
    uint64_t raw = mfn_to_maddr(root_mfn).v | 1;

    for (*level = 4; (raw & 1) != 0 && *level > 0;) {
        const uint64_t *table = direct(MADDR(raw & UINT64_C(0xffffffffff000)));

        (*level)--;
        raw = table[(va >> (12 + 9 * *level)) & 511];
        if (*level == 0 || (*level < 3 && (raw & 0x80) != 0))
            break;
    }
    return raw;
}

static void check_leaves(uint64_t place, mfn_t root_mfn)
{
    struct tally right = {0, 0}, pages = {0, 0};
    uint64_t at = 0;

    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
        for (; at < wanted[i].end; at += DW_PAGE_SIZE) {
            volatile uint64_t *word = direct(MADDR(place + at));
            unsigned int level;
            uint64_t raw = raw_leaf(root_mfn, (uintptr_t)word, &level);

            if (tally_wrong(&right, level != wanted[i].level ||
                                        pat_type(raw, level) !=
                                            (uint64_t)wanted[i].type))
                tap_note("%#lx: level %u, entry %#lx", place + at, level, raw);
            *word = at ^ raw;
            tally_wrong(&pages, *word != (at ^ raw));
        }
    tap_tally(&right, "leaves end where the type changes, and have it");
    tap_tally(&pages, "each page is there");
}

void check_mtrrs(struct machine *m)
{
    struct directmap dm = {.format = &pt_x86_64_native,
                           .base = {DIRECT_BASE},
                           .largest = cpu_has_1g() ? 2 : 1};
    struct pt_tables old = live_tables(), pt;
    uint64_t place = find_place(m);
    uint32_t msr[CUTS];

    if (!tap_ok(place > 0 && set_cuts(place, msr) == CUTS,
                "MTRRs are set to cut superpages"))
        return;
    machine_read_mtrrs(m);
    check_chunks(m, "the chunks end where they say, page by page");
    if (!tap_ok(new_tables(&pt) == 0 &&
                    directmap_map_rest(&dm, &pt, m->chunk, m->nr_chunks) == 0,
                "a direct map is made in one stage"))
        return;
    use_tables(&pt);
    check_leaves(place, pt.root);
    use_tables(&old);
    for (size_t i = 0; i < CUTS; i++)
        wrmsr(msr[i] + 1, 0);
    machine_read_mtrrs(m);
}
