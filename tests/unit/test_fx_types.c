/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fakexen's page types, rule by rule: what is refused and with which errno, and
 * that a refusal leaves nothing behind.  The numbers are Xen 4.17's.
 */
#include "machine/frames.h"
#include "test_fx.h"
#include "xen_versions.h"

#include <errno.h>

#include <xen/domctl.h>

#define P    UINT64_C(1)
#define RW   UINT64_C(2)
#define US   UINT64_C(4)
#define AD   UINT64_C(0x60)
#define GLB  UINT64_C(0x100)
#define GK   (UINT64_C(1) << 52)
#define NX   (UINT64_C(1) << 63)
#define ADDR UINT64_C(0x000ffffffffff000)

/* Frames by what the tests use them for. */
#define OWN(n)   fx_world_mfn(n)
#define HIGH(n)  fx_world_mfn(FX_FRAMES + (n))
#define OTHER(n) fx_world_mfn(FX_FRAMES / 2 + (n))

static bool is_32bit(void)
{
    return fx_world_domain(FX_GUEST)->is_32bit;
}

static unsigned int root_level(void)
{
    return is_32bit() ? 3 : 4;
}

static void ok(void)
{
    const char *why = fx_world_check();

    if (why)
        ck_abort_msg("%s", why);
}

static uint64_t entry(uint64_t mfn, uint64_t flags)
{
    return mfn << 12 | flags;
}

static void set(uint64_t mfn, unsigned int slot, uint64_t value)
{
    fx_world_page(mfn)[slot] = value;
}

static uint64_t get(uint64_t mfn, unsigned int slot)
{
    return fx_world_page(mfn)[slot];
}

static int ext(unsigned int command, uint64_t mfn, uint32_t domid)
{
    struct mmuext_op op = {.cmd = command, .arg1.mfn = mfn};
    uint64_t arg[5] = {(uintptr_t)&op, 1, 0, domid};

    return (int)fx_mmuext_op(&world.caller, arg);
}

static int pin(uint64_t mfn, unsigned int level)
{
    int rc = ext(MMUEXT_PIN_L1_TABLE + level - 1, mfn, FX_GUEST);

    if (!rc)
        world.pinned[fx_world_index(mfn)] = true;
    ok();
    return rc;
}

static int unpin(uint64_t mfn)
{
    int rc = ext(MMUEXT_UNPIN_TABLE, mfn, FX_GUEST);

    if (!rc)
        world.pinned[fx_world_index(mfn)] = false;
    ok();
    return rc;
}

/* In FX_GUEST's tables, for frames of `owner`'s. */
static int call_update(uint32_t owner, uint64_t address, uint64_t value)
{
    mmu_update_t request = {address, value};
    uint64_t arg[5] = {(uintptr_t)&request, 1, 0, (FX_GUEST + 1) << 16 | owner};

    return (int)fx_mmu_update_op(&world.caller, arg);
}

static int update_for(uint32_t owner, uint64_t address, uint64_t value)
{
    int rc = call_update(owner, address, value);

    ok();
    return rc;
}

static int update(uint64_t mfn, unsigned int slot, uint64_t value)
{
    return update_for(FX_GUEST, mfn << 12 | slot * 8, value);
}

static uint32_t type_of(uint64_t mfn)
{
    return fx_pfinfo(&world.host, fx_world_domain(FX_GUEST), mfn);
}

static uint32_t types_of(uint64_t mfn)
{
    return fx_frame(&world.host, mfn)->type & FX_T_COUNT_MASK;
}

/* A tree with one table a level: OWN(4) the root (or OWN(3)), OWN(1) the L1,
 * which maps OWN(10). A 32-bit one hangs in slot 3. */
static uint64_t plant(void)
{
    set(OWN(1), 7, entry(OWN(10), P | RW));
    set(OWN(2), 5, entry(OWN(1), P | RW | US));
    set(OWN(3), 3, entry(OWN(2), P | (is_32bit() ? 0 : RW)));
    set(OWN(4), 2, entry(OWN(3), P | RW | US));
    return OWN(root_level());
}

static void setup32(void)
{
    fx_world_new(true, FX_STOCK);
}

static void setup64(void)
{
    fx_world_new(false, FX_STOCK);
}

static void setup_patched(void)
{
    fx_world_new(true, FX_PATCHED);
}

/* Everything goes: no count, no page is left. */
static void teardown(void)
{
    for (uint32_t id = FX_GUEST; id <= FX_OTHER; id++)
        fx_world_domain(id)->dying = true;
    for (unsigned int i = 0; i < FX_HOLDS; i++) {
        uint64_t mfn = world.hold[i].mfn;

        if (mfn && world.hold[i].type != FX_NONE)
            fx_put_type(&world.host, mfn);
        if (mfn)
            fx_put_page(&world.host, mfn);
    }
    fx_relinquish(&world.host, fx_world_domain(FX_GUEST));
    fx_relinquish(&world.host, fx_world_domain(FX_OTHER));
    for (unsigned int n = 0; n < 2 * FX_FRAMES; n++) {
        const struct fx_frame *frame = fx_frame(&world.host, fx_world_mfn(n));

        if (!(frame->flags & FX_F_XENHEAP))
            ck_assert_uint_eq(frame->refs | frame->type, 0);
    }
    ck_assert_uint_eq(fx_world_domain(FX_GUEST)->tot_pages, 0);
    ck_assert_uint_eq(fx_world_domain(FX_OTHER)->tot_pages, 0);
    fx_world_free();
}

/* Which single bits an entry of a level must not have. */
static uint64_t refused_bits(unsigned int level)
{
    if (level == 1)
        return UINT64_C(0x4000000000000098);
    return level == 3 && is_32bit() ? UINT64_C(0xfff0000000000198)
                                    : UINT64_C(0x198);
}

/* The table of that level in plant()'s tree, and its slot there. */
static const unsigned int tree_slot[] = {0, 7, 5, 3, 2};

START_TEST(flags_at_promotion)
{
    uint64_t root = plant(), good;

    for (unsigned int level = 1; level <= root_level(); level++) {
        good = get(OWN(level), tree_slot[level]);
        for (unsigned int bit = 1; bit < 64; bit++) {
            uint64_t flag = UINT64_C(1) << bit;
            int wanted = flag & refused_bits(level) ? -EINVAL : 0;

            if (flag & ADDR)
                continue;
            set(OWN(level), tree_slot[level], good | flag);
            ck_assert_int_eq(pin(root, root_level()), wanted);
            ck_assert_int_eq(unpin(root), wanted);
            set(OWN(level), tree_slot[level], good);
        }
    }
}
END_TEST

START_TEST(flags_of_an_update)
{
    uint64_t root = plant();

    ck_assert_int_eq(pin(root, root_level()), 0);
    for (unsigned int level = 1; level <= root_level(); level++)
        for (unsigned int bit = 1; bit < 64; bit++) {
            uint64_t flag = UINT64_C(1) << bit;
            uint64_t was = get(OWN(level), tree_slot[level]);
            int wanted = flag & refused_bits(level) ? -EINVAL : 0;

            if (flag & ADDR || (level == 3 && is_32bit()))
                continue;
            ck_assert_int_eq(
                update(OWN(level), tree_slot[level], (was & ADDR) | P | flag),
                wanted);
            if (wanted)
                ck_assert_uint_eq(get(OWN(level), tree_slot[level]), was);
        }
}
END_TEST

