/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frames.h - machine frames: their contents, their accounting, their M2P.
 *
 * Frames of Xen's own (domain and vCPU structures, shared_info, grant frames)
 * come out of the same memory, so that what a domain costs shows in the free
 * pages as it does on Xen.
 */
#ifndef FX_FRAMES_H
#define FX_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "machine/host.h"

/*
 * The accounting of one frame; Xen keeps the same in struct page_info.
 * All zero: free, or no RAM at all (fx_is_ram() tells).
 */
struct fx_frame {
    uint32_t refs;  /* general references; the allocation itself is one */
    uint32_t type;  /* enum fx_type, FX_T_* flags, and type references */
    uint16_t owner; /* domain ID; DOMID_XEN for Xen's own */
    uint16_t flags; /* FX_F_* */
    /* Linear page tables: of a table, how many of its entries name others of
     * its own level; negative, in how many such entries it is named. */
    int32_t linear;
};

#define FX_F_ALLOCATED (1u << 0) /* holds the allocation's reference */
#define FX_F_XENHEAP                                                           \
    (1u << 1)                /* shared_info, grant frames: not freed by        \
                                its owner's last reference */
#define FX_F_DIRTY (1u << 2) /* log-dirty: written since the last CLEAN */
#define FX_F_TOUCHED                                                           \
    (1u << 3) /* has room on the disk, and contents that may be other than     \
                 zero; stays until they are cleared, also on a free frame */
#define FX_F_HELD                                                              \
    (1u << 4) /* a table that stays one until somebody goes on with what was   \
                 put off: a general and a type reference (page_type.h) */

/* What a frame is used as, which excludes all other uses. */
enum fx_type {
    FX_NONE,
    FX_L1,
    FX_L2,
    FX_L3,
    FX_L4,
    FX_SEG_DESC, /* a GDT or LDT frame */
    FX_WRITABLE, /* mapped writable somewhere */
};

#define FX_T_TYPE(info) ((enum fx_type)((info) >> 28))
#define FX_T_MAKE(type) ((uint32_t)(type) << 28)
#define FX_T_PINNED     (1u << 27)
#define FX_T_VALIDATED  (1u << 26)
#define FX_T_PAE_XEN_L2 (1u << 25) /* the L2 behind a PAE L3's slot 3 */
#define FX_T_COUNT_MASK ((1u << 25) - 1)

/* Is there RAM behind the number? */
static inline bool fx_is_ram(const struct fx_host *host, uint64_t mfn)
{
    const struct fx_super *super = host->super;
    uint32_t i;

    for (i = super->nr_ram; i--;) {
        if (mfn >= super->ram[i].first)
            return mfn < super->ram[i].end;
    }
    return false;
}

/* The accounting of a RAM frame; NULL for a number without RAM. */
struct fx_frame *fx_frame(struct fx_host *host, uint64_t mfn);

/* The frame's contents, to read or write; NULL for a number without RAM, and
 * where a frame that had none yet finds no room on the disk. */
void *fx_page(struct fx_host *host, uint64_t mfn);

void fx_m2p_set(struct fx_host *host, uint64_t mfn, uint64_t pfn);

/* The next frame from `mfn` on that the frame table says is in use; FX_NO_MFN
 * behind the last one. */
uint64_t fx_next_used(const struct fx_host *host, uint64_t mfn);

/* And of those that are pinned, or FX_F_HELD. */
uint64_t fx_next_held(const struct fx_host *host, uint64_t mfn);

/* And of those that are free, but have contents still. */
uint64_t fx_next_unclean(const struct fx_host *host, uint64_t mfn);

/* The end of those from `mfn`, which is in use, that the owner has and nobody
 * uses or refers to: most of what a guest has. */
uint64_t fx_plain_end(const struct fx_host *host, uint64_t mfn, uint16_t owner);

/* Notes that the frame was written to, where the domain logs that. */
static inline void fx_mark_dirty(struct fx_domain *domain,
                                 struct fx_frame *frame)
{
    if (!domain->log_dirty || frame->flags & FX_F_DIRTY)
        return;
    frame->flags |= FX_F_DIRTY;
    domain->dirty_pages++;
}

/* It was not, or it goes. */
static inline void fx_forget_dirty(struct fx_domain *domain,
                                   struct fx_frame *frame)
{
    if (!(frame->flags & FX_F_DIRTY))
        return;
    frame->flags &= (uint16_t)~FX_F_DIRTY;
    domain->dirty_pages--;
}

#endif /* FX_FRAMES_H */
