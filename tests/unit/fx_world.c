/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fx_world.c - the small machine, and the check of its accounting.
 *
 * The check knows the rules from Xen's documentation and source, and shares
 * nothing with what it checks but the frames' types, which it proves: from the
 * contents of all tables and the holds it computes every count anew.
 */
#include "fx_world.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/alloc.h"
#include "machine/frames.h"
#include "domain/context.h"
#include "domain/ldt.h"
#include "domain/state.h"
#include "machine/tlb.h"

#define ENTRIES 512

struct fx_world world;

uint64_t fx_world_mfn(unsigned int n)
{
    return n < FX_FRAMES ? FX_LOW + n : FX_HIGH + (n - FX_FRAMES);
}

unsigned int fx_world_index(uint64_t mfn)
{
    return (unsigned int)(mfn < FX_HIGH ? mfn - FX_LOW
                                        : mfn - FX_HIGH + FX_FRAMES);
}

struct fx_frame *fx_frame(struct fx_host *host, uint64_t mfn)
{
    return fx_is_ram(host, mfn) ? &host->frames[fx_world_index(mfn)] : NULL;
}

void *fx_page(struct fx_host *host, uint64_t mfn)
{
    host->frames[fx_world_index(mfn)].flags |= FX_F_TOUCHED;
    return fx_world_page(mfn);
}

uint64_t *fx_world_page(uint64_t mfn)
{
    return world.memory + (uint64_t)fx_world_index(mfn) * ENTRIES;
}

/* Nobody executes. */
void fx_tlb_shootdown(struct fx_host *host)
{
    (void)host;
}

/* No guest runs here. */
void fx_tlb_flush(struct fx_domain *domain)
{
    (void)domain;
}

/* Nor has a CPU an LDT. */
void fx_put_ldt(struct fx_host *host, struct fx_domain *domain, uint32_t vcpu)
{
    (void)host;
    (void)domain;
    (void)vcpu;
}

int fx_set_root(struct fx_host *host, struct fx_domain *domain, uint32_t vcpu,
                uint64_t mfn)
{
    (void)host;
    (void)domain;
    (void)vcpu;
    (void)mfn;
    abort();
}

struct fx_vcpu_state *fx_vcpu_state(struct fx_host *host,
                                    const struct fx_domain *domain,
                                    uint32_t vcpu)
{
    (void)host;
    (void)domain;
    (void)vcpu;
    return NULL;
}

void fx_free_frame(struct fx_host *host, uint64_t mfn)
{
    struct fx_frame *frame = fx_frame(host, mfn);

    if (frame->refs || frame->type)
        abort();
    memset(fx_page(host, mfn), 0, FX_PAGE_SIZE);
    *frame = (struct fx_frame){0};
}

void fx_free_frames(struct fx_host *host, uint64_t mfn, uint64_t nr)
{
    while (nr--) {
        fx_frame(host, mfn)->refs--;
        fx_free_frame(host, mfn++);
    }
}

uint64_t fx_plain_end(const struct fx_host *host, uint64_t mfn, uint16_t owner)
{
    const struct fx_frame *frame = &host->frames[fx_world_index(mfn)];

    return mfn + (frame->owner == owner && frame->refs == 1 && !frame->type &&
                  frame->flags == FX_F_ALLOCATED);
}

uint64_t fx_next_used(const struct fx_host *host, uint64_t mfn)
{
    for (unsigned int n = 0; n < 2 * FX_FRAMES; n++)
        if (fx_world_mfn(n) >= mfn && host->frames[n].refs)
            return fx_world_mfn(n);
    return FX_NO_MFN;
}

uint64_t fx_next_held(const struct fx_host *host, uint64_t mfn)
{
    while ((mfn = fx_next_used(host, mfn)) != FX_NO_MFN &&
           !(host->frames[fx_world_index(mfn)].type & FX_T_PINNED))
        mfn++;
    return mfn;
}

void fx_m2p_set(struct fx_host *host, uint64_t mfn, uint64_t pfn)
{
    (void)host;
    world.m2p_mfn = mfn;
    world.m2p_pfn = pfn;
}

struct fx_vcpu *fx_vcpu(const struct fx_host *host,
                        const struct fx_domain *domain, uint32_t vcpu)
{
    return vcpu ? NULL : &world.vcpu[domain - host->super->domain];
}

