/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verify on a machine that inspect_world.c plays: every kind of fault, those
 * too that Xen would not let a guest make; guests that change meanwhile; and
 * guests that hold anything at all.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/verify.h"
#include "inspect_world.h"

#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

#include "unit_random.h"

#define PAGE UINT64_C(4096)

static struct faults faults;
static enum p2m_source source;

static const unsigned int widths[] = {32, 64};

static void look(void)
{
    struct view_domain domain = {
        .info = &world.info,
        .width = world.width,
        .store = MFN(world_mfn(PFN_STORE)),
        .console = MFN(world_mfn(PFN_CONSOLE)),
    };
    struct diag dg;

    diag_init(&dg);
    world.asked = world.read = world.calls = 0;
    ck_assert_int_eq(verify(NULL, &dg, &domain, &faults, &source), 0);
    ck_assert_uint_eq(dg.nr, 0);
}

/* The only fault, of the kind. */
static const struct fault *only(enum fault_kind kind)
{
    unsigned int i;

    look();
    for (i = 0; i < FAULT_KINDS; i++)
        ck_assert_msg(faults.nr[i] == (i == kind), "%lu of kind %u, not %u",
                      (unsigned long)faults.nr[i], i, kind);
    return &faults.kept[kind][0];
}

static void none(void)
{
    unsigned int i;

    look();
    for (i = 0; i < FAULT_KINDS; i++)
        ck_assert_msg(!faults.nr[i], "%lu of kind %u",
                      (unsigned long)faults.nr[i], i);
}

/* An entry's fault, wherever. */
static void check_entry(const struct fault *fault, unsigned int level,
                        unsigned int slot)
{
    ck_assert_uint_eq(fault->level, level);
    ck_assert_uint_eq(fault->table.v, world_mfn(PFN_TABLE + level));
    ck_assert_uint_eq(fault->slot, slot);
    ck_assert_uint_eq(fault->entry, world_table(level)[slot]);
}

START_TEST(clean)
{
    world_start(widths[_i]);
    none();
    ck_assert_int_eq(source, P2M_START_INFO);
    /* No more than is needed: each frame once, each table once or twice. */
    ck_assert_uint_le(world.asked, WORLD_PAGES + 4);
    ck_assert_uint_le(world.read, 24);
    world_end();
}
END_TEST

START_TEST(writable)
{
    unsigned int level;

    world_start(widths[_i]);
    for (level = 1; level <= world.top; level++) {
        world_table(1)[PFN_TABLE + level] |= 2;
        const struct fault *fault = only(FAULT_WRITABLE_TABLE);

        check_entry(fault, 1, PFN_TABLE + level);
        ck_assert_uint_eq(fault->target.v, world_mfn(PFN_TABLE + level));
        ck_assert_uint_eq(fault->target_level, level);
        world_table(1)[PFN_TABLE + level] &= ~UINT64_C(2);
    }
    /* A table that nothing leads to, but is pinned, and one that is not. */
    world.level[world_mfn(PFN_DATA)] = 1;
    only(FAULT_WRITABLE_TABLE);
    world_end();
}
END_TEST

START_TEST(superpage)
{
    unsigned int level;

    world_start(widths[_i]);
    for (level = 2; level <= 3; level++) {
        if (level == world.top)
            break;
        world_table(level)[1] = 512 * PAGE | 0xe7;
        check_entry(only(FAULT_SUPERPAGE), level, 1);
        world_table(level)[1] = 0;
    }
    /* In the slots of Xen's, but not what Xen has there. */
    if (world.width == 32) {
        world_table(2)[429] = 512 * PAGE | 0xa1;
        check_entry(only(FAULT_SUPERPAGE), 2, 429);
    }
    world_end();
}
END_TEST

START_TEST(linear)
{
    unsigned int level;

    world_start(widths[_i]);
    for (level = 2; level <= world.top; level++) {
        world_table(level)[1] = world_mfn(PFN_TABLE + level) * PAGE | 0x25;
        check_entry(only(FAULT_LINEAR_TABLE), level, 1);
        world_table(level)[1] = 0;
    }
    world_end();
}
END_TEST

START_TEST(table_type)
{
    unsigned int level;

    world_start(widths[_i]);
    for (level = 2; level <= world.top; level++) {
        world_table(level)[1] = world_mfn(PFN_DATA) * PAGE | 0x25;
        check_entry(only(FAULT_TABLE_TYPE), level, 1);
        world_table(level)[1] = 0;
    }
    world_end();
}
END_TEST

