/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * audit.c - whether the accounting is what it should be.
 *
 * What somebody has on purpose is believed: allocations, pins, roots and
 * descriptor tables of vCPUs, recorded mappings, and which frames are validated
 * tables.  What follows from it is counted anew: references, types in use, free
 * frames, domains' pages.
 *
 * A type gains FX_T_VALIDATED after its entries' references were taken and
 * loses it before they are given back, and a pin goes before its references do.
 * Whoever dies in between leaves a table without it, or with nobody to use it:
 * a repair makes these plain frames, until no more turn up.
 */
#include "recovery/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "domain/control_ports.h"
#include "domain/domain.h"
#include "domain/ldt.h"
#include "domain/ports.h"
#include "domain/state.h"
#include "domain/vnuma.h"
#include "machine/alloc.h"
#include "machine/frames.h"
#include "memory/grant_use.h"
#include "memory/mapping.h"
#include "memory/pt_entry.h"

/* A tree has four levels, and linear entries add to each. */
#define MAX_PASSES 16

/* What was counted of one frame. */
struct count {
    uint32_t refs, types;
    int32_t linear;
    bool shared; /* by a domain with Xen: FX_F_XENHEAP */
};

struct audit {
    struct fx_host *host;
    bool repair, again;  /* what is counted is none any more: start anew */
    struct count *count; /* of each frame */
    uint64_t differences;
    void (*report)(void *arg, const char *line);
    void *arg;
};

