/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * page_table.c - promotion and demotion: what entries say, and the references
 * that they hold.
 *
 * fx_get_type() and fx_promote() call each other down through the levels of a
 * tree: each table takes types of the level below its own.  Only a linear entry
 * refers to its own level, and only to a table that is validated already and
 * has no such entries itself; so neither a loop nor a deep chain can arise.
 */
#include "memory/page_table.h"

#include <errno.h>
#include <string.h>

#include "machine/frames.h"
#include "machine/work.h"
#include "memory/page_type.h"
#include "memory/pt_entry.h"
#include "memory/segment.h"
#include "xen_versions.h"

/* Xen keeps the count in 16 bits (struct page_info's linear_pt_count). */
#define LINEAR_MAX 32767

/* The M2P at the start of Xen's part of a 64-bit root: no writing. */
#define M2P_ENTRY (FX_PRESENT | FX_USER | FX_ACCESSED | FX_NX)

/* The root's entry for itself, that for what is the domain's own, and those for
 * all memory, 512 GiB each. */
#define XEN_DATA    (FX_PRESENT | FX_RW | FX_ACCESSED | FX_DIRTY | FX_NX)
#define SELF_SLOT   258
#define DOMAIN_SLOT 260
#define MEMORY_SLOT 262
#define SLOT_FRAMES (UINT64_C(1) << (39 - FX_PAGE_SHIFT))

/* Xen itself. */
#define XEN_CODE  (FX_PRESENT | FX_RW | FX_ACCESSED | FX_DIRTY)
#define CODE_SLOT 261

/* A frame number below which a PAE root lies without extended CR3. */
#define PAE_ROOT_END (UINT64_C(1) << (32 - FX_PAGE_SHIFT))

static bool same_level(const struct fx_frame *a, const struct fx_frame *b)
{
    return FX_T_TYPE(a->type) == FX_T_TYPE(b->type);
}

/* Each table either has such entries or is named by some. */
static bool count_linear(struct fx_frame *table, struct fx_frame *named)
{
    if (table->linear < 0 || table->linear == LINEAR_MAX)
        return false;
    if (named->linear > 0 || named->linear < -LINEAR_MAX)
        return false;
    table->linear++;
    named->linear--;
    return true;
}

/* An entry that names a table of its own level: read-only, and itself needs no
 * reference.  Xen allows it (CONFIG_PV_LINEAR_PT, on by default). */
static int get_linear(struct fx_host *host, const struct fx_domain *domain,
                      uint64_t table, uint64_t entry)
{
    uint64_t mfn = fx_entry_mfn(entry);
    struct fx_frame *holder = fx_frame(host, table);
    struct fx_frame *named = fx_frame(host, mfn);

    if (entry & FX_RW)
        return -EINVAL;
    if (mfn == table)
        return 0;
    if (fx_get_page(host, mfn, domain->id))
        return -EINVAL;
    if (!same_level(holder, named) ||
        (named->type & FX_T_COUNT_MASK) == FX_T_COUNT_MASK ||
        !count_linear(holder, named)) {
        fx_put_page(host, mfn);
        return -EINVAL;
    }
    named->type++;
    return 0;
}

int fx_get_entry(struct fx_host *host, struct fx_domain *domain, uint16_t owner,
                 unsigned int level, uint64_t table, uint64_t entry)
{
    uint64_t mfn = fx_entry_mfn(entry);
    int rc;

    if (entry & fx_entry_refused(level, domain->is_32bit))
        return -EINVAL;
    if (level == 1)
        return fx_get_mapping(host, domain->id, owner, mfn, entry & FX_RW);
    rc = fx_get_page_and_type(host, mfn, domain->id,
                              (enum fx_type)(FX_L1 + level - 2), 0);
    if (rc == -EINVAL && !(level == 3 && domain->is_32bit))
        rc = get_linear(host, domain, table, entry);
    return rc;
}

/*
 * Does the entry hold a frame of the type that it must?  Only a damaged file
 * has others; to follow them could lead as deep as there are frames.
 */
static bool holds(const struct fx_frame *holder, unsigned int level,
                  const struct fx_frame *named)
{
    if (level == 1)
        return FX_T_TYPE(named->type) == FX_WRITABLE;
    if (same_level(holder, named))
        return holder->linear > 0 && named->linear < 0;
    return FX_T_TYPE(named->type) == (enum fx_type)(FX_L1 + level - 2);
}

void fx_put_entry(struct fx_host *host, unsigned int level, uint64_t table,
                  uint64_t entry)
{
    uint64_t mfn = fx_entry_mfn(entry);
    struct fx_frame *holder, *named;

    if (!(entry & FX_PRESENT) || (level > 1 && mfn == table))
        return;
    if (level == 1 && !(entry & FX_RW)) {
        fx_put_page(host, mfn);
        return;
    }
    holder = fx_frame(host, table);
    named = fx_frame(host, mfn);
    if (!named || !holds(holder, level, named))
        return;
    if (same_level(holder, named)) {
        holder->linear--;
        named->linear++;
    }
    fx_put_page_and_type(host, mfn);
}

