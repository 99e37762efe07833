/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_type.h - frames' references and types: what may be a page table, and
 * what may be mapped how.
 *
 * The rules are those of Xen 4.17's PV memory management, decoded here from
 * Xen's public ABI alone.  A frame has one type at a time, counted; it can
 * take another one only when the last use of the old one is gone.  Becoming a
 * page table (promotion) means that every entry in it is checked and every
 * frame that it refers to gets its own type and reference; ceasing to be one
 * undoes that.
 *
 * The lock is held throughout, so that there are no half-validated types.  All
 * functions return 0 or the negative errno that Xen would give.  What returns
 * nothing must only be called for references that are held.
 */
#ifndef FX_PAGE_TYPE_H
#define FX_PAGE_TYPE_H

#include "machine/frames.h"
#include "machine/host.h"

#define FX_CHECKED __attribute__((warn_unused_result))

/* A general reference, only to a frame of that domain's. -EINVAL otherwise. */
int FX_CHECKED fx_get_page(struct fx_host *host, uint64_t mfn, uint16_t owner);

/* The last one frees the frame, unless it is FX_F_XENHEAP: those are left to
 * whoever made them. */
void fx_put_page(struct fx_host *host, uint64_t mfn);

/*
 * A type reference, with the promotion that it may take, to a frame that the
 * caller has a reference to.  `flags`: FX_T_PAE_XEN_L2 or 0.  -EINVAL where a
 * conflicting type is in use, and for a table with a bad entry, -EBUSY or
 * -EPERM for an L1 that maps what it must not, -ERANGE (patched level: a PAE
 * root above 4 GiB without extended CR3), -ERESTART (below).
 */
int FX_CHECKED fx_get_type(struct fx_host *host, uint64_t mfn,
                           enum fx_type type, uint32_t flags);
void fx_put_type(struct fx_host *host, uint64_t mfn);

/*
 * What a guest's call has no more time for (machine/work.h) is put off.
 *
 * A table that would have to be checked then gives -ERESTART, and the tables
 * below it that were checked already stay tables (FX_F_HELD) until the call is
 * made again: that gets on to the next ones.  One whose last reference is put
 * stays one, too, until fx_drop_left(), which the owner's next calls begin
 * with: 0, or -ERESTART where there are more.
 */
int FX_CHECKED fx_drop_left(struct fx_host *host, struct fx_domain *domain);

static inline bool fx_has_left(const struct fx_domain *domain)
{
    return domain->left_first != domain->left_end;
}

/* Both at once, and both back. */
int FX_CHECKED fx_get_page_and_type(struct fx_host *host, uint64_t mfn,
                                    uint16_t owner, enum fx_type type,
                                    uint32_t flags);
void fx_put_page_and_type(struct fx_host *host, uint64_t mfn);

/*
 * A data mapping, by an L1 entry or from outside: `mapper` maps a frame of
 * `owner`'s.  A reference, for a writable one a type reference besides (back
 * with fx_put_page() or fx_put_page_and_type()).  -EBUSY for another's frame,
 * a free one, and for a writable mapping of a table; -EPERM for what is no RAM
 * (-EINVAL for the all-ones number).
 */
int FX_CHECKED fx_get_mapping(struct fx_host *host, uint16_t mapper,
                              uint16_t owner, uint64_t mfn, bool writable);

/* MMUEXT_PIN_*_TABLE, MMUEXT_UNPIN_TABLE. */
int FX_CHECKED fx_pin(struct fx_host *host, struct fx_domain *domain,
                      uint64_t mfn, unsigned int level);
int FX_CHECKED fx_unpin(struct fx_host *host, struct fx_domain *domain,
                        uint64_t mfn);

/*
 * The root of a vCPU's tables, an L4 or L3 by the domain's width: takes the
 * references, or says why not.  The user root is a 64-bit guest's CR1.
 */
int FX_CHECKED fx_get_root(struct fx_host *host, struct fx_domain *domain,
                           uint64_t mfn);
int FX_CHECKED fx_get_user_root(struct fx_host *host, struct fx_domain *domain,
                                uint64_t mfn);
void fx_put_root(struct fx_host *host, struct fx_domain *domain, uint64_t mfn);

/*
 * XEN_DOMCTL_getpageframeinfo3's word for a frame of the domain, without the
 * frame number: XEN_DOMCTL_PFINFO_*.
 */
uint32_t fx_pfinfo(struct fx_host *host, const struct fx_domain *domain,
                   uint64_t mfn);

/*
 * Drops a dying domain's pins and its frames, whose vCPUs' roots and descriptor
 * tables are gone already.  Frames that others still refer to stay its own
 * until these let go.  Not the FX_F_XENHEAP ones.
 */
void fx_relinquish(struct fx_host *host, struct fx_domain *domain);

#endif /* FX_PAGE_TYPE_H */
