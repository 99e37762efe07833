/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Second-stage tables of a guest, changed at random while the CPUs of the model
 * look on, and compared frame by frame with a plain list; references to foreign
 * frames are counted, and none may go while anybody can still use the frame.
 */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mem/p2m_table.h"
#include "pt_world.h"

#define FORMATS 4
static const struct pt_format *const format[FORMATS] = {
    &pt_arm_s2_32, &pt_arm_s2_40, &pt_arm_s2_43, &pt_arm_s2_48};

/* The frames that are played with: two spans of the third level, the middle. */
#define FRAMES UINT64_C(2048)
#define MFNS   (UINT64_C(1) << 22)

struct frame {
    enum p2m_type type;
    uint64_t mfn;
    uint32_t access;
};

/* A hypervisor: the model's tables, and what it keeps beside them. */
static struct machine {
    struct world w;
    struct p2m_table_ops ops;
    struct p2m_table p;
    uint64_t base; /* the first frame that is played with */
    struct frame frame[FRAMES];
    uint32_t access[FRAMES]; /* what set_access() keeps */
    long fail_access;
    int refs[FRAMES * 4]; /* to foreign frames, by MFN */
} m;

#define FIRST_FOREIGN MFNS
#define FOREIGNS      (FRAMES * 4)

static uint64_t seed;
static unsigned int operation;

