/* SPDX-License-Identifier: GPL-2.0-only */
#include "domain/grants.h"

#include "domain/grant_frames.h"
#include "domain/state.h"
#include "machine/frames.h"
#include "machine/space.h"
#include "memory/mapping.h"
#include "memory/page_type.h"

#define PER_FRAME (FX_PAGE_SIZE / sizeof(grant_entry_v1_t))

/* Uses of one kind that an entry may have: Xen refuses more when half of its
 * counter is full (GNTPIN_incr2oflow_mask, of 8 bits). */
#define MOST_USES 128

/* A domain that keeps writing other frames there is given up on. */
#define TRIES 5

/* The machine address of the entry; 0: the table has none of that number. */
static uint64_t entry_at(struct fx_host *host, const struct fx_domain *domain,
                         uint32_t ref)
{
    const struct fx_domain_state *state = fx_domain_state(host, domain);

    if (ref / PER_FRAME >= fx_nr_grant_frames(state))
        return 0;
    return (state->grant_frame[ref / PER_FRAME] << FX_PAGE_SHIFT) +
           ref % PER_FRAME * sizeof(grant_entry_v1_t);
}

/* Who has it already, and how often. */
static int16_t check_uses(const struct fx_domain *domain,
                          const struct fx_grant_uses *uses,
                          const struct fx_grant_wish *wish)
{
    if (!fx_grant_is_used(uses))
        return GNTST_okay;
    if (uses->user != wish->user ||
        (wish->writable ? uses->writers : uses->readers) >= MOST_USES)
        return GNTST_general_error;
    return wish->is_copy && domain->dying ? GNTST_bad_domain : GNTST_okay;
}

static uint64_t frame_in(const grant_entry_v1_t *entry)
{
    return __atomic_load_n(&entry->frame, __ATOMIC_SEQ_CST);
}

/* Xen takes the frame from an entry that nobody uses yet; and a copy, that of
 * one to which nobody writes yet: another one is refused then. */
static bool is_read_anew(const struct fx_grant_uses *uses,
                         const struct fx_grant_wish *wish)
{
    return !fx_grant_is_used(uses) ||
           (wish->is_copy && wish->writable && !uses->writers);
}

/* Xen's answers where the frame is not to be had. */
static int16_t no_frame(const struct fx_grant_uses *uses,
                        const struct fx_grant_wish *wish)
{
    if (is_read_anew(uses, wish))
        return GNTST_bad_page;
    return wish->is_copy ? GNTST_bad_domain : GNTST_general_error;
}

static int16_t get_frame(struct fx_host *host, const struct fx_domain *domain,
                         uint64_t mfn, int16_t otherwise, bool writable)
{
    if (fx_get_page(host, mfn, domain->id))
        return otherwise;
    if (!writable || !fx_get_type(host, mfn, FX_WRITABLE, 0))
        return GNTST_okay;
    fx_put_page(host, mfn);
    return GNTST_general_error;
}

static void put_frame(struct fx_host *host, uint64_t mfn, bool writable)
{
    if (writable)
        fx_put_page_and_type(host, mfn);
    else
        fx_put_page(host, mfn);
}

/* The record before the entry is marked: whoever dies in between leaves none
 * that is marked for ever. */
static int16_t record(struct fx_host *host, const struct fx_grant_call *call,
                      uint64_t at, struct fx_grant_hold *hold)
{
    const struct fx_grant_mapping grant = {
        .entry = at,
        .first = call->first,
        .pages = call->pages,
        .user = call->wish.user,
    };
    int slot;

    if (call->wish.writable ? fx_touch(host, hold->mfn, 1)
                            : fx_touch_to_read(host, hold->mfn, 1))
        return GNTST_no_space;
    slot = fx_mapping_add_grant(host, call->address, call->domid,
                                call->wish.writable, &grant, hold->mfn);
    if (slot < 0)
        return GNTST_no_space;
    hold->slot = (unsigned int)slot;
    return GNTST_okay;
}

/* The entry and the frame that was held; *moved: they are no pair, as the
 * domain wrote another frame there before the entry was marked. */
static int16_t try_to_hold(struct fx_host *host,
                           const struct fx_grant_call *call, uint64_t at,
                           grant_entry_v1_t *entry, struct fx_grant_hold *hold,
                           bool *moved)
{
    const struct fx_domain *domain = fx_domain(host, call->domid);
    struct fx_grant_uses uses = fx_grant_uses(host, at, NULL);
    int16_t status;

    *moved = false;
    status = check_uses(domain, &uses, &call->wish);
    if (!status)
        status = fx_grant_permits(entry, &uses, &call->wish);
    if (status)
        return status;
    hold->mfn = fx_grant_is_used(&uses) ? uses.mfn : frame_in(entry);
    status = get_frame(host, domain, hold->mfn, no_frame(&uses, &call->wish),
                       call->wish.writable);
    if (status)
        return status;
    status = record(host, call, at, hold);
    if (status) {
        put_frame(host, hold->mfn, call->wish.writable);
        return status;
    }
    status = fx_grant_mark(entry, &uses, &call->wish);
    *moved = !status && is_read_anew(&uses, &call->wish) &&
             frame_in(entry) != hold->mfn;
    if (status || *moved)
        fx_grant_release(host, hold);
    return status;
}

int16_t fx_grant_hold(struct fx_host *host, const struct fx_grant_call *call,
                      struct fx_grant_hold *hold)
{
    const struct fx_domain *domain = fx_domain(host, call->domid);
    uint64_t at = domain ? entry_at(host, domain, call->ref) : 0;
    grant_entry_v1_t *entry;
    bool moved = true;
    int16_t status;
    int tries;

    if (!domain)
        return GNTST_bad_domain;
    entry = at ? fx_grant_entry(host, at, domain->id) : NULL;
    if (!entry)
        return GNTST_bad_gntref;
    for (tries = 0; moved; tries++) {
        status = tries < TRIES
                     ? try_to_hold(host, call, at, entry, hold, &moved)
                     : GNTST_general_error;
        if (status)
            return status;
    }
    return GNTST_okay;
}

void fx_grant_release(struct fx_host *host, const struct fx_grant_hold *hold)
{
    fx_mapping_end(host, hold->slot);
}
