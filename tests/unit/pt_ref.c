/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pt_ref.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define MAX_VISITS 400000
#define ALL_VISITS                                                             \
    (PT_VISIT_PRE | PT_VISIT_LEAF | PT_VISIT_POST | PT_VISIT_EMPTY)

static uint64_t leaf_last(const struct ref *ref, const struct ref_leaf *leaf)
{
    return leaf->va | (pt_span(ref->w->fmt, leaf->level) - 1);
}

struct ref_leaf *ref_from(struct ref *ref, uint64_t va)
{
    unsigned int low = 0, high = ref->n;

    while (low < high) {
        unsigned int mid = (low + high) / 2;

        if (leaf_last(ref, &ref->leaf[mid]) < va)
            low = mid + 1;
        else
            high = mid;
    }
    return &ref->leaf[low];
}

struct ref_leaf *ref_at(struct ref *ref, uint64_t va)
{
    struct ref_leaf *leaf = ref_from(ref, va);

    return leaf < ref->leaf + ref->n && leaf->va <= va ? leaf : NULL;
}

void ref_add(struct ref *ref, uint64_t va, unsigned int level, uint64_t mfn,
             uint32_t prot)
{
    struct ref_leaf *at = ref_from(ref, va);
    unsigned int i = (unsigned int)(at - ref->leaf);

    REF_ASSERT(ref->n < REF_LEAVES, "too many leaves");
    memmove(at + 1, at, (ref->n - i) * sizeof(*at));
    *at = (struct ref_leaf){.va = va, .level = level, .mfn = mfn, .prot = prot};
    ref->n++;
}

void ref_add_run(struct ref *ref, const struct pt_run *run)
{
    const struct pt_format *fmt = ref->w->fmt;
    uint64_t done = 0, bytes = run->end.v - run->first.v;

    while (done < bytes) {
        uint64_t va = run->first.v + done,
                 mfn = run->mfn.v + done / DW_PAGE_SIZE;
        unsigned int level = fmt->levels - 1;
        struct ref_leaf *leaf;

        while (level > run->largest || !fmt->level[level].leaf ||
               (va | mfn * DW_PAGE_SIZE) % pt_span(fmt, level) != 0 ||
               bytes - done < pt_span(fmt, level))
            level--;
        ref_add(ref, va, level, mfn, run->prot);
        leaf = ref_at(ref, va);
        leaf->memory = run->memory;
        leaf->software = run->software;
        done += pt_span(fmt, level);
    }
}

/* [first, end) of the leaf. */
static void add_part(struct ref *ref, const struct ref_leaf *leaf,
                     uint64_t first, uint64_t end, unsigned int largest)
{
    const struct pt_run run = {
        .first = VADDR(first),
        .end = VADDR(end),
        .mfn = MFN(leaf->mfn + (first - leaf->va) / DW_PAGE_SIZE),
        .prot = leaf->prot,
        .memory = leaf->memory,
        .software = leaf->software,
        .largest = largest};

    ref_add_run(ref, &run);
}

void ref_split(struct ref *ref, uint64_t va, unsigned int level)
{
    struct ref_leaf leaf = *ref_at(ref, va);
    uint64_t span = pt_span(ref->w->fmt, level), first = va & ~(span - 1);
    uint64_t last = leaf_last(ref, &leaf);

    if (leaf.level <= level)
        return;
    ref_remove(ref, leaf.va, last);
    add_part(ref, &leaf, leaf.va, first, leaf.level - 1);
    add_part(ref, &leaf, first, first + span, level);
    add_part(ref, &leaf, first + span, last + 1, leaf.level - 1);
}

