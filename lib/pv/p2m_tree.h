/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * p2m_tree.h - which machine frame each of a PV guest's PFNs is: a tree that
 * costs what a guest holds, not what it spans.
 *
 * Three levels, as Linux has had them since 2.6.38 (arch/x86/xen/p2m.c): the
 * top and the middle pages name pages, a leaf has the MFNs of 512 PFNs.  Parts
 * that hold nothing share one leaf, and one middle page full of it; parts that
 * are 1:1 (a PCI hole, ACPI's tables: MFN = PFN) share another pair.  These
 * shared pages are known by their address, and no lookup reads what is in
 * them.  A leaf that is 1:1 in part only has a mark in its values, which never
 * leaves the tree.
 *
 * Pages come from the caller, from a reserve before there is an allocator and
 * from that afterwards: `ops` may be changed between two calls.  The caller
 * keeps two calls apart that run at the same time, unless both only read.
 */
#ifndef DW_PV_P2M_TREE_H
#define DW_PV_P2M_TREE_H

#include "frame.h"

#define P2M_PER_PAGE 512
#define P2M_MIDDLE                                                             \
    ((uint64_t)P2M_PER_PAGE * P2M_PER_PAGE) /* PFNs below one                  \
                                             */
#define P2M_MAX (P2M_MIDDLE * P2M_PER_PAGE) /* 512 GiB of pages */

/* 4096 bytes; what is below a page is found by a pointer of whatever width. */
union p2m_page {
    union p2m_page *below[P2M_PER_PAGE];
    uint64_t mfn[P2M_PER_PAGE];
};

/*
 * alloc()  a page, whatever is in it; NULL: there is none.
 * free()   takes back a page that the tree does not refer to any more.  NULL:
 *          pages are not taken back.
 */
struct p2m_ops {
    union p2m_page *(*alloc)(void *ctx);
    void (*free)(void *ctx, union p2m_page *page);
};

enum p2m_kind { P2M_MISSING, P2M_IDENTITY, P2M_MAPPED };

struct p2m_tree {
    const struct p2m_ops *ops;
    void *ctx;     /* handed to each of ops */
    uint64_t size; /* PFNs 0 .. size - 1 */
    union p2m_page *top;
    /* The shared pages, by P2M_MISSING and P2M_IDENTITY. */
    union p2m_page *leaf[2], *middle[2];
};

/*
 * All of `size` PFNs, 1 to P2M_MAX, missing; takes 5 pages.  -EINVAL: size.
 * -ENOMEM: no page, and none is kept.
 */
int __attribute__((warn_unused_result))
p2m_tree_init(struct p2m_tree *tree, uint64_t size, const struct p2m_ops *ops,
              void *ctx);

/* Gives all pages back; may be called again, and on a zeroed tree. */
void p2m_tree_dispose(struct p2m_tree *tree);

/*
 * What `pfn` is, and *mfn its frame: MFN_INVALID where it is missing (so it is
 * beyond the tree's size), the PFN's own number where it is 1:1.
 */
enum p2m_kind p2m_tree_get(const struct p2m_tree *tree, pfn_t pfn, mfn_t *mfn);

/*
 * Gives `pfn` a frame, or none (MFN_INVALID).  What is asked for already is
 * done without a page: no frame where there is none, the PFN's own number in a
 * part that is 1:1.  -EINVAL: beyond the tree.  -ERANGE: no MFN, which have 52
 * bits at most.  -ENOMEM: no page, and all is as it was.
 */
int __attribute__((warn_unused_result))
p2m_tree_set(struct p2m_tree *tree, pfn_t pfn, mfn_t mfn);

/*
 * Makes [first, end) 1:1 (P2M_IDENTITY) or takes it away (P2M_MISSING), and
 * nothing beside it, whatever boundaries it has.  Takes 4 pages at most, and
 * gives back those that hold nothing else any more.  -EINVAL: an empty range,
 * one beyond the tree, another kind.  -ENOMEM: no page, and all is as it was.
 */
int __attribute__((warn_unused_result))
p2m_tree_fill(struct p2m_tree *tree, pfn_t first, pfn_t end,
              enum p2m_kind kind);

/* PFNs [first, end) of one kind; MAPPED: to mfn and those behind it. */
struct p2m_run {
    pfn_t first, end;
    enum p2m_kind kind;
    mfn_t mfn; /* as p2m_tree_get() has it for `first` */
};

/*
 * The longest run that begins at `first`; false at the tree's end.  What is
 * shared is passed over page by page, so that to go from run to run costs what
 * the tree holds.
 */
bool p2m_tree_run(const struct p2m_tree *tree, pfn_t first,
                  struct p2m_run *run);

/*
 * Writes the frames of n PFNs from `first` on into `list`, in the guest's words
 * of 4 or 8 bytes, as toolstacks read them: an MFN, or all ones for what is
 * missing, 1:1, or beyond the tree.  -EINVAL: another word.  -ERANGE: an MFN
 * that does not fit, those before it being written.
 */
int __attribute__((warn_unused_result))
p2m_tree_export(const struct p2m_tree *tree, pfn_t first, uint64_t n,
                unsigned int word, void *list);

#endif /* DW_PV_P2M_TREE_H */
