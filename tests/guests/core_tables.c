/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * core_tables.c - lib/pt on the guest's own tables, which Xen lets it read and
 * change by hypercall only.
 */
#include "core.h"
#include "pt/remap.h"

#include <errno.h>

#ifdef __x86_64__
#define FORMAT pt_x86_64_pv
#else
#define FORMAT pt_x86_pae_pv
#endif

#define POOL 8

extern uint8_t text_end[];

struct calls calls;

/* ---- what the library asks for ---- */

/* Pages for tables: read-only from when they are taken to when they are free.
 */
static uint8_t pool[POOL][PAGE_SIZE] __attribute__((aligned(4096)));
static bool pool_used[POOL];

/* Where the tables are that were looked at last, by level. */
static struct {
    const uint64_t *view;
    mfn_t mfn;
} views[PT_MAX_LEVELS];

static mfn_t pool_mfn(unsigned int i)
{
    return pfn_to_mfn(vaddr_to_pfn((uintptr_t)pool[i]));
}

static long pool_protect(unsigned int i, uint64_t flags)
{
    return update_va_mapping(
        (uintptr_t)pool[i],
        mfn_to_pte(pool_mfn(i), PTE_PRESENT | PTE_ACCESSED | flags));
}

static int alloc_table(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    unsigned int i = 0;
    long rc;

    (void)ctx;
    (void)level;
    (void)va;
    while (i < POOL && pool_used[i])
        i++;
    if (i == POOL)
        return -ENOMEM;
    memset(pool[i], 0, PAGE_SIZE);
    rc = pool_protect(i, 0);
    if (rc)
        return (int)rc;
    pool_used[i] = true;
    *mfn = pool_mfn(i);
    return 0;
}

static void free_table(void *ctx, unsigned int level, mfn_t mfn)
{
    unsigned int i;
    long rc;

    (void)ctx;
    (void)level;
    for (i = 0; i < POOL; i++) {
        if (!pool_used[i] || pool_mfn(i).v != mfn.v)
            continue;
        rc = pool_protect(i, PTE_WRITABLE | PTE_DIRTY);
        if (rc)
            panic("a table that nothing refers to: %ld", rc);
        pool_used[i] = false;
    }
}

static uint64_t *view_table(void *ctx, mfn_t mfn, unsigned int level,
                            vaddr_t va)
{
    struct table table = {.mfn = mfn, .level = level + 1};

    (void)ctx;
    (void)va;
    views[level].view = table_view(&table);
    views[level].mfn = mfn;
    return (uint64_t *)views[level].view;
}

static int store(void *ctx, uint64_t *slot, uint64_t raw)
{
    const uint64_t *view =
        (const uint64_t *)((uintptr_t)slot & ~(PAGE_SIZE - 1));
    unsigned int level = 0;
    long rc;

    (void)ctx;
    while (views[level].view != view)
        level++;
    rc = mmu_update_entry(mfn_to_maddr(views[level].mfn).v +
                              ((uintptr_t)slot & (PAGE_SIZE - 1)),
                          raw);
    calls.stores++;
    calls.refused += rc != 0;
    return (int)rc;
}

static void invalidate(void *ctx, vaddr_t va, uint64_t bytes)
{
    mmuext_op_t op = {.cmd = MMUEXT_INVLPG_LOCAL,
                      .arg1.linear_addr = (unsigned long)va.v};
    long rc;

    (void)ctx;
    if (bytes > PAGE_SIZE)
        op.cmd = MMUEXT_TLB_FLUSH_LOCAL;
    rc = hypercall(__HYPERVISOR_mmuext_op, (unsigned long)&op, 1, 0, DOMID_SELF,
                   0);
    if (rc)
        panic("an invalidation is refused: %ld", rc);
    calls.invalidations++;
}

static const struct pt_ops ops = {.table = view_table,
                                  .alloc = alloc_table,
                                  .free = free_table,
                                  .store = store,
                                  .invalidate = invalidate};

struct pt_tables own_tables(void)
{
    return (struct pt_tables){
        .format = &FORMAT, .ops = &ops, .root = cr3_to_mfn()};
}