/* From leaf[i] on, pieces of one leaf of `level`; how many, or 0. */
static unsigned int pieces(const struct ref *ref, unsigned int i,
                           unsigned int level, uint64_t last)
{
    const struct ref_leaf *head = &ref->leaf[i], *leaf = head;
    uint64_t span = pt_span(ref->w->fmt, level), end = head->va | (span - 1);

    if (head->level >= level || head->va % span != 0 || end > last ||
        pt_check_leaf(ref->w->fmt, level, MFN(head->mfn)) < 0)
        return 0;
    for (uint64_t at = head->va; leaf < ref->leaf + ref->n; leaf++) {
        if (leaf->va != at ||
            leaf->mfn != head->mfn + (at - head->va) / DW_PAGE_SIZE ||
            pt_allowed(ref->w->fmt, leaf->prot) !=
                pt_allowed(ref->w->fmt, head->prot) ||
            leaf->memory != head->memory || leaf->software != head->software)
            return 0;
        if (leaf_last(ref, leaf) == end)
            return (unsigned int)(leaf - head) + 1;
        at = leaf_last(ref, leaf) + 1;
    }
    return 0;
}

static void split_larger(struct ref *ref, uint64_t first, uint64_t last,
                         unsigned int largest)
{
    for (unsigned int i = 0; i < ref->n; i++) {
        struct ref_leaf leaf = ref->leaf[i];

        if (leaf.va < first || leaf_last(ref, &leaf) > last ||
            leaf.level <= largest)
            continue;
        ref_remove(ref, leaf.va, leaf.va);
        add_part(ref, &leaf, leaf.va, leaf_last(ref, &leaf) + 1, largest);
    }
}

void ref_resize(struct ref *ref, uint64_t first, uint64_t end,
                unsigned int largest)
{
    const struct pt_format *fmt = ref->w->fmt;

    split_larger(ref, first, end - 1, largest);
    for (unsigned int level = 1; level < fmt->levels && level <= largest;
         level++)
        for (unsigned int i = 0; i < ref->n; i++) {
            unsigned int n = pieces(ref, i, level, end - 1);

            if (ref->leaf[i].va < first || n == 0)
                continue;
            ref->leaf[i].level = level;
            memmove(&ref->leaf[i + 1], &ref->leaf[i + n],
                    (ref->n - i - n) * sizeof(ref->leaf[0]));
            ref->n -= n - 1;
        }
}

void ref_remap(struct ref *ref, const struct pt_run *run)
{
    uint64_t first = run->first.v, last = run->end.v - 1;
    struct ref_leaf *at;

    /* What is left of superpages on both sides. */
    at = ref_at(ref, first);
    if (at != NULL && at->va < first) {
        struct ref_leaf leaf = *at;

        ref_remove(ref, leaf.va, leaf.va);
        add_part(ref, &leaf, leaf.va, first, leaf.level - 1);
        if (leaf_last(ref, &leaf) > last)
            add_part(ref, &leaf, last + 1, leaf_last(ref, &leaf) + 1,
                     leaf.level - 1);
    }
    at = ref_at(ref, last);
    if (at != NULL && leaf_last(ref, at) > last) {
        struct ref_leaf leaf = *at;

        ref_remove(ref, leaf.va, leaf.va);
        add_part(ref, &leaf, last + 1, leaf_last(ref, &leaf) + 1,
                 leaf.level - 1);
    }
    ref_remove(ref, first, last);
    ref_add_run(ref, run);
}

void ref_remove(struct ref *ref, uint64_t va, uint64_t last)
{
    struct ref_leaf *from = ref_from(ref, va), *to = from;

    while (to < ref->leaf + ref->n && to->va <= last)
        to++;
    memmove(from, to, (size_t)(ref->leaf + ref->n - to) * sizeof(*to));
    ref->n -= (unsigned int)(to - from);
}

bool ref_same(const struct ref *ref, const struct ref_leaf *leaf,
              const struct pt_entry *entry)
{
    return entry->kind == PT_LEAF && entry->mfn.v == leaf->mfn &&
           entry->prot == pt_allowed(ref->w->fmt, leaf->prot) &&
           entry->memory == leaf->memory && entry->software == leaf->software;
}

