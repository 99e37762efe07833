/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Extended CR3: where the root of a 32-bit guest's tables may lie, by what was
 * said about the guest's VM assists, and when.
 *
 * Nothing but a pin, a vCPU's context and a CR3 load makes an L3 of a 32-bit
 * guest's: its L4 is Xen's own, so that no mmu_update reaches one.
 */
#include <string.h>

#include "conformance.h"

#define EXTENDED_CR3 (UINT64_C(1) << VMASST_TYPE_pae_extended_cr3)

enum {
    LOW, /* a root below 4 GiB, and its L2 */
    LOW_L2,
    SPARE_L2,
    NR_LOW,
    HIGH = NR_LOW, /* one above */
    HIGH_L2,
    OTHER_HIGH,
    OTHER_HIGH_L2,
    NR_FRAMES
};

/* What the toolstack says of the assist, and where. */
static const struct way {
    const char *name;
    bool declares;     /* by XEN_DOMCTL_vm_assist ... */
    uint64_t declared; /* ... these */
    uint32_t context;  /* in vCPU 0's context */
} ways[] = {
    {"nothing said", false, 0, 0},
    {"in the context only", false, 0, EXTENDED_CR3},
    {"declared, and in the context", true, EXTENDED_CR3, EXTENDED_CR3},
    {"declared, and not in the context", true, EXTENDED_CR3, 0},
    {"declared without", true, 0, 0},
    {"declared without, but in the context", true, 0, EXTENDED_CR3},
};
#define NR_WAYS (sizeof(ways) / sizeof(ways[0]))

/* That the frames lie where they are to lie is told. */
static void begin(struct test *t, struct guest *g, unsigned int width,
                  const struct way *way)
{
    unsigned int below = 0;

    say(t, "%u bits, %s", width, way->name);
    guest_begin(t, g, width, 0, 0);
    if (way->declares)
        report(t, declare_assists(t, g->domid, way->declared), "  declare %llx",
               (unsigned long long)way->declared);
    guest_grow(t, g, NR_LOW, 32);
    guest_grow(t, g, NR_FRAMES - NR_LOW, 0);
    for (unsigned int i = 0; i < NR_FRAMES; i++)
        below += g->mfn[i] < 0x100000;
    say(t, "  %u frames below 4 GiB, %u above", below, NR_FRAMES - below);
    make_root(t, g, LOW, LOW_L2);
    make_root(t, g, HIGH, HIGH_L2);
    make_root(t, g, OTHER_HIGH, OTHER_HIGH_L2);
}

static void try_pin(struct test *t, const struct guest *g, unsigned int root,
                    const char *when)
{
    long r = pin(t, g, root_level(g), root);

    report(t, r, "  pin the %s root %s", root == LOW ? "low" : "high", when);
    if (!r)
        (void)unpin(t, g, root);
}

static long set_root(struct test *t, const struct guest *g,
                     const struct way *way, unsigned int vcpu,
                     unsigned int root)
{
    vcpu_guest_context_any_t context;

    context_new(g, &context, root);
    if (g->width == 32)
        context.x32.vm_assist = way->context;
    else
        context.x64.vm_assist = way->context;
    return context_set(t, g, vcpu, &context);
}

static void try_context(struct test *t, const struct guest *g,
                        const struct way *way, unsigned int vcpu,
                        unsigned int root)
{
    report(t, set_root(t, g, way, vcpu, root),
           "  vCPU %u's context with the %s root", vcpu,
           root == LOW ? "low" : "high");
}

/* Before vCPUs exist, before vCPU 0 has its context, and after that. */
static void by_time(struct test *t, unsigned int width, const struct way *way)
{
    struct guest g;

    begin(t, &g, width, way);
    try_pin(t, &g, LOW, "before there is a vCPU");
    try_pin(t, &g, HIGH, "before there is a vCPU");
    guest_vcpus(t, &g);
    try_pin(t, &g, HIGH, "before vCPU 0's context");
    try_context(t, &g, way, 1, HIGH);
    (void)context_reset(t, &g, 1);
    try_context(t, &g, way, 0, LOW);
    try_pin(t, &g, LOW, "after it");
    try_pin(t, &g, HIGH, "after it");
    try_context(t, &g, way, 1, HIGH);
    say_types(t, &g, NR_FRAMES);
    (void)context_reset(t, &g, 1);
    (void)context_reset(t, &g, 0);
    try_pin(t, &g, HIGH, "after vCPU 0 was reset");
    /* Nothing runs, as no vCPU is online. */
    report(t, failed(xc_domain_unpause(t->xch, g.domid)), "  unpause it");
    try_pin(t, &g, HIGH, "after it was unpaused");
    try_context(t, &g, way, 0, HIGH);
    try_context(t, &g, way, 0, LOW);
    (void)context_reset(t, &g, 0);
    try_pin(t, &g, HIGH, "after vCPU 0 was reset again");
    guest_end(t, &g);
}