struct fx_domain *fx_domain(struct fx_host *host, uint32_t domid)
{
    return domid <= FX_OTHER ? &host->super->domain[domid] : NULL;
}

void fx_domain_adjust_pages(struct fx_host *host, struct fx_domain *domain,
                            int64_t pages)
{
    (void)host;
    domain->tot_pages += (uint64_t)pages;
}

static int copy_in(const struct fx_caller *caller, void *to, uint64_t from,
                   size_t size)
{
    (void)caller;
    if (from < FX_PAGE_SIZE)
        return -EFAULT;
    memcpy(to, (const void *)(uintptr_t)from, size);
    return 0;
}

static int copy_out(const struct fx_caller *caller, uint64_t to,
                    const void *from, size_t size)
{
    (void)caller;
    if (to < FX_PAGE_SIZE)
        return -EFAULT;
    memcpy((void *)(uintptr_t)to, from, size);
    return 0;
}

struct fx_domain *fx_world_domain(uint32_t domid)
{
    return fx_domain(&world.host, domid);
}

static void *zeroed(size_t count, size_t size)
{
    void *p = calloc(count, size);

    if (!p)
        abort();
    return p;
}

void fx_world_new(bool is_32bit, enum fx_level level)
{
    struct fx_super *super = zeroed(1, sizeof(*super));

    memset(&world, 0, sizeof(world));
    world.host.super = super;
    world.caller = (struct fx_caller){.host = &world.host,
                                      .domain = &super->domain[0],
                                      .copy_in = copy_in,
                                      .copy_out = copy_out};
    world.host.frames = zeroed((size_t)2 * FX_FRAMES, sizeof(struct fx_frame));
    world.memory = zeroed((size_t)2 * FX_FRAMES, FX_PAGE_SIZE);
    super->level = level;
    super->nr_frames = FX_HIGH + FX_FRAMES;
    super->nr_ram = 2;
    super->ram[0] = (struct fx_range){FX_LOW, FX_LOW + FX_FRAMES};
    super->ram[1] = (struct fx_range){FX_HIGH, FX_HIGH + FX_FRAMES};
    for (uint16_t id = 0; id <= FX_OTHER; id++) {
        super->domain[id] = (struct fx_domain){
            .exists = true, .id = id, .is_32bit = id && is_32bit};
        super->domain[id].max_vcpus = 1;
        world.vcpu[id].exists = true;
    }
    for (unsigned int i = 0; i < 2 * FX_FRAMES; i++)
        fx_world_populate(fx_world_mfn(i),
                          i % FX_FRAMES < FX_FRAMES / 2 ? FX_GUEST : FX_OTHER);
}

void fx_world_free(void)
{
    free(world.host.super);
    free(world.host.frames);
    free(world.memory);
    memset(&world, 0, sizeof(world));
}

void fx_world_populate(uint64_t mfn, uint16_t owner)
{
    *fx_frame(&world.host, mfn) =
        (struct fx_frame){.refs = 1, .owner = owner, .flags = FX_F_ALLOCATED};
    world.allocated[fx_world_index(mfn)] = true;
    fx_world_domain(owner)->tot_pages++;
}

void fx_world_give_back(uint64_t mfn)
{
    world.allocated[fx_world_index(mfn)] = false;
    fx_frame(&world.host, mfn)->flags &= (uint16_t)~FX_F_ALLOCATED;
    fx_put_page(&world.host, mfn);
}

void fx_world_hold(uint64_t mfn, enum fx_type type)
{
    for (unsigned int i = 0; i < FX_HOLDS; i++)
        if (!world.hold[i].mfn) {
            world.hold[i] = (struct fx_hold){mfn, type};
            return;
        }
    abort();
}

void fx_world_let_go(uint64_t mfn, enum fx_type type)
{
    for (unsigned int i = 0; i < FX_HOLDS; i++)
        if (world.hold[i].mfn == mfn && world.hold[i].type == type) {
            world.hold[i].mfn = 0;
            return;
        }
    abort();
}

/* The counts as they must be. */
struct truth {
    uint32_t refs[2 * FX_FRAMES];
    uint32_t types[2 * FX_FRAMES];
    int32_t linear[2 * FX_FRAMES];
    uint32_t xens[2 * FX_FRAMES]; /* L3 slots 3 that name it */
};