void ref_check_lookup(struct ref *ref, uint64_t va)
{
    struct world *w = ref->w;
    struct ref_leaf *leaf = ref_at(ref, va);
    struct pt_entry entry;
    unsigned int level, deepest = 0;
    int rc = pt_lookup(&w->pt, VADDR(va), &entry, &level);

    if (!pt_addr_valid(w->fmt, VADDR(va))) {
        REF_ASSERT(rc == -EINVAL, "lookup of no address: %d", rc);
        return;
    }
    REF_ASSERT(rc == 0, "lookup: %d", rc);
    if (leaf != NULL) {
        REF_ASSERT(level == leaf->level && ref_same(ref, leaf, &entry),
                   "%s: %#llx: wrong leaf", w->fmt->name,
                   (unsigned long long)va);
        return;
    }
    while (world_find(w, deepest, va) == NULL)
        deepest++;
    REF_ASSERT(entry.kind == PT_EMPTY && level == deepest,
               "%s: %#llx: kind %d at level %u, expected EMPTY at %u",
               w->fmt->name, (unsigned long long)va, (int)entry.kind, level,
               deepest);
}

struct visit {
    enum pt_visit visit;
    unsigned int level;
    uint64_t va;
};

struct visits {
    unsigned int flags, skip;
    uint64_t first, last;
    unsigned int n;
    struct visit *visit;
};

static void note(struct visits *list, enum pt_visit visit, unsigned int level,
                 uint64_t va)
{
    if ((list->flags & visit) == 0)
        return;
    REF_ASSERT(list->n < MAX_VISITS, "too many visits");
    list->visit[list->n++] = (struct visit){visit, level, va};
}

/* What a walk of the table at `base` should visit. */
static void expect(struct ref *ref, struct visits *list, unsigned int level,
                   uint64_t base)
{
    const struct pt_format *fmt = ref->w->fmt;

    for (unsigned int i = 0; i < pt_entries(fmt, level); i++) {
        uint64_t va = world_canonical(fmt, base + i * pt_span(fmt, level));
        struct ref_leaf *leaf;

        if ((va | (pt_span(fmt, level) - 1)) < list->first || va > list->last)
            continue;
        leaf = ref_at(ref, va);
        if (leaf != NULL && leaf->level == level) {
            note(list, PT_VISIT_LEAF, level, va);
        } else if (level == 0 || world_find(ref->w, level - 1, va) == NULL) {
            note(list, PT_VISIT_EMPTY, level, va);
        } else {
            note(list, PT_VISIT_PRE, level, va);
            if (level == list->skip && (list->flags & PT_VISIT_PRE) != 0)
                continue;
            expect(ref, list, level - 1, va);
            note(list, PT_VISIT_POST, level, va);
        }
    }
}

static int record(struct pt_visit_ctx *v)
{
    struct visits *list = v->arg;
    enum pt_kind kind = v->visit == PT_VISIT_LEAF    ? PT_LEAF
                        : v->visit == PT_VISIT_EMPTY ? PT_EMPTY
                                                     : PT_TABLE;
    struct pt_entry e = v->pt->format->decode(v->level, *v->slot);

    REF_ASSERT((list->flags & v->visit) == v->visit, "visit not asked for");
    REF_ASSERT(v->entry.kind == kind && e.kind == kind &&
                   e.mfn.v == v->entry.mfn.v,
               "%s: visit of another entry", v->pt->format->name);
    note(list, v->visit, v->level, v->va.v);
    return v->visit == PT_VISIT_PRE && v->level == list->skip ? PT_SKIP : 0;
}

