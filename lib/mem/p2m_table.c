/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "mem/p2m_table.h"

#include <errno.h>
#include <stddef.h>

#include "pt/remap.h"

/* What a type allows, and how its memory is cached. */
static const struct {
    uint32_t prot;
    enum pt_memory memory;
    bool foreign; /* holds a reference */
} types[P2M_TYPES] = {
    [P2M_RAM] = {.prot = PT_READ | PT_WRITE | PT_EXEC},
    [P2M_ROM] = {.prot = PT_READ | PT_EXEC},
    [P2M_MMIO] = {.prot = PT_READ | PT_WRITE, .memory = PT_UC},
    [P2M_FOREIGN] = {.prot = PT_READ | PT_WRITE, .foreign = true},
    [P2M_FOREIGN_RO] = {.prot = PT_READ, .foreign = true},
    [P2M_GRANT] = {.prot = PT_READ | PT_WRITE},
    [P2M_GRANT_RO] = {.prot = PT_READ},
};

static vaddr_t to_va(gfn_t gfn)
{
    return VADDR(gfn.v << DW_PAGE_SHIFT);
}

static uint64_t level_frames(const struct pt_format *fmt, unsigned int level)
{
    return pt_span(fmt, level) >> DW_PAGE_SHIFT;
}

static bool holds_reference(const struct pt_entry *entry)
{
    return entry->kind == PT_LEAF && entry->software < P2M_TYPES &&
           types[entry->software].foreign;
}

/* What pt/ asks for, of a table. */

static uint64_t *table(void *ctx, mfn_t mfn, unsigned int level, vaddr_t va)
{
    struct p2m_table *p = ctx;

    return p->ops->pt.table(p->ctx, mfn, level, va);
}

static int alloc(void *ctx, unsigned int level, vaddr_t va, mfn_t *mfn)
{
    struct p2m_table *p = ctx;

    return p->ops->pt.alloc(p->ctx, level, va, mfn);
}

static void free_table(void *ctx, unsigned int level, mfn_t mfn)
{
    struct p2m_table *p = ctx;

    p->ops->pt.free(p->ctx, level, mfn);
}

static int publish(void *ctx, unsigned int level, mfn_t mfn)
{
    struct p2m_table *p = ctx;

    return p->ops->pt.publish(p->ctx, level, mfn);
}

static int store(void *ctx, uint64_t *slot, uint64_t raw)
{
    struct p2m_table *p = ctx;

    return p->ops->pt.store(p->ctx, slot, raw);
}

static void iommu_flush(struct p2m_table *p, gfn_t gfn, uint64_t nr)
{
    if (p->ops->iommu_flush != NULL)
        p->ops->iommu_flush(p->ctx, gfn, nr);
}

/* All frames behind the entry of `level` that covers gfn. */
static void flush_around(struct p2m_table *p, gfn_t gfn, unsigned int level)
{
    uint64_t nr = level_frames(p->tables.format, level);

    iommu_flush(p, GFN(gfn.v & ~(nr - 1)), nr);
}

static void invalidate(void *ctx, vaddr_t va, uint64_t bytes)
{
    struct p2m_table *p = ctx;
    gfn_t gfn = GFN(va.v >> DW_PAGE_SHIFT);

    p->ops->pt.invalidate(p->ctx, va, bytes);
    iommu_flush(p, gfn, bytes >> DW_PAGE_SHIFT);
}

int p2m_table_init(struct p2m_table *p, const struct pt_format *format,
                   mfn_t root, const struct p2m_table_ops *ops, void *ctx)
{
    *p = (struct p2m_table){
        .tables = {.format = format, .ops = &p->pt, .ctx = p, .root = root},
        .pt = {.table = table,
               .alloc = alloc,
               .free = free_table,
               .publish = ops->pt.publish == NULL ? NULL : publish,
               .store = ops->pt.store == NULL ? NULL : store,
               .invalidate = invalidate},
        .ops = ops,
        .ctx = ctx,
        .lowest = GFN(UINT64_MAX)};
    /* A right that cannot be taken away is none to a monitor. */
    return format->software >= P2M_TYPES - 1 && format->implied == 0 &&
                   !format->va_signed
               ? 0
               : -EINVAL;
}