/* ---- more memory ---- */

/* Behind the initial region, and a P2M list that lies behind it. */
static pfn_t first_free_pfn(const struct pt_tables *pt)
{
    struct pt_entry entry = {.kind = PT_LEAF};
    pfn_t pfn = boot_end_pfn(), p2m_end;

    for (; entry.kind == PT_LEAF; pfn.v++)
        if (pt_lookup(pt, VADDR(pfn_to_vaddr(pfn)), &entry, NULL) < 0)
            panic("the initial region's end is not found");
    pfn.v--;
    p2m_end =
        PFN(start_info->first_p2m_pfn + (uint64_t)start_info->nr_p2m_frames);
    return p2m_end.v > pfn.v ? p2m_end : pfn;
}

void *map_more_memory(unsigned int n, pt_source source, void *arg)
{
    struct pt_tables pt = own_tables();
    pfn_t first = first_free_pfn(&pt);
    uintptr_t va = pfn_to_vaddr(first), end = va + n * PAGE_SIZE, at;
    struct tally usable = {0, 0};

    tap_eq((unsigned)pt_map(&pt, VADDR(va), VADDR(end), source, arg), 0,
           "more memory is mapped");
    tap_eq((unsigned)pt_map(&pt, VADDR(va), VADDR(end), source, arg),
           (unsigned)-EEXIST, "and is not mapped again over itself");
    for (at = va; at < end; at += PAGE_SIZE)
        if (tally_wrong(&usable, probe_write((void *)at) != 0 ||
                                     vaddr_to_mfn(at).v !=
                                         pfn_to_mfn(vaddr_to_pfn(at)).v))
            tap_note("%#lx", (unsigned long)at);
    tap_tally(&usable, "each page can be written to, and is the right one");
    return (void *)va;
}

/* ---- what its own pages allow ---- */

static bool is_writable(const void *at)
{
    return probe_write((void *)(uintptr_t)at) == 0;
}

static bool is_read_only(const void *at)
{
    return probe_write((void *)(uintptr_t)at) == 1 &&
           guest_last_trap.vector == 14 &&
           (guest_last_trap.error_code & (FAULT_PRESENT | FAULT_WRITE)) ==
               (FAULT_PRESENT | FAULT_WRITE);
}

static bool all_are(bool (*is)(const void *), const uint8_t *from,
                    const uint8_t *to)
{
    for (; from < to; from += PAGE_SIZE)
        if (!is(from))
            return false;
    return true;
}

static int protect(const uint8_t *from, const uint8_t *to, uint32_t prot)
{
    struct pt_tables pt = own_tables();

    calls = (struct calls){0, 0, 0};
    return pt_protect(&pt, VADDR((uintptr_t)from), VADDR((uintptr_t)to), prot);
}

static void check_text(void)
{
    unsigned long pages = (unsigned long)(text_end - image_start) / PAGE_SIZE;

    tap_ok(all_are(is_writable, image_start, text_end),
           "the builder maps the kernel's code writable");
    tap_ok(protect(image_start, text_end, PT_READ) == 0 &&
               calls.stores == pages && calls.invalidations == 1 &&
               all_are(is_read_only, image_start, text_end),
           "its code is read-only: a store for each page, one invalidation");
    tap_ok(is_writable(text_end), "what follows is not");
    tap_ok(protect(image_start, text_end, PT_READ) == 0 && calls.stores == 0,
           "once more, nothing is stored");
    tap_ok(protect(image_start, text_end, PT_READ | PT_WRITE) == 0 &&
               calls.stores == pages && calls.invalidations == 0 &&
               all_are(is_writable, image_start, text_end),
           "it can be written to again, without an invalidation");
}

