/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arm_p2m.h"
#include "mem/p2m_table.h"
#include "tap.h"

#include <errno.h>

#define PAGE DW_PAGE_SIZE
#define MIB  (UINT64_C(1) << 20)
#define GIB  (UINT64_C(1) << 30)

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What a type means to a guest. */
static const struct {
    uint32_t prot;
    enum pt_memory memory;
    bool foreign;
} types[P2M_TYPES] = {
    [P2M_RAM] = {PT_READ | PT_WRITE | PT_EXEC, PT_WB, false},
    [P2M_ROM] = {PT_READ | PT_EXEC, PT_WB, false},
    [P2M_MMIO] = {PT_READ | PT_WRITE, PT_UC, false},
    [P2M_FOREIGN] = {PT_READ | PT_WRITE, PT_WB, true},
    [P2M_FOREIGN_RO] = {PT_READ, PT_WB, true},
    [P2M_GRANT] = {PT_READ | PT_WRITE, PT_WB, false},
    [P2M_GRANT_RO] = {PT_READ, PT_WB, false},
};

/* Access by frame, of as many as churn_access has. */
#define ACCESS_FRAMES 64

static struct {
    struct p2m_table table;
    struct p2m_table_ops ops;
    long references;           /* held, as the hypervisor counts them */
    unsigned long wrong;       /* references after a change, or bounds */
    const struct churn *churn; /* that makes a change just now */
    unsigned long puts_watched, puts_early;
    gfn_t access_first;
    uint8_t access[ACCESS_FRAMES];
} p2m;

static gfn_t gfn_of(vaddr_t va)
{
    return GFN(va.v >> DW_PAGE_SHIFT);
}

static bool maps(const struct churn *c, const struct churn_state *states,
                 unsigned int probe, mfn_t mfn)
{
    const struct churn_state *state = &states[c->interval[probe]];
    uint64_t offset = c->probes[probe].ipa - c->window.v;

    return c->probes[probe].write && state->mapped &&
           (state->prot & PT_WRITE) != 0 &&
           churn_frame(state, offset).v == mfn_to_maddr(mfn).v;
}

/* Does one place map it for writes, and none behind the change? */
static bool is_leaving(const struct churn *c, mfn_t mfn)
{
    unsigned int i, places = 0;

    for (i = 0; i < c->nr_probes; i++) {
        if (maps(c, c->next, i, mfn))
            return false;
        places += maps(c, c->now, i, mfn);
    }
    return places == 1;
}

/* From now on the frame is somebody else's: the guest writes to it no more. */
static void put(void *ctx, mfn_t mfn)
{
    uint64_t written = page_written(mfn_to_maddr(mfn));

    (void)ctx;
    p2m.references--;
    if (p2m.churn == NULL || !is_leaving(p2m.churn, mfn))
        return;
    reader_wait_round();
    p2m.puts_watched++;
    p2m.puts_early += page_written(mfn_to_maddr(mfn)) != written;
}

static uint32_t get_access(void *ctx, gfn_t gfn)
{
    uint64_t i = gfn.v - p2m.access_first.v;

    (void)ctx;
    return i < ACCESS_FRAMES ? p2m.access[i] : P2M_ACCESS_ALL;
}

static int set_access(void *ctx, gfn_t gfn, uint64_t nr, uint32_t access)
{
    uint64_t i = gfn.v - p2m.access_first.v;

    (void)ctx;
    if (i >= ACCESS_FRAMES || nr > ACCESS_FRAMES - i)
        return -ENOMEM;
    while (nr--)
        p2m.access[i++] = (uint8_t)access;
    return 0;
}

/* A state: its software value is the type. */

static struct churn_state any_state(struct churn *c, bool superpages)
{
    static const enum p2m_type often[] = {
        P2M_RAM,   P2M_RAM,      P2M_RAM,     P2M_ROM,       P2M_MMIO,
        P2M_GRANT, P2M_GRANT_RO, P2M_FOREIGN, P2M_FOREIGN_RO};
    unsigned int n = COUNT(often);
    enum p2m_type type = often[churn_below(c, superpages ? n - 2 : n)];

    return (struct churn_state){.mapped = true,
                                .shift = churn_any_shift(c, superpages),
                                .prot = types[type].prot,
                                .memory = types[type].memory,
                                .software = type};
}

static mfn_t first_mfn(const struct churn *c)
{
    uint64_t offset = c->plan->cut[c->change.first];

    return maddr_to_mfn(churn_frame(&c->change.state, offset));
}

static uint64_t frames(const struct churn *c)
{
    return churn_bytes(c, c->change.first, c->change.end) >> DW_PAGE_SHIFT;
}

