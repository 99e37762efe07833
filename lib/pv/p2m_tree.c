/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv/p2m_tree.h"

#include <errno.h>
#include <string.h>

_Static_assert(sizeof(union p2m_page) == DW_PAGE_SIZE, "a page is a page");

/* Above all MFNs, which have 52 bits (64 of an address, less 12). */
#define MARK_IDENTITY (UINT64_C(1) << 62)
#define MFN_BITS      52

/* ---- where a PFN is ---- */

static union p2m_page **middle_slot(const struct p2m_tree *tree, pfn_t pfn)
{
    return &tree->top->below[pfn.v / P2M_MIDDLE];
}

static union p2m_page **leaf_slot(const struct p2m_tree *tree, pfn_t pfn)
{
    return &(*middle_slot(tree, pfn))
                ->below[pfn.v / P2M_PER_PAGE % P2M_PER_PAGE];
}

static bool is_shared(const struct p2m_tree *tree, const union p2m_page *page)
{
    return page == tree->leaf[P2M_MISSING] ||
           page == tree->leaf[P2M_IDENTITY] ||
           page == tree->middle[P2M_MISSING] ||
           page == tree->middle[P2M_IDENTITY];
}

/* What stands for `pfn` in a leaf that is not shared. */
static uint64_t value_of(enum p2m_kind kind, pfn_t pfn)
{
    return kind == P2M_IDENTITY ? MARK_IDENTITY | pfn.v : MFN_INVALID.v;
}

/* ---- pages ---- */

static void give_back(const struct p2m_tree *tree, union p2m_page *page)
{
    if (page && tree->ops->free)
        tree->ops->free(tree->ctx, page);
}

/* Shared pages stay. */
static void drop(const struct p2m_tree *tree, union p2m_page *page)
{
    if (!is_shared(tree, page))
        give_back(tree, page);
}

static void drop_middle(const struct p2m_tree *tree, union p2m_page *middle)
{
    unsigned int i;

    for (i = 0; !is_shared(tree, middle) && i < P2M_PER_PAGE; i++)
        drop(tree, middle->below[i]);
    drop(tree, middle);
}

/* Every one of its slots. */
static void point_all(union p2m_page *page, union p2m_page *to)
{
    unsigned int i;

    for (i = 0; i < P2M_PER_PAGE; i++)
        page->below[i] = to;
}

int p2m_tree_init(struct p2m_tree *tree, uint64_t size,
                  const struct p2m_ops *ops, void *ctx)
{
    union p2m_page *page[5];
    unsigned int i, kind;

    *tree = (struct p2m_tree){.ops = ops, .ctx = ctx, .size = size};
    if (!size || size > P2M_MAX)
        return -EINVAL;
    for (i = 0; i < 5; i++) {
        page[i] = ops->alloc(ctx);
        if (page[i])
            continue;
        while (i--)
            give_back(tree, page[i]);
        return -ENOMEM;
    }
    tree->top = page[0];
    for (kind = P2M_MISSING; kind <= P2M_IDENTITY; kind++) {
        tree->leaf[kind] = page[1 + kind];
        tree->middle[kind] = page[3 + kind];
        memset(tree->leaf[kind], 0xff, DW_PAGE_SIZE);
        point_all(tree->middle[kind], tree->leaf[kind]);
    }
    point_all(tree->top, tree->middle[P2M_MISSING]);
    return 0;
}

void p2m_tree_dispose(struct p2m_tree *tree)
{
    unsigned int i;

    for (i = 0; tree->top && i < P2M_PER_PAGE; i++)
        drop_middle(tree, tree->top->below[i]);
    for (i = P2M_MISSING; tree->top && i <= P2M_IDENTITY; i++) {
        give_back(tree, tree->leaf[i]);
        give_back(tree, tree->middle[i]);
    }
    if (tree->top)
        give_back(tree, tree->top);
    *tree = (struct p2m_tree){0};
}

/* ---- lookups ---- */

static enum p2m_kind decode(uint64_t value, pfn_t pfn, mfn_t *mfn)
{
    bool marked = value == value_of(P2M_IDENTITY, pfn);

    *mfn = MFN(marked ? pfn.v : value);
    return marked                   ? P2M_IDENTITY
           : value == MFN_INVALID.v ? P2M_MISSING
                                    : P2M_MAPPED;
}

enum p2m_kind p2m_tree_get(const struct p2m_tree *tree, pfn_t pfn, mfn_t *mfn)
{
    const union p2m_page *leaf =
        pfn.v < tree->size ? *leaf_slot(tree, pfn) : tree->leaf[P2M_MISSING];

