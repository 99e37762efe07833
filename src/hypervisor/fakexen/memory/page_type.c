/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_type.c - the counts: references, types, pins.
 */
#include "memory/page_type.h"

#include <errno.h>

#include <xen/domctl.h>

#include "machine/alloc.h"
#include "machine/domain_table.h"
#include "machine/frames.h"
#include "machine/tlb.h"
#include "machine/work.h"
#include "memory/page_table.h"
#include "memory/pt_entry.h"

/* Xen takes the first MiB for I/O, whatever the firmware says. */
#define FIRST_MIB (UINT64_C(1) << (20 - FX_PAGE_SHIFT))

static uint32_t count_of(const struct fx_frame *frame)
{
    return frame->type & FX_T_COUNT_MASK;
}

static bool is_table(uint32_t type_info)
{
    return FX_T_TYPE(type_info) >= FX_L1 && FX_T_TYPE(type_info) <= FX_L4;
}

int fx_get_page(struct fx_host *host, uint64_t mfn, uint16_t owner)
{
    struct fx_frame *frame = fx_frame(host, mfn);

    if (!frame || !frame->refs || frame->refs == UINT32_MAX ||
        frame->owner != owner || owner >= DOMID_FIRST_RESERVED)
        return -EINVAL;
    frame->refs++;
    return 0;
}

void fx_put_page(struct fx_host *host, uint64_t mfn)
{
    struct fx_frame *frame = fx_frame(host, mfn);
    struct fx_domain *domain;

    /* What a damaged file says was taken need not have been. */
    if (!frame || !frame->refs)
        return;
    frame->refs--;
    if (frame->flags & FX_F_XENHEAP)
        host->may_reap = true; /* its owner looks whether it was the last */
    if (frame->refs || frame->flags & FX_F_XENHEAP)
        return;
    domain = fx_domain(host, frame->owner);
    if (domain) {
        fx_forget_dirty(domain, frame);
        fx_domain_adjust_pages(host, domain, -1);
        host->may_reap |= domain->dying;
    }
    fx_free_frame(host, mfn);
}

static int validate(struct fx_host *host, struct fx_frame *frame, uint64_t mfn)
{
    struct fx_domain *domain = fx_domain(host, frame->owner);
    int rc = 0;

    frame->linear = 0;
    if (FX_T_TYPE(frame->type) < FX_WRITABLE)
        rc = domain ? fx_promote(host, domain, mfn) : -EINVAL;
    if (rc)
        frame->type = 0;
    else
        frame->type |= FX_T_VALIDATED;
    return rc;
}

/* Whoever uses it has these references now. */
static void take_over(struct fx_frame *frame)
{
    if (!(frame->flags & FX_F_HELD))
        return;
    frame->flags &= (uint16_t)~FX_F_HELD;
    frame->refs--;
    frame->type--;
}

int fx_get_type(struct fx_host *host, uint64_t mfn, enum fx_type type,
                uint32_t flags)
{
    struct fx_frame *frame = fx_frame(host, mfn);

    if (count_of(frame) == FX_T_COUNT_MASK)
        return -EINVAL;
    if (!count_of(frame)) {
        if (type < FX_SEG_DESC && fx_work_is_done(host))
            return -ERESTART;
        /* No CPU may remember that it could write to a table. */
        if (type < FX_WRITABLE)
            fx_tlb_shootdown(host);
        frame->type = FX_T_MAKE(type) | flags | 1;
        return validate(host, frame, mfn);
    }
    /* Without VALIDATED: it is on the way up to that, further up the stack. */
    if ((frame->type & ~(FX_T_COUNT_MASK | FX_T_PINNED)) !=
        (FX_T_MAKE(type) | flags | FX_T_VALIDATED))
        return -EINVAL;
    frame->type++;
    take_over(frame);
    return 0;
}

/* Not now: there may be many tables below it that would go with it. The type
 * reference that is put is the one that it keeps. */
static void leave(struct fx_domain *domain, struct fx_frame *frame,
                  uint64_t mfn)
{
    if (!fx_has_left(domain)) {
        domain->left_first = mfn;
        domain->left_end = mfn + 1;
    } else if (mfn < domain->left_first) {
        domain->left_first = mfn;
    } else if (mfn >= domain->left_end) {
        domain->left_end = mfn + 1;
    }
    frame->flags |= FX_F_HELD;
    frame->refs++;
}