int p2m_table_dispose(struct p2m_table *p)
{
    uint64_t nr = p->end.v - p->lowest.v;
    int rc;

    if (p->lowest.v >= p->end.v)
        return 0;
    rc = p2m_table_remove(p, p->lowest, nr);
    /* Tables that a call which failed has left are empty as well. */
    pt_pending_add(&p->pending, to_va(p->lowest), nr << DW_PAGE_SHIFT);
    p2m_table_flush(p);
    return rc;
}

int p2m_table_track(struct p2m_table *p)
{
    if (p->ops->set_access == NULL)
        return -EINVAL;
    p->track_access = true;
    return 0;
}

/* What was removed. */

static void put_references(struct p2m_table *p)
{
    while (p->puts > 0)
        p->ops->put(p->ctx, p->put[--p->puts]);
}

/* Nobody uses what was removed any more; its tables wait for a flush. */
static void end_use(struct p2m_table *p)
{
    pt_pending_end(&p->tables, &p->stale);
    put_references(p);
}

void p2m_table_flush(struct p2m_table *p)
{
    /* What can fail is to free what is empty; it may stay. */
    if (p->pending.any && pt_flush(&p->tables, &p->pending) < 0)
        p->pending.any = false;
    p->stale.any = false;
    put_references(p);
}

static void removed(void *arg, vaddr_t va, unsigned int level,
                    const struct pt_entry *entry)
{
    struct p2m_table *p = arg;

    p->removed++;
    pt_pending_add(&p->stale, va, pt_span(p->tables.format, level));
    if (!holds_reference(entry))
        return;
    p->put[p->puts++] = entry->mfn;
    /* No room for more: what was removed by now is invalidated by now. */
    if (p->puts == P2M_PUTS)
        end_use(p);
}

/* A block that reaches across `gfn` from below is split there. */
static int split_at(struct p2m_table *p, gfn_t gfn)
{
    const struct pt_format *fmt = p->tables.format;
    unsigned int level = fmt->levels - 1, above;
    struct pt_entry entry;
    int rc;

    if (!pt_addr_valid(fmt, to_va(gfn)))
        return 0; /* the end of all guest frames */
    while (!fmt->level[level].leaf ||
           (gfn.v & (level_frames(fmt, level) - 1)) != 0)
        level--;
    rc = pt_lookup(&p->tables, to_va(gfn), &entry, &above);
    if (rc < 0 || entry.kind != PT_LEAF || above <= level)
        return rc;
    rc = pt_split(&p->tables, to_va(gfn), level);
    flush_around(p, gfn, above);
    return rc;
}

static int check_range(const struct p2m_table *p, gfn_t gfn, uint64_t nr)
{
    uint64_t last = gfn.v + nr - 1;

    if (nr == 0 || last < gfn.v || last >> (64 - DW_PAGE_SHIFT) != 0 ||
        !pt_range_valid(p->tables.format, to_va(gfn), to_va(GFN(last + 1))))
        return -ERANGE;
    return 0;
}

static int remove_range(struct p2m_table *p, gfn_t gfn, uint64_t nr)
{
    gfn_t end = GFN(gfn.v + nr);
    int rc = split_at(p, gfn);

    if (rc == 0)
        rc = split_at(p, end);
    if (rc < 0)
        return rc;
    return pt_unmap(&p->tables, to_va(gfn), to_va(end), removed, p,
                    &p->pending);
}

/*
 * One invalidation for two removals covers what is between them: they are far
 * apart where that is more than both, and more than a GiB.
 */
static bool is_far(const struct p2m_table *p, gfn_t gfn, uint64_t nr)
{
    struct pt_pending both = p->stale;
    uint64_t bytes = nr << DW_PAGE_SHIFT, apart;

    if (!p->stale.any)
        return false;
    pt_pending_add(&both, to_va(gfn), bytes);
    apart = (both.last - both.first) - (p->stale.last - p->stale.first);
    return apart > 2 * bytes + (UINT64_C(1) << 30);
}

