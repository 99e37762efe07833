/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pinning and unpinning, whole trees, and tables that map themselves. */
#include "conformance.h"

/* Frame n is the table of level n, 0 the page that is mapped, 5 the L2 behind
 * slot 3 with 32 bits. */
static void make_tree(struct test *t, const struct guest *g)
{
    for (unsigned int frame = 0; frame < 6; frame++)
        (void)clear(t, g, frame);
    if (g->width == 32)
        (void)poke(t, g, 3, 3, entry(g, 5, P));
    for (unsigned int level = 1; level <= root_level(g); level++)
        (void)poke(t, g, level, 1, entry(g, level - 1, good_flags(g, level)));
}

static void from_the_root(struct test *t, const struct guest *g)
{
    unsigned int root = root_level(g);

    make_tree(t, g);
    report(t, pin(t, g, root, root), "pin the root");
    say_types(t, g, 6);
    report(t, pin(t, g, root, root), "pin it twice");
    report(t, unpin(t, g, 1), "unpin its L1");
    report(t, pin(t, g, 1, 1), "pin its L1");
    report(t, pin(t, g, 2, 2), "pin its L2");
    report(t, pin(t, g, 2, 5), "pin another frame as L2");
    report(t, unpin(t, g, 5), "unpin that");
    say_types(t, g, 6);
    report(t, unpin(t, g, root), "unpin the root");
    say_types(t, g, 6);
    report(t, unpin(t, g, root), "unpin it twice");
    report(t, unpin(t, g, 2), "unpin the L2");
    say_types(t, g, 6);
    report(t, unpin(t, g, 1), "unpin the L1");
    say_types(t, g, 6);
}

static void from_the_leaves(struct test *t, const struct guest *g)
{
    unsigned int root = root_level(g);

    make_tree(t, g);
    for (unsigned int level = 1; level <= root; level++)
        report(t, pin(t, g, level, level), "pin the L%u", level);
    for (unsigned int level = 1; level <= root; level++)
        report(t, unpin(t, g, level), "unpin the L%u", level);
    say_types(t, g, 6);
}

/* What is wrong lies at the bottom: nothing stays of the attempt. */
static void bad_below(struct test *t, const struct guest *g)
{
    unsigned int root = root_level(g);

    for (unsigned int level = 1; level <= root; level++) {
        make_tree(t, g);
        (void)poke(t, g, level, 2, BAD_MFN << 12 | P);
        report(t, pin(t, g, root, root), "a bad frame in the L%u", level);
        say_types(t, g, 6);
        (void)unpin(t, g, root);
        make_tree(t, g);
        (void)poke(t, g, level, 1, entry(g, root, good_flags(g, level)));
        report(t, pin(t, g, root, root), "the root in the L%u", level);
        say_types(t, g, 6);
        (void)unpin(t, g, root);
    }
}

/* An L3 fails at the slot whose L2 fails at one of its own: what is left of
 * the flags, in the slots before that, in itself and behind it? */
static void half_way(struct test *t, const struct guest *g)
{
    uint64_t flags = g->width == 32 ? P | RW | US | A : good_flags(g, 3);
    uint64_t value;

    for (unsigned int bad = 0; bad < 8; bad++) {
        make_tree(t, g);
        (void)clear(t, g, 6);
        (void)poke(t, g, 6, bad & 1, BAD_MFN << 12 | P);
        (void)poke(t, g, 3, 0, entry(g, 7, flags));
        (void)poke(t, g, 3, 1, entry(g, 2, flags));
        (void)poke(t, g, 3, 2, entry(g, 7, flags));
        (void)poke(t, g, 3, bad / 2, entry(g, 6, flags));
        report(t, pin(t, g, 3, 3), "L3 bad in slot %u, the L2 there in %u",
               bad / 2, bad & 1);
        for (unsigned int slot = 0; slot < 4; slot++) {
            value = 0;
            (void)peek(t, g, 3, slot, &value);
            say(t, "  slot %u: flags %llx", slot,
                (unsigned long long)(value & ~MFN_MASK));
        }
        say_types(t, g, g->nr);
    }
}