/* After a change, when nothing is left to be flushed. */
static void end(const struct churn *c, int rc)
{
    long foreign = 0;
    unsigned int i;

    for (i = 0; i + 1 < c->plan->nr_cuts; i++) {
        const struct churn_state *state = &c->next[i];
        gfn_t first = gfn_of(churn_cut_va(c, i));
        gfn_t end = gfn_of(churn_cut_va(c, i + 1));

        if (!state->mapped)
            continue;
        if (types[state->software].foreign)
            foreign += (long)(end.v - first.v);
        p2m.wrong += first.v < p2m.table.lowest.v || end.v > p2m.table.end.v;
    }
    p2m.wrong += rc == 0 && foreign != p2m.references;
    p2m.churn = NULL;
}

/* What the hypervisor has taken, for a call that maps. */
static void take_references(const struct churn *c, int rc)
{
    if (rc == 0 && types[c->change.state.software].foreign)
        p2m.references += (long)frames(c);
}

/* Something else of what is there, now and then. */
static void choose_state(struct churn *c, bool superpages)
{
    const struct churn_state *is = &c->now[c->change.first];

    c->change.state = any_state(c, superpages);
    if (!is->mapped || churn_below(c, 3) != 0 ||
        (superpages &&
         (is->shift % (2 * MIB) != 0 || types[is->software].foreign)))
        return;
    c->change.state.shift = is->shift;
    if (churn_below(c, 2) == 0)
        c->change.state = *is;
}

/* One block, whatever was there. */

static bool choose_set(struct churn *c)
{
    const struct pt_format *fmt = c->tree->tables.format;
    struct churn_change *change = &c->change;
    uint64_t offset, span;
    int first, end;

    churn_choose_range(c);
    change->level = (unsigned int)churn_below(c, c->plan->largest + 1);
    span = pt_span(fmt, change->level);
    offset = c->plan->cut[change->first] & ~(span - 1);
    first = churn_cut_at(c, offset);
    end = churn_cut_at(c, offset + span);
    if (first < 0 || end < 0)
        return false;
    change->first = (unsigned int)first;
    change->end = (unsigned int)end;
    churn_break_range(c);
    choose_state(c, change->level > 0);
    /* Where there are references to be put before, it may be too late. */
    change->refuse =
        churn_below(c, 8) == 0 && (change->level == 0 || p2m.references == 0);
    if (!change->refuse)
        churn_set_next(c, &change->state);
    return true;
}

static int make_set(struct churn *c)
{
    const struct churn_change *change = &c->change;
    int rc;

    p2m.churn = c;
    if (change->refuse)
        c->tree->refuse = 0;
    rc = p2m_table_set(&p2m.table, gfn_of(churn_cut_va(c, change->first)),
                       change->level * 9, first_mfn(c),
                       (enum p2m_type)change->state.software, P2M_ACCESS_ALL);
    take_references(c, rc);
    end(c, rc);
    return rc;
}

/* A range, in the largest blocks. */

static bool choose_range(struct churn *c)
{
    churn_choose_range(c);
    churn_break_range(c);
    choose_state(c, churn_is_long(c, c->change.first, c->change.end));
    churn_set_next(c, &c->change.state);
    return true;
}

static int set_range(struct churn *c, uint32_t access)
{
    gfn_t gfn = gfn_of(churn_cut_va(c, c->change.first));
    uint64_t done = 0;
    int rc;

    p2m.churn = c;
    rc = p2m_table_set_range(&p2m.table, gfn, frames(c), first_mfn(c),
                             (enum p2m_type)c->change.state.software, access,
                             &done);
    take_references(c, rc);
    return rc == 0 && done != frames(c) ? -ERANGE : rc;
}

static int make_range(struct churn *c)
{
    int rc = set_range(c, P2M_ACCESS_ALL);

    end(c, rc);
    return rc;
}

/* Remove; the invalidation comes later. */

static bool choose_remove(struct churn *c)
{
    churn_choose_range(c);
    churn_break_range(c);
    churn_set_next(c, &c->change.state);
    return true;
}

/* From the cut on, up to where the change ends. */
static int remove_from(struct churn *c, unsigned int first)
{
    uint64_t bytes = churn_bytes(c, first, c->change.end);

    p2m.churn = c;
    return p2m_table_remove(&p2m.table, gfn_of(churn_cut_va(c, first)),
                            bytes >> DW_PAGE_SHIFT);
}

static int make_remove(struct churn *c)
{
    int rc = remove_from(c, c->change.first);

    p2m_table_flush(&p2m.table);
    end(c, rc);
    return rc;
}

static bool choose_clear(struct churn *c)
{
    c->change = (struct churn_change){.end = c->plan->nr_cuts - 1};
    churn_break_range(c);
    churn_set_next(c, &c->change.state);
    return true;
}

/*
 * Remove a part, and map something else in the whole at once: what was left of
 * the removal has to be over by then.
 */
static int make_exchange(struct churn *c)
{
    unsigned int n = c->change.end - c->change.first;
    int rc = remove_from(c, c->change.first + (unsigned int)churn_below(c, n));

    if (rc == 0)
        rc = set_range(c, P2M_ACCESS_ALL);
    end(c, rc);
    return rc;
}