int p2m_table_remove(struct p2m_table *p, gfn_t gfn, uint64_t nr)
{
    int rc = check_range(p, gfn, nr);

    if (rc == 0 && is_far(p, gfn, nr))
        p2m_table_flush(p);
    if (rc == 0)
        rc = remove_range(p, gfn, nr);
    /* References are not kept longer than a call. */
    if (p->puts > 0)
        p2m_table_flush(p);
    return rc;
}

/* What is mapped: frames alike that follow each other. */

struct block {
    gfn_t gfn;
    uint64_t nr;
    mfn_t mfn;
    enum p2m_type type;
    uint32_t access;
};

static uint32_t block_prot(const struct block *b)
{
    return types[b->type].prot & b->access;
}

static struct pt_run block_run(const struct block *b, unsigned int largest)
{
    return (struct pt_run){.first = to_va(b->gfn),
                           .end = to_va(GFN(b->gfn.v + b->nr)),
                           .mfn = b->mfn,
                           .prot = block_prot(b),
                           .memory = types[b->type].memory,
                           .software = b->type,
                           .largest = largest};
}

static int check_block(const struct p2m_table *p, const struct block *b)
{
    const struct pt_format *fmt = p->tables.format;

    if (b->type <= P2M_NONE || b->type >= P2M_TYPES ||
        (b->access & ~P2M_ACCESS_ALL) != 0 ||
        (b->access != P2M_ACCESS_ALL && !p->track_access))
        return -EINVAL;
    if (check_range(p, b->gfn, b->nr) < 0 || !pt_mfn_fits(fmt, b->mfn) ||
        !pt_mfn_fits(fmt, MFN(b->mfn.v + b->nr - 1)))
        return -ERANGE;
    if (types[b->type].memory != PT_WB && fmt->set_memory == NULL)
        return -EDOM;
    return 0;
}

static unsigned int largest_level(const struct p2m_table *p,
                                  const struct block *b)
{
    return p->track_access || types[b->type].foreign
               ? 0
               : p->tables.format->levels - 1;
}

/* The highest level of which a leaf maps no more than the block. */
static unsigned int block_level(const struct p2m_table *p,
                                const struct block *b)
{
    const struct pt_format *fmt = p->tables.format;
    unsigned int level = largest_level(p, b);

    while (!fmt->level[level].leaf || level_frames(fmt, level) > b->nr ||
           ((b->gfn.v | b->mfn.v) & (level_frames(fmt, level) - 1)) != 0)
        level--;
    return level;
}

static int set_access(struct p2m_table *p, gfn_t gfn, uint64_t nr,
                      uint32_t access)
{
    return p->track_access ? p->ops->set_access(p->ctx, gfn, nr, access) : 0;
}

static uint32_t get_access(const struct p2m_table *p, gfn_t gfn)
{
    return p->track_access ? p->ops->get_access(p->ctx, gfn) : P2M_ACCESS_ALL;
}

/*
 * Where a store was refused: access is what it was, for which there is a place.
 */
static int undo_access(struct p2m_table *p, const struct block *b,
                       uint32_t access, int rc)
{
    return rc < 0 && set_access(p, b->gfn, b->nr, access) < 0 ? -ENOTRECOVERABLE
                                                              : rc;
}

/* Nothing that is not invalidated may be made valid again. */
static void settle(struct p2m_table *p, const struct block *b)
{
    uint64_t last = to_va(GFN(b->gfn.v + b->nr)).v - 1;

    if (p->stale.any && p->stale.first <= last &&
        p->stale.last >= to_va(b->gfn).v)
        p2m_table_flush(p);
}

static void note_mapped(struct p2m_table *p, const struct block *b)
{
    p->foreign |= types[b->type].foreign;
    if (p->lowest.v > b->gfn.v)
        p->lowest = b->gfn;
    if (p->end.v < b->gfn.v + b->nr)
        p->end = GFN(b->gfn.v + b->nr);
}