/* Slots that are Xen's own, and the one behind which Xen's are. */
static void special_slots(struct test *t, const struct guest *g)
{
    static const unsigned int slots[] = {0,   2,   3,   4,   255, 256, 257,
                                         260, 271, 272, 400, 439, 440, 511};
    unsigned int root = root_level(g);
    uint64_t value;

    for (unsigned int i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        make_tree(t, g);
        (void)poke(t, g, root, slots[i],
                   entry(g, root - 1, good_flags(g, root)));
        report(t, pin(t, g, root, root), "slot %u of the root", slots[i]);
        value = 0;
        (void)peek(t, g, root, slots[i], &value);
        say(t, "  %s",
            !value                                         ? "it is empty"
            : value >> 12 == g->mfn[root - 1]              ? "it is as it was"
            : (value & MFN_MASK) >> 12 == g->mfn[root - 1] ? "its flags changed"
                                                           : "it is Xen's");
        (void)unpin(t, g, root);
        say_types(t, g, 6);
    }
}

static void slot_3(struct test *t, const struct guest *g)
{
    static const unsigned int slots[] = {0, 427, 428, 429, 500, 511};
    uint64_t value;

    make_tree(t, g);
    (void)poke(t, g, 3, 3, 0);
    report(t, pin(t, g, 3, 3), "slot 3 empty");
    make_tree(t, g);
    (void)poke(t, g, 3, 0, entry(g, 5, P));
    report(t, pin(t, g, 3, 3), "the L2 of slot 3 in slot 0 too");
    say_types(t, g, 6);
    make_tree(t, g);
    report(t, pin(t, g, 2, 5), "pin the L2 of slot 3 first");
    report(t, pin(t, g, 3, 3), "and the root");
    report(t, unpin(t, g, 5), "unpin that L2");
    report(t, pin(t, g, 3, 3), "and the root again");
    report(t, pin(t, g, 2, 5), "then pin that L2");
    say_types(t, g, 6);
    report(t, unpin(t, g, 3), "unpin the root");
    for (unsigned int i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        make_tree(t, g);
        (void)poke(t, g, 5, slots[i], entry(g, 1, good_flags(g, 2)));
        report(t, pin(t, g, 3, 3), "slot %u of the L2 of slot 3", slots[i]);
        value = 0;
        (void)peek(t, g, 5, slots[i], &value);
        say(t, "  %s",
            (value & MFN_MASK) >> 12 == g->mfn[1] ? "it is kept"
            : value                               ? "it is Xen's"
                                                  : "it is empty");
        (void)unpin(t, g, 3);
    }
}

static void refusals(struct test *t, const struct guest *g)
{
    struct guest other;
    struct mmuext_op ops[3];

    make_tree(t, g);
    guest_new(t, &other, g->width, 4);
    for (unsigned int level = 1; level <= 4; level++) {
        unsigned int cmd = MMUEXT_PIN_L1_TABLE + level - 1;

        report(t, mmuext(t, g->domid, cmd, BAD_MFN), "pin a bad frame as L%u",
               level);
        report(t, mmuext(t, g->domid, cmd, other.mfn[0]),
               "pin another's frame as L%u", level);
        report(t, mmuext(t, 0x7eee, cmd, g->mfn[1]), "pin for no domain as L%u",
               level);
    }
    report(t, mmuext(t, g->domid, MMUEXT_UNPIN_TABLE, BAD_MFN),
           "unpin a bad frame");
    report(t, mmuext(t, g->domid, MMUEXT_UNPIN_TABLE, other.mfn[0]),
           "unpin another's frame");
    report(t, mmuext(t, g->domid, MMUEXT_UNPIN_TABLE, g->mfn[1]),
           "unpin what is not pinned");
    for (unsigned int cmd = MMUEXT_NEW_BASEPTR; cmd < 32; cmd++)
        if (cmd != MMUEXT_CLEAR_PAGE && cmd != MMUEXT_COPY_PAGE)
            report(t, mmuext(t, g->domid, cmd, g->mfn[1]),
                   "operation %u for another", cmd);
    report(t, mmuext(t, g->domid, 0x7777, g->mfn[0]), "no such operation");
    for (unsigned int i = 0; i < 3; i++)
        ops[i] = (struct mmuext_op){.cmd = MMUEXT_PIN_L1_TABLE};
    ops[0].arg1.mfn = g->mfn[0];
    ops[1].arg1.mfn = BAD_MFN;
    ops[2].arg1.mfn = g->mfn[1];
    report(t, failed(xc_mmuext_op(t->xch, ops, 3, g->domid)),
           "three at once, the second bad");
    say_types(t, g, 6);
    report(t, unpin(t, g, 0), "unpin the first");
    guest_end(t, &other);
}