static const struct churn_kind kinds[] = {
    {"set", choose_set, make_set, 5},
    {"range", choose_range, make_range, 4},
    {"remove", choose_remove, make_remove, 3},
    {"exchange", choose_range, make_exchange, 2},
};

static const struct churn_kind clear = {"clear", choose_clear, make_remove, 0};

/* Single frames, and a monitor that takes access away. */

static uint32_t any_access(struct churn *c)
{
    static const uint32_t some[] = {P2M_ACCESS_ALL, PT_READ | PT_WRITE,
                                    PT_READ | PT_EXEC, PT_READ, 0};

    return some[churn_below(c, COUNT(some))];
}

static bool choose_tracked(struct churn *c)
{
    churn_choose_range(c);
    churn_break_range(c);
    choose_state(c, false);
    c->change.early = any_access(c);
    c->change.state.prot =
        types[c->change.state.software].prot & c->change.early;
    churn_set_next(c, &c->change.state);
    return true;
}

static int make_tracked(struct churn *c)
{
    int rc = set_range(c, c->change.early);

    end(c, rc);
    return rc;
}

static bool choose_access(struct churn *c)
{
    unsigned int i;

    churn_choose_range(c);
    c->change.early = any_access(c);
    for (i = c->change.first; i < c->change.end; i++)
        c->next[i].prot = types[c->next[i].software].prot & c->change.early;
    return true;
}

static int make_access(struct churn *c)
{
    int rc =
        p2m_table_access(&p2m.table, gfn_of(churn_cut_va(c, c->change.first)),
                         frames(c), c->change.early);

    end(c, rc);
    return rc;
}

static const struct churn_kind tracked[] = {
    {"range", choose_tracked, make_tracked, 4},
    {"remove", choose_remove, make_remove, 2},
    {"access", choose_access, make_access, 5},
};

static const uint64_t sizes[] = {0,
                                 PAGE,
                                 2 * PAGE,
                                 2 * MIB - PAGE,
                                 2 * MIB,
                                 2 * MIB + PAGE,
                                 4 * MIB,
                                 6 * MIB,
                                 512 * MIB,
                                 514 * MIB,
                                 GIB - 2 * MIB,
                                 GIB - PAGE,
                                 GIB,
                                 GIB + PAGE,
                                 GIB + 2 * MIB,
                                 GIB + 4 * MIB,
                                 2 * GIB - 2 * MIB,
                                 2 * GIB};

static const uint64_t pages[] = {GIB - 24 * PAGE,
                                 GIB - 20 * PAGE,
                                 GIB - 13 * PAGE,
                                 GIB - 12 * PAGE,
                                 GIB - 3 * PAGE,
                                 GIB - 1 * PAGE,
                                 GIB,
                                 GIB + 1 * PAGE,
                                 GIB + 4 * PAGE,
                                 GIB + 9 * PAGE,
                                 GIB + 10 * PAGE,
                                 GIB + 24 * PAGE};

const struct churn_plan churn_p2m = {
    .kinds = kinds,
    .nr_kinds = COUNT(kinds),
    .clear = &clear,
    .largest = 2,
    .nr_cuts = COUNT(sizes),
    .cut = sizes,
};

const struct churn_plan churn_access = {
    .kinds = tracked,
    .nr_kinds = COUNT(tracked),
    .clear = &clear,
    .nr_cuts = COUNT(pages),
    .cut = pages,
};

void p2m_begin(struct tree *tree)
{
    uint64_t first = (uintptr_t)image_start >> DW_PAGE_SHIFT;
    uint64_t end = (uintptr_t)image_end >> DW_PAGE_SHIFT;
    int rc;

    p2m.ops = (struct p2m_table_ops){.pt = tree->ops,
                                     .put = put,
                                     .get_access = get_access,
                                     .set_access = set_access};
    rc = p2m_table_init(&p2m.table, tree->tables.format, tree->tables.root,
                        &p2m.ops, tree);
    if (rc == 0)
        rc = p2m_table_set_range(&p2m.table, GFN(first), end - first,
                                 MFN(first), P2M_RAM, P2M_ACCESS_ALL, NULL);
    if (rc < 0)
        panic("the image cannot be mapped: %d", rc);
}

void p2m_track(vaddr_t window)
{
    int rc = p2m_table_track(&p2m.table);

    if (rc < 0)
        panic("access cannot be tracked: %d", rc);
    p2m.access_first = gfn_of(VADDR(window.v + pages[0]));
}

void p2m_end(void)
{
    int rc = p2m_table_dispose(&p2m.table);

    tap_eq((unsigned long long)-rc, 0, "P2M: all of it can be removed");
    tap_eq(p2m.wrong, 0, "P2M: references and bounds were right all the time");
    tap_ok(p2m.puts_early == 0 && p2m.puts_watched > 0,
           "P2M: no frame was written to after its reference was put");
    tap_eq((unsigned long long)p2m.references, 0, "P2M: no reference is held");
}