/* All zero; of large machines only what is counted takes up memory. */
static int new_counts(struct audit *a)
{
    void *count = mmap(NULL, a->host->super->nr_frames * sizeof(*a->count),
                       PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (count == MAP_FAILED)
        return -ENOMEM;
    a->count = count;
    return 0;
}

/* Not by munmap(), which is watched where frames are mapped. */
static void drop_counts(struct audit *a)
{
    if (a->count)
        syscall(SYS_munmap, a->count,
                a->host->super->nr_frames * sizeof(*a->count));
    a->count = NULL;
}

/* One call: formats a line, and counts. */
static void __attribute__((format(printf, 2, 3)))
differ(struct audit *a, const char *format, ...)
{
    char line[160];
    va_list ap;

    a->differences++;
    if (!a->report)
        return;
    va_start(ap, format);
    vsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    a->report(a->arg, line);
}

static bool is_table(const struct fx_frame *frame)
{
    enum fx_type type = FX_T_TYPE(frame->type);

    return frame->type & FX_T_VALIDATED && type >= FX_L1 && type <= FX_L4;
}

/* A frame that a domain has, so that it can be referred to; or NULL. */
static struct fx_frame *domains_frame(struct audit *a, uint64_t mfn)
{
    struct fx_frame *frame = fx_frame(a->host, mfn);

    if (!frame || !(frame->refs || frame->flags & FX_F_ALLOCATED) ||
        !fx_domain(a->host, frame->owner))
        return NULL;
    return frame;
}

static bool count_ref(struct audit *a, uint64_t mfn)
{
    if (!domains_frame(a, mfn))
        return false;
    a->count[mfn].refs++;
    return true;
}

/*
 * Counts a reference with a type.  False: the frame cannot have that type, and
 * whoever says so is wrong.
 */
static bool count_type(struct audit *a, uint64_t mfn, enum fx_type type)
{
    struct fx_frame *frame = domains_frame(a, mfn);
    bool fits;

    if (!frame)
        return false;
    fits = frame->type & FX_T_VALIDATED && FX_T_TYPE(frame->type) == type;
    if (!fits && a->repair && !is_table(frame) && type > FX_L4 &&
        !a->count[mfn].types) {
        frame->type = FX_T_MAKE(type) | FX_T_VALIDATED;
        fits = true;
    }
    if (!fits)
        return false;
    a->count[mfn].refs++;
    a->count[mfn].types++;
    return true;
}

/* Of that domain's own frames. */
static bool count_own_type(struct audit *a, const struct fx_domain *domain,
                           uint64_t mfn, enum fx_type type)
{
    const struct fx_frame *frame = fx_frame(a->host, mfn);

    return frame && frame->owner == domain->id && count_type(a, mfn, type);
}

/* The frames of one of Xen's structures: are they there? */
static bool count_xens(struct audit *a, uint64_t mfn, uint64_t nr)
{
    uint64_t i;

    for (i = 0; i < nr; i++) { /* not to mfn + nr: FX_NO_MFN has no next one */
        const struct fx_frame *frame = fx_frame(a->host, mfn + i);

        if (!frame || !(frame->flags & FX_F_ALLOCATED) ||
            frame->owner != DOMID_XEN)
            return false;
    }
    for (i = 0; i < nr; i++)
        a->count[mfn + i].refs++;
    return true;
}

/* A frame that a domain shares with Xen: writable for good. */
static bool count_shared(struct audit *a, const struct fx_domain *domain,
                         uint64_t mfn)
{
    const struct fx_frame *frame = fx_frame(a->host, mfn);

    if (!frame || frame->owner != domain->id ||
        (frame->flags & (FX_F_ALLOCATED | FX_F_XENHEAP)) !=
            (FX_F_ALLOCATED | FX_F_XENHEAP))
        return false;
    a->count[mfn].shared = count_type(a, mfn, FX_WRITABLE);
    return a->count[mfn].shared;
}

static void count_root(struct audit *a, const struct fx_domain *domain,
                       uint64_t *root)
{
    enum fx_type type = domain->is_32bit ? FX_L3 : FX_L4;

    if (*root == FX_NO_MFN || count_own_type(a, domain, *root, type))
        return;
    differ(a, "domain %u: a vCPU's root 0x%" PRIx64 " is none", domain->id,
           *root);
    if (a->repair)
        *root = FX_NO_MFN;
}

static void count_gdt(struct audit *a, const struct fx_domain *domain,
                      vcpu_guest_context_t *context)
{
    const unsigned long per_frame = FX_PAGE_SIZE / 8, most = 16;
    unsigned long n = (context->gdt_ents + per_frame - 1) / per_frame, i;

    for (i = 0; i < n && i < most; i++) {
        if (count_own_type(a, domain, context->gdt_frames[i], FX_SEG_DESC))
            continue;
        differ(a, "domain %u: a vCPU's GDT frame 0x%lx is none", domain->id,
               context->gdt_frames[i]);
        if (a->repair) /* those before it stay */
            context->gdt_ents = i * per_frame;
    }
}

static void count_ldt(struct audit *a, const struct fx_domain *domain,
                      struct fx_vcpu_state *state)
{
    for (int i = 0; i < FX_LDT_PAGES; i++) {
        uint64_t *mfn = &state->ldt_frame[i];

        if (*mfn == FX_NO_MFN || count_own_type(a, domain, *mfn, FX_SEG_DESC))
            continue;
        differ(a, "domain %u: a vCPU's LDT frame 0x%" PRIx64 " is none",
               domain->id, *mfn);
        if (a->repair)
            *mfn = FX_NO_MFN;
    }
}

/* A vcpu_info that the guest has put into a frame of its own. */
static void count_info(struct audit *a, const struct fx_domain *domain,
                       struct fx_vcpu_state *state)
{
    if (state->info_mfn == FX_NO_MFN ||
        count_own_type(a, domain, state->info_mfn, FX_WRITABLE))
        return;
    differ(a,
           "domain %u: a vCPU's vcpu_info is in frame 0x%" PRIx64
           ", which is not for it",
           domain->id, state->info_mfn);
    if (a->repair)
        state->info_mfn = FX_NO_MFN;
}

static void count_vcpus(struct audit *a, struct fx_domain *domain)
{
    struct fx_vcpu *vcpu;
    uint32_t i;

    for (i = 0; (vcpu = fx_vcpu(a->host, domain, i)); i++) {
        struct fx_vcpu_state *state;

        if (!vcpu->exists)
            continue;
        state = fx_vcpu_state(a->host, domain, i);
        if (!state || !count_xens(a, vcpu->context, FX_VCPU_FRAMES)) {
            differ(a, "domain %u: vCPU %u has lost its state", domain->id, i);
            if (a->repair)
                memset(vcpu, 0, sizeof(*vcpu));
            continue;
        }
        count_root(a, domain, &state->root);
        count_root(a, domain, &state->user_root);
        count_gdt(a, domain, &state->context);
        count_ldt(a, domain, state);
        count_info(a, domain, state);
    }
}

/* A chain that breaks off ends there; the rest belongs to nobody. */
static void count_pool(struct audit *a, const struct fx_domain *domain,
                       struct fx_domain_state *state)
{
    uint64_t mfn = state->shadow_pool;
    const void *next;
    uint32_t i;

    for (i = 0; i < state->shadow_pages; i++) {
        if (!fx_is_ram(a->host, mfn) || a->count[mfn].refs ||
            !count_xens(a, mfn, 1))
            break;
        next = fx_page(a->host, mfn);
        if (!next)
            break;
        memcpy(&mfn, next, sizeof(mfn));
    }
    if (i == state->shadow_pages)
        return;
    differ(a, "domain %u: %u of its shadow pool's %u frames", domain->id, i,
           state->shadow_pages);
    if (a->repair)
        state->shadow_pages = i;
}

static bool count_structures(struct audit *a, struct fx_domain *domain)
{
    struct fx_domain_state *state;
    uint32_t i;

    if (!count_xens(a, domain->state, 1) || !count_xens(a, domain->policy, 1) ||
        !count_xens(a, domain->evtchns, UINT64_C(1) << FX_EVTCHN_ORDER) ||
        !count_shared(a, domain, domain->shared_info))
        return false;
    state = fx_domain_state(a->host, domain);
    if (!state)
        return false;
    count_pool(a, domain, state);
    if (state->first_shared_info &&
        !count_xens(a, state->first_shared_info, 1)) {
        differ(a, "domain %u: its first shared_info is lost", domain->id);
        if (a->repair)
            state->first_shared_info = 0;
    }
    if (state->nr_vnodes && !count_xens(a, state->vnuma, FX_VNUMA_FRAMES)) {
        differ(a, "domain %u: its virtual nodes are lost", domain->id);
        if (a->repair)
            state->nr_vnodes = 0;
    }
    for (i = 0; i < state->nr_grant_frames && i < FX_MAX_GRANT_FRAMES; i++) {
        if (count_shared(a, domain, state->grant_frame[i]))
            continue;
        differ(a, "domain %u: grant frame %u is none", domain->id, i);
        if (a->repair)
            state->nr_grant_frames = i;
    }
    return true;
}

/* The control domain has no memory and no structures. */
static void count_domains(struct audit *a)
{
    unsigned int i;

    for (i = 1; i < FX_MAX_DOMAINS; i++) {
        struct fx_domain *domain = &a->host->super->domain[i];

        if (!domain->exists)
            continue;
        if (count_structures(a, domain)) {
            count_vcpus(a, domain);
            continue;
        }
        /* Its maker died, or who destroyed it when that was nearly done. */
        differ(a, "domain %u: not whole", domain->id);
        if (a->repair)
            memset(domain, 0, sizeof(*domain));
        a->again = true;
    }
}

static void check_grant(struct audit *a, struct fx_mapping *m)
{
    if (!m->grant.entry || fx_grant_entry(a->host, m->grant.entry, m->domid))
        return;
    differ(a,
           "process %" PRIu64 ": domain %u has no grant at 0x%" PRIx64
           " to be mapped",
           m->process, m->domid, m->grant.entry);
    if (a->repair)
        m->grant = (struct fx_grant_mapping){0};
}

static void count_mappings(struct audit *a)
{
    unsigned int slots = fx_mapping_slots(a->host), i;
    uint64_t k, *mfn;

    for (i = 0; i < slots; i++) {
        struct fx_mapping *m = fx_mapping_at(a->host, i);

        if (m)
            check_grant(a, m);
        for (k = 0; m && (mfn = fx_mapping_frame(a->host, m, &k)); k++) {
            if (*mfn == FX_NO_MFN)
                continue;
            if (m->writable ? count_type(a, *mfn, FX_WRITABLE)
                            : count_ref(a, *mfn))
                continue;
            differ(a,
                   "process %" PRIu64 ": frame 0x%" PRIx64
                   " cannot be mapped so",
                   m->process, *mfn);
            if (a->repair)
                *mfn = FX_NO_MFN;
        }
    }
}

static bool count_entry(struct audit *a, const struct fx_domain *domain,
                        uint64_t table, unsigned int level, uint64_t entry)
{
    const struct fx_frame *holder = fx_frame(a->host, table), *named;
    uint64_t mfn = fx_entry_mfn(entry);

    if (level > 1 && mfn == table)
        return true;
    named = fx_frame(a->host, mfn);
    if (!named)
        return false;
    if (level == 1)
        return entry & FX_RW ? count_type(a, mfn, FX_WRITABLE)
                             : count_ref(a, mfn);
    if (FX_T_TYPE(named->type) != FX_T_TYPE(holder->type))
        return count_own_type(a, domain, mfn,
                              (enum fx_type)(FX_L1 + level - 2));
    /* Each table has such entries or is named by some: no loops. */
    if (a->count[table].linear < 0 || a->count[mfn].linear > 0 ||
        !count_own_type(a, domain, mfn, FX_T_TYPE(holder->type)))
        return false;
    a->count[table].linear++;
    a->count[mfn].linear--;
    return true;
}

static void count_table(struct audit *a, const struct fx_domain *domain,
                        uint64_t table)
{
    uint32_t info = fx_frame(a->host, table)->type;
    unsigned int level = FX_T_TYPE(info) - FX_L1 + 1, i;
    uint64_t *entries = fx_page(a->host, table);

    for (i = 0; entries && i < FX_ENTRIES; i++) {
        if (!(entries[i] & FX_PRESENT) ||
            fx_entry_is_xens(info, domain->is_32bit, i) ||
            count_entry(a, domain, table, level, entries[i]))
            continue;
        differ(a,
               "table 0x%" PRIx64 ", level %u: entry %u refers to a frame that "
               "is not for it",
               table, level, i);
        if (a->repair)
            entries[i] = 0;
    }
}

static void count_frame(struct audit *a, uint64_t mfn)
{
    struct fx_frame *frame = fx_frame(a->host, mfn);
    const struct fx_domain *domain = fx_domain(a->host, frame->owner);

    /* Xen's own were counted with what they are for. */
    if (!domain)
        return;
    if (a->repair && !a->count[mfn].shared)
        frame->flags &= (uint16_t)~FX_F_XENHEAP;
    if (frame->flags & FX_F_ALLOCATED && !(frame->flags & FX_F_XENHEAP))
        a->count[mfn].refs++;
    if (frame->type & FX_T_PINNED && is_table(frame)) {
        a->count[mfn].refs++;
        a->count[mfn].types++;
    }
    if (frame->flags & FX_F_HELD && is_table(frame)) {
        a->count[mfn].refs++;
        a->count[mfn].types++;
    }
    if (is_table(frame))
        count_table(a, domain, mfn);
}

static void count_all(struct audit *a)
{
    uint64_t mfn = 0;

    count_domains(a);
    count_mappings(a);
    while ((mfn = fx_next_used(a->host, mfn)) != FX_NO_MFN)
        count_frame(a, mfn++);
}

static void compare_frame(struct audit *a, uint64_t mfn)
{
    const struct fx_frame *frame = fx_frame(a->host, mfn);
    const struct count *c = &a->count[mfn];
    uint32_t types = frame->type & FX_T_COUNT_MASK;

    if (frame->refs != c->refs)
        differ(a, "frame 0x%" PRIx64 ": %u references, but %u are there", mfn,
               frame->refs, c->refs);
    if (types != c->types)
        differ(a,
               "frame 0x%" PRIx64 ": type %u used %u times, but %u are there",
               mfn, FX_T_TYPE(frame->type), types, c->types);
    if (frame->flags & FX_F_XENHEAP && !c->shared)
        differ(a, "frame 0x%" PRIx64 ": shared by nobody", mfn);
    if (frame->type & FX_T_PINNED && !is_table(frame))
        differ(a, "frame 0x%" PRIx64 ": pinned, but no table", mfn);
    if (frame->flags & FX_F_HELD && !is_table(frame))
        differ(a, "frame 0x%" PRIx64 ": held as a table, but none", mfn);
    if (is_table(frame) && frame->linear != c->linear)
        differ(a, "frame 0x%" PRIx64 ": %d linear entries, but %d are there",
               mfn, frame->linear, c->linear);
    if (fx_is_free(a->host, mfn))
        differ(a, "frame 0x%" PRIx64 ": free, and in use", mfn);
}

/* What a domain's counters should be. */
struct sums {
    uint64_t pages, dirty;
};

/* Used RAM frames; the domains' parts to `sums`, one for each slot. */
static uint64_t sum_up(struct audit *a, struct sums *sums)
{
    const struct fx_super *super = a->host->super;
    uint64_t used = 0, mfn;

    for (mfn = 0; (mfn = fx_next_used(a->host, mfn)) != FX_NO_MFN; mfn++) {
        const struct fx_frame *frame = fx_frame(a->host, mfn);
        const struct fx_domain *domain = fx_domain(a->host, frame->owner);

        used += !!frame->refs;
        if (!domain || frame->flags & FX_F_XENHEAP || !frame->refs)
            continue;
        sums[domain - super->domain].pages++;
        sums[domain - super->domain].dirty += !!(frame->flags & FX_F_DIRTY);
    }
    return used;
}

static void compare_sums(struct audit *a, const struct sums *sums,
                         uint64_t used)
{
    const struct fx_super *super = a->host->super;
    uint64_t claimed = 0;
    unsigned int i;

    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        const struct fx_domain *d = &super->domain[i];

        if (!d->exists)
            continue;
        claimed += d->claimed_pages;
        if (d->tot_pages != sums[i].pages)
            differ(a, "domain %u: %" PRIu64 " pages, but %" PRIu64 " are there",
                   d->id, d->tot_pages, sums[i].pages);
        if (d->dirty_pages != sums[i].dirty)
            differ(a, "domain %u: %" PRIu64 " dirty, but %" PRIu64 " are there",
                   d->id, d->dirty_pages, sums[i].dirty);
    }
    if (super->free_frames != super->ram_frames - used)
        differ(a, "%" PRIu64 " frames free, but %" PRIu64 " are",
               super->free_frames, super->ram_frames - used);
    if (super->claimed_frames != claimed)
        differ(a, "%" PRIu64 " frames claimed, but %" PRIu64 " are",
               super->claimed_frames, claimed);
}