static void copy_page(struct test *t, const struct guest *g, xen_pfn_t to,
                      xen_pfn_t from, const char *what)
{
    struct mmuext_op op = {.cmd = MMUEXT_COPY_PAGE};

    op.arg1.mfn = to;
    op.arg2.src_mfn = from;
    report(t, failed(xc_mmuext_op(t->xch, &op, 1, g->domid)), "copy_page, %s",
           what);
}

/* Frames that are written to by Xen: any but tables and descriptors. */
static void clear_and_copy(struct test *t, const struct guest *g)
{
    uint64_t value = 0;

    for (unsigned int i = 0; i < 3; i++)
        (void)clear(t, g, i);
    (void)poke(t, g, 0, 511, 77);
    copy_page(t, g, g->mfn[1], g->mfn[0], "one to another");
    (void)peek(t, g, 1, 511, &value);
    say(t, "  it has %llu", (unsigned long long)value);
    copy_page(t, g, g->mfn[0], g->mfn[0], "onto itself");
    copy_page(t, g, BAD_MFN, g->mfn[0], "to a bad frame");
    copy_page(t, g, g->mfn[0], BAD_MFN, "from a bad frame");
    report(t, pin(t, g, 1, 2), "pin a frame");
    copy_page(t, g, g->mfn[2], g->mfn[1], "to a table");
    copy_page(t, g, g->mfn[1], g->mfn[2], "from a table");
    report(t, mmuext(t, g->domid, MMUEXT_CLEAR_PAGE, g->mfn[2]),
           "clear_page of a table");
    report(t, unpin(t, g, 2), "unpin it");
    report(t, mmuext(t, g->domid, MMUEXT_CLEAR_PAGE, g->mfn[0]), "clear_page");
    (void)peek(t, g, 0, 511, &value);
    say(t, "  it has %llu", (unsigned long long)value);
    report(t, mmuext(t, g->domid, MMUEXT_CLEAR_PAGE, BAD_MFN),
           "clear_page of a bad frame");
}

void section_pin(struct test *t, unsigned int width)
{
    struct guest g;

    guest_new(t, &g, width, 8);
    from_the_root(t, &g);
    from_the_leaves(t, &g);
    bad_below(t, &g);
    half_way(t, &g);
    special_slots(t, &g);
    if (width == 32)
        slot_3(t, &g);
    refusals(t, &g);
    clear_and_copy(t, &g);
    /* And the domain goes with tables that are pinned. */
    make_tree(t, &g);
    report(t, pin(t, &g, root_level(&g), root_level(&g)), "pin, and destroy");
    guest_end(t, &g);
}

/* A table that refers to itself, or to a table of its own level. */
static void linear(struct test *t, const struct guest *g, unsigned int level,
                   uint64_t flags, const char *what)
{
    make_tree(t, g);
    (void)poke(t, g, level, 9, entry(g, level, flags));
    report(t, pin(t, g, level, level), "L%u that maps itself %s", level, what);
    (void)unpin(t, g, level);

    make_tree(t, g);
    (void)clear(t, g, 6);
    report(t, pin(t, g, level, level), "L%u", level);
    (void)poke(t, g, 6, 9, entry(g, level, flags));
    report(t, pin(t, g, level, 6), "another that maps it %s", what);
    say_types(t, g, 7);
    report(t, update(t, g, 6, 10, entry(g, 6, flags)),
           "  and itself, by mmu_update");
    report(t, unpin(t, g, level), "  unpin the one");
    say_types(t, g, 7);
    (void)unpin(t, g, 6);
    say_types(t, g, 7);
}

void section_linear(struct test *t, unsigned int width)
{
    struct guest g;

    guest_new(t, &g, width, 8);
    for (unsigned int level = 2; level <= root_level(&g); level++) {
        linear(t, &g, level, good_flags(&g, level), "writable");
        linear(t, &g, level, good_flags(&g, level) & ~RW, "read-only");
    }
    guest_end(t, &g);
}