void fx_put_type(struct fx_host *host, uint64_t mfn)
{
    struct fx_frame *frame = fx_frame(host, mfn);
    struct fx_domain *domain;

    if (!frame)
        return;
    /* In a damaged file a table may lead back to itself, or be nobody's. */
    domain = fx_domain(host, frame->owner);
    if (count_of(frame) > 1) {
        frame->type--;
        return;
    }
    if (is_table(frame->type) && domain && fx_work_is_done(host)) {
        leave(domain, frame, mfn);
        return;
    }
    if (is_table(frame->type) && frame->type & FX_T_VALIDATED) {
        /* Before any reference goes, for the audit of what a killed process
         * leaves (audit.c). */
        frame->type &= ~FX_T_VALIDATED;
        if (domain)
            fx_demote(host, domain, mfn);
    }
    frame->type = 0;
}

int fx_get_page_and_type(struct fx_host *host, uint64_t mfn, uint16_t owner,
                         enum fx_type type, uint32_t flags)
{
    int rc = fx_get_page(host, mfn, owner);

    if (rc)
        return rc;
    rc = fx_get_type(host, mfn, type, flags);
    if (rc)
        fx_put_page(host, mfn);
    return rc;
}

void fx_put_page_and_type(struct fx_host *host, uint64_t mfn)
{
    fx_put_type(host, mfn);
    fx_put_page(host, mfn);
}

static void drop_hold(struct fx_host *host, const struct fx_domain *domain,
                      uint64_t mfn)
{
    struct fx_frame *frame = fx_frame(host, mfn);

    if (!frame || frame->owner != domain->id || !(frame->flags & FX_F_HELD))
        return;
    frame->flags &= (uint16_t)~FX_F_HELD;
    fx_put_page_and_type(host, mfn);
}

int fx_drop_left(struct fx_host *host, struct fx_domain *domain)
{
    while (fx_has_left(domain)) {
        if (fx_work_is_done(host))
            return -ERESTART;
        fx_work(host, 1);
        /* First, as what it leaves may lie below. */
        drop_hold(host, domain, domain->left_first++);
    }
    return 0;
}

/* The control domain may hand other domains' frames on into a third one's L1,
 * but not Xen's own. */
static bool may_map(const struct fx_frame *frame, uint16_t mapper,
                    uint16_t owner)
{
    if (!frame->refs || frame->refs == UINT32_MAX ||
        frame->owner >= DOMID_FIRST_RESERVED)
        return false;
    return frame->owner == owner ||
           (owner != mapper && owner == FX_CONTROL_DOMID);
}

/* Frames as much as others on Xen, which has them for itself. */
static bool is_m2p(const struct fx_super *super, uint64_t mfn)
{
    return mfn >= fx_m2p_mfn(super) &&
           mfn < fx_compat_m2p_mfn(super) +
                     fx_m2p_frames(super, sizeof(uint32_t));
}

int fx_get_mapping(struct fx_host *host, uint16_t mapper, uint16_t owner,
                   uint64_t mfn, bool writable)
{
    struct fx_frame *frame = fx_frame(host, mfn);

    if (is_m2p(host->super, mfn))
        return -EBUSY;
    if (!frame || (mfn < FIRST_MIB && !frame->refs))
        return mfn == fx_entry_mfn(UINT64_MAX) ? -EINVAL : -EPERM;
    if (!may_map(frame, mapper, owner))
        return -EBUSY;
    if (writable && fx_get_type(host, mfn, FX_WRITABLE, 0))
        return -EBUSY;
    frame->refs++;
    return 0;
}

int fx_pin(struct fx_host *host, struct fx_domain *domain, uint64_t mfn,
           unsigned int level)
{
    struct fx_frame *frame;
    int rc;

    /* Not refused, but of no effect. */
    if (level == 4 && domain->is_32bit)
        return 0;
    rc = fx_get_page_and_type(host, mfn, domain->id,
                              (enum fx_type)(FX_L1 + level - 1), 0);
    if (rc)
        return rc;
    frame = fx_frame(host, mfn);
    if (frame->type & FX_T_PINNED)
        rc = -EINVAL;
    if (rc || domain->dying) {
        fx_put_page_and_type(host, mfn);
        return rc;
    }
    frame->type |= FX_T_PINNED;
    fx_mark_dirty(domain, frame);
    return 0;
}