uint64_t fx_audit(struct fx_host *host,
                  void (*report)(void *arg, const char *line), void *arg)
{
    struct audit a = {.host = host, .report = report, .arg = arg};
    struct sums sums[FX_MAX_DOMAINS] = {0};
    uint64_t mfn, used;

    if (new_counts(&a))
        return FX_NO_AUDIT;
    count_all(&a);
    for (mfn = 0; (mfn = fx_next_used(host, mfn)) != FX_NO_MFN; mfn++)
        compare_frame(&a, mfn);
    used = sum_up(&a, sums);
    compare_sums(&a, sums, used);
    drop_counts(&a);
    return a.differences;
}

/* Tables that nobody uses, and those without FX_T_VALIDATED, become plain
 * frames. True: there were some, whose entries were counted. */
static bool untype(struct audit *a)
{
    bool some = false;
    uint64_t mfn;

    for (mfn = 0; (mfn = fx_next_used(a->host, mfn)) != FX_NO_MFN; mfn++) {
        struct fx_frame *frame = fx_frame(a->host, mfn);

        if (a->count[mfn].types && frame->type & FX_T_VALIDATED)
            continue;
        some = some || is_table(frame);
        frame->type = 0;
    }
    return some;
}

static void set_frame(struct audit *a, uint64_t mfn)
{
    struct fx_frame *frame = fx_frame(a->host, mfn);
    const struct count *c = &a->count[mfn];

    frame->refs = c->refs;
    frame->linear = c->linear;
    frame->type = (frame->type & ~FX_T_COUNT_MASK) | c->types;
    if (!c->shared)
        frame->flags &= (uint16_t)~FX_F_XENHEAP;
    if (!is_table(frame)) {
        frame->type &= ~FX_T_PINNED;
        frame->flags &= (uint16_t)~FX_F_HELD;
    }
    if (c->refs)
        return;
    frame->type = 0;
    frame->owner = 0;
    frame->flags &= FX_F_TOUCHED;
    fx_m2p_set(a->host, mfn, UINT64_MAX);
}