/* Into EMPTY entries, with whatever tables that takes. */
static int map_new(struct p2m_table *p, const struct block *b,
                   unsigned int largest)
{
    struct pt_run run = block_run(b, largest);
    int rc = pt_map_run(&p->tables, &run);

    note_mapped(p, b);
    /* Some cache that nothing was there. */
    iommu_flush(p, b->gfn, b->nr);
    return rc;
}

/* Only the rights are others: they change where they are. */
static int protect_block(struct p2m_table *p, const struct block *b,
                         const struct pt_entry *old)
{
    int rc = pt_protect(&p->tables, to_va(b->gfn), to_va(GFN(b->gfn.v + b->nr)),
                        block_prot(b));

    /* The new mapping has brought a reference of its own. */
    if (rc == 0 && holds_reference(old))
        p->ops->put(p->ctx, old->mfn);
    return rc;
}

static int find_reference(struct pt_visit_ctx *v)
{
    return holds_reference(&v->entry) ? -EBUSY : 0;
}

/*
 * Foreign frames behind the table that a block will replace are removed by
 * themselves: somebody has to hold their references until nobody uses them.
 * *gone: they were, or some of them.
 */
static int remove_foreign(struct p2m_table *p, const struct block *b,
                          bool *gone)
{
    uint64_t before = p->removed;
    int rc = 0;

    if (p->foreign)
        rc = pt_walk(&p->tables, to_va(b->gfn), to_va(GFN(b->gfn.v + b->nr)),
                     PT_VISIT_LEAF, find_reference, NULL);
    if (rc != -EBUSY)
        return rc;
    rc = remove_range(p, b->gfn, b->nr);
    *gone = p->removed != before;
    end_use(p);
    return rc;
}

/* Puts back what was broken, where that can be done. */
static int restore(struct p2m_table *p, struct pt_broken *token)
{
    int rc = -ENOTRECOVERABLE;

    if (token->old.kind == PT_LEAF)
        rc = pt_make(&p->tables, token, token->old.mfn, token->old.prot);
    flush_around(p, GFN(token->va.v >> DW_PAGE_SHIFT), token->level);
    return rc;
}

/* Another frame, type or size: the entry is broken, then made. */
static int replace_block(struct p2m_table *p, const struct block *b,
                         unsigned int level)
{
    struct pt_broken token = {0};
    bool gone = false;
    int rc = level > 0 ? remove_foreign(p, b, &gone) : 0;

    if (rc == 0)
        rc = pt_break(&p->tables, to_va(b->gfn), level, &token);
    if (rc == 0 || rc == -ENOENT)
        rc = map_new(p, b, level);
    if (rc < 0 && token.pending && restore(p, &token) == 0)
        return rc;
    if (rc < 0 && (gone || token.pending))
        rc = -ENOTRECOVERABLE;
    /* Nobody uses it any more, whether the new one is there or not. */
    if (holds_reference(&token.old))
        p->ops->put(p->ctx, token.old.mfn);
    return rc;
}

/* Where there is a leaf of its size, or tables, or nothing. */
static int set_whole(struct p2m_table *p, const struct block *b,
                     unsigned int level, const struct pt_entry *old,
                     unsigned int old_level)
{
    uint32_t access = get_access(p, b->gfn);
    /* What may fail comes first, so that nothing has to be taken back. */
    int rc = set_access(p, b->gfn, b->nr, b->access);

    if (rc < 0)
        return rc;
    if (old->kind == PT_LEAF && old_level == level && old->mfn.v == b->mfn.v &&
        old->software == b->type && old->memory == types[b->type].memory)
        rc = protect_block(p, b, old);
    else
        rc = replace_block(p, b, level);
    return undo_access(p, b, access, rc);
}