START_TEST(foreign)
{
    unsigned int level;

    world_start(widths[_i]);
    for (level = 1; level <= world.top; level++) {
        unsigned int slot = level == 1 ? PFN_SPARE : 1;

        world_table(level)[slot] = WORLD_OTHERS * PAGE | 0x25;
        check_entry(only(FAULT_FOREIGN_FRAME), level, slot);
        world_table(level)[slot] = (uint64_t)WORLD_FRAMES * PAGE | 0x25;
        check_entry(only(FAULT_FOREIGN_FRAME), level, slot);
        world_table(level)[slot] = UINT64_C(0x000ffffffffff000) | 0x25;
        check_entry(only(FAULT_FOREIGN_FRAME), level, slot);
        world_table(level)[slot] = 0;
    }
    none();
    /* Grants' frames are Xen's, and the guest's to map. */
    world_table(1)[PFN_SPARE] = (WORLD_GRANTS + 1) * PAGE | 0x27;
    none();
    world_table(1)[PFN_SPARE] = (WORLD_GRANTS + 2) * PAGE | 0x27;
    check_entry(only(FAULT_FOREIGN_FRAME), 1, PFN_SPARE);
    world_end();
}
END_TEST

/* Xen's part of a 64-bit root, to its ends, is not the guest's. */
START_TEST(xens_slots)
{
    world_start(64);
    world_table(4)[256] = world_table(4)[271] = 2048 * PAGE | 0xa5;
    none();
    world_table(4)[255] = WORLD_OTHERS * PAGE | 0x25;
    check_entry(only(FAULT_FOREIGN_FRAME), 4, 255);
    world_table(4)[255] = 0;
    world_table(4)[272] = WORLD_OTHERS * PAGE | 0x25;
    check_entry(only(FAULT_FOREIGN_FRAME), 4, 272);
    world_end();
}
END_TEST

START_TEST(absent)
{
    unsigned int level;

    world_start(widths[_i]);
    for (level = 1; level <= world.top; level++) {
        unsigned int slot = level == 1 ? PFN_SPARE : 1;
        uint64_t *entry = &world_table(level)[slot];

        *entry = PAGE;
        check_entry(only(FAULT_ABSENT_ADDRESS), level, slot);
        *entry = WORLD_OTHERS * PAGE | 2;
        check_entry(only(FAULT_ABSENT_ADDRESS), level, slot);
        /* A superpage of all memory from 0 on; of an L1, another bit. */
        *entry = 0x80;
        if (level > 1)
            check_entry(only(FAULT_ABSENT_ADDRESS), level, slot);
        else
            none();
        /* As a kernel that knows writes them, and what is no address. */
        *entry = UINT64_C(0x000ffffffffff000);
        none();
        *entry = UINT64_C(0x7ff0000000000f7e) & ~UINT64_C(0x80);
        none();
        *entry = 0;
    }
    world_end();
}
END_TEST

START_TEST(l3_slots)
{
    world_start(32);
    world_table(3)[4] = world_mfn(PFN_TABLE + 2) * PAGE | 1;
    check_entry(only(FAULT_L3_SLOT), 3, 4);
    world_table(3)[4] = 0;
    world_table(3)[511] = 2;
    check_entry(only(FAULT_L3_SLOT), 3, 511);
    world_end();
    world_start(64);
    world_table(3)[4] = world_mfn(PFN_TABLE + 2) * PAGE | 0x67;
    none();
    world_end();
}
END_TEST

START_TEST(roots)
{
    uint64_t root;
    const struct fault *fault;

    world_start(widths[_i]);
    root = world_mfn(PFN_TABLE + world.top);
    world.pinned[root] = false;
    fault = only(FAULT_UNPINNED_ROOT);
    ck_assert_uint_eq(fault->table.v, root);
    ck_assert_uint_eq(fault->level, world.top);
    /* Once, whoever has it; and another's own. */
    world_set_root(2, root);
    only(FAULT_UNPINNED_ROOT);
    world.pinned[root] = true;
    none();
    world_set_root(2, world_mfn(PFN_TABLE + 1));
    fault = only(FAULT_UNPINNED_ROOT);
    ck_assert_uint_eq(fault->table.v, world_mfn(PFN_TABLE + 1));
    world_end();
}
END_TEST