    if (leaf == tree->leaf[P2M_MISSING]) {
        *mfn = MFN_INVALID;
        return P2M_MISSING;
    }
    if (leaf == tree->leaf[P2M_IDENTITY]) {
        *mfn = MFN(pfn.v);
        return P2M_IDENTITY;
    }
    return decode(leaf->mfn[pfn.v % P2M_PER_PAGE], pfn, mfn);
}

/* How many PFNs from `pfn` on have one shared page; 0: it has a leaf. */
static uint64_t shared_span(const struct p2m_tree *tree, pfn_t pfn)
{
    if (is_shared(tree, *middle_slot(tree, pfn)))
        return P2M_MIDDLE - pfn.v % P2M_MIDDLE;
    if (is_shared(tree, *leaf_slot(tree, pfn)))
        return P2M_PER_PAGE - pfn.v % P2M_PER_PAGE;
    return 0;
}

bool p2m_tree_run(const struct p2m_tree *tree, pfn_t first, struct p2m_run *run)
{
    pfn_t pfn = first;
    enum p2m_kind kind;
    uint64_t span;
    mfn_t mfn;

    if (first.v >= tree->size)
        return false;
    run->first = first;
    run->kind = p2m_tree_get(tree, first, &run->mfn);
    do {
        span = shared_span(tree, pfn);
        pfn.v += span ? span : 1;
        if (pfn.v >= tree->size)
            break;
        kind = p2m_tree_get(tree, pfn, &mfn);
    } while (kind == run->kind &&
             (kind != P2M_MAPPED || mfn.v == run->mfn.v + (pfn.v - first.v)));
    run->end = PFN(pfn.v < tree->size ? pfn.v : tree->size);
    return true;
}

int p2m_tree_export(const struct p2m_tree *tree, pfn_t first, uint64_t n,
                    unsigned int word, void *list)
{
    unsigned char *out = list;
    uint64_t i, value;
    uint32_t narrow;
    mfn_t mfn;

    if (word != sizeof(narrow) && word != sizeof(value))
        return -EINVAL;
    for (i = 0; i < n; i++, out += word) {
        value = p2m_tree_get(tree, PFN(first.v + i), &mfn) == P2M_MAPPED
                    ? mfn.v
                    : UINT64_MAX;
        narrow = (uint32_t)value;
        if (word == sizeof(narrow) && value != UINT64_MAX &&
            value >= UINT32_MAX)
            return -ERANGE;
        if (word == sizeof(narrow))
            memcpy(out, &narrow, sizeof(narrow));
        else
            memcpy(out, &value, sizeof(value));
    }
    return 0;
}

/* ---- changes: pages first, then what cannot fail ---- */

/* What is shared, and is to be the tree's own for a change at one PFN. */
struct cut {
    bool middle, leaf;
};

/* The pages for it: those of both ends of a range, at most. */
struct pages {
    union p2m_page *page[4];
    unsigned int n;
};

static int take(const struct p2m_tree *tree, struct pages *pages,
                unsigned int n)
{
    while (pages->n < n) {
        union p2m_page *page = tree->ops->alloc(tree->ctx);

        if (!page)
            break;
        pages->page[pages->n++] = page;
    }
    if (pages->n == n)
        return 0;
    while (pages->n)
        give_back(tree, pages->page[--pages->n]);
    return -ENOMEM;
}

static void own_middle(struct p2m_tree *tree, pfn_t pfn, struct pages *pages)
{
    union p2m_page **slot = middle_slot(tree, pfn), *page;

    if (!is_shared(tree, *slot))
        return;
    page = pages->page[--pages->n];
    memcpy(page, *slot, sizeof(*page));
    *slot = page;
}

/* It says itself what the shared one stood for. */
static void own_leaf(struct p2m_tree *tree, pfn_t pfn, struct pages *pages)
{
    union p2m_page **slot = leaf_slot(tree, pfn), *page;
    enum p2m_kind kind;
    unsigned int i;

    if (!is_shared(tree, *slot))
        return;
    kind = *slot == tree->leaf[P2M_IDENTITY] ? P2M_IDENTITY : P2M_MISSING;
    page = pages->page[--pages->n];
    pfn.v -= pfn.v % P2M_PER_PAGE;
    for (i = 0; i < P2M_PER_PAGE; i++)
        page->mfn[i] = value_of(kind, PFN(pfn.v + i));
    *slot = page;
}