START_TEST(adjusted_64)
{
    uint64_t root = plant();

    set(OWN(1), 8, entry(OWN(11), P | US));
    set(OWN(1), 9, entry(OWN(11), 0));
    set(OWN(1), 11, entry(OWN(11), P | US | GK | GLB));
    set(OWN(2), 5, entry(OWN(1), P));
    set(OWN(3), 3, entry(OWN(2), P));
    set(OWN(4), 2, entry(OWN(3), P));
    ck_assert_int_eq(pin(root, 4), 0);
    /* A page of the kernel's; one of the user's; none; one that is both. */
    ck_assert_uint_eq(get(OWN(1), 7), entry(OWN(10), P | RW | US | GK));
    ck_assert_uint_eq(get(OWN(1), 8), entry(OWN(11), P | US | GLB));
    ck_assert_uint_eq(get(OWN(1), 9), entry(OWN(11), 0));
    ck_assert_uint_eq(get(OWN(1), 11), entry(OWN(11), P | US | GK | GLB));
    ck_assert_uint_eq(get(OWN(2), 5), entry(OWN(1), P | US));
    ck_assert_uint_eq(get(OWN(3), 3), entry(OWN(2), P | US));
    ck_assert_uint_eq(get(OWN(4), 2), entry(OWN(3), P | US | 0x20));
    ck_assert_int_eq(unpin(root), 0);
    ck_assert_uint_eq(get(OWN(3), 3), entry(OWN(2), P | US));
}
END_TEST

START_TEST(adjusted_32)
{
    uint64_t root = plant();

    set(OWN(3), 0, 0x26); /* not present: left alone */
    set(OWN(3), 4, 0x1234);
    set(OWN(3), 511, entry(OWN(2), P));
    ck_assert_int_eq(pin(root, 3), 0);
    ck_assert_uint_eq(get(OWN(1), 7), entry(OWN(10), P | RW));
    ck_assert_uint_eq(get(OWN(2), 5), entry(OWN(1), P | RW | US));
    ck_assert_uint_eq(get(OWN(3), 3), entry(OWN(2), P | RW | US));
    ck_assert_uint_eq(get(OWN(3), 4) | get(OWN(3), 511), 0);
    set(OWN(3), 3, get(OWN(3), 3) | 0x20); /* as the CPU does */
    ck_assert_int_eq(unpin(root), 0);
    ck_assert_uint_eq(get(OWN(3), 3), entry(OWN(2), P));
    ck_assert_uint_eq(get(OWN(3), 0), 0x26);
}
END_TEST

START_TEST(what_an_l1_maps)
{
    const struct {
        uint64_t entry;
        int wanted;
    } cases[] = {
        {entry(OWN(10), P), 0},
        {entry(OWN(10), P | RW), 0},
        {entry(OWN(1), P), 0},           /* itself, to read */
        {entry(OWN(1), P | RW), -EBUSY}, /* ... to write */
        {entry(OWN(2), P), 0},
        {entry(OWN(2), P | RW), -EBUSY}, /* another table */
        {entry(OWN(12), P | RW), 0},     /* shared_info */
        {entry(OWN(16), P), -EBUSY},     /* free */
        {entry(OWN(14), P), -EBUSY},     /* Xen's */
        {entry(OTHER(0), P), -EBUSY},    /* another domain's */
        {entry(OWN(15), P), -EPERM},     /* free, but below 1 MiB */
        {entry(0x20, P), -EPERM},        /* I/O */
        {entry(0x80000, P), -EPERM},
        {ADDR | P, -EINVAL},
        {entry(fx_m2p_mfn(world.host.super), P), -EBUSY},
        {entry(fx_m2p_mfn(world.host.super) - 1, P), -EPERM},
        {entry(fx_compat_m2p_mfn(world.host.super) + 1535, P), -EBUSY},
        {entry(fx_compat_m2p_mfn(world.host.super) + 1536, P), -EPERM},
    };
    struct fx_frame *shared = fx_frame(&world.host, OWN(12));

    shared->flags |= FX_F_XENHEAP;
    shared->type = FX_T_MAKE(FX_WRITABLE) | FX_T_VALIDATED | 1;
    fx_world_domain(FX_GUEST)->tot_pages--;
    shared->refs++;
    fx_world_hold(OWN(12), FX_WRITABLE);
    fx_world_give_back(OWN(15));
    fx_world_give_back(OWN(16));
    fx_frame(&world.host, OWN(14))->owner = (uint16_t)DOMID_XEN;
    fx_frame(&world.host, OWN(14))->flags |= FX_F_XENHEAP;
    fx_world_domain(FX_GUEST)->tot_pages--;
    ck_assert_int_eq(pin(OWN(2), 1), 0);
    for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        memset(fx_world_page(OWN(1)), 0, 4096);
        set(OWN(1), 500, entry(OWN(11), P | RW)); /* before it in no order */
        set(OWN(1), 3, entry(OWN(11), P | RW));
        set(OWN(1), 100, cases[i].entry);
        ck_assert_int_eq(pin(OWN(1), 1), cases[i].wanted);
        if (!cases[i].wanted)
            ck_assert_int_eq(unpin(OWN(1)), 0);
        ck_assert_uint_eq(types_of(OWN(11)), 0);
        set(OWN(1), 100, 0);
        ck_assert_int_eq(pin(OWN(1), 1), 0);
        ck_assert_int_eq(update(OWN(1), 100, cases[i].entry), cases[i].wanted);
        ck_assert_int_eq(unpin(OWN(1)), 0);
    }
    fx_world_let_go(OWN(12), FX_WRITABLE);
}
END_TEST

START_TEST(a_tree_from_its_root)
{
    uint64_t root = plant();
    uint32_t levels = root_level();

    ck_assert_int_eq(pin(root, levels), 0);
    for (unsigned int level = 1; level <= levels; level++)
        ck_assert_uint_eq(
            type_of(OWN(level)),
            level << 28 | (level == levels ? XEN_DOMCTL_PFINFO_LPINTAB : 0));
    ck_assert_uint_eq(type_of(OWN(10)), XEN_DOMCTL_PFINFO_NOTAB);
    ck_assert_int_eq(unpin(root), 0);
    for (unsigned int level = 1; level <= levels; level++)
        ck_assert_uint_eq(type_of(OWN(level)), XEN_DOMCTL_PFINFO_NOTAB);
}
END_TEST

/* As domwright pins: all L1, the root, then the L1 are let go. */
START_TEST(a_tree_from_its_leaves)
{
    uint64_t root = plant();

    ck_assert_int_eq(pin(OWN(1), 1), 0);
    ck_assert_int_eq(pin(root, root_level()), 0);
    ck_assert_uint_eq(types_of(OWN(1)), 2);
    ck_assert_int_eq(unpin(OWN(1)), 0);
    ck_assert_uint_eq(type_of(OWN(1)), XEN_DOMCTL_PFINFO_L1TAB);
    ck_assert_int_eq(unpin(root), 0);
}
END_TEST

START_TEST(pins)
{
    ck_assert_int_eq(unpin(OWN(1)), -EINVAL);
    ck_assert_int_eq(pin(OWN(1), 1), 0);
    ck_assert_int_eq(pin(OWN(1), 1), -EINVAL);
    ck_assert_int_eq(pin(OWN(1), 2), -EINVAL);
    ck_assert_int_eq(unpin(OWN(1)), 0);
    ck_assert_int_eq(pin(OWN(1), 2), 0);
    ck_assert_int_eq(pin(OTHER(1), 1), -EINVAL);
    ck_assert_int_eq(unpin(OTHER(1)), -EINVAL);
    ck_assert_int_eq(pin(5, 1), -EINVAL);
    ck_assert_int_eq(pin(UINT64_MAX, 1), -EINVAL);
    fx_world_give_back(OWN(20));
    ck_assert_int_eq(pin(OWN(20), 1), -EINVAL);
    /* A pin on a dying domain's is dropped at once. */
    fx_world_domain(FX_GUEST)->dying = true;
    ck_assert_int_eq(ext(MMUEXT_PIN_L1_TABLE, OWN(6), FX_GUEST), 0);
    ok();
    fx_world_domain(FX_GUEST)->dying = false;
}
END_TEST