static char problem[160];

static const char *wrong(uint64_t mfn, const char *what, uint64_t is,
                         uint64_t wanted)
{
    snprintf(problem, sizeof(problem),
             "frame %#" PRIx64 ": %s is %#" PRIx64 ", wanted %#" PRIx64, mfn,
             what, is, wanted);
    return problem;
}

static const struct fx_frame *frame_at(unsigned int n)
{
    return &world.host.frames[n];
}

static const char *count_data(struct truth *t, uint64_t mfn, uint64_t entry,
                              uint64_t target)
{
    unsigned int n = fx_world_index(target);

    if (entry & 0x4000000000000098)
        return wrong(mfn, "an L1 entry with refused bits", entry, 0);
    t->refs[n]++;
    if (!(entry & 2))
        return NULL;
    t->types[n]++;
    if (FX_T_TYPE(frame_at(n)->type) != FX_WRITABLE)
        return wrong(target, "type of a frame that is mapped writable",
                     FX_T_TYPE(frame_at(n)->type), FX_WRITABLE);
    return NULL;
}

static const char *count_table(struct truth *t, uint64_t mfn, unsigned int slot,
                               uint64_t entry, uint64_t target)
{
    unsigned int from = fx_world_index(mfn), to = fx_world_index(target);
    enum fx_type type = FX_T_TYPE(frame_at(from)->type);
    enum fx_type named = FX_T_TYPE(frame_at(to)->type);
    bool is_32bit = fx_world_domain(frame_at(from)->owner)->is_32bit;
    uint64_t refused = type == FX_L3 && is_32bit ? 0xfff0000000000198 : 0x198;

    if (entry & refused)
        return wrong(mfn, "a table's entry with refused bits", entry, 0);
    if (type == FX_L3 && (entry & 6) != (is_32bit ? 6 : 4 | (entry & 2)))
        return wrong(mfn, "an L3 entry that is not adjusted", entry, 6);
    if (frame_at(to)->owner != frame_at(from)->owner)
        return wrong(mfn, "a table's entry for another's frame", entry, 0);
    if (target == mfn && !(entry & 2) && !(type == FX_L3 && is_32bit))
        return NULL;
    t->refs[to]++;
    t->types[to]++;
    if (type == FX_L3 && is_32bit && slot == 3)
        t->xens[to]++;
    if (named == type && !(entry & 2) && !(type == FX_L3 && is_32bit)) {
        t->linear[from]++;
        t->linear[to]--;
    } else if (named != type - 1) {
        return wrong(target, "type of a table's table", named, type - 1);
    }
    return NULL;
}

/* Xen's slots, from the ABI: public/arch-x86/xen-x86_32.h and _64.h. */
static bool is_xens(const struct fx_frame *frame, bool is_32bit,
                    unsigned int slot)
{
    uint64_t va = (uint64_t)slot << 39;

    if (FX_T_TYPE(frame->type) == FX_L4 && !is_32bit)
        return va >= 0x800000000000 && va < 0x880000000000;
    return FX_T_TYPE(frame->type) == FX_L2 && frame->type & FX_T_PAE_XEN_L2 &&
           0xc0000000 + ((uint64_t)slot << 21) >= 0xf5800000;
}

static const char *count_entries(struct truth *t, uint64_t mfn)
{
    const struct fx_frame *frame = frame_at(fx_world_index(mfn));
    enum fx_type type = FX_T_TYPE(frame->type);
    bool is_32bit = fx_world_domain(frame->owner)->is_32bit;
    const uint64_t *entries = fx_world_page(mfn);
    const char *why = NULL;

    for (unsigned int i = 0; i < ENTRIES && !why; i++) {
        uint64_t target = entries[i] >> 12 & 0xffffffffff;

        if (type == FX_L3 && is_32bit && i >= 4 && entries[i])
            return wrong(mfn, "a fifth L3 entry", entries[i], 0);
        if (is_xens(frame, is_32bit, i) || !(entries[i] & 1))
            continue;
        if (!is_32bit && !(entries[i] & 4))
            return wrong(mfn, "an entry without USER", entries[i], 4);
        if (!fx_is_ram(&world.host, target))
            return wrong(mfn, "an entry for no RAM", entries[i], 0);
        why = type == FX_L1 ? count_data(t, mfn, entries[i], target)
                            : count_table(t, mfn, i, entries[i], target);
    }
    return why;
}