static void set_sums(struct audit *a)
{
    struct fx_super *super = a->host->super;
    struct sums sums[FX_MAX_DOMAINS] = {0};
    unsigned int i;

    sum_up(a, sums);
    super->claimed_frames = 0;
    for (i = 0; i < FX_MAX_DOMAINS; i++) {
        super->domain[i].tot_pages = sums[i].pages;
        super->domain[i].dirty_pages = sums[i].dirty;
        super->claimed_frames += super->domain[i].claimed_pages;
    }
}

/* Whoever destroyed them died over it. */
static void finish_dying(struct fx_host *host)
{
    unsigned int i;

    for (i = 1; i < FX_MAX_DOMAINS; i++) {
        struct fx_domain *domain = &host->super->domain[i];

        if (domain->exists && domain->dying)
            fx_domain_kill(host, domain);
    }
}

int fx_audit_repair(struct fx_host *host)
{
    struct audit a = {.host = host, .repair = true};
    unsigned int pass = 0;
    uint64_t mfn;

    do {
        drop_counts(&a);
        if (new_counts(&a))
            return -ENOMEM;
        a.again = false;
        count_all(&a);
        a.again |= untype(&a);
    } while (a.again && ++pass < MAX_PASSES);
    for (mfn = 0; (mfn = fx_next_used(host, mfn)) != FX_NO_MFN; mfn++)
        set_frame(&a, mfn);
    drop_counts(&a);
    set_sums(&a);
    fx_free_map_rebuild(host);
    fx_clear_free(host);
    fx_mapping_reap(host);
    fx_control_ports_reap(host);
    finish_dying(host);
    return 0;
}