void ref_check_walk(struct ref *ref, uint64_t first, uint64_t end,
                    unsigned int flags, unsigned int skip)
{
    struct world *w = ref->w;
    static struct visit want_visit[MAX_VISITS], got_visit[MAX_VISITS];
    struct visits want = {flags, skip, first, end - 1, 0, want_visit};
    struct visits got = {flags, skip, first, end - 1, 0, got_visit};

    expect(ref, &want, w->fmt->levels - 1, 0);
    ck_assert_int_eq(
        pt_walk(&w->pt, VADDR(first), VADDR(end), flags, record, &got), 0);

    for (unsigned int i = 0; i < want.n && i < got.n; i++)
        REF_ASSERT(want.visit[i].visit == got.visit[i].visit &&
                       want.visit[i].level == got.visit[i].level &&
                       want.visit[i].va == got.visit[i].va,
                   "%s: visit %u: %u at level %u of %#llx, expected %u at "
                   "level %u of %#llx",
                   w->fmt->name, i, (unsigned int)got.visit[i].visit,
                   got.visit[i].level, (unsigned long long)got.visit[i].va,
                   (unsigned int)want.visit[i].visit, want.visit[i].level,
                   (unsigned long long)want.visit[i].va);
    ck_assert_uint_eq(want.n, got.n);
}

static int read_leaf(struct pt_visit_ctx *v)
{
    struct ref *ref = v->arg;

    REF_ASSERT(ref->n < REF_LEAVES, "too many leaves");
    ref->leaf[ref->n++] = (struct ref_leaf){
        .va = v->va.v,
        .level = v->level,
        .mfn = v->entry.mfn.v,
        .prot = v->entry.prot,
        .memory = v->entry.memory,
        .software = v->entry.software,
    };
    return 0;
}

void ref_read(struct ref *ref)
{
    const struct pt_format *fmt = ref->w->fmt;
    uint64_t size = UINT64_C(1) << fmt->va_bits;
    uint64_t low = fmt->va_signed ? size / 2 : size;

    ref->n = 0;
    ck_assert_int_eq(pt_walk(&ref->w->pt, VADDR(0), VADDR(low), PT_VISIT_LEAF,
                             read_leaf, ref),
                     0);
    if (fmt->va_signed)
        ck_assert_int_eq(pt_walk(&ref->w->pt,
                                 VADDR(world_canonical(fmt, size / 2)),
                                 VADDR(0), PT_VISIT_LEAF, read_leaf, ref),
                         0);
}

void ref_check_all(struct ref *ref)
{
    const struct pt_format *fmt = ref->w->fmt;
    uint64_t size = UINT64_C(1) << fmt->va_bits;

    for (unsigned int i = 0; i < ref->n; i++) {
        ref_check_lookup(ref, ref->leaf[i].va - 1);
        ref_check_lookup(ref, ref->leaf[i].va);
        ref_check_lookup(ref, leaf_last(ref, &ref->leaf[i]));
        ref_check_lookup(ref, leaf_last(ref, &ref->leaf[i]) + 1);
    }
    if (!fmt->va_signed) {
        ref_check_walk(ref, 0, size, ALL_VISITS, REF_NOSKIP);
        return;
    }
    ref_check_walk(ref, 0, size / 2, ALL_VISITS, REF_NOSKIP);
    ref_check_walk(ref, world_canonical(fmt, size / 2), 0, ALL_VISITS,
                   REF_NOSKIP);
}

struct run {
    struct ref *ref;
    uint64_t first, mfn;
    uint32_t prot;
};

static int run_source(void *arg, vaddr_t va, mfn_t *mfn, uint32_t *prot)
{
    const struct run *run = arg;

    *mfn = MFN(run->mfn + ((va.v - run->first) >> DW_PAGE_SHIFT));
    *prot = run->prot;
    ref_add(run->ref, va.v, 0, mfn->v, *prot);
    return 0;
}

int ref_map(struct ref *ref, uint64_t first, uint64_t end, uint64_t mfn,
            uint32_t prot)
{
    struct run run = {ref, first, mfn, prot};

    return pt_map(&ref->w->pt, VADDR(first), VADDR(end), run_source, &run);
}