/* The leaf around it becomes tables, with the block in them, in one step. */
static int set_part_of(struct p2m_table *p, const struct block *b,
                       unsigned int level, const struct pt_entry *old,
                       unsigned int old_level)
{
    uint32_t access = get_access(p, b->gfn);
    struct pt_run run = block_run(b, level);
    struct pt_subtree sub;
    int rc = pt_subtree_new(&p->tables, run.first, old_level, &sub);

    if (rc < 0)
        return rc;
    rc = pt_subtree_copy(&sub, old, sub.va, run.first, old_level - 1);
    if (rc == 0)
        rc = pt_subtree_map_run(&sub, &run);
    if (rc == 0)
        rc = pt_subtree_copy(
            &sub, old, run.end,
            VADDR(sub.va.v + pt_span(p->tables.format, old_level)),
            old_level - 1);
    if (rc == 0)
        rc = pt_subtree_publish(&sub);
    if (rc == 0)
        rc = set_access(p, b->gfn, b->nr, b->access);
    if (rc == 0)
        rc = undo_access(p, b, access, pt_replace(&p->tables, &sub));
    if (rc == 0)
        note_mapped(p, b);
    /* While it was broken, some may have cached that nothing was there. */
    flush_around(p, b->gfn, old_level);
    pt_subtree_discard(&sub);
    return rc;
}

/* One block of `level`, over whatever is there. */
static int set_block(struct p2m_table *p, const struct block *b,
                     unsigned int level)
{
    struct pt_entry old;
    unsigned int old_level;
    int rc = pt_lookup(&p->tables, to_va(b->gfn), &old, &old_level);

    if (rc < 0)
        return rc;
    return old.kind == PT_LEAF && old_level > level
               ? set_part_of(p, b, level, &old, old_level)
               : set_whole(p, b, level, &old, old_level);
}

int p2m_table_set(struct p2m_table *p, gfn_t gfn, unsigned int order, mfn_t mfn,
                  enum p2m_type type, uint32_t access)
{
    struct block b = {gfn, UINT64_C(1) << (order & 63), mfn, type, access};
    unsigned int level;
    int rc = check_block(p, &b);

    if (rc < 0)
        return rc;
    level = block_level(p, &b);
    if (order > 63 || level_frames(p->tables.format, level) != b.nr)
        return -EINVAL;
    settle(p, &b);
    return set_block(p, &b, level);
}

static int stop_at_leaf(struct pt_visit_ctx *v)
{
    gfn_t *end = v->arg;

    *end = GFN(v->va.v >> DW_PAGE_SHIFT);
    return -EEXIST; /* there is no need to look further */
}

/* How many frames of the block come before the first that is mapped. */
static int count_gap(const struct p2m_table *p, const struct block *b,
                     uint64_t *nr)
{
    gfn_t end = GFN(b->gfn.v + b->nr);
    int rc = pt_walk(&p->tables, to_va(b->gfn), to_va(end), PT_VISIT_LEAF,
                     stop_at_leaf, &end);

    if (rc < 0 && rc != -EEXIST)
        return rc;
    /* A leaf that begins before the block covers its first frame. */
    *nr = end.v > b->gfn.v ? end.v - b->gfn.v : 0;
    return 0;
}

static int go_on_while_mapped(struct pt_visit_ctx *v)
{
    gfn_t *end = v->arg;

    if (v->visit == PT_VISIT_EMPTY)
        return -ENOENT;
    *end = GFN((v->va.v + pt_span(v->pt->format, v->level)) >> DW_PAGE_SHIFT);
    return 0;
}

/* How many are mapped, as far as that can be seen, before one that is not. */
static uint64_t count_mapped(const struct p2m_table *p, const struct block *b)
{
    gfn_t end = b->gfn;
    int rc = pt_walk(&p->tables, to_va(b->gfn), to_va(GFN(b->gfn.v + b->nr)),
                     PT_VISIT_LEAF | PT_VISIT_EMPTY, go_on_while_mapped, &end);

    (void)rc;
    return end.v - b->gfn.v;
}

/* The `nr` frames at its beginning, where nothing is mapped. */
static int fill_gap(struct p2m_table *p, const struct block *rest, uint64_t *nr)
{
    struct block b = *rest;
    int rc;

    b.nr = *nr;
    rc = map_new(p, &b, largest_level(p, &b));
    if (rc < 0)
        *nr = count_mapped(p, &b);
    return rc;
}

/*
 * The next part of the range; *nr: how many frames of it are mapped now.  A gap
 * is filled at once, but not into what can be one block with what is behind it;
 * where access is tracked, page by page, as each has its own.
 */
