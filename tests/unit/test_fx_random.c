/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random operations on random tables; after each one all counts are computed
 * from scratch and compared.
 */
#include "machine/frames.h"
#include "test_fx.h"

#include <stdio.h>

#define WORLDS     40
#define OPERATIONS 5000
#define USED       20 /* frames of each domain that take part */

struct chance {
    struct unit_random rnd;
    bool is_32bit;
    unsigned int done[16][2]; /* by operation: how often, and with success */
    unsigned int seen[FX_L4 + 1], linear, xens; /* frames, step by step */
};

/* What the operations bring about, for whoever asks (UNIT_VERBOSE). */
static void look(struct chance *c)
{
    for (unsigned int n = 0; n < USED; n++) {
        const struct fx_frame *frame = &world.host.frames[n];
        enum fx_type type = FX_T_TYPE(frame->type);

        if (type > FX_L4)
            continue;
        c->seen[type]++;
        c->linear += type != FX_NONE && frame->linear > 0;
        c->xens += (frame->type & FX_T_PAE_XEN_L2) != 0;
    }
}

static void tell(const struct chance *c, unsigned int operations)
{
    for (unsigned int n = 0; n < operations; n++)
        printf("%u: %u refused, %u done\n", n, c->done[n][0], c->done[n][1]);
    printf("L1 %u L2 %u L3 %u L4 %u, linear %u, Xen's L2 %u\n", c->seen[FX_L1],
           c->seen[FX_L2], c->seen[FX_L3], c->seen[FX_L4], c->linear, c->xens);
}

/* A frame of the guest's; now and then another's, or none. */
static uint64_t any_frame(struct chance *c)
{
    if (unit_once_in(&c->rnd, 40))
        return fx_world_mfn(FX_FRAMES / 2 +
                            (unsigned int)unit_below(&c->rnd, 2));
    if (unit_once_in(&c->rnd, 100))
        return 0x80000 + unit_below(&c->rnd, 2);
    return fx_world_mfn((unsigned int)unit_below(&c->rnd, USED));
}

/* Frames tend to be of one level: by number, L1 are the most. */
static unsigned int likely_level(uint64_t mfn)
{
    static const unsigned int levels[USED] = {1, 1, 1, 1, 2, 2, 2, 2, 3, 3,
                                              3, 4, 4, 0, 0, 0, 0, 0, 0, 0};

    return mfn - FX_LOW < USED ? levels[mfn - FX_LOW] : 0;
}

static uint64_t frame_of_level(struct chance *c, unsigned int level)
{
    uint64_t mfn = any_frame(c);

    for (unsigned int i = 0; i < 50 && likely_level(mfn) != level; i++)
        mfn = any_frame(c);
    return mfn;
}

static uint64_t any_entry(struct chance *c, unsigned int level)
{
    static const uint64_t odd[] = {8,
                                   0x10,
                                   0x80,
                                   0x100,
                                   UINT64_C(1) << 52,
                                   UINT64_C(1) << 62,
                                   UINT64_C(1) << 63};
    uint64_t flags = unit_below(&c->rnd, 8) ? 1 : 0, mfn;

    if (unit_once_in(&c->rnd, 12))
        mfn = any_frame(c);
    else if (unit_once_in(&c->rnd, 8))
        mfn = frame_of_level(c, level);
    else
        mfn = frame_of_level(c, level - 1);
    if (!unit_once_in(&c->rnd, 3))
        flags |= 2;
    flags |= unit_below(&c->rnd, 2) << 2 | unit_below(&c->rnd, 4) << 5;
    if (level == 3 && c->is_32bit)
        flags &= ~UINT64_C(2);
    if (unit_once_in(&c->rnd, 60))
        flags |= UNIT_ONE_OF(&c->rnd, odd);
    return mfn << 12 | flags;
}

static unsigned int any_slot(struct chance *c)
{
    static const unsigned int slots[] = {0,   1,   2,   3,   3,   3,   4,  255,
                                         256, 258, 271, 272, 427, 428, 511};

    return UNIT_ONE_OF(&c->rnd, slots);
}

/* New contents, where nothing relies on the old ones. */
static bool do_write(struct chance *c)
{
    uint64_t mfn = fx_world_mfn((unsigned int)unit_below(&c->rnd, USED));
    unsigned int level = likely_level(mfn);
    uint64_t entries = unit_below(&c->rnd, 5);

    if (fx_frame(&world.host, mfn)->type & FX_T_COUNT_MASK || !level)
        return false;
    memset(fx_world_page(mfn), 0, FX_PAGE_SIZE);
    for (uint64_t i = 0; i < entries; i++)
        fx_world_page(mfn)[any_slot(c)] = any_entry(c, level);
    if (level == 3 && c->is_32bit && !unit_once_in(&c->rnd, 8))
        fx_world_page(mfn)[3] = frame_of_level(c, 2) << 12 | 1;
    return true;
}

static unsigned int any_level(struct chance *c, uint64_t mfn)
{
    unsigned int level = likely_level(mfn);

    return level && !unit_once_in(&c->rnd, 12)
               ? level
               : 1 + (unsigned int)unit_below(&c->rnd, 4);
}

static bool do_pin(struct chance *c)
{
    uint64_t mfn = any_frame(c);
    unsigned int level = any_level(c, mfn);
    struct fx_domain *guest = fx_world_domain(FX_GUEST);

    if (fx_pin(&world.host, guest, mfn, level))
        return false;
    if (level != 4 || !c->is_32bit)
        world.pinned[fx_world_index(mfn)] = true;
    return true;
}