START_TEST(user_root)
{
    uint64_t mfn = world_mfn(PFN_SPARE);

    world_start(64);
    world.level[mfn] = 4;
    world.vcpu[0].x64.ctrlreg[1] = mfn * PAGE;
    ck_assert_uint_eq(only(FAULT_UNPINNED_ROOT)->table.v, mfn);
    /* It is walked, too. */
    world.pinned[mfn] = true;
    world.page[mfn][3] = PAGE;
    ck_assert_uint_eq(only(FAULT_ABSENT_ADDRESS)->table.v, mfn);
    world_end();
}
END_TEST

START_TEST(pins)
{
    unsigned int level;
    uint64_t mfn;

    world_start(widths[_i]);
    for (level = 1; level < world.top; level++) {
        mfn = world_mfn(PFN_TABLE + level);
        world.pinned[mfn] = true;
        ck_assert_uint_eq(only(FAULT_PIN_BELOW_ROOT)->table.v, mfn);
        /* One that runs does as it likes with what it uses. */
        world.info.cpu_time = 1;
        none();
        ck_assert_int_eq(source, P2M_NONE);
        world.info.cpu_time = 0;
        world.pinned[mfn] = false;
    }
    /* Nor is it a fault where no root leads to one: Linux has such. */
    mfn = world_mfn(PFN_SPARE);
    world.level[mfn] = 1;
    world.pinned[mfn] = true;
    ck_assert_uint_eq(only(FAULT_PIN_BELOW_ROOT)->table.v, mfn);
    world.info.cpu_time = 1;
    none();
    world.page[mfn][3] = PAGE;
    ck_assert_uint_eq(only(FAULT_ABSENT_ADDRESS)->table.v, mfn);
    /* It is walked, too; a second root is none of these. */
    world.pinned[mfn] = false;
    world.level[mfn] = (uint8_t)world.top;
    world.page[mfn][3] = PAGE;
    none();
    world.pinned[mfn] = true;
    ck_assert_uint_eq(only(FAULT_ABSENT_ADDRESS)->table.v, mfn);
    world_end();
}
END_TEST

static void dies(void)
{
    world.info.flags |= XEN_DOMINF_dying;
}

/* Whatever was seen of it is no fault of anybody's. */
START_TEST(dying)
{
    struct view_domain domain = {.info = &world.info};
    unsigned int meanwhile;
    struct diag dg;

    for (meanwhile = 0; meanwhile < 2; meanwhile++) {
        world_start(widths[_i]);
        domain.width = world.width;
        domain.store = domain.console = MFN_INVALID;
        if (meanwhile)
            world.meanwhile = dies;
        else
            dies();
        diag_init(&dg);
        ck_assert_int_eq(verify(NULL, &dg, &domain, &faults, &source), -ESRCH);
        ck_assert_uint_eq(dg.nr, 1);
        ck_assert_str_eq(dg.line[0], "domain 7 is dying");
        world_end();
    }
}
END_TEST

START_TEST(p2m)
{
    const struct fault *fault;

    world_start(widths[_i]);
    /* A frame at a PFN that is another's; then that one is nowhere. */
    world_set_p2m(20, world_mfn(21));
    look();
    ck_assert_uint_eq(faults.nr[FAULT_P2M_M2P], 2);
    ck_assert_uint_eq(faults_total(&faults), 2);
    fault = &faults.kept[FAULT_P2M_M2P][0];
    ck_assert_uint_eq(fault->pfn.v, 20);
    ck_assert_uint_eq(fault->table.v, world_mfn(21));
    ck_assert_uint_eq(fault->other_pfn.v, 21);
    fault = &faults.kept[FAULT_P2M_M2P][1];
    ck_assert(!pfn_valid(fault->pfn));
    ck_assert_uint_eq(fault->table.v, world_mfn(20));
    ck_assert_uint_eq(fault->other_pfn.v, 20);
    world_set_p2m(20, world_mfn(20));

    world.m2p[world_mfn(20)] = 21;
    look();
    ck_assert_uint_eq(faults.nr[FAULT_P2M_M2P], 2);
    world.m2p[world_mfn(20)] = 20;
    none();
    /* What is another's, and what is no frame at all. */
    world.owned[world_mfn(20)] = false;
    world.info.tot_pages--;
    world_table(1)[20] = 0;
    fault = only(FAULT_P2M_M2P);
    ck_assert_uint_eq(fault->pfn.v, 20);
    ck_assert(!pfn_valid(fault->other_pfn));
    world_set_p2m(20, WORLD_FRAMES + 5);
    only(FAULT_P2M_M2P);
    /* Linux's marks, and none. */
    world_set_p2m(20, world.width == 32 ? UINT32_MAX : UINT64_MAX);
    none();
    world_set_p2m(20, UINT64_C(1) << (world.width - 1) | world_mfn(21));
    none();
    world_set_p2m(20, UINT64_C(1) << (world.width - 2) | 20);
    none();
    world_end();
}
END_TEST