static const char *check_frame(const struct truth *t, unsigned int n)
{
    const struct fx_frame *frame = frame_at(n);
    uint64_t mfn = fx_world_mfn(n);
    uint32_t count = frame->type & FX_T_COUNT_MASK;
    bool xens = frame->type & FX_T_PAE_XEN_L2;

    if (frame->refs != t->refs[n])
        return wrong(mfn, "references", frame->refs, t->refs[n]);
    if (count != t->types[n])
        return wrong(mfn, "type references", count, t->types[n]);
    if (!frame->refs && (frame->owner || frame->flags))
        return wrong(mfn, "owner of a frame that nobody has", frame->owner, 0);
    if (!count && frame->type)
        return wrong(mfn, "type of an unused frame", frame->type, 0);
    if (count && !(frame->type & FX_T_VALIDATED))
        return wrong(mfn, "type that is not validated", frame->type, 0);
    if (!(frame->type & FX_T_PINNED) != !world.pinned[n])
        return wrong(mfn, "pin", frame->type, world.pinned[n]);
    if (count && frame->linear != t->linear[n])
        return wrong(mfn, "linear count", (uint64_t)frame->linear,
                     (uint64_t)t->linear[n]);
    /* Where the L3 is gone, a linear entry may still hold it as it was. */
    if (t->xens[n] > 1 || (t->xens[n] && !xens) ||
        (xens && !t->xens[n] && t->linear[n] >= 0))
        return wrong(mfn, "L3 slots 3 that name it", t->xens[n], xens);
    if (xens && FX_T_TYPE(frame->type) != FX_L2)
        return wrong(mfn, "type of an L2 with Xen's slots", frame->type, 0);
    if (!world.allocated[n] != !(frame->flags & FX_F_ALLOCATED))
        return wrong(mfn, "flags", frame->flags, world.allocated[n]);
    return NULL;
}

/* What is held from outside the tables. */
static const char *count_holds(struct truth *t)
{
    for (unsigned int i = 0; i < FX_HOLDS; i++) {
        unsigned int n = fx_world_index(world.hold[i].mfn);

        if (!world.hold[i].mfn)
            continue;
        t->refs[n]++;
        if (world.hold[i].type == FX_NONE)
            continue;
        t->types[n]++;
        if (FX_T_TYPE(frame_at(n)->type) != world.hold[i].type)
            return wrong(world.hold[i].mfn, "type of what is held",
                         FX_T_TYPE(frame_at(n)->type), world.hold[i].type);
    }
    return NULL;
}

static const char *check_totals(void)
{
    uint64_t pages[FX_OTHER + 1] = {0};

    for (unsigned int n = 0; n < 2 * FX_FRAMES; n++)
        if (frame_at(n)->refs && !(frame_at(n)->flags & FX_F_XENHEAP))
            pages[frame_at(n)->owner]++;
    for (uint32_t id = 0; id <= FX_OTHER; id++)
        if (fx_world_domain(id)->tot_pages != pages[id])
            return wrong(id, "a domain's tot_pages",
                         fx_world_domain(id)->tot_pages, pages[id]);
    return NULL;
}

const char *fx_world_check(void)
{
    struct truth t = {0};
    const char *why = count_holds(&t);

    for (unsigned int n = 0; n < 2 * FX_FRAMES; n++) {
        t.refs[n] += world.allocated[n] + world.pinned[n];
        t.types[n] += world.pinned[n];
    }
    for (unsigned int n = 0; n < 2 * FX_FRAMES && !why; n++) {
        uint32_t info = frame_at(n)->type;

        if (info & FX_T_VALIDATED && FX_T_TYPE(info) >= FX_L1 &&
            FX_T_TYPE(info) <= FX_L4)
            why = count_entries(&t, fx_world_mfn(n));
    }
    for (unsigned int n = 0; n < 2 * FX_FRAMES && !why; n++)
        why = check_frame(&t, n);
    return why ? why : check_totals();
}