/* vCPU 0's own root is the high one, pinned before or not. */
static void vcpu_0(struct test *t, unsigned int width, const struct way *way,
                   bool pinned)
{
    struct guest g;

    begin(t, &g, width, way);
    guest_vcpus(t, &g);
    if (pinned)
        report(t, pin(t, &g, root_level(&g), HIGH), "  pin the high root");
    try_context(t, &g, way, 0, HIGH);
    say_types(t, &g, NR_FRAMES);
    try_pin(t, &g, OTHER_HIGH, "after that, another one");
    try_context(t, &g, way, 1, HIGH);
    try_context(t, &g, way, 2, OTHER_HIGH);
    guest_end(t, &g);
}

/* A root that was taken in time serves on, until it is a root no more. */
static void taken_before(struct test *t, unsigned int width,
                         const struct way *way)
{
    unsigned int level = width == 32 ? 3 : 4;
    struct guest g;

    begin(t, &g, width, way);
    guest_vcpus(t, &g);
    report(t, pin(t, &g, level, HIGH), "  pin the high root");
    try_context(t, &g, way, 0, LOW);
    report(t,
           update(t, &g, HIGH, 1, entry(&g, SPARE_L2, good_flags(&g, level))),
           "  an update of it that promotes");
    say_types(t, &g, NR_FRAMES);
    try_context(t, &g, way, 1, HIGH);
    report(t, mmuext(t, g.domid, MMUEXT_NEW_BASEPTR, g.mfn[HIGH]),
           "  new_baseptr for it");
    (void)context_reset(t, &g, 1);
    report(t, unpin(t, &g, HIGH), "  unpin it");
    report(t, pin(t, &g, level, HIGH), "  pin it again");
    say_types(t, &g, NR_FRAMES);
    guest_end(t, &g);
}

/* A declaration that is refused changes nothing. */
static void declared_late(struct test *t, unsigned int width)
{
    static const struct way none = {.name = "declared without, after a pin"};
    struct guest g;

    begin(t, &g, width, &none);
    guest_vcpus(t, &g);
    report(t, pin(t, &g, root_level(&g), HIGH), "  pin the high root");
    report(t, declare_assists(t, g.domid, 0), "  declare 0");
    for (unsigned int i = 0; i < 2; i++) {
        try_context(t, &g, &none, 0, i ? LOW : HIGH);
        try_context(t, &g, &none, 1, HIGH);
    }
    say_types(t, &g, NR_FRAMES);
    guest_end(t, &g);
}

/* The other tables lie anywhere. */
static void other_levels(struct test *t, unsigned int width)
{
    static const struct way none = {.name = "the other levels"};
    struct guest g;

    begin(t, &g, width, &none);
    guest_vcpus(t, &g);
    try_context(t, &g, &none, 0, LOW);
    for (unsigned int level = 1; level < root_level(&g); level++) {
        report(t, pin(t, &g, level, OTHER_HIGH_L2), "  pin a high L%u", level);
        (void)unpin(t, &g, OTHER_HIGH_L2);
    }
    report(t, update(t, &g, LOW, 0, entry(&g, OTHER_HIGH_L2, P)),
           "  a high table in the low root");
    guest_end(t, &g);
}

void section_extended_cr3(struct test *t, unsigned int width)
{
    for (unsigned int i = 0; i < NR_WAYS; i++) {
        by_time(t, width, &ways[i]);
        vcpu_0(t, width, &ways[i], false);
        vcpu_0(t, width, &ways[i], true);
        taken_before(t, width, &ways[i]);
    }
    declared_late(t, width);
    other_levels(t, width);
}
