/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One frame in two uses: which go together, and which exclude each other. */
#include <string.h>

#include "conformance.h"

enum {
    VICTIM, /* the frame in question */
    TABLE,  /* what refers to it */
    ROOT,   /* a root for contexts, with its L2 */
    ROOT_L2,
    SLOT3, /* the L2 behind a 32-bit victim's slot 3 */
    NR_FRAMES
};

/* With 32 bits an L3 needs an L2 in slot 3. In use otherwise, it stays without
 * one where it cannot be written. */
static void fill_slot_3(struct test *t, const struct guest *g,
                        unsigned int level)
{
    if (g->width == 64 || level != 3 || clear(t, g, VICTIM))
        return;
    (void)clear(t, g, SLOT3);
    (void)poke(t, g, VICTIM, 3, entry(g, SLOT3, P));
}

/* The victim as a table, with what is needed for that. */
static long use_pin(struct test *t, const struct guest *g, unsigned int level)
{
    fill_slot_3(t, g, level);
    return pin(t, g, level, VICTIM);
}

static long use_l1(struct test *t, const struct guest *g)
{
    return use_pin(t, g, 1);
}

static long use_l2(struct test *t, const struct guest *g)
{
    return use_pin(t, g, 2);
}

static long use_l3(struct test *t, const struct guest *g)
{
    return use_pin(t, g, 3);
}

static long use_l4(struct test *t, const struct guest *g)
{
    return use_pin(t, g, 4);
}

static void end_pin(struct test *t, const struct guest *g)
{
    report(t, unpin(t, g, VICTIM), "  unpin");
}

/* A table above it refers to it and is pinned. */
static long use_below(struct test *t, const struct guest *g, unsigned int level,
                      uint64_t flags)
{
    (void)clear(t, g, TABLE);
    (void)poke(t, g, TABLE, 0, entry(g, VICTIM, flags));
    return pin(t, g, level, TABLE);
}

static long use_mapped_writable(struct test *t, const struct guest *g)
{
    return use_below(t, g, 1, good_flags(g, 1));
}

static long use_mapped_read_only(struct test *t, const struct guest *g)
{
    return use_below(t, g, 1, good_flags(g, 1) & ~RW);
}

static long use_below_l2(struct test *t, const struct guest *g)
{
    return use_below(t, g, 2, good_flags(g, 2));
}

static void end_below(struct test *t, const struct guest *g)
{
    report(t, unpin(t, g, TABLE), "  unpin the table");
    (void)clear(t, g, TABLE);
}

static long use_held(struct test *t, const struct guest *g, bool writable)
{
    long error;

    t->held = guest_map(t, g, VICTIM, writable, &error);
    return error;
}

static long use_held_writable(struct test *t, const struct guest *g)
{
    return use_held(t, g, true);
}

static long use_held_read_only(struct test *t, const struct guest *g)
{
    return use_held(t, g, false);
}

static void end_held(struct test *t, const struct guest *g)
{
    (void)g;
    guest_unmap(t, t->held);
}

static long use_gdt(struct test *t, const struct guest *g)
{
    vcpu_guest_context_any_t context;

    context_new(g, &context, ROOT);
    context_gdt(g, &context, VICTIM, 512);
    return context_set(t, g, 1, &context);
}

static long use_root(struct test *t, const struct guest *g)
{
    vcpu_guest_context_any_t context;

    fill_slot_3(t, g, root_level(g));
    context_new(g, &context, VICTIM);
    return context_set(t, g, 1, &context);
}

static void end_context(struct test *t, const struct guest *g)
{
    report(t, context_reset(t, g, 1), "  reset");
}

static const struct use {
    const char *name;
    long (*begin)(struct test *t, const struct guest *g);
    void (*end)(struct test *t, const struct guest *g);
} uses[] = {
    {"pinned as L1", use_l1, end_pin},
    {"pinned as L2", use_l2, end_pin},
    {"pinned as L3", use_l3, end_pin},
    {"pinned as L4", use_l4, end_pin},
    {"L1 below an L2", use_below_l2, end_below},
    {"mapped writable by an L1", use_mapped_writable, end_below},
    {"mapped read-only by an L1", use_mapped_read_only, end_below},
    {"foreign mapping, writable", use_held_writable, end_held},
    {"foreign mapping, read-only", use_held_read_only, end_held},
    {"GDT", use_gdt, end_context},
    {"CR3", use_root, end_context},
};
#define NR_USES (sizeof(uses) / sizeof(uses[0]))

/* Second uses, each undone at once. */
static void attempts(struct test *t, const struct guest *g)
{
    static const unsigned int levels[] = {1, 2, 3, 4};
    vcpu_guest_context_any_t context;
    long r, error;
    void *page;
    bool before;

    for (unsigned int i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        before = strchr(type_of(t, g, VICTIM), 'p');
        r = pin(t, g, levels[i], VICTIM);
        report(t, r, "  pin as L%u", levels[i]);
        if (!before && strchr(type_of(t, g, VICTIM), 'p'))
            report(t, unpin(t, g, VICTIM), "  and unpin");
        say(t, "  it is: %s", type_of(t, g, VICTIM));
    }
    for (unsigned int writable = 0; writable < 2; writable++) {
        page = guest_map(t, g, VICTIM, writable, &error);
        report(t, error, "  map %s", writable ? "writable" : "read-only");
        if (page)
            guest_unmap(t, page);
    }
    report(t, update(t, g, VICTIM, 5, 0), "  update slot 5");
    context_new(g, &context, ROOT);
    context_gdt(g, &context, VICTIM, 512);
    r = context_set(t, g, 2, &context);
    report(t, r, "  use it as a GDT");
    report(t, context_reset(t, g, 2), "  and no more");
    context_new(g, &context, VICTIM);
    r = context_set(t, g, 2, &context);
    report(t, r, "  use it as CR3");
    report(t, context_reset(t, g, 2), "  and no more");
}

static void try_use(struct test *t, const struct guest *g,
                    const struct use *use)
{
    long r;

    (void)clear(t, g, VICTIM);
    r = use->begin(t, g);
    report(t, r, "%s", use->name);
    attempts(t, g);
    if (!r)
        use->end(t, g);
    say(t, "  afterwards it is: %s", type_of(t, g, VICTIM));
    report(t, clear(t, g, VICTIM), "  clear it");
}

/* Two uses begun in either order, then ended in the order they began. */
static void try_pair(struct test *t, const struct guest *g,
                     const struct use *first, const struct use *second)
{
    long a, b;

    if (first->end == second->end && first->end != end_pin)
        return; /* they share the frame or vCPU that goes with them */
    (void)clear(t, g, VICTIM);
    a = first->begin(t, g);
    b = second->begin(t, g);
    report(t, a, "%s, and", first->name);
    report(t, b, "%s", second->name);
    say(t, "  it is: %s", type_of(t, g, VICTIM));
    if (!a)
        first->end(t, g);
    if (!b && !(first->end == end_pin && second->end == end_pin))
        second->end(t, g);
}

void section_types(struct test *t, unsigned int width)
{
    struct guest g;

    guest_new(t, &g, width, NR_FRAMES);
    make_root(t, &g, ROOT, ROOT_L2);
    for (unsigned int i = 0; i < NR_USES; i++)
        try_use(t, &g, &uses[i]);
    for (unsigned int i = 0; i < NR_USES; i++)
        for (unsigned int j = 0; j < NR_USES; j++)
            try_pair(t, &g, &uses[i], &uses[j]);
    say_types(t, &g, g.nr);
    guest_end(t, &g);
}