/* Three pages, of which the second is a table that is in use. */
static void check_refused(void)
{
    struct pt_tables pt = own_tables();
    uint8_t *table = pool[0];
    struct pt_entry entry;

    tap_ok(pool_used[0] && is_read_only(table), "a table is read-only");
    if (!tap_ok(!pool_used[1] && protect(pool[1], pool[3], PT_READ) == 0,
                "so are two pages behind it"))
        return;
    /* Used, read-only; free, read-only: descending, so the table comes first.
     */
    tap_ok(protect(table, pool[3], PT_READ | PT_WRITE) < 0 &&
               calls.refused == 1 && calls.stores == 1 &&
               calls.invalidations == 0,
           "Xen refuses to have a table writable, and there it ends");
    tap_ok(is_read_only(table) && is_read_only(pool[1]) &&
               is_read_only(pool[2]),
           "the old mappings stand");
    tap_ok(pt_lookup(&pt, VADDR((uintptr_t)table), &entry, NULL) == 0 &&
               entry.kind == PT_LEAF && entry.mfn.v == pool_mfn(0).v,
           "and are where they were");
    tap_eq((unsigned)protect(pool[1], pool[3], PT_READ | PT_WRITE), 0,
           "the others can be written to again");
}

/* ---- the same in two passes, as Linux's large mappings are set up ---- */

/*
 * pt_remap() takes frames that follow each other, and a guest's are in any
 * order: so it goes from run to run of the P2M. Returns what the last call did;
 * the leaves are counted in *counts.
 */
static int remap(const uint8_t *from, const uint8_t *to, uint32_t prot,
                 struct pt_counts *counts)
{
    struct pt_tables pt = own_tables();
    pfn_t end = vaddr_to_pfn((uintptr_t)to);
    struct p2m_run frames = {.end = vaddr_to_pfn((uintptr_t)from)};
    struct pt_counts some;
    int rc = 0;

    calls = (struct calls){0, 0, 0};
    *counts = (struct pt_counts){{0}};
    while (rc == 0 && frames.end.v < end.v &&
           p2m_tree_run(own_p2m(), frames.end, &frames)) {
        struct pt_run run = {.first = VADDR(pfn_to_vaddr(frames.first)),
                             .mfn = frames.mfn,
                             .prot = prot,
                             .largest = PT_MAX_LEVELS};

        if (frames.end.v > end.v)
            frames.end = end;
        run.end = VADDR(pfn_to_vaddr(frames.end));
        rc = pt_remap(&pt, &run, PT_READ | PT_WRITE, &some);
        for (unsigned int level = 0; level < PT_MAX_LEVELS; level++)
            counts->leaf[level] += some.leaf[level];
    }
    return rc;
}

static void check_two_passes(void)
{
    unsigned long pages = (unsigned long)(text_end - image_start) / PAGE_SIZE;
    struct pt_counts counts;
    uint8_t *table = pool[0];

    tap_ok(remap(image_start, text_end, PT_READ, &counts) == 0 &&
               calls.stores == pages && calls.invalidations > 0 &&
               all_are(is_read_only, image_start, text_end) &&
               is_writable(text_end),
           "in two passes the code is read-only: the first stores nothing");
    tap_ok(counts.leaf[0] == pages && counts.leaf[1] == 0,
           "each page is counted once, and is a page");
    tap_ok(remap(image_start, text_end, PT_READ, &counts) == 0 &&
               calls.stores == 0 && counts.leaf[0] == pages,
           "what is final already is not written again, but counted");
    tap_ok(remap(image_start, text_end, PT_READ | PT_WRITE, &counts) == 0 &&
               all_are(is_writable, image_start, text_end),
           "and is writable again");
    tap_ok(protect(pool[1], pool[3], PT_READ) == 0 &&
               remap(table, pool[3], PT_READ | PT_WRITE, &counts) < 0 &&
               calls.refused == 1 && calls.stores == 1,
           "Xen refuses to have a table writable in two passes as well");
    tap_ok(is_read_only(table) && is_read_only(pool[1]) &&
               is_read_only(pool[2]),
           "every old mapping stands");
    tap_eq((unsigned)protect(pool[1], pool[3], PT_READ | PT_WRITE), 0,
           "what was not refused can be changed");
}

void check_own_tables(void)
{
    check_text();
    check_refused();
    check_two_passes();
}