int p2m_tree_set(struct p2m_tree *tree, pfn_t pfn, mfn_t mfn)
{
    struct pages pages = {.n = 0};
    mfn_t old;
    int rc;

    if (pfn.v >= tree->size)
        return -EINVAL;
    if (mfn.v >> MFN_BITS && mfn.v != MFN_INVALID.v)
        return -ERANGE;
    p2m_tree_get(tree, pfn, &old);
    if (old.v == mfn.v)
        return 0;
    rc = take(tree, &pages,
              is_shared(tree, *middle_slot(tree, pfn)) +
                  is_shared(tree, *leaf_slot(tree, pfn)));
    if (rc)
        return rc;
    own_middle(tree, pfn, &pages);
    own_leaf(tree, pfn, &pages);
    (*leaf_slot(tree, pfn))->mfn[pfn.v % P2M_PER_PAGE] = mfn.v;
    return 0;
}

/* What a range of `kind` that begins or ends at `pfn` would cut in two. */
static struct cut cut_at(const struct p2m_tree *tree, pfn_t pfn,
                         enum p2m_kind kind)
{
    struct cut cut = {false, false};
    const union p2m_page *leaf;

    if (pfn.v % P2M_MIDDLE == 0)
        return cut;
    leaf = *leaf_slot(tree, pfn);
    cut.middle = is_shared(tree, *middle_slot(tree, pfn)) &&
                 *middle_slot(tree, pfn) != tree->middle[kind];
    cut.leaf = pfn.v % P2M_PER_PAGE && is_shared(tree, leaf) &&
               leaf != tree->leaf[kind];
    return cut;
}

/* Both ends may lie in one page, which is taken once. */
static unsigned int pages_for(struct cut first, pfn_t at, struct cut end,
                              pfn_t until)
{
    bool one_middle = at.v / P2M_MIDDLE == until.v / P2M_MIDDLE;
    bool one_leaf = at.v / P2M_PER_PAGE == until.v / P2M_PER_PAGE;

    return (unsigned int)first.middle + first.leaf +
           (end.middle && !(one_middle && first.middle)) +
           (end.leaf && !(one_leaf && first.leaf));
}

static void make_cut(struct p2m_tree *tree, pfn_t pfn, struct cut cut,
                     struct pages *pages)
{
    if (cut.middle)
        own_middle(tree, pfn, pages);
    if (cut.leaf)
        own_leaf(tree, pfn, pages);
}

/* From `pfn` on, as far as one page goes; returns how far that is. */
static uint64_t fill_page(struct p2m_tree *tree, pfn_t pfn, pfn_t end,
                          enum p2m_kind kind)
{
    uint64_t left = end.v - pfn.v, i, n;
    union p2m_page **slot = middle_slot(tree, pfn);

    n = P2M_MIDDLE - pfn.v % P2M_MIDDLE;
    if (n == P2M_MIDDLE && n <= left) {
        drop_middle(tree, *slot);
        *slot = tree->middle[kind];
    }
    if (*slot == tree->middle[kind])
        return n;
    slot = leaf_slot(tree, pfn);
    n = P2M_PER_PAGE - pfn.v % P2M_PER_PAGE;
    if (n == P2M_PER_PAGE && n <= left) {
        drop(tree, *slot);
        *slot = tree->leaf[kind];
    }
    if (*slot == tree->leaf[kind])
        return n;
    n = n < left ? n : left;
    for (i = 0; i < n; i++, pfn.v++)
        (*slot)->mfn[pfn.v % P2M_PER_PAGE] = value_of(kind, pfn);
    return n;
}

int p2m_tree_fill(struct p2m_tree *tree, pfn_t first, pfn_t end,
                  enum p2m_kind kind)
{
    struct pages pages = {.n = 0};
    struct cut at, until;
    int rc;

    if (first.v >= end.v || end.v > tree->size ||
        (kind != P2M_IDENTITY && kind != P2M_MISSING))
        return -EINVAL;
    if (end.v == tree->size) /* of what is behind it nobody asks */
        end.v += (P2M_MIDDLE - end.v % P2M_MIDDLE) % P2M_MIDDLE;
    at = cut_at(tree, first, kind);
    until = cut_at(tree, end, kind);
    rc = take(tree, &pages, pages_for(at, first, until, end));
    if (rc)
        return rc;
    make_cut(tree, first, at, &pages);
    make_cut(tree, end, until, &pages);
    while (first.v < end.v)
        first.v += fill_page(tree, first, end, kind);
    return 0;
}