#define CHECK(cond)                                                            \
    do {                                                                       \
        if (!(cond))                                                           \
            ck_abort_msg("%s: seed %#" PRIx64 " operation %u: %s",             \
                         m.w.fmt->name, seed, operation, #cond);               \
    } while (0)

static uint64_t below(uint64_t n)
{
    return world_below(&m.w, n);
}

/* The IOMMU: what it has cached of some frames; 0: nothing. */

static uint64_t iommu_cached[FRAMES];
static bool stored_since_iommu;
static uint64_t invalidated; /* bytes */

static uint64_t mapped_to(uint64_t i)
{
    struct p2m_entry e;

    if (p2m_table_get(&m.p, GFN(m.base + i), &e) < 0)
        return 0;
    return mfn_valid(e.mfn) ? e.mfn.v : 0;
}

static void iommu_use(void)
{
    for (unsigned int n = 0; n < 2; n++) {
        uint64_t i = below(FRAMES);

        if (iommu_cached[i] == 0)
            iommu_cached[i] = mapped_to(i);
    }
}

static void iommu_flush(void *ctx, gfn_t gfn, uint64_t nr)
{
    (void)ctx;
    for (uint64_t i = 0; i < FRAMES; i++)
        if (m.base + i >= gfn.v && m.base + i - gfn.v < nr)
            iommu_cached[i] = 0;
    stored_since_iommu = false;
}

/* The rest of the hypervisor. */

static uint64_t *table(void *ctx, mfn_t mfn, unsigned int level, vaddr_t va)
{
    (void)ctx;
    return m.w.ops.table(&m.w, mfn, level, va);
}

static int alloc(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    (void)ctx;
    return m.w.ops.alloc(&m.w, level, va, mfn);
}

static void free_table(void *ctx, unsigned int level, mfn_t mfn)
{
    (void)ctx;
    m.w.ops.free(&m.w, level, mfn);
}

static int publish(void *ctx, unsigned int level, mfn_t mfn)
{
    (void)ctx;
    return m.w.ops.publish(&m.w, level, mfn);
}

static int store(void *ctx, uint64_t *slot, uint64_t raw)
{
    int rc;

    (void)ctx;
    iommu_use();
    rc = m.w.ops.store(&m.w, slot, raw);
    stored_since_iommu = true;
    iommu_use();
    return rc;
}

static void invalidate(void *ctx, vaddr_t va, uint64_t bytes)
{
    (void)ctx;
    invalidated += bytes;
    m.w.ops.invalidate(&m.w, va, bytes);
}

static bool cpu_uses(uint64_t mfn)
{
    for (unsigned int c = 0; c < WORLD_CPUS; c++)
        for (unsigned int i = 0; i < m.w.cpu[c].n; i++)
            if (m.w.cpu[c].cached[i].entry.kind == PT_LEAF &&
                m.w.cpu[c].cached[i].entry.mfn.v == mfn)
                return true;
    return false;
}

static void put(void *ctx, mfn_t mfn)
{
    int *refs = &m.refs[mfn.v - FIRST_FOREIGN];

    (void)ctx;
    CHECK(mfn.v >= FIRST_FOREIGN && mfn.v < FIRST_FOREIGN + FOREIGNS);
    CHECK(*refs > 0);
    if (--*refs > 0)
        return;
    CHECK(!cpu_uses(mfn.v));
    for (uint64_t i = 0; i < FRAMES; i++)
        CHECK(iommu_cached[i] != mfn.v);
}

static uint32_t get_access(void *ctx, gfn_t gfn)
{
    (void)ctx;
    return m.access[gfn.v - m.base];
}

static int set_access(void *ctx, gfn_t gfn, uint64_t nr, uint32_t access)
{
    (void)ctx;
    if (m.fail_access == 0)
        return -ENOMEM;
    if (m.fail_access > 0)
        m.fail_access--;
    for (uint64_t i = 0; i < nr; i++)
        m.access[gfn.v - m.base + i] = access;
    return 0;
}

static void begin(const struct pt_format *fmt, uint64_t base)
{
    memset(&m, 0, sizeof(m));
    memset(iommu_cached, 0, sizeof(iommu_cached));
    world_init(&m.w, fmt, seed);
    m.ops = (struct p2m_table_ops){
        .pt = {.table = table,
               .alloc = alloc,
               .free = free_table,
               .publish = publish,
               .store = store,
               .invalidate = invalidate},
        .put = put,
        .iommu_flush = iommu_flush,
        .get_access = get_access,
        .set_access = set_access,
    };
    m.base = base;
    m.fail_access = -1;
    for (uint64_t i = 0; i < FRAMES; i++)
        m.access[i] = P2M_ACCESS_ALL;
    ck_assert_int_eq(p2m_table_init(&m.p, fmt, m.w.pt.root, &m.ops, NULL), 0);
    for (unsigned int i = 0; i < WORLD_HOT; i++)
        world_touch(&m.w, (base + below(FRAMES)) << DW_PAGE_SHIFT);
}

/* All of it is as the list has it, and nobody knows of anything else. */
static void check_all(void)
{
    static int refs[FOREIGNS];
    struct p2m_entry e;

    p2m_table_flush(&m.p);
    world_quiet(&m.w);
    if (m.w.violation)
        ck_abort_msg("%s: seed %#" PRIx64 " operation %u: %s", m.w.fmt->name,
                     seed, operation, m.w.violation);
    memset(refs, 0, sizeof(refs));
    for (uint64_t i = 0; i < FRAMES; i++) {
        const struct frame *f = &m.frame[i];

        CHECK(p2m_table_get(&m.p, GFN(m.base + i), &e) == 0);
        CHECK(e.type == f->type);
        CHECK(e.mfn.v == (f->type == P2M_NONE ? UINT64_MAX : f->mfn));
        CHECK(f->type == P2M_NONE ||
              e.access == (m.p.track_access ? f->access : P2M_ACCESS_ALL));
        CHECK(f->type == P2M_NONE || m.base + i >= m.p.lowest.v);
        CHECK(f->type == P2M_NONE || m.base + i < m.p.end.v);
        CHECK(iommu_cached[i] == 0 || iommu_cached[i] == e.mfn.v);
        if (f->type == P2M_FOREIGN || f->type == P2M_FOREIGN_RO)
            refs[f->mfn - FIRST_FOREIGN]++;
    }
    for (uint64_t i = 0; i < FOREIGNS; i++)
        if (refs[i] != m.refs[i])
            ck_abort_msg("%s: seed %#" PRIx64 " operation %u: %d references to "
                         "frame %" PRIu64 ", which is mapped %d times",
                         m.w.fmt->name, seed, operation, m.refs[i], i, refs[i]);
}

/* What a CPU may do to each frame is what type and access both allow. */
static void check_rights(void)
{
    static const uint32_t allows[P2M_TYPES] = {
        [P2M_RAM] = PT_READ | PT_WRITE | PT_EXEC,
        [P2M_ROM] = PT_READ | PT_EXEC,
        [P2M_MMIO] = PT_READ | PT_WRITE,
        [P2M_FOREIGN] = PT_READ | PT_WRITE,
        [P2M_FOREIGN_RO] = PT_READ,
        [P2M_GRANT] = PT_READ | PT_WRITE,
        [P2M_GRANT_RO] = PT_READ,
    };

    for (uint64_t i = 0; i < FRAMES; i++) {
        const struct frame *f = &m.frame[i];
        struct pt_entry entry;
        uint32_t want;

        CHECK(pt_lookup(&m.p.tables, VADDR((m.base + i) << DW_PAGE_SHIFT),
                        &entry, NULL) == 0);
        if (f->type == P2M_NONE)
            continue;
        want = allows[f->type] & f->access;
        want = (want & m.w.fmt->prots) | m.w.fmt->implied;
        CHECK(entry.prot == want);
        CHECK(entry.memory == (f->type == P2M_MMIO ? PT_UC : PT_WB));
    }
}

static void finish(void)
{
    check_all();
    ck_assert_int_eq(p2m_table_dispose(&m.p), 0);
    memset(m.frame, 0, sizeof(m.frame));
    check_all();
    ck_assert_uint_eq(m.w.used, 1); /* the root */
    world_dispose(&m.w);
}

/*
 * What is asked for, and the list changed in the same way.  A call that failed
 * has changed nothing, unless it says so; then what is there is what was, or
 * nothing.
 */

static void resync(void)
{
    struct p2m_entry e;

    for (uint64_t i = 0; i < FRAMES; i++) {
        struct frame *f = &m.frame[i];

        CHECK(p2m_table_get(&m.p, GFN(m.base + i), &e) == 0);
        if (e.type == P2M_NONE)
            *f = (struct frame){.type = P2M_NONE};
    }
}

static void no_failures(void)
{
    m.w.fail_alloc = m.w.fail_store = m.fail_access = -1;
}

static void note(uint64_t i, uint64_t nr, uint64_t mfn, enum p2m_type type,
                 uint32_t access)
{
    for (uint64_t n = 0; n < nr; n++)
        m.frame[i + n] = (struct frame){type, mfn + n, access};
}

static bool foreign(enum p2m_type type)
{
    return type == P2M_FOREIGN || type == P2M_FOREIGN_RO;
}

static void take_refs(uint64_t mfn, uint64_t nr, enum p2m_type type)
{
    for (uint64_t n = 0; foreign(type) && n < nr; n++)
        m.refs[mfn - FIRST_FOREIGN + n]++;
}

/* Those of a call that failed, which it did not take. */
static void drop_refs(uint64_t mfn, uint64_t nr, enum p2m_type type)
{
    for (uint64_t n = 0; foreign(type) && n < nr; n++)
        m.refs[mfn - FIRST_FOREIGN + n]--;
}

static int do_range(uint64_t i, uint64_t nr, uint64_t mfn, enum p2m_type type,
                    uint32_t access)
{
    uint64_t done = 77;
    int rc;

    take_refs(mfn, nr, type);
    rc = p2m_table_set_range(&m.p, GFN(m.base + i), nr, MFN(mfn), type, access,
                             &done);
    CHECK(rc == 0 ? done == nr : done < nr);
    note(i, done, mfn, type, access);
    drop_refs(mfn + done, nr - done, type);
    if (rc == -ENOTRECOVERABLE)
        resync();
    return rc;
}

static int do_set(uint64_t i, unsigned int order, uint64_t mfn,
                  enum p2m_type type, uint32_t access)
{
    uint64_t nr = UINT64_C(1) << order;
    int rc;

    take_refs(mfn, nr, type);
    rc = p2m_table_set(&m.p, GFN(m.base + i), order, MFN(mfn), type, access);
    if (rc == 0)
        note(i, nr, mfn, type, access);
    else
        drop_refs(mfn, nr, type);
    if (rc == -ENOTRECOVERABLE)
        resync();
    return rc;
}

static int do_remove(uint64_t i, uint64_t nr)
{
    int rc = p2m_table_remove(&m.p, GFN(m.base + i), nr);

    if (rc == 0)
        note(i, nr, 0, P2M_NONE, 0);
    else if (rc == -EPERM)
        resync();
    return rc;
}

static int do_access(uint64_t i, uint64_t nr, uint32_t access)
{
    int rc = p2m_table_access(&m.p, GFN(m.base + i), nr, access);

    /* Rights that a store was refused for are given by the next call. */
    if (rc == -EPERM) {
        no_failures();
        rc = p2m_table_access(&m.p, GFN(m.base + i), nr, access);
        CHECK(rc == 0);
    }
    for (uint64_t n = 0; rc == 0 && n < nr; n++)
        m.frame[i + n].access = access;
    return rc;
}

/* Random calls, some of which fail. */

static enum p2m_type some_type(void)
{
    return 1 + below(P2M_TYPES - 1);
}

static uint64_t some_mfn(enum p2m_type type, uint64_t i)
{
    if (foreign(type))
        return FIRST_FOREIGN + below(FOREIGNS / 2);
    /* Often aligned as the frame is, so that blocks come of it. */
    return below(3) == 0 ? below(MFNS / 2)
                         : below(MFNS / 2 / 512) * 512 + i % 512;
}

static uint32_t some_access(void)
{
    return m.p.track_access ? below(8) & P2M_ACCESS_ALL : P2M_ACCESS_ALL;
}

static int random_call(void)
{
    uint64_t i = below(FRAMES), nr = 1 + below(below(4) == 0 ? FRAMES : 16);
    enum p2m_type type = some_type();

    if (nr > FRAMES - i)
        nr = FRAMES - i;
    switch (below(8)) {
    case 0:
    case 1:
        return do_set(i, 0, some_mfn(type, i), type, some_access());
    case 2:
        i &= ~UINT64_C(511);
        if (foreign(type) || m.p.track_access)
            return 0;
        return do_set(i, 9, below(MFNS / 1024) * 512, type, P2M_ACCESS_ALL);
    case 3:
    case 4:
        return do_range(i, nr, some_mfn(type, i), type, some_access());
    case 5:
    case 6:
        return do_remove(i, nr);
    default:
        return m.p.track_access ? do_access(i, nr, below(8)) : 0;
    }
}

START_TEST(random_calls)
{
    for (unsigned int round = 0; round < 4; round++) {
        /* Guest frames at the beginning, and far up. */
        uint64_t base = round % 2 ? UINT64_C(1) << 18 : 0;

        seed = UINT64_C(20161001) + round;
        operation = 0;
        begin(format[_i], base);
        if (round >= 2)
            ck_assert_int_eq(p2m_table_track(&m.p), 0);
        for (; operation < 400; operation++) {
            int rc;

            if (below(3) == 0)
                m.w.fail_alloc = below(5);
            if (below(6) == 0)
                m.w.fail_store = below(30);
            if (below(6) == 0)
                m.fail_access = 0;
            if (below(8) == 0)
                world_touch(&m.w, (base + below(FRAMES)) << DW_PAGE_SHIFT);
            rc = random_call();
            CHECK(rc == 0 || rc == -ENOMEM || rc == -EPERM ||
                  rc == -ENOTRECOVERABLE);
            no_failures();
            if (below(10) != 0)
                continue;
            check_all();
            check_rights();
        }
        finish();
    }
}
END_TEST

/* One by one. */

static unsigned int leaves[PT_MAX_LEVELS];

static int count_leaf(struct pt_visit_ctx *v)
{
    leaves[v->level]++;
    return 0;
}

static void count_leaves(void)
{
    memset(leaves, 0, sizeof(leaves));
    ck_assert_int_eq(pt_walk(&m.p.tables, VADDR(0), VADDR(UINT64_C(3) << 30),
                             PT_VISIT_LEAF, count_leaf, NULL),
                     0);
}

static int set_range(uint64_t gfn, uint64_t nr, uint64_t mfn, enum p2m_type t)
{
    return p2m_table_set_range(&m.p, GFN(gfn), nr, MFN(mfn), t, P2M_ACCESS_ALL,
                               NULL);
}

/* With a 4 KiB granule: 2 MiB and 1 GiB. */
#define BLOCK UINT64_C(512)
#define GIANT (BLOCK * BLOCK)

/* The largest blocks that both ends and the frames allow. */
START_TEST(largest_blocks)
{
    begin(format[_i], 0);
    ck_assert_int_eq(
        set_range(BLOCK - 3, GIANT + 7, GIANT + BLOCK - 3, P2M_RAM), 0);
    count_leaves();
    ck_assert_uint_eq(leaves[0], 3 + 4);
    ck_assert_uint_eq(leaves[1], BLOCK);
    ck_assert_uint_eq(leaves[2], 0);
    ck_assert_int_eq(p2m_table_remove(&m.p, GFN(0), 2 * GIANT), 0);
    ck_assert_int_eq(set_range(0, 2 * GIANT, 3 * GIANT, P2M_RAM), 0);
    count_leaves();
    ck_assert_uint_eq(leaves[0] + leaves[1], 0);
    ck_assert_uint_eq(leaves[2], 2);
    /* Over what is there, even. */
    ck_assert_int_eq(set_range(GIANT - BLOCK, 2 * BLOCK, 1, P2M_ROM), 0);
    count_leaves();
    ck_assert_uint_eq(leaves[0], 2 * BLOCK);
    ck_assert_uint_eq(leaves[1], 2 * BLOCK - 2);
    ck_assert_int_eq(set_range(0, 2 * GIANT, 3 * GIANT, P2M_RAM), 0);
    count_leaves();
    ck_assert_uint_eq(leaves[0] + leaves[1], 0);
    ck_assert_uint_eq(leaves[2], 2);
    note(0, FRAMES, 3 * GIANT, P2M_RAM, P2M_ACCESS_ALL);
    finish();
}
END_TEST

/* A page in 1 GiB: the subtree is built aside, one break, one make. */
START_TEST(split_once)
{
    unsigned int stores, used;

    begin(format[_i], 0);
    ck_assert_int_eq(set_range(0, GIANT, GIANT, P2M_RAM), 0);
    note(0, FRAMES, GIANT, P2M_RAM, P2M_ACCESS_ALL);
    world_touch(&m.w, 5 << DW_PAGE_SHIFT);
    stores = m.w.stores;
    used = m.w.used;
    m.w.invalidations = 0;
    ck_assert_int_eq(do_set(5, 0, 7, P2M_RAM, P2M_ACCESS_ALL), 0);
    ck_assert_uint_eq(m.w.used, used + 2);
    ck_assert_uint_eq(m.w.invalidations, 1);
    ck_assert_uint_eq(m.w.stores - stores, 2);
    count_leaves();
    ck_assert_uint_eq(leaves[0], BLOCK);
    ck_assert_uint_eq(leaves[1], BLOCK - 1);
    ck_assert_uint_eq(leaves[2], 0);
    /* A page that goes is split out, then removed; that may wait. */
    ck_assert_int_eq(do_remove(BLOCK + 3, 1), 0);
    ck_assert_uint_eq(m.w.invalidations, 2);
    ck_assert_uint_eq(m.w.stores - stores, m.w.fmt->break_first ? 5 : 4);
    finish();
}
END_TEST

/* Each table that the split takes is missing in turn. */
START_TEST(split_fails)
{
    for (long n = 0; n < 2; n++) {
        unsigned int stores, used;

        begin(format[_i], 0);
        ck_assert_int_eq(set_range(0, GIANT, GIANT, P2M_RAM), 0);
        note(0, FRAMES, GIANT, P2M_RAM, P2M_ACCESS_ALL);
        stores = m.w.stores;
        used = m.w.used;
        m.w.fail_alloc = n;
        ck_assert_int_eq(p2m_table_remove(&m.p, GFN(5), 1), -ENOMEM);
        m.w.fail_alloc = n;
        ck_assert_int_eq(do_set(5, 0, 7, P2M_RAM, P2M_ACCESS_ALL), -ENOMEM);
        ck_assert_uint_eq(m.w.stores, stores);
        ck_assert_uint_eq(m.w.used, used);
        no_failures();
        count_leaves();
        ck_assert_uint_eq(leaves[2], 1);
        finish();
    }
}
END_TEST

/* What is not mapped is removed without a table, a store, an invalidation. */
START_TEST(remove_nothing)
{
    begin(format[_i], 0);
    m.w.fail_alloc = m.w.fail_store = 0;
    ck_assert_int_eq(p2m_table_remove(&m.p, GFN(1), 2 * GIANT), 0);
    p2m_table_flush(&m.p);
    ck_assert_uint_eq(m.w.used, 1);
    ck_assert_uint_eq(m.w.invalidations, 0);
    no_failures();
    finish();
}
END_TEST

/* Removals wait for one invalidation; what is put in their place does not. */
START_TEST(deferred)
{
    begin(format[_i], 0);
    ck_assert_int_eq(do_range(0, 64, 1, P2M_RAM, P2M_ACCESS_ALL), 0);
    world_touch(&m.w, 0);
    m.w.invalidations = 0;
    ck_assert_int_eq(do_remove(0, 8), 0);
    ck_assert_int_eq(do_remove(16, 8), 0);
    ck_assert_uint_eq(m.w.invalidations, 0);
    /* Somewhere else: there is nothing to wait for. */
    ck_assert_int_eq(do_set(600, 0, 9, P2M_RAM, P2M_ACCESS_ALL), 0);
    ck_assert_uint_eq(m.w.invalidations, 0);
    ck_assert_int_eq(do_set(3, 0, 9, P2M_RAM, P2M_ACCESS_ALL), 0);
    ck_assert_uint_eq(m.w.invalidations, 1);
    p2m_table_flush(&m.p);
    ck_assert_uint_eq(m.w.invalidations, 1);
    ck_assert_int_eq(do_remove(0, 64), 0);
    ck_assert_uint_eq(m.w.invalidations, 1);
    p2m_table_flush(&m.p);
    /* One ends the last use of the entries, one that of their table. */
    ck_assert_uint_eq(m.w.invalidations, 3);
    finish();
}
END_TEST

/* Rights alone: nothing is broken, no frame is ever out of reach. */
START_TEST(rights_in_place)
{
    unsigned int stores;

    begin(format[_i], 0);
    ck_assert_int_eq(do_access(0, 8, PT_READ), -EINVAL);
    ck_assert_int_eq(p2m_table_track(&m.p), 0);
    ck_assert_int_eq(do_range(0, BLOCK, BLOCK, P2M_RAM, P2M_ACCESS_ALL), 0);
    count_leaves();
    ck_assert_uint_eq(leaves[0], BLOCK);
    stores = m.w.stores;
    m.w.invalidations = 0;
    ck_assert_int_eq(do_access(4, 16, PT_READ), 0);
    ck_assert_uint_eq(m.w.stores - stores, 16);
    ck_assert_uint_eq(m.w.invalidations, 1);
    check_rights();
    /* The same frame with other access. */
    ck_assert_int_eq(do_set(5, 0, BLOCK + 5, P2M_RAM, PT_READ | PT_WRITE), 0);
    ck_assert_uint_eq(m.w.stores - stores, 17);
    check_rights();
    /* No room for what access is: nothing has changed. */
    m.fail_access = 0;
    ck_assert_int_eq(do_access(4, 16, 0), -ENOMEM);
    ck_assert_int_eq(do_set(5, 0, 77, P2M_RAM, 0), -ENOMEM);
    no_failures();
    check_rights();
    finish();
}
END_TEST

/* A block that was made before access was tracked becomes pages. */
START_TEST(access_splits)
{
    begin(format[_i], 0);
    ck_assert_int_eq(do_range(0, 2 * BLOCK, BLOCK, P2M_RAM, P2M_ACCESS_ALL), 0);
    ck_assert_int_eq(p2m_table_track(&m.p), 0);
    /* Refused: access is that of the block still. */
    m.w.fail_store = 0;
    ck_assert_int_eq(do_set(3, 0, 7, P2M_RAM, PT_READ), -EPERM);
    no_failures();
    check_all();
    ck_assert_int_eq(do_access(3, 2, PT_READ), 0);
    count_leaves();
    ck_assert_uint_eq(leaves[0], BLOCK);
    ck_assert_uint_eq(leaves[1], 1);
    ck_assert_int_eq(do_set(BLOCK, 9, BLOCK, P2M_RAM, P2M_ACCESS_ALL), -EINVAL);
    check_rights();
    finish();
}
END_TEST

/* More references than are kept at once. */
START_TEST(foreign_frames)
{
    begin(format[_i], 0);
    ck_assert_int_eq(
        do_range(0, 300, FIRST_FOREIGN, P2M_FOREIGN, P2M_ACCESS_ALL), 0);
    count_leaves();
    ck_assert_uint_eq(leaves[0], 300);
    /* The same again brings another reference, and takes the first one. */
    ck_assert_int_eq(
        do_range(7, 9, FIRST_FOREIGN + 7, P2M_FOREIGN, P2M_ACCESS_ALL), 0);
    check_all();
    ck_assert_int_eq(
        do_range(7, 9, FIRST_FOREIGN + 7, P2M_FOREIGN_RO, P2M_ACCESS_ALL), 0);
    check_all();
    /* A block in place of tables with foreign frames; nothing is lost yet. */
    m.w.fail_store = 0;
    ck_assert_int_eq(do_set(0, 9, BLOCK, P2M_RAM, P2M_ACCESS_ALL), -EPERM);
    no_failures();
    check_all();
    ck_assert_int_eq(do_set(0, 9, BLOCK, P2M_RAM, P2M_ACCESS_ALL), 0);
    check_all();
    ck_assert_int_eq(
        do_range(0, 300, FIRST_FOREIGN, P2M_FOREIGN, P2M_ACCESS_ALL), 0);
    ck_assert_int_eq(do_remove(2, 290), 0);
    /* Without being asked: a reference is not kept for later. */
    ck_assert_int_eq(m.refs[2] + m.refs[291], 0);
    ck_assert_int_eq(m.refs[1] + m.refs[292], 2);
    check_all();
    finish();
}
END_TEST

START_TEST(refused)
{
    const struct pt_format *fmt = format[_i];
    uint64_t end = UINT64_C(1)
                   << (fmt->va_bits - fmt->va_signed - DW_PAGE_SHIFT);
    uint64_t mfns = UINT64_C(1) << (fmt->pa_bits - DW_PAGE_SHIFT);
    struct p2m_entry e;

    begin(fmt, 0);
    m.w.fail_store = m.w.fail_alloc = 0;
    ck_assert_int_eq(do_set(0, 1, 0, P2M_RAM, P2M_ACCESS_ALL), -EINVAL);
    ck_assert_int_eq(do_set(1, 9, 512, P2M_RAM, P2M_ACCESS_ALL), -EINVAL);
    ck_assert_int_eq(do_set(0, 9, 1, P2M_RAM, P2M_ACCESS_ALL), -EINVAL);
    ck_assert_int_eq(do_set(0, 0, 1, P2M_NONE, P2M_ACCESS_ALL), -EINVAL);
    ck_assert_int_eq(do_set(0, 0, 1, P2M_TYPES, P2M_ACCESS_ALL), -EINVAL);
    ck_assert_int_eq(do_set(0, 0, 1, P2M_RAM, PT_READ), -EINVAL);
    ck_assert_int_eq(do_set(0, 0, 1, P2M_RAM, P2M_ACCESS_ALL | PT_USER),
                     -EINVAL);
    ck_assert_int_eq(do_set(0, 9, FIRST_FOREIGN, P2M_FOREIGN, P2M_ACCESS_ALL),
                     -EINVAL);
    ck_assert_int_eq(
        p2m_table_set(&m.p, GFN(0), 64, MFN(0), P2M_RAM, P2M_ACCESS_ALL),
        -EINVAL);
    ck_assert_int_eq(set_range(end - 1, 2, 0, P2M_RAM), -ERANGE);
    ck_assert_int_eq(set_range(end, 1, 0, P2M_RAM), -ERANGE);
    ck_assert_int_eq(set_range(UINT64_MAX, 2, 0, P2M_RAM), -ERANGE);
    ck_assert_int_eq(set_range(0, 0, 0, P2M_RAM), -ERANGE);
    ck_assert_int_eq(set_range(0, 2, mfns - 1, P2M_RAM), -ERANGE);
    ck_assert_int_eq(set_range(0, 1, UINT64_MAX, P2M_RAM), -ERANGE);
    ck_assert_int_eq(p2m_table_remove(&m.p, GFN(end), 1), -ERANGE);
    ck_assert_int_eq(p2m_table_get(&m.p, GFN(end), &e), -ERANGE);
    ck_assert_uint_eq(m.w.used, 1);
    no_failures();
    /* The last frames of all. */
    ck_assert_int_eq(set_range(end - 1, 1, mfns - 1, P2M_RAM), 0);
    ck_assert_int_eq(p2m_table_get(&m.p, GFN(end - 1), &e), 0);
    ck_assert_uint_eq(e.mfn.v, mfns - 1);
    ck_assert_int_eq(p2m_table_remove(&m.p, GFN(end - 1), 1), 0);
    finish();
}
END_TEST

/* What is mapped before a table cannot be reached is told, and its references.
 */
START_TEST(done_is_exact)
{
    begin(format[_i], 0);
    /* The second table of level 0: the model's frames lie 7 apart. */
    m.w.unreachable = MFN(UINT64_C(0x40001) + 7 * m.w.fmt->levels);
    ck_assert_int_eq(
        do_range(0, 2 * BLOCK, FIRST_FOREIGN, P2M_FOREIGN, P2M_ACCESS_ALL),
        -EFAULT);
    m.w.unreachable = MFN_INVALID;
    ck_assert_int_eq(m.frame[BLOCK - 1].type, P2M_FOREIGN);
    ck_assert_int_eq(m.frame[BLOCK].type, P2M_NONE);
    finish();
}
END_TEST

/* Many references: what was invalidated is not invalidated again and again. */
START_TEST(invalidated_once)
{
    uint64_t bytes = 0;

    begin(format[_i], 0);
    ck_assert_int_eq(
        do_range(0, FRAMES, FIRST_FOREIGN, P2M_FOREIGN, P2M_ACCESS_ALL), 0);
    invalidated = 0;
    ck_assert_int_eq(do_remove(0, FRAMES), 0);
    bytes = FRAMES << DW_PAGE_SHIFT;
    /* Once each, once more before their tables are freed, once for these. */
    ck_assert_uint_le(invalidated, 3 * bytes + m.w.frees * (bytes / 8));
    finish();
}
END_TEST

/*
 * Two far apart are not one with all that is between them (but for a table that
 * is given back, whose span is invalidated; here they span a GiB at most).
 */
START_TEST(far_apart)
{
    begin(format[_i], 0);
    ck_assert_int_eq(set_range(GIANT * 3 - 1, 1, 9, P2M_RAM), 0);
    ck_assert_int_eq(set_range(0, 1, 9, P2M_RAM), 0);
    invalidated = 0;
    ck_assert_int_eq(p2m_table_remove(&m.p, GFN(0), 1), 0);
    ck_assert_int_eq(p2m_table_remove(&m.p, GFN(GIANT * 3 - 1), 1), 0);
    p2m_table_flush(&m.p);
    ck_assert_uint_lt(invalidated, UINT64_C(3) << 30);
    finish();
}
END_TEST

/* A page in the middle of a block does not keep the rest from being one. */
START_TEST(block_over_page)
{
    begin(format[_i], 0);
    ck_assert_int_eq(do_set(5, 0, 7, P2M_RAM, P2M_ACCESS_ALL), 0);
    ck_assert_int_eq(do_range(0, 2 * BLOCK, BLOCK, P2M_RAM, P2M_ACCESS_ALL), 0);
    count_leaves();
    ck_assert_uint_eq(leaves[0], 0);
    ck_assert_uint_eq(leaves[1], 2);
    ck_assert_int_eq(do_set(BLOCK + 5, 0, 7, P2M_RAM, P2M_ACCESS_ALL), 0);
    ck_assert_int_eq(set_range(0, GIANT, GIANT, P2M_RAM), 0);
    note(0, FRAMES, GIANT, P2M_RAM, P2M_ACCESS_ALL);
    count_leaves();
    ck_assert_uint_eq(leaves[0] + leaves[1], 0);
    ck_assert_uint_eq(leaves[2], 1);
    finish();
}
END_TEST

/* Access of what could not be mapped is what it was. */
START_TEST(access_of_gaps)
{
    begin(format[_i], 0);
    ck_assert_int_eq(p2m_table_track(&m.p), 0);
    ck_assert_int_eq(do_access(0, 64, PT_READ), 0);
    m.w.fail_alloc = 0;
    ck_assert_int_eq(do_range(0, 64, 1, P2M_RAM, P2M_ACCESS_ALL), -ENOMEM);
    no_failures();
    for (uint64_t i = 0; i < 64; i++)
        ck_assert_uint_eq(m.access[i], PT_READ);
    finish();
}
END_TEST

/* An IOMMU that caches absence looks again after each make. */
START_TEST(iommu_looks_again)
{
    begin(format[_i], 0);
    ck_assert_int_eq(set_range(0, GIANT, GIANT, P2M_RAM), 0);
    note(0, FRAMES, GIANT, P2M_RAM, P2M_ACCESS_ALL);
    ck_assert_int_eq(do_set(5, 0, 7, P2M_RAM, P2M_ACCESS_ALL), 0);
    ck_assert(!stored_since_iommu);
    ck_assert_int_eq(do_remove(BLOCK + 5, 1), 0);
    ck_assert_int_eq(do_set(BLOCK + 5, 0, 9, P2M_ROM, P2M_ACCESS_ALL), 0);
    ck_assert(!stored_since_iommu);
    finish();
}
END_TEST

/*
 * Without room for types, or for a right that is not there, or with addresses
 * in two halves, there is no such table.
 */
START_TEST(no_room)
{
    struct pt_format fmt = pt_arm_s2_40;

    fmt.va_signed = true;
    ck_assert_int_eq(p2m_table_init(&m.p, &fmt, MFN(0), &m.ops, NULL), -EINVAL);
    fmt.va_signed = false;
    ck_assert_int_eq(p2m_table_init(&m.p, &fmt, MFN(0), &m.ops, NULL), 0);
    fmt.implied = PT_READ;
    ck_assert_int_eq(p2m_table_init(&m.p, &fmt, MFN(0), &m.ops, NULL), -EINVAL);
    ck_assert_int_eq(
        p2m_table_init(&m.p, &pt_x86_64_native, MFN(0), &m.ops, NULL), -EINVAL);
    seed = UINT64_C(20161001);
    world_init(&m.w, &pt_x86_pae_pv, seed);
    ck_assert_int_eq(
        p2m_table_init(&m.p, &pt_x86_pae_pv, m.w.pt.root, &m.ops, NULL),
        -EINVAL);
    world_dispose(&m.w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("p2m_table");
    TCase *tc = tcase_create("p2m_table");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tc, largest_blocks, 0, FORMATS);
    tcase_add_loop_test(tc, split_once, 0, FORMATS);
    tcase_add_loop_test(tc, split_fails, 0, FORMATS);
    tcase_add_loop_test(tc, remove_nothing, 0, FORMATS);
    tcase_add_loop_test(tc, deferred, 0, FORMATS);
    tcase_add_loop_test(tc, rights_in_place, 0, FORMATS);
    tcase_add_loop_test(tc, access_splits, 0, FORMATS);
    tcase_add_loop_test(tc, foreign_frames, 0, FORMATS);
    tcase_add_loop_test(tc, refused, 0, FORMATS);
    tcase_add_loop_test(tc, random_calls, 0, FORMATS);
    tcase_add_loop_test(tc, done_is_exact, 0, FORMATS);
    tcase_add_loop_test(tc, invalidated_once, 0, FORMATS);
    tcase_add_loop_test(tc, far_apart, 0, FORMATS - 1);
    tcase_add_loop_test(tc, block_over_page, 0, FORMATS);
    tcase_add_loop_test(tc, access_of_gaps, 0, FORMATS);
    tcase_add_loop_test(tc, iommu_looks_again, 0, FORMATS);
    tcase_add_test(tc, no_room);
    tcase_set_timeout(tc, 120);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
