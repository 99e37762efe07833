/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random operations on page tables. Each frame has a role, a level that it is
 * mostly used at, so that trees come about and are not all refused; the rest
 * is chance.
 */
#include <stdio.h>
#include <sys/mman.h>

#include "conformance.h"

#define NR_FRAMES 48
#define NR_HELD   4
#define NR_VCPUS  4

struct random {
    struct test *t;
    struct guest g;
    uint64_t state;
    unsigned int role[NR_FRAMES]; /* level; 0: data */
    void *held[NR_HELD];
    unsigned int number; /* of the operation */
};

/* splitmix64 */
static uint64_t next(struct random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static unsigned int below(struct random *r, unsigned int n)
{
    return (unsigned int)(next(r) % n);
}

static bool chance(struct random *r, unsigned int percent)
{
    return below(r, 100) < percent;
}

/* A frame, mostly one of that role. */
static unsigned int pick(struct random *r, unsigned int role)
{
    unsigned int frame, tries = 0, any = chance(r, 4);

    do
        frame = below(r, NR_FRAMES);
    while (!any && r->role[frame] != role && ++tries < 100);
    return frame;
}

static unsigned int pick_level(struct random *r)
{
    static const unsigned int levels[] = {1, 1, 1, 2, 2, 3, 3, 4};
    unsigned int level = levels[below(r, 8)];

    return level > root_level(&r->g) && !chance(r, 5) ? 3 : level;
}

/* With 64 bits slot 0 stays empty: see "What is left out" in README.md. */
static unsigned int pick_slot(struct random *r, unsigned int level)
{
    const unsigned int slots[] = {r->g.width == 64, 1, 2, 3, 3, 3, 5, 511};
    static const unsigned int odd[] = {255, 256, 260, 271, 272, 427, 428, 440};

    if (chance(r, 3))
        return odd[below(r, 8)];
    if (level == 3 && r->g.width == 32 && !chance(r, 3))
        return below(r, 4);
    return slots[below(r, 8)];
}

static uint64_t pick_entry(struct random *r, unsigned int level)
{
    uint64_t flags = good_flags(&r->g, level);
    unsigned int bit = below(r, 24), frame = pick(r, level - 1);

    if (chance(r, 12))
        return 0;
    /* An L1 maps anything read-only, data writable as well. */
    if (level == 1 && chance(r, 40)) {
        flags &= ~RW;
        frame = below(r, NR_FRAMES);
    }
    if (chance(r, 6))
        flags ^= UINT64_C(1) << (bit < 12 ? bit : bit + 40);
    if (chance(r, 1))
        return BAD_MFN << 12 | flags;
    return entry(&r->g, frame, flags);
}

/* Which frame an entry refers to and with what flags, for the line. */
static const char *entry_text(const struct random *r, uint64_t value)
{
    static char text[64];
    int frame = guest_index(&r->g, (value & MFN_MASK) >> 12);

    if (!value)
        return "empty";
    if (frame < 0)
        snprintf(text, sizeof(text), "bad, %llx",
                 (unsigned long long)(value & ~MFN_MASK));
    else
        snprintf(text, sizeof(text), "f%d, %llx", frame,
                 (unsigned long long)(value & ~MFN_MASK));
    return text;
}

static void do_write(struct random *r)
{
    unsigned int level = pick_level(r), frame = pick(r, level);
    unsigned int slot = pick_slot(r, level);
    uint64_t value = pick_entry(r, level);

    report(r->t, poke(r->t, &r->g, frame, slot, value),
           "%u: write f%u[%u] = %s", r->number, frame, slot,
           entry_text(r, value));
}

static void do_update(struct random *r)
{
    unsigned int level = pick_level(r), frame = pick(r, level);
    unsigned int slot = pick_slot(r, level);
    uint64_t value = pick_entry(r, level);
    uint64_t cmd =
        chance(r, 20) ? MMU_PT_UPDATE_PRESERVE_AD : MMU_NORMAL_PT_UPDATE;

    report(r->t,
           mmu_update(r->t, r->g.domid,
                      (r->g.mfn[frame] << 12) + slot * 8 + cmd, value),
           "%u: update%s f%u[%u] = %s", r->number, cmd ? " keeping A/D" : "",
           frame, slot, entry_text(r, value));
}

/* With 32 bits, would this frame become an L3 that shares the L2 of its slot 3?
 * See "What is left out" in README.md. */
static bool shares_slot_3(struct random *r, unsigned int frame)
{
    uint64_t value = 0;
    int target;

    if (r->g.width == 64 || peek(r->t, &r->g, frame, 3, &value))
        return false;
    target = guest_index(&r->g, (value & MFN_MASK) >> 12);
    return target >= 0 && type_of(r->t, &r->g, frame)[1] != '3' &&
           type_of(r->t, &r->g, (unsigned int)target)[1] == '2';
}

static void do_pin(struct random *r)
{
    unsigned int level = pick_level(r), frame = pick(r, level);

    if (level == 3 && shares_slot_3(r, frame))
        return;
    report(r->t, pin(r->t, &r->g, level, frame), "%u: pin f%u as L%u",
           r->number, frame, level);
}

static void do_unpin(struct random *r)
{
    unsigned int frame = pick(r, pick_level(r));

    report(r->t, unpin(r->t, &r->g, frame), "%u: unpin f%u", r->number, frame);
}

/* A tree that is right, as chance alone makes few: what is refused is told. */
static void do_tree(struct random *r)
{
    unsigned int frames[5] = {0}, top = root_level(&r->g), spare, tries = 0;
    const struct guest *g = &r->g;
    long result = 0;

    for (unsigned int level = 0; level <= top; level++)
        frames[level] = pick(r, level);
    do /* what can stand behind slot 3 */
        spare = pick(r, 2);
    while (type_of(r->t, g, spare)[1] == '2' && ++tries < 8);
    for (unsigned int level = 1; level <= top && !result; level++)
        result = update(r->t, g, frames[level], 1 + below(r, 3),
                        entry(g, frames[level - 1], good_flags(g, level)));
    if (!result && top == 3)
        result = update(r->t, g, frames[3], 3, entry(g, spare, P));
    report(r->t, result, "%u: tree f%u f%u f%u f%u f%u and f%u", r->number,
           frames[0], frames[1], frames[2], frames[3], frames[4], spare);
    if (!shares_slot_3(r, frames[top]))
        report(r->t, pin(r->t, g, top, frames[top]), "  pin it");
}

static void do_clear(struct random *r)
{
    unsigned int frame = pick(r, pick_level(r));

    report(r->t, clear(r->t, &r->g, frame), "%u: clear f%u", r->number, frame);
}

static void do_hold(struct random *r)
{
    unsigned int i = below(r, NR_HELD), frame = below(r, NR_FRAMES);
    bool writable = chance(r, 60);
    long error;

    if (r->held[i]) {
        guest_unmap(r->t, r->held[i]);
        r->held[i] = NULL;
        say(r->t, "%u: unmap number %u", r->number, i);
        return;
    }
    r->held[i] = guest_map(r->t, &r->g, frame, writable, &error);
    report(r->t, error, "%u: map number %u, f%u, %s", r->number, i, frame,
           writable ? "writable" : "read-only");
}

static void do_context(struct random *r)
{
    unsigned int vcpu = below(r, NR_VCPUS), root = pick(r, root_level(&r->g));
    unsigned int gdt = pick(r, 0);
    vcpu_guest_context_any_t context;
    bool with_gdt = chance(r, 50);

    if (chance(r, 40)) {
        report(r->t, context_reset(r->t, &r->g, vcpu), "%u: vCPU %u, reset",
               r->number, vcpu);
        return;
    }
    if (shares_slot_3(r, root))
        return;
    context_new(&r->g, &context, root);
    if (with_gdt)
        context_gdt(&r->g, &context, gdt, 512);
    report(r->t, context_set(r->t, &r->g, vcpu, &context),
           "%u: vCPU %u, root f%u, GDT %s%u", r->number, vcpu, root,
           with_gdt ? "f" : "none ", with_gdt ? gdt : 0);
}

static void do_m2p(struct random *r)
{
    unsigned int frame = below(r, NR_FRAMES);
    uint64_t pfn = below(r, 1000);

    report(r->t,
           mmu_update(r->t, r->g.domid,
                      r->g.mfn[frame] << 12 | MMU_MACHPHYS_UPDATE, pfn),
           "%u: M2P of f%u = %llu", r->number, frame, (unsigned long long)pfn);
}

/* Unpin and reset it all, and clear some, so that frames come into new use. */
static void do_sweep(struct random *r)
{
    unsigned int unpinned = 0, reset = 0, cleared = 0;

    for (unsigned int i = 0; i < NR_FRAMES; i++)
        unpinned += !unpin(r->t, &r->g, i);
    for (unsigned int i = 0; i < NR_VCPUS; i++)
        reset += !context_reset(r->t, &r->g, i);
    for (unsigned int i = 0; i < NR_FRAMES; i++)
        cleared += chance(r, 50) && !clear(r->t, &r->g, i);
    say(r->t, "%u: sweep: %u unpinned, %u reset, %u cleared", r->number,
        unpinned, reset, cleared);
    say_types(r->t, &r->g, NR_FRAMES);
}

static void do_role(struct random *r)
{
    unsigned int frame = below(r, NR_FRAMES), others = 0;

    for (unsigned int i = 0; i < NR_FRAMES; i++)
        others += i != frame && r->role[i] == r->role[frame];
    if (!others)
        return; /* pick() needs one of each */
    r->role[frame] = pick_level(r) - chance(r, 30);
    say(r->t, "%u: f%u is for L%u", r->number, frame, r->role[frame]);
}

static void do_types(struct random *r)
{
    say_types(r->t, &r->g, NR_FRAMES);
}

static void do_operation(struct random *r)
{
    static const struct {
        void (*run)(struct random *r);
        unsigned int weight;
    } kinds[] = {
        {do_write, 20}, {do_update, 24}, {do_pin, 12},  {do_unpin, 9},
        {do_tree, 11},  {do_clear, 5},   {do_hold, 6},  {do_context, 6},
        {do_m2p, 2},    {do_role, 2},    {do_types, 2}, {do_sweep, 1},
    };
    unsigned int n = below(r, 100);

    for (unsigned int i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (n < kinds[i].weight) {
            kinds[i].run(r);
            return;
        }
        n -= kinds[i].weight;
    }
}

/* Slots that are Xen's own are not compared. */
static bool is_xens(const struct random *r, unsigned int type, unsigned int i)
{
    if (r->g.width == 64)
        return type == 4 && i >= 256 && i < 272;
    return type == 2 && i >= 428; /* behind slot 3: the compat M2P */
}

static void say_contents(struct random *r, unsigned int frame)
{
    const char *type = type_of(r->t, &r->g, frame);
    unsigned int level = type[0] == 'L' ? (unsigned int)(type[1] - '0') : 0;
    unsigned int used = 0;
    uint32_t sum = 0;
    uint64_t pfn = 0;
    long error;
    const uint64_t *page = guest_map(r->t, &r->g, frame, false, &error);

    if (!page) {
        report(r->t, error, "f%u: %s", frame, type);
        return;
    }
    for (unsigned int i = 0; i < NR_ENTRIES; i++) {
        struct {
            uint64_t slot, flags;
            int64_t target;
        } found = {i, page[i] & ~MFN_MASK,
                   guest_index(&r->g, (page[i] & MFN_MASK) >> 12)};

        if (!page[i] || is_xens(r, level, i))
            continue;
        used++;
        sum = crc32_of(sum, &found, sizeof(found));
    }
    guest_unmap(r->t, (void *)page);
    (void)m2p_of(r->t, r->g.mfn[frame], &pfn);
    say(r->t, "f%u: %s, %u entries, %08x, M2P %llu", frame,
        type_of(r->t, &r->g, frame), used, sum, (unsigned long long)pfn);
}

void section_random(struct test *t, unsigned int width)
{
    /* From the lowest role up, as many frames as such trees have. */
    static const unsigned int last[] = {12, 28, 39, 44, 48};
    struct random r = {.t = t, .state = t->seed ^ width};

    guest_new(t, &r.g, width, NR_FRAMES);
    for (unsigned int i = 0, role = 0; i < NR_FRAMES; i++) {
        role += i == last[role];
        r.role[i] = role;
    }
    for (r.number = 0; r.number < t->operations; r.number++)
        do_operation(&r);
    for (unsigned int i = 0; i < NR_HELD; i++)
        if (r.held[i])
            guest_unmap(t, r.held[i]);
    for (unsigned int i = 0; i < NR_FRAMES; i++)
        say_contents(&r, i);
    guest_end(t, &r.g);
}