/* A list that goes on behind the pages that start_info counts, in one page. */
START_TEST(p2m_longer)
{
    const uint64_t pfn = WORLD_PAGES + 50, mfn = 1000;
    uint64_t gap;

    world_start(widths[_i]);
    for (gap = WORLD_PAGES; gap < pfn; gap++)
        world_set_p2m(gap, world.width == 32 ? UINT32_MAX : UINT64_MAX);
    world.owned[mfn] = true;
    world.m2p[mfn] = pfn;
    world.info.tot_pages++;
    world_set_p2m(pfn, mfn);
    none();
    world_set_p2m(pfn, WORLD_OTHERS);
    look();
    ck_assert_uint_eq(faults.nr[FAULT_P2M_M2P], 2);
    world_set_p2m(pfn, mfn);
    /* Each entry is told of once, which side of the boundary it is on. */
    world.owned[world_mfn(20)] = false;
    world.info.tot_pages--;
    world_table(1)[20] = 0;
    ck_assert_uint_eq(only(FAULT_P2M_M2P)->pfn.v, 20);
    world_end();
}
END_TEST

/* The ways in which guests that run tell of it. */
static void publish(bool tree)
{
    void *shared = world.page[WORLD_SHARED_INFO];
    uint64_t root = world_mfn(PFN_TABLE + world.top);

    memset(shared, 0, PAGE);
    if (world.width == 32) {
        struct arch_shared_info_x86_32 *arch =
            &((shared_info_x86_32_t *)shared)->arch;

        arch->max_pfn = WORLD_PAGES;
        arch->p2m_cr3 = tree ? 0 : (uint32_t)root << 12;
        arch->p2m_vaddr = PFN_P2M * PAGE;
        arch->pfn_to_mfn_frame_list_list = (uint32_t)world_mfn(30);
        ((uint32_t *)world.page[world_mfn(30)])[0] = (uint32_t)world_mfn(31);
        ((uint32_t *)world.page[world_mfn(31)])[0] =
            (uint32_t)world_mfn(PFN_P2M);
    } else {
        struct arch_shared_info_x86_64 *arch =
            &((shared_info_x86_64_t *)shared)->arch;

        arch->max_pfn = WORLD_PAGES;
        arch->p2m_cr3 = tree ? 0 : root << 12;
        arch->p2m_vaddr = PFN_P2M * PAGE;
        arch->pfn_to_mfn_frame_list_list = world_mfn(30);
        world.page[world_mfn(30)][0] = world_mfn(31);
        world.page[world_mfn(31)][0] = world_mfn(PFN_P2M);
    }
}

START_TEST(published)
{
    unsigned int tree;

    world_start(widths[_i]);
    world.info.cpu_time = 1;
    none();
    ck_assert_int_eq(source, P2M_NONE);
    for (tree = 0; tree < 2; tree++) {
        publish(tree);
        none();
        ck_assert_int_eq(source, tree ? P2M_TREE : P2M_LIST);
        world_set_p2m(20, world.width == 32 ? UINT32_MAX : UINT64_MAX);
        only(FAULT_P2M_M2P);
        world_set_p2m(20, world_mfn(20));
    }
    world_end();
}
END_TEST