static int set_part(struct p2m_table *p, const struct block *rest, uint64_t *nr)
{
    unsigned int level = block_level(p, rest);
    uint64_t frames = level_frames(p->tables.format, level);
    struct block b = *rest;
    int rc = 0;

    *nr = 0;
    if (!p->track_access)
        rc = count_gap(p, rest, nr);
    if (*nr < rest->nr)
        *nr -= *nr % frames;
    if (rc == 0 && *nr > 0)
        return fill_gap(p, rest, nr);
    b.nr = frames;
    if (rc == 0)
        rc = set_block(p, &b, level);
    *nr = rc == 0 ? b.nr : 0;
    return rc;
}

int p2m_table_set_range(struct p2m_table *p, gfn_t gfn, uint64_t nr, mfn_t mfn,
                        enum p2m_type type, uint32_t access, uint64_t *done)
{
    struct block rest = {gfn, nr, mfn, type, access};
    uint64_t part;
    int rc = check_block(p, &rest);

    if (rc == 0)
        settle(p, &rest);
    while (rc == 0 && rest.nr > 0) {
        rc = set_part(p, &rest, &part);
        rest.gfn.v += part;
        rest.mfn.v += part;
        rest.nr -= part;
    }
    if (done != NULL)
        *done = rest.gfn.v - gfn.v;
    return rc;
}

/* Access: runs of one type get their rights together. */

struct rights {
    struct p2m_table *p;
    uint32_t access;
    bool any; /* [first, end) is of this type */
    vaddr_t first, end;
    uint32_t type;
};

static int apply(struct rights *r)
{
    if (!r->any)
        return 0;
    r->any = false;
    return pt_protect(&r->p->tables, r->first, r->end,
                      types[r->type].prot & r->access);
}

static int note_leaf(struct pt_visit_ctx *v)
{
    struct rights *r = v->arg;
    int rc = 0;

    if (r->any && r->type != v->entry.software)
        rc = apply(r);
    if (!r->any)
        r->first = v->va;
    r->any = true;
    r->type = v->entry.software;
    r->end = VADDR(v->va.v + pt_span(v->pt->format, v->level));
    return rc;
}

int p2m_table_access(struct p2m_table *p, gfn_t gfn, uint64_t nr,
                     uint32_t access)
{
    struct rights r = {.p = p, .access = access};
    vaddr_t first = to_va(gfn), end = to_va(GFN(gfn.v + nr));
    int rc = check_range(p, gfn, nr);

    if (!p->track_access || (access & ~P2M_ACCESS_ALL) != 0)
        return -EINVAL;
    if (rc == 0)
        rc = split_at(p, gfn);
    if (rc == 0)
        rc = split_at(p, GFN(gfn.v + nr));
    if (rc == 0)
        rc = pt_resize(&p->tables, first, end, 0);
    if (rc == 0)
        iommu_flush(p, gfn, nr); /* as split_at() does */
    if (rc == 0)
        rc = set_access(p, gfn, nr, access);
    if (rc == 0)
        rc = pt_walk(&p->tables, first, end, PT_VISIT_LEAF, note_leaf, &r);
    return rc == 0 ? apply(&r) : rc;
}

int p2m_table_get(const struct p2m_table *p, gfn_t gfn, struct p2m_entry *e)
{
    struct pt_entry entry;
    unsigned int level;
    int rc = check_range(p, gfn, 1);

    if (rc == 0)
        rc = pt_lookup(&p->tables, to_va(gfn), &entry, &level);
    if (rc < 0)
        return rc;
    *e = (struct p2m_entry){
        .mfn = MFN_INVALID,
        .access =
            p->track_access ? p->ops->get_access(p->ctx, gfn) : P2M_ACCESS_ALL,
        .order = p->tables.format->level[level].shift - DW_PAGE_SHIFT};
    if (entry.kind != PT_LEAF)
        return 0;
    e->mfn = MFN(entry.mfn.v |
                 (gfn.v & (level_frames(p->tables.format, level) - 1)));
    e->type = entry.software;
    return 0;
}