START_TEST(an_l4_of_a_32bit_guest)
{
    ck_assert_int_eq(ext(MMUEXT_PIN_L4_TABLE, OWN(1), FX_GUEST), 0);
    ck_assert_int_eq(ext(MMUEXT_PIN_L4_TABLE, 5, FX_GUEST), 0);
    ok();
}
END_TEST

/* An L2 that fails in its second table gives the first one back. */
START_TEST(failure_half_way)
{
    uint64_t root = plant();

    set(OWN(2), 6, entry(OWN(5), P));
    set(OWN(5), 0, entry(OWN(11), P));
    set(OWN(5), 1, entry(OTHER(0), P));
    ck_assert_int_eq(pin(root, root_level()), -EBUSY);
    ck_assert_int_eq(pin(OWN(2), 2), -EBUSY);
    ck_assert_uint_eq(type_of(OWN(1)), XEN_DOMCTL_PFINFO_NOTAB);
    set(OWN(5), 1, entry(0x80000, P));
    ck_assert_int_eq(pin(root, root_level()), -EPERM);
    set(OWN(5), 1, 0);
    ck_assert_int_eq(pin(root, root_level()), 0);
}
END_TEST

/* Slots up to the bad one lose their flags; that itself only where its L2 had
 * come further than its first slot. */
START_TEST(flags_after_a_failure)
{
    uint64_t root = plant(), flags = P | RW | US;
    unsigned int bad_l3 = 1 + (unsigned int)_i / 2,
                 bad_l2 = (unsigned int)_i % 2;

    for (unsigned int i = 0; i < 3; i++)
        set(OWN(3), i, entry(OWN(5 + i), flags));
    set(OWN(5 + bad_l3), bad_l2, entry(0x80000, P));
    ck_assert_int_eq(pin(root, 3), -EINVAL);
    for (unsigned int i = 0; i < 3; i++)
        ck_assert_uint_eq(get(OWN(3), i),
                          entry(OWN(5 + i), i < bad_l3 + bad_l2 ? P : flags));
}
END_TEST

START_TEST(pae_slot_3)
{
    uint64_t root = plant();

    set(OWN(3), 3, 0);
    ck_assert_int_eq(pin(root, 3), -EINVAL);
    set(OWN(3), 3, entry(OWN(2), P));
    set(OWN(3), 0, entry(OWN(2), P)); /* in two slots */
    ck_assert_int_eq(pin(root, 3), -EINVAL);
    ck_assert_uint_eq(get(OWN(3), 0), entry(OWN(2), P)); /* as it was */
    set(OWN(3), 0, 0);
    ck_assert_int_eq(pin(OWN(2), 2), 0);
    ck_assert_int_eq(pin(root, 3), -EINVAL); /* pinned as an ordinary L2 */
    ck_assert_int_eq(unpin(OWN(2)), 0);
    ck_assert_int_eq(pin(root, 3), 0);
    ck_assert_int_eq(pin(OWN(2), 2), -EINVAL);
    set(OWN(6), 3, entry(OWN(2), P)); /* in two roots */
    ck_assert_int_eq(pin(OWN(6), 3), -EINVAL);
    ck_assert_uint_eq(types_of(OWN(2)), 1);
    ck_assert_int_eq(update(OWN(3), 3, 0), -EINVAL);
    ck_assert_int_eq(update(OWN(3), 3, get(OWN(3), 3)), -EINVAL);
    ck_assert_int_eq(update(OWN(3), 4, 0), -EINVAL);
    ck_assert_int_eq(update(OWN(3), 0, entry(OWN(2), P)), -EINVAL);
    ck_assert_int_eq(update(OWN(3), 0, entry(OWN(7), P)), 0);
    ck_assert_uint_eq(get(OWN(3), 0), entry(OWN(7), P | RW | US));
    ck_assert_int_eq(unpin(root), 0);
    /* An ordinary one again, once Xen's superpages are out of it. */
    ck_assert_int_eq(pin(OWN(2), 2), -EINVAL);
    memset(fx_world_page(OWN(2)) + 428, 0, 84 * sizeof(uint64_t));
    ck_assert_int_eq(pin(OWN(2), 2), 0);
}
END_TEST

START_TEST(pae_m2p)
{
    uint64_t root = plant(), first = get(OWN(2), 427);

    set(OWN(2), 428, entry(OTHER(0), P)); /* Xen's: not looked at */
    set(OWN(2), 511, ~UINT64_C(0));
    set(OWN(3), 0, 0x10); /* behind the L2 in memory */
    ck_assert_int_eq(pin(root, 3), 0);
    ck_assert_uint_eq(get(OWN(3), 0), 0x10);
    ck_assert_uint_eq(get(OWN(2), 427), first);
    ck_assert_uint_eq(get(OWN(2), 428) >> 12,
                      fx_compat_m2p_mfn(world.host.super));
    ck_assert_uint_eq(get(OWN(2), 428) & 0xfff, 0x81);
    /* 0x100040 frames, 4 bytes each, in 2 MiB. */
    ck_assert_uint_eq(get(OWN(2), 430) >> 12,
                      fx_compat_m2p_mfn(world.host.super) + 1024);
    ck_assert_uint_eq(get(OWN(2), 431), 0);
    ck_assert_uint_eq(get(OWN(2), 511), 0);
    ck_assert_int_eq(update(OWN(2), 428, 0), -EPERM);
    ck_assert_int_eq(update(OWN(2), 511, 0), -EPERM);
    ck_assert_int_eq(update(OWN(2), 427, 0), 0);
}
END_TEST

START_TEST(an_l2_elsewhere_has_no_m2p)
{
    set(OWN(2), 428, entry(OWN(1), P));
    ck_assert_int_eq(pin(OWN(2), 2), 0);
    ck_assert_uint_eq(get(OWN(2), 428) & ~US, entry(OWN(1), P));
    ck_assert_int_eq(update(OWN(2), 511, entry(OWN(1), P)), 0);
}
END_TEST

START_TEST(l4_slots)
{
    uint64_t root = plant();

    for (unsigned int i = 256; i < 272; i++)
        set(root, i, entry(OTHER(0), 0xfff));
    set(root, 255, entry(OWN(3), P));
    set(root, 272, entry(OWN(3), P));
    ck_assert_int_eq(pin(root, 4), 0);
    ck_assert_uint_eq(types_of(OWN(3)), 3);
    for (unsigned int i = 256; i < 272; i++) {
        ck_assert_uint_ne(get(root, i), entry(OTHER(0), 0xfff));
        ck_assert_int_eq(update(root, i, 0), -EINVAL);
    }
    ck_assert_uint_eq(get(root, 256), 0); /* without m2p_strict */
    ck_assert_uint_eq(get(root, 258) >> 12 & 0xffffffffff, root);
    ck_assert_uint_ne(get(root, 260), 0);
    ck_assert_uint_eq(get(root, 260) & 0xfff, 0x63);
    ck_assert_uint_eq(get(root, 261) & 0xfff, 0x63);
    ck_assert_uint_ne(get(root, 262), 0);
    ck_assert_uint_eq(get(root, 263), 0); /* less than 512 GiB */
    ck_assert_int_eq(update(root, 255, 0), 0);
    ck_assert_int_eq(update(root, 272, 0), 0);
    ck_assert_uint_eq(types_of(OWN(3)), 1);
}
END_TEST