START_TEST(pages)
{
    world_start(widths[_i]);
    world.owned[world_mfn(PFN_CONSOLE)] = false;
    look();
    ck_assert_uint_eq(faults.nr[FAULT_SPECIAL_PAGE], 1);
    ck_assert_str_eq(faults.kept[FAULT_SPECIAL_PAGE][0].what, "console");
    world.owned[world_mfn(PFN_CONSOLE)] = true;
    world.level[world_mfn(PFN_STORE)] = 1;
    look();
    ck_assert_uint_eq(faults.nr[FAULT_SPECIAL_PAGE], 1);
    ck_assert_str_eq(faults.kept[FAULT_SPECIAL_PAGE][0].what, "xenstore");
    world.level[world_mfn(PFN_STORE)] = 0;
    world.info.shared_info_frame = UINT64_MAX;
    world_table(1)[SLOT_SHARED_INFO] = 0;
    ck_assert_str_eq(only(FAULT_SPECIAL_PAGE)->what, "shared info");
    world_end();
}
END_TEST

/* A frame that the M2P has forgotten is found all the same. */
START_TEST(hidden)
{
    uint64_t mfn = world_mfn(PFN_SPARE);

    world_start(widths[_i]);
    world.info.cpu_time = 1;
    world.m2p[mfn] = UINT64_MAX;
    world.level[mfn] = (uint8_t)world.top;
    world.pinned[mfn] = true;
    world.page[mfn][3] = PAGE;
    ck_assert_uint_eq(only(FAULT_ABSENT_ADDRESS)->table.v, mfn);
    world_end();
}
END_TEST

/* To another frame, in which it is all the same. */
static void move_root(uint64_t mfn)
{
    uint64_t old = world_mfn(PFN_TABLE + world.top);

    memcpy(world.page[mfn], world.page[old], PAGE);
    world.m2p[mfn] = world.m2p[old];
    world.level[mfn] = (uint8_t)world.top;
    world.pinned[mfn] = world.owned[mfn] = true;
    world.owned[old] = world.pinned[old] = false;
    world_table(1)[PFN_TABLE + world.top] = mfn * PAGE | 0x21;
    world_set_p2m(PFN_TABLE + world.top, mfn);
    world_set_root(0, mfn);
}

/*
 * Others' frames lie around the domain's, and in the M2P in a row: of each such
 * row one is asked about.
 */
START_TEST(others)
{
    uint64_t mfn, gap = WORLD_BASE + WORLD_PAGES;

    world_start(widths[_i]);
    world.info.cpu_time = 1;
    world.info.max_pages = WORLD_PAGES;
    /* Its root is far away from all others, too: they are found before all. */
    move_root(4000);
    for (mfn = 0; mfn < WORLD_FRAMES; mfn++)
        if (!world.owned[mfn])
            world.m2p[mfn] = mfn / 1024 % 2 ? 1023 - mfn % 1024 : mfn % 1024;
    none();
    ck_assert_uint_le(world.asked, WORLD_PAGES + 16);
    /* One of its own in such a row, as if it went on there. */
    world.owned[2048 + 300] = true;
    world.info.tot_pages++;
    world.page[2048 + 300][0] = PAGE;
    world.level[2048 + 300] = (uint8_t)world.top;
    world.pinned[2048 + 300] = true;
    ck_assert_uint_eq(only(FAULT_ABSENT_ADDRESS)->table.v, 2048 + 300);
    ck_assert_uint_le(world.asked, 5 * WORLD_PAGES + 64);
    /* And one that it has hidden: then all are asked about, and each once. */
    world.m2p[gap] = UINT64_MAX;
    world.owned[gap] = true;
    world.info.tot_pages++;
    only(FAULT_ABSENT_ADDRESS);
    ck_assert_uint_le(world.asked, WORLD_FRAMES + 8);
    world_end();
}
END_TEST

/* ---- guests that change meanwhile ---- */

static uint64_t *changing;
static uint64_t at_call;

static void mend(void)
{
    if (world.calls == at_call)
        *changing = 0;
}

/*
 * An entry that is wrong for a moment: it is told of or not, whenever it goes,
 * and nothing else is.
 */
START_TEST(moment)
{
    uint64_t calls, told = 0;

    world_start(widths[_i]);
    changing = &world_table(2)[1];
    *changing = world_mfn(PFN_DATA) * PAGE | 0x25;
    only(FAULT_TABLE_TYPE);
    calls = world.calls;
    world.meanwhile = mend;
    for (at_call = 1; at_call <= calls; at_call++) {
        *changing = world_mfn(PFN_DATA) * PAGE | 0x25;
        look();
        ck_assert_uint_eq(faults_total(&faults), faults.nr[FAULT_TABLE_TYPE]);
        told += faults_total(&faults);
    }
    ck_assert_uint_gt(told, 0);
    ck_assert_uint_lt(told, calls);
    world_end();
}
END_TEST

