/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pages.c - the pages that a CPU comes to.
 *
 * The engine does not notice by itself that code which it has translated was
 * written to, so a frame is either to be written to or to be executed, for the
 * CPU; where it is to change, all is forgotten.  A frame whose code comes to be
 * executed again is compared with what it was.
 */
#include "run/vcpu.h"

#include <string.h>

#include "machine/frames.h"
#include "machine/lock.h"
#include "machine/tlb.h"
#include "run/translate.h"

#define GDT_PER_FRAME 512
#define XEN_PAGE      14 /* FIRST_RESERVED_GDT_PAGE (xen/arch-x86/xen.h) */

/* FNV-1a, by words. */
static uint64_t hash_of(const uint64_t *words)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    unsigned int i;

    for (i = 0; i < FX_PAGE_SIZE / sizeof(*words); i++)
        hash = (hash ^ words[i]) * UINT64_C(0x100000001b3);
    return hash ? hash : 1;
}

bool fx_in_window(const struct fx_vcpu_run *r, uint64_t address)
{
    return address >= fx_window(r) && (address - fx_window(r)) >>
                                          FX_PAGE_SHIFT <
                                          FX_GDT_PAGES + FX_LDT_PAGES;
}

uint64_t fx_window_frame(const struct fx_vcpu_run *r, uint64_t address)
{
    const struct fx_vcpu_state *v = fx_state_of(r);
    uint64_t page = (address - fx_window(r)) >> FX_PAGE_SHIFT;

    if (page >= FX_GDT_PAGES)
        return v->ldt_frame[page - FX_GDT_PAGES];
    if (page == XEN_PAGE)
        return r->own_mfn;
    if (page * GDT_PER_FRAME < v->context.gdt_ents)
        return v->context.gdt_frames[page];
    return r->own_mfn + 1;
}

/* The domain's other vCPUs do not execute meanwhile; one that has the frame for
 * the other use forgets all before it does. */
static void settle_with_others(struct fx_vcpu_run *r, uint64_t mfn, bool write)
{
    struct fx_vcpu_run *o;

    for (o = *r->all; o; o = o->next) {
        const struct fx_use *use = &o->use[mfn];

        if (o != r && (write ? use->executed : use->written) == o->epoch)
            o->forgets = true;
    }
}

static bool may_write(struct fx_vcpu_run *r, uint64_t mfn)
{
    struct fx_frame *frame = fx_frame(r->host, mfn);
    struct fx_domain *owner;

    settle_with_others(r, mfn, true);
    if (!r->stepping) {
        if (r->use[mfn].executed == r->epoch) {
            r->conflict = mfn;
            return false;
        }
        r->use[mfn].written = r->epoch;
    }
    if (!frame || fx_touch(r->host, mfn, 1))
        return false;
    owner = fx_domain(r->host, frame->owner);
    if (owner)
        fx_mark_dirty(owner, frame);
    return true;
}

static bool may_execute(struct fx_vcpu_run *r, uint64_t mfn)
{
    struct fx_use *use = &r->use[mfn];
    const uint64_t *page;
    uint64_t hash;

    if (use->executed == r->epoch)
        return true;
    settle_with_others(r, mfn, false);
    if (!r->stepping && use->written == r->epoch) {
        r->conflict = mfn;
        return false;
    }
    page = fx_page(r->host, mfn);
    if (!page)
        return false;
    hash = hash_of(page);
    if (use->hash && use->hash != hash) {
        r->stale = mfn;
        return false;
    }
    use->hash = hash;
    if (!r->stepping)
        use->executed = r->epoch;
    return true;
}

/* In a 32-bit guest's program, rather than in its kernel? */
static bool is_user(const struct fx_vcpu_run *r)
{
    return r->domain->is_32bit && fx_cpu_ring(r->cpu) == 3;
}

static bool look_up(struct fx_vcpu_run *r, uint64_t address,
                    enum fx_access access, struct fx_cpu_page *page)
{
    struct fx_translation to;
    uint64_t window;

    *page = (struct fx_cpu_page){.read = true};
    if (fx_in_window(r, address)) {
        window = fx_window_frame(r, address);
        page->address = window << FX_PAGE_SHIFT;
        return window != FX_NO_MFN && access == FX_READ;
    }
    if (r->table != FX_NO_MFN &&
        fx_translate(r->host, r->domain, fx_state_of(r), address, FX_READ,
                     false, &to) &&
        to.mfn == r->table) {
        page->address = r->copy_mfn << FX_PAGE_SHIFT;
        page->write = true;
        return access != FX_FETCH;
    }
    if (!fx_translate(r->host, r->domain, fx_state_of(r), address, access,
                      is_user(r), &to))
        return false;
    page->address = to.mfn << FX_PAGE_SHIFT;
    if (to.is_m2p)
        return true;
    page->write = access == FX_WRITE;
    page->execute = access == FX_FETCH || (r->stepping && page->write);
    if (access == FX_WRITE)
        return may_write(r, to.mfn);
    if (access == FX_FETCH)
        return may_execute(r, to.mfn);
    return !fx_touch_to_read(r->host, to.mfn, 1);
}

/* The tables are looked at with the lock held, for which whoever has it may
 * wait until no CPU executes. */
bool fx_vcpu_fill(void *arg, uint64_t address, enum fx_access access,
                  struct fx_cpu_page *page)
{
    struct fx_vcpu_run *r = arg;
    bool found;

    fx_tlb_leave(r->host, r->domain);
    fx_lock(r->host);
    r->again = r->host->unrepaired || !r->domain->exists || r->domain->dying ||
               fx_vcpu_is_to_flush(r);
    found = !r->again && look_up(r, address, access, page);
    if (found)
        fx_tlb_enter(r->host, r->domain);
    fx_unlock(r->host);
    return found;
}

/* Without the lock: what is executed does not change meanwhile. */
size_t fx_vcpu_code(void *arg, uint64_t address, uint8_t *to, size_t size)
{
    struct fx_vcpu_run *r = arg;
    struct fx_translation t;
    const uint8_t *page;
    size_t done = 0, n;

    for (; done < size; done += n, address += n) {
        n = FX_PAGE_SIZE - (address & (FX_PAGE_SIZE - 1));
        if (n > size - done)
            n = size - done;
        if (!fx_translate(r->host, r->domain, fx_state_of(r), address, FX_FETCH,
                          false, &t) ||
            t.is_m2p)
            break;
        page = fx_page(r->host, t.mfn);
        if (!page)
            break;
        memcpy(to + done, page + (address & (FX_PAGE_SIZE - 1)), n);
    }
    return done;
}

void fx_vcpu_flush(struct fx_vcpu_run *r)
{
    fx_cpu_flush(r->cpu);
    r->epoch++;
    r->seen = fx_tlb_count(r->host, r->domain);
    r->forgets = false;
}

/* Does it write to the very page that it executes? */
static bool is_own_code(struct fx_vcpu_run *r, uint64_t mfn)
{
    struct fx_translation to;

    return fx_translate(r->host, r->domain, fx_state_of(r), r->state.rip,
                        FX_FETCH, is_user(r), &to) &&
           to.mfn == mfn;
}

void fx_vcpu_retry(struct fx_vcpu_run *r)
{
    if (r->stale != FX_NO_MFN) {
        fx_cpu_forget_code(r->cpu, r->stale << FX_PAGE_SHIFT);
        r->use[r->stale].hash = 0;
    } else if (r->conflict != FX_NO_MFN && is_own_code(r, r->conflict)) {
        r->stepping = true;
    }
    fx_vcpu_flush(r);
    r->again = false;
    r->stale = r->conflict = FX_NO_MFN;
}