/* All memory, 512 GiB a slot, as far as Xen's slots go. */
START_TEST(memory_in_l4)
{
    const uint64_t frames[] = {UINT64_C(1) << 27, UINT64_C(11) << 27};
    uint64_t was = world.host.super->nr_frames;

    for (unsigned int i = 0; i < 2; i++) {
        world.host.super->nr_frames = frames[i];
        set(OWN(4), 272, 0x10);
        ck_assert_int_eq(pin(OWN(4), 4), 0);
        ck_assert_uint_ne(get(OWN(4), 262), 0);
        ck_assert_uint_eq(get(OWN(4), 263) != 0, i);
        ck_assert_uint_eq(get(OWN(4), 271) != 0, i);
        ck_assert_uint_eq(get(OWN(4), 272), 0x10);
        ck_assert_int_eq(unpin(OWN(4)), 0);
    }
    world.host.super->nr_frames = was;
}
END_TEST

START_TEST(m2p_in_roots)
{
    struct fx_domain *guest = fx_world_domain(FX_GUEST);
    uint64_t root = plant();

    ck_assert_int_eq(fx_get_root(&world.host, guest, root), 0);
    ck_assert_uint_eq(get(root, 256) >> 12 & 0xffffffffff,
                      fx_m2p_mfn(world.host.super));
    ck_assert_int_eq(fx_get_user_root(&world.host, guest, root), 0);
    ck_assert_uint_ne(get(root, 256), 0);
    fx_put_root(&world.host, guest, root);
    fx_put_root(&world.host, guest, root);
    set(root, 256, 0);
    guest->vm_assist = UINT64_C(1) << VMASST_TYPE_m2p_strict;
    set(OTHER(0), 256, 77);
    ck_assert_int_eq(fx_get_user_root(&world.host, guest, OTHER(0)), -EINVAL);
    ck_assert_uint_eq(get(OTHER(0), 256), 77);
    ck_assert_int_eq(fx_get_root(&world.host, guest, root), 0);
    ck_assert_uint_ne(get(root, 256), 0); /* promotion */
    ck_assert_int_eq(fx_get_user_root(&world.host, guest, root), 0);
    ck_assert_uint_eq(get(root, 256), 0);
    fx_put_root(&world.host, guest, root);
    fx_put_root(&world.host, guest, root);
    ok();
}
END_TEST

START_TEST(roots)
{
    struct fx_domain *guest = fx_world_domain(FX_GUEST);
    uint64_t root = plant();
    enum fx_type type = is_32bit() ? FX_L3 : FX_L4;

    ck_assert_int_eq(fx_get_root(&world.host, guest, root), 0);
    fx_world_hold(root, type);
    ok();
    ck_assert_uint_eq(type_of(root), (uint32_t)root_level() << 28);
    ck_assert_int_eq(fx_get_root(&world.host, guest, OWN(2)), -EINVAL);
    ck_assert_int_eq(fx_get_root(&world.host, guest, OTHER(2)), -EINVAL);
    ck_assert_int_eq(fx_get_root(&world.host, guest, 1), -EINVAL);
    ok();
    ck_assert_int_eq(pin(root, root_level()), 0);
    ck_assert_int_eq(unpin(root), 0);
    fx_put_root(&world.host, guest, root);
    fx_world_let_go(root, type);
    ok();
    ck_assert_uint_eq(type_of(root), XEN_DOMCTL_PFINFO_NOTAB);
}
END_TEST

/* Xen allows tables that name their own level, read-only (its Kconfig's
 * PV_LINEAR_PT is on by default). */
START_TEST(linear_l2)
{
    set(OWN(1), 0, entry(OWN(10), P));
    set(OWN(2), 0, entry(OWN(1), P));
    set(OWN(2), 1, entry(OWN(2), P | RW)); /* itself, writable */
    ck_assert_int_eq(pin(OWN(2), 2), -EINVAL);
    set(OWN(2), 1, entry(OWN(2), P));
    ck_assert_int_eq(pin(OWN(2), 2), 0);
    ck_assert_uint_eq(types_of(OWN(2)), 1);
    /* Another's: only one that is validated. */
    set(OWN(5), 0, entry(OWN(6), P));
    set(OWN(6), 0, entry(OWN(1), P));
    ck_assert_int_eq(pin(OWN(6), 2), 0);
    ck_assert_int_eq(pin(OWN(5), 2), 0);
    ck_assert_uint_eq(types_of(OWN(6)), 2);
    ck_assert_int_eq(update(OWN(5), 1, entry(OWN(2), P)), 0);
    ck_assert_int_eq(update(OWN(5), 2, entry(OWN(2), P | RW)), -EINVAL);
    /* What has such entries cannot be named by one, nor the reverse. */
    ck_assert_int_eq(update(OWN(6), 1, entry(OWN(5), P)), -EINVAL);
    ck_assert_int_eq(update(OWN(6), 1, entry(OWN(2), P)), -EINVAL);
    set(OWN(7), 0, entry(OWN(5), P));
    ck_assert_int_eq(pin(OWN(7), 2), -EINVAL);
    /* The last use of a table may be such an entry. */
    ck_assert_int_eq(unpin(OWN(6)), 0);
    ck_assert_uint_eq(type_of(OWN(6)), XEN_DOMCTL_PFINFO_L2TAB);
    ck_assert_int_eq(update(OWN(5), 0, 0), 0);
    ck_assert_uint_eq(type_of(OWN(6)), XEN_DOMCTL_PFINFO_NOTAB);
    ck_assert_int_eq(update(OWN(5), 1, 0), 0);
    ck_assert_int_eq(pin(OWN(7), 2), 0);
}
END_TEST

START_TEST(linear_l3_l4)
{
    set(OWN(3), 0, entry(OWN(3), P));
    set(OWN(3), 3, entry(OWN(2), P));
    if (is_32bit()) {
        ck_assert_int_eq(pin(OWN(3), 3), -EINVAL);
        return;
    }
    ck_assert_int_eq(pin(OWN(3), 3), 0);
    set(OWN(4), 0, entry(OWN(3), P));
    set(OWN(4), 510, entry(OWN(4), P));
    ck_assert_int_eq(pin(OWN(4), 4), 0);
    ck_assert_int_eq(update(OWN(4), 511, entry(OWN(4), P | RW)), -EINVAL);
    set(OWN(5), 0, entry(OWN(4), P));
    ck_assert_int_eq(pin(OWN(5), 4), 0);
    ck_assert_uint_eq(types_of(OWN(4)), 2);
}
END_TEST

START_TEST(not_the_level_below)
{
    uint64_t root = plant();

    ck_assert_int_eq(pin(root, root_level()), 0);
    set(OWN(6), 0, entry(OWN(1), P)); /* an L3 for an L1 */
    ck_assert_int_eq(pin(OWN(6), 3), -EINVAL);
    set(OWN(6), 0, entry(OTHER(1), P));
    ck_assert_int_eq(pin(OWN(6), 2), -EINVAL);
    set(OWN(6), 0, entry(0x80000, P));
    ck_assert_int_eq(pin(OWN(6), 2), -EINVAL);
    set(OWN(6), 0, entry(OWN(11), P));
    ck_assert_int_eq(fx_get_mapping(&world.host, 0, FX_GUEST, OWN(11), true),
                     0);
    fx_world_hold(OWN(11), FX_WRITABLE);
    ck_assert_int_eq(pin(OWN(6), 2), -EINVAL); /* mapped writable */
    ck_assert_int_eq(pin(OWN(11), 1), -EINVAL);
}
END_TEST