static void mend_in_between(void)
{
    if (world.watched_reads == 1)
        *changing = 0;
}

/* An entry that is gone when the table is read a second time. */
START_TEST(read_twice)
{
    world_start(widths[_i]);
    world.info.cpu_time = 1; /* nobody else reads its tables */
    world.watched = world_mfn(PFN_TABLE + 2);
    changing = &world_table(2)[1];
    *changing = world_mfn(PFN_DATA) * PAGE | 0x25;
    only(FAULT_TABLE_TYPE);
    ck_assert_uint_eq(world.watched_reads, 2);
    world.watched_reads = 0;
    world.meanwhile = mend_in_between;
    none();
    ck_assert_uint_eq(world.watched_reads, 2);
    world_end();
}
END_TEST

static void give_up_table(void)
{
    uint64_t mfn = world_mfn(PFN_TABLE + 1);

    if (world.calls != at_call)
        return;
    /* Not a table any more, but data; and mapped writable. */
    world.level[mfn] = 0;
    world_table(2)[0] = 0;
    memset(world.page[mfn], 0xa5, PAGE);
}

/* A table becomes data: what is in it then is no entry. */
START_TEST(freed)
{
    uint64_t calls;

    world_start(widths[_i]);
    world.info.cpu_time = 1;
    none();
    calls = world.calls;
    world_end();
    for (at_call = 1; at_call <= calls; at_call++) {
        world_start(widths[_i]);
        world.info.cpu_time = 1;
        world.meanwhile = give_up_table;
        none();
        world_end();
    }
}
END_TEST

static void balloon(void)
{
    if (world.calls != at_call)
        return;
    world.owned[1000] = true;
    world.m2p[1000] = 20;
    world.owned[world_mfn(20)] = false;
    world.m2p[world_mfn(20)] = UINT64_MAX;
    world_set_p2m(20, 1000);
    world_table(1)[20] = 1000 * PAGE | 0x23;
}

/* A frame is exchanged for another. */
START_TEST(exchanged)
{
    uint64_t calls;

    world_start(widths[_i]);
    publish(false);
    world.info.cpu_time = 1;
    none();
    calls = world.calls;
    world_end();
    for (at_call = 1; at_call <= calls; at_call++) {
        world_start(widths[_i]);
        publish(false);
        world.info.cpu_time = 1;
        world.meanwhile = balloon;
        none();
        world_end();
    }
}
END_TEST

static void change_root(void)
{
    uint64_t spare = world_mfn(PFN_SPARE);

    if (world.calls != at_call)
        return;
    world.level[spare] = (uint8_t)world.top;
    world.pinned[spare] = true;
    world_set_root(0, spare);
    world.pinned[world_mfn(PFN_TABLE + world.top)] = false;
}

/* A vCPU goes over to another root, and the old one is unpinned. */
START_TEST(other_root)
{
    uint64_t calls;

    world_start(widths[_i]);
    world.info.cpu_time = 1;
    none();
    calls = world.calls;
    world_end();
    for (at_call = 1; at_call <= calls; at_call++) {
        world_start(widths[_i]);
        world.info.cpu_time = 1;
        world.meanwhile = change_root;
        none();
        world_end();
    }
}
END_TEST

/* ---- guests that hold anything ---- */

/* Whatever is in memory: an entry that leads somewhere, mostly. */
static uint64_t random_entry(struct unit_random *rnd)
{
    switch (unit_below(rnd, 8)) {
    case 0:
        return unit_random64(rnd);
    case 1:
        return 0;
    default:
        return unit_below(rnd, WORLD_FRAMES + 8) * PAGE |
               (unit_random64(rnd) & 0xfff);
    }
}