/* The L2 in a PAE L3's slot 3, where Xen's own entries go: it is there, and in
 * no other L3. */
static int get_xens_l2(struct fx_host *host, const struct fx_domain *domain,
                       uint64_t entry)
{
    uint64_t mfn = fx_entry_mfn(entry);
    int rc;

    if (!(entry & FX_PRESENT) || entry & fx_entry_refused(3, true))
        return -EINVAL;
    rc = fx_get_page_and_type(host, mfn, domain->id, FX_L2, FX_T_PAE_XEN_L2);
    if (rc)
        return rc;
    if ((fx_frame(host, mfn)->type & FX_T_COUNT_MASK) != 1) {
        fx_put_page_and_type(host, mfn);
        return -EINVAL;
    }
    return 0;
}

static int get_slot(struct fx_host *host, struct fx_domain *domain,
                    unsigned int level, uint64_t table, unsigned int slot,
                    uint64_t entry)
{
    if (level == 3 && domain->is_32bit && slot == FX_PAE_L3_XEN)
        return get_xens_l2(host, domain, entry);
    if (!(entry & FX_PRESENT))
        return 0;
    return fx_get_entry(host, domain, domain->id, level, table, entry);
}

/* Gives back the references of slots 0 .. end - 1. */
static void put_slots(struct fx_host *host, const struct fx_domain *domain,
                      uint64_t mfn, unsigned int end)
{
    uint32_t info = fx_frame(host, mfn)->type;
    unsigned int level = FX_T_TYPE(info) - FX_L1 + 1;
    uint64_t *entries = fx_page(host, mfn);

    /* A damaged file may have it without room on the disk. */
    while (entries && end-- > 0) {
        uint64_t entry = entries[end];

        if (fx_entry_is_xens(info, domain->is_32bit, end))
            continue;
        fx_put_entry(host, level, mfn, entry);
        entries[end] = fx_entry_unadjust(level, domain->is_32bit, entry);
    }
}

/*
 * Undoes slots 0 .. bad - 1.  Where the bad entry's own table failed half-way,
 * Xen takes both apart from there, and strips that entry's flags as well.
 */
static void undo_slots(struct fx_host *host, const struct fx_domain *domain,
                       uint64_t mfn, unsigned int bad)
{
    unsigned int level = FX_T_TYPE(fx_frame(host, mfn)->type) - FX_L1 + 1;
    uint64_t *entries = fx_page(host, mfn);

    put_slots(host, domain, mfn, bad);
    if (bad && fx_entry_mfn(entries[bad]) == host->half_promoted)
        entries[bad] = fx_entry_unadjust(level, domain->is_32bit, entries[bad]);
    host->half_promoted = bad ? mfn : FX_NO_MFN;
}

/* What is checked by now stays so for a while: who asked for it goes on. The
 * references are those that the slots have, so that no count grows. */
static void hold_slots(struct fx_host *host, const struct fx_domain *domain,
                       uint64_t mfn, unsigned int end)
{
    uint32_t info = fx_frame(host, mfn)->type;
    unsigned int level = FX_T_TYPE(info) - FX_L1 + 1;
    uint64_t *entries = fx_page(host, mfn);
    struct fx_frame *frame;

    while (end-- > 0) {
        uint64_t named = fx_entry_mfn(entries[end]);

        if (!(entries[end] & FX_PRESENT) || named == mfn ||
            fx_entry_is_xens(info, domain->is_32bit, end))
            continue;
        frame = fx_frame(host, named);
        if (same_level(fx_frame(host, mfn), frame) || frame->flags & FX_F_HELD)
            fx_put_entry(host, level, mfn, entries[end]);
        else
            frame->flags |= FX_F_HELD;
    }
}

static int get_slots(struct fx_host *host, struct fx_domain *domain,
                     uint64_t mfn)
{
    uint32_t info = fx_frame(host, mfn)->type;
    unsigned int level = FX_T_TYPE(info) - FX_L1 + 1;
    uint64_t *entries = fx_page(host, mfn);
    int rc;

    for (unsigned int i = 0; i < FX_ENTRIES; i++) {
        if (fx_entry_is_xens(info, domain->is_32bit, i))
            continue;
        host->half_promoted = FX_NO_MFN;
        rc = get_slot(host, domain, level, mfn, i, entries[i]);
        if (rc == -ERESTART)
            hold_slots(host, domain, mfn, i);
        else if (rc)
            undo_slots(host, domain, mfn, i);
        if (rc)
            return rc;
        entries[i] = fx_entry_adjust(level, domain->is_32bit, entries[i]);
    }
    return 0;
}

