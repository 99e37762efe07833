/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pin-cost: what it takes to pin and to unpin page tables, in ticks of the TSC.
 *
 * Meant for a machine whose TSC counts instructions (lab --count): there the
 * least of several rounds, one that no interrupt came into, is the same every
 * time. Prints a line "WIDTH ENTRIES PIN UNPIN" for each tree; its root is in
 * a domain whose vCPU 0 has its context, so that all checks are in force.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../conformance/conformance.h"

#define ROUNDS   500
#define EXTENDED (UINT64_C(1) << VMASST_TYPE_pae_extended_cr3)

/* What the guest's frames are. */
enum { VCPU_ROOT, VCPU_L2, ROOT, L3, L2, L1, DATA, NR_FRAMES };

struct cost {
    uint64_t pin, unpin;
};

static void need(long r, const char *what)
{
    if (r >= 0)
        return;
    fprintf(stderr, "pin-cost: %s: %s\n", what, error_name(r));
    exit(1);
}

static void refer(struct test *t, const struct guest *g, unsigned int table,
                  unsigned int slot, unsigned int frame, unsigned int level)
{
    need(poke(t, g, table, slot, entry(g, frame, good_flags(g, level))),
         "an entry");
}

/* A root and all below it; with 32 bits slot 3 is the one that must be there.
 */
static void make_tree(struct test *t, const struct guest *g,
                      unsigned int entries)
{
    make_root(t, g, ROOT, L2);
    if (g->width == 64) {
        refer(t, g, ROOT, 0, L3, 4);
        refer(t, g, L3, 0, L2, 3);
    }
    if (entries)
        refer(t, g, L2, 0, L1, 2);
    for (unsigned int slot = 0; slot < entries; slot++)
        refer(t, g, L1, slot, DATA, 1);
}

static void initialise_vcpu(struct test *t, const struct guest *g)
{
    vcpu_guest_context_any_t context;

    make_root(t, g, VCPU_ROOT, VCPU_L2);
    context_new(g, &context, VCPU_ROOT);
    if (g->width == 32)
        context.x32.vm_assist = EXTENDED;
    need(context_set(t, g, 0, &context), "vCPU 0's context");
}

static void lower(uint64_t *least, uint64_t ticks)
{
    if (ticks < *least)
        *least = ticks;
}

static struct cost measure(struct test *t, const struct guest *g)
{
    struct cost least = {UINT64_MAX, UINT64_MAX};
    uint64_t start, pinned, end;

    for (unsigned int i = 0; i < ROUNDS; i++) {
        start = __builtin_ia32_rdtsc();
        need(pin(t, g, root_level(g), ROOT), "pin");
        pinned = __builtin_ia32_rdtsc();
        need(unpin(t, g, ROOT), "unpin");
        end = __builtin_ia32_rdtsc();
        lower(&least.pin, pinned - start);
        lower(&least.unpin, end - pinned);
    }
    return least;
}

int main(void)
{
    static const unsigned int sizes[] = {0, 256};
    struct test t = {.xch = xc_interface_open(NULL, NULL, 0),
                     .fmem = xenforeignmemory_open(NULL, 0)};

    if (!t.xch || !t.fmem)
        return 1;
    for (unsigned int width = 32; width <= 64; width += 32) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            struct guest g;
            struct cost cost;

            guest_new(&t, &g, width, NR_FRAMES);
            initialise_vcpu(&t, &g);
            make_tree(&t, &g, sizes[i]);
            cost = measure(&t, &g);
            printf("%u %u %llu %llu\n", width, sizes[i],
                   (unsigned long long)cost.pin,
                   (unsigned long long)cost.unpin);
            guest_end(&t, &g);
        }
    }
    xenforeignmemory_close(t.fmem);
    xc_interface_close(t.xch);
    return 0;
}