START_TEST(updates)
{
    uint64_t root = plant();

    ck_assert_int_eq(pin(root, root_level()), 0);
    /* The old entry's references go, the new one's come. */
    ck_assert_int_eq(update(OWN(1), 7, entry(OWN(11), P | RW)), 0);
    ck_assert_uint_eq(types_of(OWN(10)), 0);
    ck_assert_uint_eq(types_of(OWN(11)), 1);
    ck_assert_int_eq(update(OWN(1), 7, entry(OWN(11), P)), 0);
    ck_assert_uint_eq(types_of(OWN(11)), 0);
    ck_assert_int_eq(update(OWN(1), 7, entry(OWN(1), P | RW)), -EBUSY);
    ck_assert_uint_eq(get(OWN(1), 7) & ADDR, OWN(11) << 12);
    ck_assert_int_eq(update(OWN(1), 7, 0xfff0fff0), 0); /* not present */
    ck_assert_uint_eq(get(OWN(1), 7), 0xfff0fff0);
    ck_assert_int_eq(update(OWN(2), 5, entry(OWN(12), P)), 0);
    ck_assert_uint_eq(type_of(OWN(1)), XEN_DOMCTL_PFINFO_NOTAB);
    ck_assert_uint_eq(type_of(OWN(12)), XEN_DOMCTL_PFINFO_L1TAB);
    /* Frames that are no tables are written to, whatever the value. */
    ck_assert_int_eq(update(OWN(20), 511, ~UINT64_C(0)), 0);
    ck_assert_uint_eq(get(OWN(20), 511), ~UINT64_C(0));
    ck_assert_uint_eq(type_of(OWN(20)), XEN_DOMCTL_PFINFO_NOTAB);
    ck_assert_int_eq(update(OTHER(3), 0, 0), -EINVAL);
    ck_assert_int_eq(update(0x80000, 0, 0), -EINVAL);
}
END_TEST

START_TEST(accessed_and_dirty)
{
    uint64_t at = OWN(1) << 12 | 7 * 8;

    plant();
    ck_assert_int_eq(pin(OWN(1), 1), 0);
    set(OWN(1), 7, get(OWN(1), 7) | AD);
    ck_assert_int_eq(update_for(FX_GUEST, at | MMU_PT_UPDATE_PRESERVE_AD,
                                entry(OWN(11), P | US)),
                     0);
    ck_assert_uint_eq(get(OWN(1), 7) & ~GLB, entry(OWN(11), P | US | AD));
    ck_assert_int_eq(update_for(FX_GUEST, at | MMU_PT_UPDATE_PRESERVE_AD,
                                entry(OWN(11), P | US | NX)),
                     0);
    ck_assert_uint_eq(get(OWN(1), 7) & ~GLB, entry(OWN(11), P | US | AD | NX));
    ck_assert_int_eq(update_for(FX_GUEST, at | MMU_PT_UPDATE_NO_TRANSLATE,
                                entry(OWN(11), P | US)),
                     0);
    ck_assert_uint_eq(get(OWN(1), 7) & ~GLB, entry(OWN(11), P | US));
}
END_TEST

START_TEST(other_domains_frames)
{
    uint64_t at = OWN(1) << 12;

    plant();
    ck_assert_int_eq(pin(OWN(2), 2), 0);
    ck_assert_int_eq(update(OWN(1), 0, entry(OTHER(0), P)), -EBUSY);
    /* The control domain hands on what it may map itself. */
    ck_assert_int_eq(update_for(FX_OTHER, at, entry(OTHER(0), P)), 0);
    ck_assert_int_eq(update_for(FX_OTHER, at, entry(OWN(10), P)), -EBUSY);
    ck_assert_int_eq(update_for(DOMID_SELF, at, entry(OTHER(0), P | RW)), 0);
    ck_assert_int_eq(update_for(DOMID_SELF, at, entry(0x80000, P)), -EPERM);
    ck_assert_int_eq(update_for(DOMID_IO, at, entry(0x80000, P)), -EPERM);
    ck_assert_int_eq(update_for(DOMID_IO, at, entry(OTHER(0), P)), -EBUSY);
    /* What an entry has, it keeps while only harmless flags change. */
    for (unsigned int bit = 0; bit < 64; bit++) {
        uint64_t flag = UINT64_C(1) << bit;

        if (flag & ADDR || (flag & refused_bits(1) && flag != 8))
            continue;
        ck_assert_int_eq(update(OWN(1), 0, get(OWN(1), 0) ^ flag),
                         bit == 3 ? -EINVAL : (bit == 1 ? -EBUSY : 0));
        ck_assert_int_eq(update_for(DOMID_SELF, at, entry(OTHER(0), P | RW)),
                         0);
    }
    /* ... but not what is free, or Xen's own. */
    fx_world_give_back(OTHER(5));
    ck_assert_int_eq(update_for(DOMID_SELF, at, entry(OTHER(5), P)), -EBUSY);
    fx_frame(&world.host, OTHER(6))->owner = (uint16_t)DOMID_XEN;
    fx_frame(&world.host, OTHER(6))->flags |= FX_F_XENHEAP;
    fx_world_domain(FX_OTHER)->tot_pages--;
    ck_assert_int_eq(update_for(DOMID_SELF, at, entry(OTHER(6), P)), -EBUSY);
    ck_assert_int_eq(update_for(DOMID_XEN, at, entry(OTHER(6), P)), -EBUSY);
    /* Tables are never shared. */
    ck_assert_int_eq(update_for(DOMID_SELF, OWN(2) << 12, 0), -EINVAL);
    ck_assert_int_eq(update_for(FX_OTHER, OWN(2) << 12, 0), -EINVAL);
}
END_TEST

START_TEST(mmu_update_call)
{
    mmu_update_t request[3] = {{OWN(1) << 12, 1}, {OWN(1) << 12 | 8, 2}};
    uint32_t done = 7;
    uint64_t arg[5] = {(uintptr_t)request, 3, (uintptr_t)&done,
                       (FX_GUEST + 1) << 16 | FX_GUEST};

    request[2].ptr = OWN(1) << 12 | 4; /* no such command */
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), -ENOSYS);
    ck_assert_uint_eq(done, 2);
    ck_assert_uint_eq(get(OWN(1), 1), 2);
    arg[1] = 2 | UINT64_C(1) << 31; /* the rest of a call */
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), 0);
    ck_assert_uint_eq(done, 4);
    arg[1] = 0;
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), 0);
    ck_assert_uint_eq(done, 0);
    arg[1] = 1;
    arg[0] = 8;
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), -EFAULT);
    arg[0] = (uintptr_t)request;
    arg[3] = 9; /* no such domain */
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), -ESRCH);
    arg[3] = 0; /* the caller by its number */
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), -ESRCH);
    done = 7;
    arg[3] = 9 << 16 | FX_GUEST;
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), -ESRCH);
    ck_assert_uint_eq(done, 7);
    fx_vcpu(&world.host, fx_world_domain(FX_GUEST), 0)->exists = false;
    arg[3] = (FX_GUEST + 1) << 16 | FX_GUEST;
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), -EINVAL);
    ck_assert_uint_eq(done, 0);
    fx_vcpu(&world.host, fx_world_domain(FX_GUEST), 0)->exists = true;
    arg[3] = FX_GUEST; /* tables of the control domain's, not the guest's */
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), -EINVAL);
    fx_world_give_back(OWN(1)); /* nor is what is free the control domain's */
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), -EINVAL);
    ok();
}
END_TEST