static void randomize(struct unit_random *rnd)
{
    unsigned int i, slot, pfn;
    uint64_t mfn;

    for (i = 0; i < 64; i++) {
        mfn = world_mfn(unit_below(rnd, WORLD_PAGES));
        world.level[mfn] = (uint8_t)unit_below(rnd, 8);
        world.pinned[mfn] = unit_below(rnd, 2);
        world.m2p[mfn] =
            unit_below(rnd, 2) ? unit_random64(rnd) : unit_below(rnd, 500);
        for (slot = 0; slot < 512; slot++)
            world.page[mfn][slot] = random_entry(rnd);
    }
    pfn = (unsigned int)unit_below(rnd, 3);
    for (slot = 0; slot < 512 && pfn; slot++)
        world.page[world_mfn(PFN_TABLE + pfn)][slot] = random_entry(rnd);
    for (i = 0; i < WORLD_VCPUS; i++)
        world_set_root(i, unit_below(rnd, 2)
                              ? world_mfn(unit_below(rnd, WORLD_PAGES))
                              : unit_random64(rnd) & 0xfffffffff);
    for (i = 0; i < 512; i++)
        world.page[WORLD_SHARED_INFO][i] =
            unit_below(rnd, 2) ? UINT64_C(0) : random_entry(rnd);
    world.info.cpu_time = unit_below(rnd, 2);
}

/* Each table is read at most twice for each level, and each frame asked. */
START_TEST(anything)
{
    struct unit_random rnd = unit_random_case((uint64_t)_i);
    unsigned int i;

    world_start(widths[_i % 2]);
    randomize(&rnd);
    publish(_i % 4 / 2);
    if (_i % 3)
        world.info.cpu_time = 1;
    look();
    for (i = 0; i < FAULT_KINDS; i++)
        UNIT_CHECK(&rnd, faults_kept(&faults, i) <= FAULTS_KEPT);
    UNIT_CHECK(&rnd, world.read <= WORLD_PAGES * 4 * 4 + 64);
    UNIT_CHECK(&rnd, world.asked <= WORLD_FRAMES + 8 * WORLD_PAGES * 514);
    world_end();
}
END_TEST

/* A list without an end, of one frame again and again, all of it wrong. */
START_TEST(endless)
{
    uint64_t *table, i;

    world_start(64);
    publish(false);
    world.info.cpu_time = 1;
    ((shared_info_x86_64_t *)world.page[WORLD_SHARED_INFO])->arch.max_pfn =
        UINT64_MAX / 8;
    table = world_table(1);
    for (i = PFN_DATA; i < 512; i++)
        table[i] = world_mfn(PFN_P2M) * PAGE | 0x21;
    for (i = 0; i < 512; i++) {
        world_table(2)[i] = world_mfn(PFN_TABLE + 1) * PAGE | 0x67;
        world_table(3)[i] = world_mfn(PFN_TABLE + 2) * PAGE | 0x67;
    }
    look();
    ck_assert_uint_gt(faults.nr[FAULT_P2M_M2P], 1000);
    ck_assert_uint_eq(faults_kept(&faults, FAULT_P2M_M2P), FAULTS_KEPT);
    ck_assert_uint_eq(faults_total(&faults), faults.nr[FAULT_P2M_M2P]);
    world_end();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("inspect");
    TCase *tc = tcase_create("inspect");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, clean, 0, 2);
    tcase_add_loop_test(tc, writable, 0, 2);
    tcase_add_loop_test(tc, superpage, 0, 2);
    tcase_add_loop_test(tc, linear, 0, 2);
    tcase_add_loop_test(tc, table_type, 0, 2);
    tcase_add_loop_test(tc, foreign, 0, 2);
    tcase_add_test(tc, xens_slots);
    tcase_add_loop_test(tc, absent, 0, 2);
    tcase_add_test(tc, l3_slots);
    tcase_add_loop_test(tc, roots, 0, 2);
    tcase_add_test(tc, user_root);
    tcase_add_loop_test(tc, pins, 0, 2);
    tcase_add_loop_test(tc, dying, 0, 2);
    tcase_add_loop_test(tc, p2m, 0, 2);
    tcase_add_loop_test(tc, p2m_longer, 0, 2);
    tcase_add_loop_test(tc, published, 0, 2);
    tcase_add_loop_test(tc, pages, 0, 2);
    tcase_add_loop_test(tc, hidden, 0, 2);
    tcase_add_loop_test(tc, others, 0, 2);
    tcase_add_loop_test(tc, moment, 0, 2);
    tcase_add_loop_test(tc, read_twice, 0, 2);
    tcase_add_loop_test(tc, freed, 0, 2);
    tcase_add_loop_test(tc, exchanged, 0, 2);
    tcase_add_loop_test(tc, other_root, 0, 2);
    tcase_add_loop_test(tc, anything, 0, 120);
    tcase_add_test(tc, endless);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