static bool do_unpin(struct chance *c)
{
    uint64_t mfn = any_frame(c);
    struct fx_domain *guest = fx_world_domain(FX_GUEST);

    if (fx_unpin(&world.host, guest, mfn))
        return false;
    world.pinned[fx_world_index(mfn)] = false;
    return true;
}

static bool do_update(struct chance *c)
{
    uint64_t mfn = any_frame(c);
    unsigned int level = any_level(c, mfn);
    mmu_update_t request = {mfn << 12 | any_slot(c) * 8, any_entry(c, level)};
    uint32_t owner = unit_once_in(&c->rnd, 30) ? DOMID_SELF : FX_GUEST;
    uint64_t arg[5] = {(uintptr_t)&request, 1, 0, (FX_GUEST + 1) << 16 | owner};

    request.ptr |= unit_below(&c->rnd, 4) ? 0 : MMU_PT_UPDATE_PRESERVE_AD;
    return !fx_mmu_update_op(&world.caller, arg);
}

static unsigned int held(void)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < FX_HOLDS; i++)
        n += world.hold[i].mfn != 0;
    return n;
}

static bool do_hold(struct chance *c)
{
    static const enum fx_type types[] = {FX_NONE, FX_WRITABLE, FX_SEG_DESC,
                                         FX_L3, FX_L4};
    enum fx_type type = UNIT_ONE_OF(&c->rnd, types);
    uint64_t mfn = any_frame(c);
    struct fx_domain *guest = fx_world_domain(FX_GUEST);
    int rc;

    if (held() == FX_HOLDS)
        return false;
    if (type == FX_SEG_DESC) {
        rc = fx_get_page_and_type(&world.host, mfn, FX_GUEST, type, 0);
    } else if (type == FX_L3 || type == FX_L4) {
        type = c->is_32bit ? FX_L3 : FX_L4;
        rc = fx_get_root(&world.host, guest, mfn);
    } else {
        rc = fx_get_mapping(&world.host, 0, FX_GUEST, mfn, type != FX_NONE);
    }
    if (!rc)
        fx_world_hold(mfn, type);
    return !rc;
}

static void let_go(struct fx_hold hold)
{
    if (hold.type == FX_NONE)
        fx_put_page(&world.host, hold.mfn);
    else
        fx_put_page_and_type(&world.host, hold.mfn);
    fx_world_let_go(hold.mfn, hold.type);
}

static bool do_let_go(struct chance *c)
{
    struct fx_hold hold = world.hold[unit_below(&c->rnd, FX_HOLDS)];

    if (!hold.mfn)
        return false;
    let_go(hold);
    return true;
}

/* Memory that the guest gives back, and gets again. */
static bool do_balloon(struct chance *c)
{
    unsigned int n = (unsigned int)unit_below(&c->rnd, USED);
    uint64_t mfn = fx_world_mfn(n);

    if (!unit_once_in(&c->rnd, 8))
        return false;
    if (world.allocated[n])
        fx_world_give_back(mfn);
    else if (!fx_frame(&world.host, mfn)->refs)
        fx_world_populate(mfn, FX_GUEST);
    return true;
}

static bool (*const operations[])(struct chance *) = {
    do_write,  do_write,  do_write, do_pin,    do_unpin,  do_update,
    do_update, do_update, do_hold,  do_let_go, do_let_go, do_balloon};

#define NR_OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* All goes; what is left is an error. */
static void end(struct chance *c)
{
    for (unsigned int i = 0; i < FX_HOLDS; i++)
        if (world.hold[i].mfn)
            let_go(world.hold[i]);
    for (uint32_t id = FX_GUEST; id <= FX_OTHER; id++) {
        fx_world_domain(id)->dying = true;
        fx_relinquish(&world.host, fx_world_domain(id));
    }
    for (unsigned int n = 0; n < 2 * FX_FRAMES; n++) {
        const struct fx_frame *frame = fx_frame(&world.host, fx_world_mfn(n));

        UNIT_CHECK_EQ(&c->rnd, frame->refs, 0);
        UNIT_CHECK_EQ(&c->rnd, frame->type, 0);
    }
    UNIT_CHECK_EQ(&c->rnd, fx_world_domain(FX_GUEST)->tot_pages, 0);
}

START_TEST(random_operations)
{
    struct chance c = {.rnd = unit_random_case((uint64_t)_i),
                       .is_32bit = _i % 2};

    fx_world_new(c.is_32bit, _i % 4 < 2 ? FX_STOCK : FX_PATCHED);
    for (unsigned int i = 0; i < OPERATIONS; i++) {
        uint64_t n = unit_below(&c.rnd, NR_OPERATIONS);
        bool success = operations[n](&c);
        const char *why = fx_world_check();

        c.done[n][success]++;
        look(&c);
        if (why)
            ck_abort_msg("UNIT_SEED=%#" PRIx64 ": step %u, operation %u: %s",
                         c.rnd.seed, i, (unsigned int)n, why);
    }
    if (getenv("UNIT_VERBOSE"))
        tell(&c, NR_OPERATIONS);
    end(&c);
    fx_world_free();
}
END_TEST

TCase *test_fx_random(void)
{
    TCase *tc = tcase_create("random");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, random_operations, 0, WORLDS);
    return tc;
}