START_TEST(m2p_updates)
{
    mmu_update_t request = {OWN(9) << 12 | MMU_MACHPHYS_UPDATE, 1234};
    uint64_t arg[5] = {(uintptr_t)&request, 1, 0, FX_GUEST};

    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), 0);
    ck_assert_uint_eq(world.m2p_mfn, OWN(9));
    ck_assert_uint_eq(world.m2p_pfn, 1234);
    request.ptr = OTHER(0) << 12 | MMU_MACHPHYS_UPDATE;
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), -EINVAL);
    request.ptr = UINT64_C(0x80000) << 12 | MMU_MACHPHYS_UPDATE;
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), -EINVAL);
    arg[3] = (FX_GUEST + 1) << 16 | FX_GUEST;
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), -EPERM);
    ok();
}
END_TEST

START_TEST(mmuext_call)
{
    struct mmuext_op op[2] = {{.cmd = MMUEXT_PIN_L1_TABLE},
                              {.cmd = MMUEXT_PIN_L1_TABLE}};
    uint32_t done = 7;
    uint64_t arg[5] = {(uintptr_t)op, 2, (uintptr_t)&done, FX_GUEST};

    op[0].arg1.mfn = OWN(1);
    op[1].arg1.mfn = OWN(1);
    ck_assert_int_eq(fx_mmuext_op(&world.caller, arg), -EINVAL);
    ck_assert_uint_eq(done, 1);
    world.pinned[fx_world_index(OWN(1))] = true;
    ok();
    arg[3] = 9;
    ck_assert_int_eq(fx_mmuext_op(&world.caller, arg), -ESRCH);
    arg[3] = 0;
    ck_assert_int_eq(fx_mmuext_op(&world.caller, arg), -ESRCH);
    arg[0] = 8;
    arg[3] = FX_GUEST;
    ck_assert_int_eq(fx_mmuext_op(&world.caller, arg), -EFAULT);
    for (unsigned int i = MMUEXT_NEW_BASEPTR; i <= MMUEXT_NEW_USER_BASEPTR; i++)
        if (i != 14)
            ck_assert_int_eq(ext(i, OWN(2), FX_GUEST), -EPERM);
    ck_assert_int_eq(ext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, FX_GUEST), -EPERM);
    ck_assert_int_eq(ext(14, 0, FX_GUEST), -ENOSYS);
    ck_assert_int_eq(ext(99, 0, FX_GUEST), -ENOSYS);
    ck_assert_int_eq(ext(MMUEXT_MARK_SUPER, 0, FX_GUEST), -EOPNOTSUPP);
    ck_assert_int_eq(ext(MMUEXT_UNMARK_SUPER, 0, FX_GUEST), -EOPNOTSUPP);
    ck_assert_int_eq(ext(MMUEXT_PIN_L1_TABLE, OWN(2), DOMID_XEN), -EINVAL);
    ck_assert_int_eq(ext(MMUEXT_TLB_FLUSH_ALL, OWN(1), DOMID_SELF), 0);
    ck_assert_int_eq(ext(MMUEXT_NEW_USER_BASEPTR, OWN(1), DOMID_SELF), -EINVAL);
    ck_assert_int_eq(ext(MMUEXT_NEW_USER_BASEPTR, 0, DOMID_SELF), 0);
    ck_assert_int_eq(ext(MMUEXT_NEW_BASEPTR, OWN(1), DOMID_SELF), -EINVAL);
    ok();
}
END_TEST

START_TEST(clear_and_copy)
{
    struct mmuext_op op = {.cmd = MMUEXT_COPY_PAGE};
    uint64_t arg[5] = {(uintptr_t)&op, 1, 0, FX_GUEST};

    set(OWN(1), 3, entry(OWN(10), P));
    ck_assert_int_eq(pin(OWN(1), 1), 0);
    op.arg1.mfn = OWN(2);
    op.arg2.src_mfn = OWN(1);
    ck_assert_int_eq(fx_mmuext_op(&world.caller, arg), 0);
    ck_assert_uint_eq(get(OWN(2), 3), get(OWN(1), 3));
    op.arg1.mfn = OWN(1);
    op.arg2.src_mfn = OWN(2);
    ck_assert_int_eq(fx_mmuext_op(&world.caller, arg), -EINVAL);
    op.arg2.src_mfn = OTHER(2);
    ck_assert_int_eq(fx_mmuext_op(&world.caller, arg), -EINVAL);
    ck_assert_int_eq(ext(MMUEXT_CLEAR_PAGE, OWN(1), FX_GUEST), -EINVAL);
    ck_assert_int_eq(ext(MMUEXT_CLEAR_PAGE, OTHER(1), FX_GUEST), -EINVAL);
    ck_assert_int_eq(ext(MMUEXT_CLEAR_PAGE, OWN(2), FX_GUEST), 0);
    ck_assert_uint_eq(get(OWN(2), 3), 0);
    ok();
}
END_TEST

/* Descriptors are from the Intel SDM's figures; DPL is bits 45-46. */
START_TEST(descriptors)
{
    const struct {
        uint64_t before, after32, after64; /* 0: refused */
    } cases[] = {
        {0x0000123456789abc, 0x0000123456789abc, 0x0000123456789abc},
        {0x00cf9a000000ffff, 0x00cfba000000ffff, 0x00cffa000000ffff},
        {0x00cffa000000ffff, 0x00cffa000000ffff, 0x00cffa000000ffff},
        {0x00af9a000000ffff, 0, 0x00affa000000ffff},
        /* A flat segment up to 0xf6800000 is made one of 4 GiB. */
        {0x00cf9200000067ff, 0x00cfb2000000ffff, 0x00cff200000067ff},
        {0x00cb9200000067ff, 0x00cbb200000067ff, 0x00cbf200000067ff},
        {0x00cf9200000167ff, 0x00cfb200000167ff, 0x00cff200000167ff},
        {0x00cf9201000067ff, 0x00cfb201000067ff, 0x00cff201000067ff},
        {0x01cf9200000067ff, 0x01cfb200000067ff, 0x01cff200000067ff},
        {0x00cf9200000057ff, 0x00cfb200000057ff, 0x00cff200000057ff},
        {0x00cf920000005800, 0x00cfb2000000ffff, 0x00cff20000005800},
        {0x004f9200000067ff, 0x004fb200000067ff, 0x004ff200000067ff},
        {0x0000800000000000, 0x0000800000000000, 0x0000800000000000},
        {0x0000890000000000, 0, 0}, /* a TSS */
        {0x00008e0000080000, 0, 0}, /* an interrupt gate */
        {0x0000ec0000080000, 0x00008c00000b0000, 0x00008c00000b0000},
        {0x00008c0000080000, 0x00008c0000090000, 0x00008c00000b0000},
        {0x00008c00e0080000, 0, 0}, /* Xen's segment */
        {0x00008c00e0000000, 0, 0},
        {0x00008c00e0040000, 0x00008c00e0050000, 0x00008c00e0070000}, /* LDT */
        {0x00008c00e0190000, 0x00008c00e0190000, 0}, /* its flat ones */
        {0x00008c00e0330000, 0, 0x00008c00e0330000},
        {0x00008c1f00080000, 0x00008c1f00090000, 0}, /* reserved bits */
        {0x00008c2000080000, 0, 0},
    };

    set(OWN(2), 0, 0x0000890000000000); /* behind them in memory */
    for (unsigned int i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint64_t after = is_32bit() ? cases[i].after32 : cases[i].after64;

        set(OWN(1), 511, cases[i].before);
        ck_assert_int_eq(
            fx_get_page_and_type(&world.host, OWN(1), FX_GUEST, FX_SEG_DESC, 0),
            after ? 0 : -EINVAL);
        if (!after) {
            ok();
            continue;
        }
        fx_world_hold(OWN(1), FX_SEG_DESC);
        ok();
        ck_assert_uint_eq(get(OWN(1), 511), after);
        ck_assert_uint_eq(type_of(OWN(1)), XEN_DOMCTL_PFINFO_NOTAB);
        ck_assert_int_eq(pin(OWN(1), 1), -EINVAL);
        ck_assert_int_eq(update(OWN(1), 0, 0), -EINVAL);
        fx_put_page_and_type(&world.host, OWN(1));
        fx_world_let_go(OWN(1), FX_SEG_DESC);
        ok();
    }
}
END_TEST

