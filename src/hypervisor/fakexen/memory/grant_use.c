/* SPDX-License-Identifier: GPL-2.0-only */
#include "memory/grant_use.h"

#include "machine/frames.h"
#include "machine/work.h"
#include "memory/mapping.h"

/* An entry that its domain keeps changing is given up on (Xen: five times). */
#define TRIES 5

/* Its first four bytes, which change at once. */
union head {
    uint32_t raw;
    struct {
        uint16_t flags;
        uint16_t domid;
    };
};

grant_entry_v1_t *fx_grant_entry(struct fx_host *host, uint64_t at,
                                 uint16_t domid)
{
    const struct fx_frame *frame = fx_frame(host, at >> FX_PAGE_SHIFT);
    uint8_t *page;

    if (!frame || frame->owner != domid || !(frame->flags & FX_F_XENHEAP) ||
        at % sizeof(grant_entry_v1_t))
        return NULL;
    page = fx_page(host, at >> FX_PAGE_SHIFT);
    return page ? (void *)(page + (at & (FX_PAGE_SIZE - 1))) : NULL;
}

struct fx_grant_uses fx_grant_uses(struct fx_host *host, uint64_t at,
                                   const struct fx_mapping *except)
{
    struct fx_grant_uses uses = {.mfn = FX_NO_MFN};
    unsigned int slots = fx_mapping_slots(host), i;
    const uint64_t *mfn;
    uint64_t k;

    fx_work(host, slots);
    for (i = 0; i < slots; i++) {
        const struct fx_mapping *m = fx_mapping_at(host, i);

        if (!m || m == except || m->grant.entry != at)
            continue;
        k = 0;
        mfn = fx_grant_is_used(&uses) ? NULL : fx_mapping_frame(host, m, &k);
        if (mfn)
            uses.mfn = *mfn;
        uses.user = m->grant.user;
        if (m->writable)
            uses.writers++;
        else
            uses.readers++;
    }
    return uses;
}

/* One that is used already has been permitted to whom it is. */
static bool permits(union head head, const struct fx_grant_uses *uses,
                    const struct fx_grant_wish *wish)
{
    uint16_t mask = GTF_type_mask | (wish->is_copy ? 0 : GTF_sub_page);

    if (!fx_grant_is_used(uses) &&
        ((head.flags & mask) != GTF_permit_access || head.domid != wish->user))
        return false;
    return !wish->writable || !(head.flags & GTF_readonly);
}

/* Is it marked as it is to be? */
static bool is_marked(const struct fx_grant_uses *uses,
                      const struct fx_grant_wish *wish)
{
    return fx_grant_is_used(uses) && (!wish->writable || uses->writers);
}

int16_t fx_grant_permits(const grant_entry_v1_t *entry,
                         const struct fx_grant_uses *uses,
                         const struct fx_grant_wish *wish)
{
    union head head = {
        .raw = __atomic_load_n((const uint32_t *)entry, __ATOMIC_ACQUIRE)};

    return is_marked(uses, wish) || permits(head, uses, wish)
               ? GNTST_okay
               : GNTST_general_error;
}

int16_t fx_grant_mark(grant_entry_v1_t *entry, const struct fx_grant_uses *uses,
                      const struct fx_grant_wish *wish)
{
    uint32_t *raw = (uint32_t *)entry;
    union head head = {.raw = __atomic_load_n(raw, __ATOMIC_ACQUIRE)}, marked;
    int tries;

    if (is_marked(uses, wish))
        return GNTST_okay;
    for (tries = 0; tries < TRIES && permits(head, uses, wish); tries++) {
        marked = head;
        marked.flags |= GTF_reading | (wish->writable ? GTF_writing : 0);
        if (__atomic_compare_exchange_n(raw, &head.raw, marked.raw, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return GNTST_okay;
    }
    return GNTST_general_error;
}

static void unmark(struct fx_host *host, const struct fx_mapping *m)
{
    struct fx_grant_uses left = fx_grant_uses(host, m->grant.entry, m);
    grant_entry_v1_t *entry = fx_grant_entry(host, m->grant.entry, m->domid);
    uint16_t gone = fx_grant_is_used(&left) ? 0 : GTF_reading;

    if (m->writable && !left.writers)
        gone |= GTF_writing;
    if (entry && gone)
        __atomic_fetch_and(&entry->flags, (uint16_t)~gone, __ATOMIC_SEQ_CST);
}

void fx_grant_end(struct fx_host *host, const struct fx_mapping *m,
                  uint64_t mfn)
{
    struct fx_domain *owner = fx_domain(host, m->domid);
    struct fx_frame *frame = fx_frame(host, mfn);
    uint8_t *page = frame && m->writable ? fx_page(host, mfn) : NULL;

    if (page && m->grant.notify_byte && m->grant.notify_byte <= FX_PAGE_SIZE)
        page[m->grant.notify_byte - 1] = 0;
    if (page && owner && frame->owner == owner->id &&
        !(frame->flags & FX_F_XENHEAP))
        fx_mark_dirty(owner, frame);
    unmark(host, m);
    if (m->grant.notify_port && host->hooks->notify)
        host->hooks->notify(host, m->grant.notify_port);
}