int fx_unpin(struct fx_host *host, struct fx_domain *domain, uint64_t mfn)
{
    struct fx_frame *frame;
    int rc = fx_get_page(host, mfn, domain->id);

    if (rc)
        return rc;
    frame = fx_frame(host, mfn);
    if (frame->type & FX_T_PINNED) {
        frame->type &= ~FX_T_PINNED;
        fx_put_page_and_type(host, mfn);
        fx_mark_dirty(domain, frame);
    } else {
        rc = -EINVAL;
    }
    fx_put_page(host, mfn);
    return rc;
}

int fx_get_root(struct fx_host *host, struct fx_domain *domain, uint64_t mfn)
{
    int rc = fx_get_page_and_type(host, mfn, domain->id,
                                  domain->is_32bit ? FX_L3 : FX_L4, 0);

    if (!rc && !domain->is_32bit &&
        !fx_has_assist(domain, VMASST_TYPE_m2p_strict))
        fx_show_m2p(host, mfn, true);
    return rc;
}

int fx_get_user_root(struct fx_host *host, struct fx_domain *domain,
                     uint64_t mfn)
{
    int rc = fx_get_page_and_type(host, mfn, domain->id, FX_L4, 0);

    if (!rc && fx_has_assist(domain, VMASST_TYPE_m2p_strict))
        fx_show_m2p(host, mfn, false);
    return rc;
}

void fx_put_root(struct fx_host *host, struct fx_domain *domain, uint64_t mfn)
{
    (void)domain;
    fx_put_page_and_type(host, mfn);
}

uint32_t fx_pfinfo(struct fx_host *host, const struct fx_domain *domain,
                   uint64_t mfn)
{
    const struct fx_frame *frame = fx_frame(host, mfn);
    uint32_t type;

    if (!frame || !frame->refs || frame->owner != domain->id ||
        frame->flags & FX_F_XENHEAP)
        return XEN_DOMCTL_PFINFO_XTAB;
    if (!is_table(frame->type))
        return XEN_DOMCTL_PFINFO_NOTAB;
    type = (uint32_t)FX_T_TYPE(frame->type) << XEN_DOMCTL_PFINFO_LTAB_SHIFT;
    return frame->type & FX_T_PINNED ? type | XEN_DOMCTL_PFINFO_LPINTAB : type;
}

static void drop_pin(struct fx_host *host, const struct fx_domain *domain,
                     uint64_t mfn)
{
    struct fx_frame *frame = fx_frame(host, mfn);

    if (frame->owner != domain->id || !(frame->type & FX_T_PINNED))
        return;
    frame->type &= ~FX_T_PINNED;
    fx_put_page_and_type(host, mfn);
}

/* Those of frames that the guest gave back while they were pinned, too. */
static void drop_pins(struct fx_host *host, const struct fx_domain *domain)
{
    uint64_t mfn = 0;

    for (; (mfn = fx_next_held(host, mfn)) != FX_NO_MFN; mfn++) {
        drop_pin(host, domain, mfn);
        drop_hold(host, domain, mfn);
    }
}

static void drop_allocation(struct fx_host *host,
                            const struct fx_domain *domain, uint64_t mfn)
{
    struct fx_frame *frame = fx_frame(host, mfn);

    if (frame->owner != domain->id || frame->flags & FX_F_XENHEAP ||
        !(frame->flags & FX_F_ALLOCATED))
        return;
    frame->flags &= (uint16_t)~FX_F_ALLOCATED;
    fx_put_page(host, mfn);
}

/* The tables first: nothing refers to most frames after that, and neighbours
 * among them go together. */
void fx_relinquish(struct fx_host *host, struct fx_domain *domain)
{
    uint64_t mfn = 0, end;

    drop_pins(host, domain);
    while ((mfn = fx_next_used(host, mfn)) != FX_NO_MFN) {
        end = fx_plain_end(host, mfn, domain->id);
        if (mfn == end) {
            drop_allocation(host, domain, mfn++);
            continue;
        }
        fx_domain_adjust_pages(host, domain, -(int64_t)(end - mfn));
        fx_free_frames(host, mfn, end - mfn);
        mfn = end;
    }
}