START_TEST(mappings)
{
    uint64_t root = plant();

    ck_assert_int_eq(pin(root, root_level()), 0);
    ck_assert_int_eq(fx_get_mapping(&world.host, 0, FX_GUEST, OWN(1), true),
                     -EBUSY);
    ck_assert_int_eq(fx_get_mapping(&world.host, 0, FX_GUEST, OTHER(1), false),
                     -EBUSY);
    ck_assert_int_eq(fx_get_mapping(&world.host, 0, FX_GUEST, 0x80000, false),
                     -EPERM);
    ck_assert_int_eq(fx_get_mapping(&world.host, 0, FX_GUEST, OWN(1), false),
                     0);
    fx_world_hold(OWN(1), FX_NONE);
    ok();
    /* It outlives the guest's own use, and the guest's memory. */
    ck_assert_int_eq(unpin(root), 0);
    fx_world_give_back(OWN(1));
    ok();
    ck_assert_uint_eq(fx_frame(&world.host, OWN(1))->refs, 1);
}
END_TEST

START_TEST(what_pfinfo_says)
{
    struct fx_frame *shared = fx_frame(&world.host, OWN(2));

    ck_assert_uint_eq(type_of(OWN(1)), XEN_DOMCTL_PFINFO_NOTAB);
    ck_assert_uint_eq(type_of(OTHER(1)), XEN_DOMCTL_PFINFO_XTAB);
    ck_assert_uint_eq(type_of(0x80000), XEN_DOMCTL_PFINFO_XTAB);
    shared->flags |= FX_F_XENHEAP;
    ck_assert_uint_eq(type_of(OWN(2)), XEN_DOMCTL_PFINFO_XTAB);
    shared->flags &= (uint16_t)~FX_F_XENHEAP;
    fx_world_give_back(OWN(3));
    ck_assert_uint_eq(type_of(OWN(3)), XEN_DOMCTL_PFINFO_XTAB);
}
END_TEST

START_TEST(the_log_of_dirty_frames)
{
    struct fx_domain *guest = fx_world_domain(FX_GUEST);
    mmu_update_t request = {OWN(13) << 12 | MMU_MACHPHYS_UPDATE, 1234};
    uint64_t arg[5] = {(uintptr_t)&request, 1, 0, FX_GUEST};

    guest->log_dirty = true;
    ck_assert_int_eq(pin(OWN(1), 1), 0);
    ck_assert_uint_eq(guest->dirty_pages, 1);
    ck_assert_int_eq(update(OWN(2), 0, 1), 0);
    ck_assert_uint_eq(guest->dirty_pages, 2);
    ck_assert(fx_frame(&world.host, OWN(2))->flags & FX_F_TOUCHED);
    ck_assert_int_eq(ext(MMUEXT_CLEAR_PAGE, OWN(12), FX_GUEST), 0);
    ck_assert(fx_frame(&world.host, OWN(12))->flags & FX_F_TOUCHED);
    ck_assert(fx_frame(&world.host, OWN(12))->flags & FX_F_DIRTY);
    ck_assert_int_eq(fx_mmu_update_op(&world.caller, arg), 0);
    ck_assert(fx_frame(&world.host, OWN(13))->flags & FX_F_DIRTY);
    ck_assert_uint_eq(guest->dirty_pages, 4);
    guest->dirty_pages = 2;
    ck_assert_int_eq(update(OWN(2), 1, 1), 0);
    ck_assert_uint_eq(guest->dirty_pages, 2);
    fx_world_give_back(OWN(2));
    ck_assert_uint_eq(guest->dirty_pages, 1);
    set(OWN(5), 0, entry(OWN(6), P));
    ck_assert_int_eq(pin(OWN(5), 2), 0);
    ck_assert(fx_frame(&world.host, OWN(6))->flags & FX_F_DIRTY);
    ck_assert(fx_frame(&world.host, OWN(6))->flags & FX_F_TOUCHED);
    fx_frame(&world.host, OWN(6))->flags &= (uint16_t)~FX_F_DIRTY;
    ck_assert_int_eq(pin(OWN(6), 1), 0);
    ck_assert(fx_frame(&world.host, OWN(6))->flags & FX_F_DIRTY);
    fx_frame(&world.host, OWN(6))->flags &= (uint16_t)~FX_F_DIRTY;
    ck_assert_int_eq(unpin(OWN(6)), 0);
    ck_assert(fx_frame(&world.host, OWN(6))->flags & FX_F_DIRTY);
    fx_frame(&world.host, OWN(6))->flags &= (uint16_t)~FX_F_DIRTY;
    ck_assert_int_eq(unpin(OWN(5)), 0);
    ck_assert(fx_frame(&world.host, OWN(6))->flags & FX_F_DIRTY);
    guest->dirty_pages = 1;
    fx_world_give_back(OWN(3)); /* a clean one */
    ck_assert_uint_eq(guest->dirty_pages, 1);
}
END_TEST

/* A PAE root above 4 GiB, by what the control tools did before. */
START_TEST(a_root_too_high)
{
    struct fx_domain *guest = fx_world_domain(FX_GUEST);
    bool initialised = _i & 1, declared = _i & 2, extended = _i & 4;
    bool patched = _i & 8, low = _i & 16, unpaused = _i & 32;
    uint64_t root = low ? OWN(3) : HIGH(3);
    bool checked = patched ? initialised || declared || unpaused
                           : XEN_CHECKS_L3 && initialised;
    int wanted = checked && !low && !extended ? -ERANGE : 0;

    world.host.super->level = patched ? FX_PATCHED : FX_STOCK;
    fx_vcpu(&world.host, guest, 0)->initialised = initialised;
    guest->assists_declared = declared;
    guest->creation_finished = unpaused;
    guest->vm_assist =
        extended ? UINT64_C(1) << VMASST_TYPE_pae_extended_cr3 : 0;
    plant();
    set(HIGH(3), 3, entry(OWN(2), P));
    set(HIGH(3), 9, 5);
    ck_assert_int_eq(pin(root, 3), wanted);
    if (wanted)
        ck_assert_uint_eq(get(HIGH(3), 9), 5);
    ck_assert_int_eq(fx_get_root(&world.host, guest, root), wanted);
    if (!wanted)
        fx_put_root(&world.host, guest, root);
    /* The other levels may lie anywhere. */
    set(HIGH(2), 0, entry(HIGH(1), P));
    ck_assert_int_eq(pin(HIGH(2), 2), 0);
}
END_TEST