/* The compat M2P, in superpages of 2 MiB, read-only to the guest. */
static void fill_pae_l2(const struct fx_host *host, uint64_t *entries)
{
    uint64_t first = fx_compat_m2p_mfn(host->super);
    uint64_t frames = fx_m2p_frames(host->super, sizeof(uint32_t));

    for (unsigned int i = 0; i < FX_ENTRIES - FX_PAE_L2_XEN; i++) {
        uint64_t at = (uint64_t)i * FX_ENTRIES;

        entries[FX_PAE_L2_XEN + i] =
            at < frames ? (first + at) << FX_PAGE_SHIFT | FX_PSE | FX_PRESENT
                        : 0;
    }
}

static uint64_t m2p_entry(const struct fx_host *host)
{
    return fx_m2p_mfn(host->super) << FX_PAGE_SHIFT | M2P_ENTRY;
}

/* Xen's 16 entries, as a guest may find them left in a frame that is a root no
 * more.  What they lead to is not there: the M2P's frames stand for it. */
static void fill_l4(const struct fx_host *host, const struct fx_domain *domain,
                    uint64_t mfn, uint64_t *entries)
{
    uint64_t nowhere = fx_m2p_mfn(host->super) << FX_PAGE_SHIFT;

    memset(&entries[FX_L4_XEN_FIRST], 0,
           (FX_L4_XEN_END - FX_L4_XEN_FIRST) * sizeof(*entries));
    if (fx_has_assist(domain, VMASST_TYPE_m2p_strict))
        entries[FX_L4_XEN_FIRST] = m2p_entry(host);
    entries[SELF_SLOT] = mfn << FX_PAGE_SHIFT | XEN_DATA;
    entries[DOMAIN_SLOT] = nowhere | XEN_DATA;
    entries[CODE_SLOT] = nowhere | XEN_CODE;
    for (unsigned int i = MEMORY_SLOT; i < FX_L4_XEN_END; i++)
        if ((i - MEMORY_SLOT) * SLOT_FRAMES < host->super->nr_frames)
            entries[i] = nowhere | XEN_DATA;
}

void fx_show_m2p(struct fx_host *host, uint64_t root, bool shown)
{
    uint64_t *entries = fx_page(host, root);

    if (entries)
        entries[FX_L4_XEN_FIRST] = shown ? m2p_entry(host) : 0;
}

/*
 * Control tools may pin before they say which assists the domain has: by
 * XEN_DOMCTL_vm_assist, or in vCPU 0's context.  Xen without the patches looks
 * at the latter alone.
 */
static bool assists_are_known(const struct fx_host *host,
                              const struct fx_domain *domain)
{
    const struct fx_vcpu *first = fx_vcpu(host, domain, 0);

    return (first && first->initialised) ||
           (host->super->level == FX_PATCHED &&
            (domain->assists_declared || domain->creation_finished));
}

/* A PAE root above 4 GiB is one that the guest could not read from CR3. */
static bool root_too_high(const struct fx_host *host,
                          const struct fx_domain *domain, uint64_t mfn)
{
    return (host->super->level == FX_PATCHED || XEN_CHECKS_L3) &&
           domain->is_32bit && mfn >= PAE_ROOT_END &&
           assists_are_known(host, domain) &&
           !fx_has_assist(domain, VMASST_TYPE_pae_extended_cr3);
}

int fx_promote(struct fx_host *host, struct fx_domain *domain, uint64_t mfn)
{
    struct fx_frame *frame = fx_frame(host, mfn);
    enum fx_type type = FX_T_TYPE(frame->type);
    uint64_t *entries = fx_page(host, mfn);
    int rc;

    if (!entries)
        return -ENOMEM;
    fx_work(host, FX_ENTRIES);
    fx_mark_dirty(domain, frame);
    if (type == FX_SEG_DESC)
        return fx_check_descriptors(entries, domain->is_32bit);
    if (type == FX_L3 && root_too_high(host, domain, mfn))
        return -ERANGE;
    /* A PAE guest has only four, but long mode sees the whole frame. */
    if (type == FX_L3 && domain->is_32bit)
        memset(entries + 4, 0, (FX_ENTRIES - 4) * sizeof(*entries));
    rc = get_slots(host, domain, mfn);
    if (!rc && frame->type & FX_T_PAE_XEN_L2)
        fill_pae_l2(host, entries);
    if (!rc && type == FX_L4)
        fill_l4(host, domain, mfn, entries);
    return rc;
}

void fx_demote(struct fx_host *host, struct fx_domain *domain, uint64_t mfn)
{
    fx_work(host, FX_ENTRIES);
    fx_mark_dirty(domain, fx_frame(host, mfn));
    put_slots(host, domain, mfn, FX_ENTRIES);
}