START_TEST(a_root_exactly_at_4_gib)
{
    fx_vcpu(&world.host, fx_world_domain(FX_GUEST), 0)->initialised = true;
    set(HIGH(0), 3, entry(OWN(2), P));
    ck_assert_int_eq(pin(HIGH(0), 3), -ERANGE);
}
END_TEST

START_TEST(a_64bit_root_may_be_high)
{
    world.host.super->level = FX_PATCHED;
    fx_vcpu(&world.host, fx_world_domain(FX_GUEST), 0)->initialised = true;
    set(HIGH(4), 0, entry(HIGH(3), P));
    ck_assert_int_eq(pin(HIGH(4), 4), 0);
}
END_TEST

/* A whole world goes at once, with mappings that outlive it. */
START_TEST(relinquish)
{
    struct fx_domain *guest = fx_world_domain(FX_GUEST);
    struct fx_frame *shared = fx_frame(&world.host, OWN(20));
    uint64_t root = plant();

    ck_assert_int_eq(pin(root, root_level()), 0);
    ck_assert_int_eq(pin(OWN(1), 1), 0);
    ck_assert_int_eq(fx_get_mapping(&world.host, 0, FX_GUEST, OWN(10), true),
                     0);
    ck_assert_int_eq(
        fx_get_page_and_type(&world.host, OWN(1), FX_GUEST, FX_L1, 0), 0);
    shared->flags |= FX_F_XENHEAP;
    guest->tot_pages--;
    guest->dying = true;
    fx_relinquish(&world.host, guest);
    ck_assert_uint_eq(fx_world_domain(FX_OTHER)->tot_pages, FX_FRAMES);
    ck_assert_uint_eq(guest->tot_pages, 2);
    ck_assert_uint_eq(fx_frame(&world.host, OWN(10))->refs, 2);
    ck_assert_uint_eq(fx_frame(&world.host, OWN(10))->flags & FX_F_ALLOCATED,
                      0);
    ck_assert_uint_eq(types_of(OWN(10)), 2);
    ck_assert_uint_eq(type_of(OWN(1)), XEN_DOMCTL_PFINFO_L1TAB);
    fx_put_page_and_type(&world.host, OWN(1));
    ck_assert_uint_eq(guest->tot_pages, 1);
    fx_put_page_and_type(&world.host, OWN(10));
    ck_assert_uint_eq(guest->tot_pages, 0);
    ck_assert(shared->flags & FX_F_ALLOCATED);
}
END_TEST

/* Counts never wrap. */
START_TEST(counts_at_their_limit)
{
    struct fx_frame *frame = fx_frame(&world.host, OWN(1));
    struct fx_frame *table = fx_frame(&world.host, OWN(5));
    struct fx_frame *named = fx_frame(&world.host, OWN(6));

    frame->type = FX_T_MAKE(FX_L1) | FX_T_VALIDATED | FX_T_COUNT_MASK;
    ck_assert_int_eq(fx_get_type(&world.host, OWN(1), FX_L1, 0), -EINVAL);
    frame->type--;
    ck_assert_int_eq(fx_get_type(&world.host, OWN(1), FX_L1, 0), 0);
    frame->type = 0;
    frame->refs = UINT32_MAX;
    ck_assert_int_eq(fx_get_page(&world.host, OWN(1), FX_GUEST), -EINVAL);
    ck_assert_int_eq(fx_get_mapping(&world.host, 0, FX_GUEST, OWN(1), false),
                     -EBUSY);
    frame->refs = 1;
    /* A linear entry, for which Xen has 16 bits besides. */
    ck_assert_int_eq(pin(OWN(5), 2), 0);
    ck_assert_int_eq(pin(OWN(6), 2), 0);
    named->type |= FX_T_COUNT_MASK;
    ck_assert_int_eq(call_update(FX_GUEST, OWN(5) << 12, entry(OWN(6), P)),
                     -EINVAL);
    named->type &= ~FX_T_COUNT_MASK;
    named->type++;
    table->linear = 32767;
    ck_assert_int_eq(call_update(FX_GUEST, OWN(5) << 12, entry(OWN(6), P)),
                     -EINVAL);
    table->linear = 32766;
    named->linear = -32768;
    ck_assert_int_eq(call_update(FX_GUEST, OWN(5) << 12, entry(OWN(6), P)),
                     -EINVAL);
    named->linear = -32767;
    ck_assert_int_eq(call_update(FX_GUEST, OWN(5) << 12, entry(OWN(6), P)), 0);
    ck_assert_int_eq(table->linear, 32767);
    ck_assert_int_eq(named->linear, -32768);
    table->linear = 1;
    named->linear = -1;
    ok();
}
END_TEST

static void add_common(TCase *tc)
{
    tcase_add_test(tc, flags_at_promotion);
    tcase_add_test(tc, flags_of_an_update);
    tcase_add_test(tc, what_an_l1_maps);
    tcase_add_test(tc, a_tree_from_its_root);
    tcase_add_test(tc, a_tree_from_its_leaves);
    tcase_add_test(tc, pins);
    tcase_add_test(tc, failure_half_way);
    tcase_add_test(tc, an_l2_elsewhere_has_no_m2p);
    tcase_add_test(tc, roots);
    tcase_add_test(tc, linear_l2);
    tcase_add_test(tc, linear_l3_l4);
    tcase_add_test(tc, not_the_level_below);
    tcase_add_test(tc, updates);
    tcase_add_test(tc, accessed_and_dirty);
    tcase_add_test(tc, other_domains_frames);
    tcase_add_test(tc, mmu_update_call);
    tcase_add_test(tc, m2p_updates);
    tcase_add_test(tc, mmuext_call);
    tcase_add_test(tc, clear_and_copy);
    tcase_add_test(tc, descriptors);
    tcase_add_test(tc, mappings);
    tcase_add_test(tc, what_pfinfo_says);
    tcase_add_test(tc, the_log_of_dirty_frames);
    tcase_add_test(tc, relinquish);
    tcase_add_test(tc, counts_at_their_limit);
}

static Suite *suite(void)
{
    Suite *s = suite_create("fakexen's page types");
    TCase *wide = tcase_create("64-bit"), *pae = tcase_create("32-bit");
    TCase *patched = tcase_create("patched");

    tcase_add_checked_fixture(wide, setup64, teardown);
    add_common(wide);
    tcase_add_test(wide, adjusted_64);
    tcase_add_test(wide, l4_slots);
    tcase_add_test(wide, memory_in_l4);
    tcase_add_test(wide, m2p_in_roots);
    tcase_add_test(wide, a_64bit_root_may_be_high);
    suite_add_tcase(s, wide);
    tcase_add_checked_fixture(pae, setup32, teardown);
    add_common(pae);
    tcase_add_test(pae, adjusted_32);
    tcase_add_test(pae, an_l4_of_a_32bit_guest);
    tcase_add_loop_test(pae, flags_after_a_failure, 0, 4);
    tcase_add_test(pae, pae_slot_3);
    tcase_add_test(pae, pae_m2p);
    tcase_add_loop_test(pae, a_root_too_high, 0, 64);
    suite_add_tcase(s, pae);
    tcase_add_checked_fixture(patched, setup_patched, teardown);
    tcase_add_test(patched, a_root_exactly_at_4_gib);
    suite_add_tcase(s, patched);
    suite_add_tcase(s, test_fx_random());
    return s;
}

int main(void)
{
    return unit_run(suite());
}
