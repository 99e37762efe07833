/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arm_churn.h"
#include "pt/change.h"
#include "tap.h"

#include <errno.h>

#define PAGE DW_PAGE_SIZE
#define MIB  (UINT64_C(1) << 20)
#define GIB  (UINT64_C(1) << 30)

/* No longer range in 4 KiB leaves: tables are to be few. */
#define PAGES_BYTES (4 * MIB)
/* Every so many changes the tables are read as a whole. */
#define WALK_CHANGES 16
#define NOTES        5

/* Around the end of a table of each level. */
const struct churn_plan churn_pages = {
    .largest = 0,
    .nr_cuts = 15,
    .cut = {GIB - 24 * PAGE, GIB - 23 * PAGE, GIB - 16 * PAGE, GIB - 12 * PAGE,
            GIB - 11 * PAGE, GIB - 4 * PAGE, GIB - 1 * PAGE, GIB,
            GIB + 1 * PAGE, GIB + 3 * PAGE, GIB + 8 * PAGE, GIB + 9 * PAGE,
            GIB + 15 * PAGE, GIB + 20 * PAGE, GIB + 24 * PAGE},
};
const struct churn_plan churn_sizes = {
    .largest = 2,
    .nr_cuts = 21,
    .cut = {0,
            PAGE,
            2 * PAGE,
            2 * MIB - PAGE,
            2 * MIB,
            2 * MIB + PAGE,
            4 * MIB,
            6 * MIB,
            8 * MIB,
            512 * MIB,
            514 * MIB,
            GIB - 2 * MIB,
            GIB - PAGE,
            GIB,
            GIB + PAGE,
            GIB + 2 * MIB,
            GIB + 4 * MIB,
            GIB + 512 * MIB,
            2 * GIB - 2 * MIB,
            2 * GIB - PAGE,
            2 * GIB},
};

/* Where the frames lie: in the first, the second GiB, or not aligned. */
static const uint64_t shifts[] = {0, GIB, PAGE};
#define ALIGNED_SHIFTS 2
#define SHIFTS         3

struct state {
    bool mapped;
    uint64_t shift;
    uint32_t prot;
    enum pt_memory memory;
    uint32_t software;
};

/* One change, of the intervals from `first` to before `end`. */
struct change {
    unsigned int first, end;
    unsigned int level;        /* of the entry, or the largest */
    enum pt_kind kind;         /* of the entry */
    struct state state;        /* what they become, where it is one for all */
    uint64_t broken, unbroken; /* offsets between which it may fault */
    bool refuse;               /* a store will be refused */
    struct pt_pending pending;
    uint64_t removed; /* bytes */
};

struct churn {
    struct tree *tree;
    vaddr_t window;
    const struct churn_plan *plan;
    uint64_t random;
    struct state now[CUTS], next[CUTS];
    struct change change;
    unsigned int nr_probes;
    struct probe probes[PROBES];
    unsigned int interval[PROBES]; /* in which it is */
    uint64_t written[PROBES][SHIFTS];
    unsigned long notes;
    struct churn_result *result;
};

/* splitmix64 */
static uint64_t below(struct churn *c, uint64_t n)
{
    uint64_t z = c->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % n;
}

static vaddr_t va_of(const struct churn *c, uint64_t offset)
{
    return VADDR(c->window.v + offset);
}

static vaddr_t cut_va(const struct churn *c, unsigned int cut)
{
    return va_of(c, c->plan->cut[cut]);
}

static maddr_t frame_of(const struct state *state, uint64_t offset)
{
    return MADDR(GUEST_MEMORY.v + state->shift + offset);
}

static uint64_t bytes_of(const struct churn *c, unsigned int first,
                         unsigned int end)
{
    return c->plan->cut[end] - c->plan->cut[first];
}

/* The cut at an offset; -1: there is none. */
static int cut_at(const struct churn *c, uint64_t offset)
{
    unsigned int i;

    for (i = 0; i < c->plan->nr_cuts; i++)
        if (c->plan->cut[i] == offset)
            return (int)i;
    return -1;
}

/* Something to tell, and not too often?  A mistake is no news. */
static bool may_note(struct churn *c)
{
    return c->tree->how == FLUSH_RIGHT && c->notes++ < NOTES;
}

/*
 * The changes.  Each is chosen, with what it may break on its way, and then
 * made; what it makes of the state is in c->next by then.  Choosing returns
 * false where there is nothing for it to do.
 */

static bool is_long(const struct churn *c, unsigned int first, unsigned int end)
{
    return bytes_of(c, first, end) > PAGES_BYTES;
}

static unsigned int any_level(struct churn *c, unsigned int first,
                              unsigned int end)
{
    unsigned int level = (unsigned int)below(c, c->plan->largest + 1);

    return level == 0 && is_long(c, first, end) ? 1 : level;
}

/* Most pages may be read and written: AT is asked about those. */
static struct state any_state(struct churn *c, bool aligned)
{
    static const uint32_t prots[] = {
        PT_READ | PT_WRITE,
        PT_READ | PT_WRITE,
        PT_READ | PT_WRITE | PT_EXEC,
        PT_READ | PT_WRITE | PT_EXEC,
        PT_READ,
        PT_READ | PT_EXEC,
        PT_WRITE,
        0,
    };

    return (struct state){
        .mapped = true,
        .shift = shifts[below(c, aligned ? ALIGNED_SHIFTS : SHIFTS)],
        .prot = prots[below(c, sizeof(prots) / sizeof(*prots))],
        .memory = (enum pt_memory)below(c, PT_UC + 1),
        .software = (uint32_t)below(c, c->tree->tables.format->software + 1),
    };
}

/* What a change of [first, end) may break: the leaves that lie there. */
static void may_break(struct churn *c, uint64_t first, uint64_t end)
{
    const struct pt_format *fmt = c->tree->tables.format;
    struct pt_entry entry;
    unsigned int level = 0;

    if (pt_lookup(&c->tree->tables, va_of(c, first), &entry, &level) == 0)
        first &= ~(pt_span(fmt, level) - 1);
    if (pt_lookup(&c->tree->tables, va_of(c, end - PAGE), &entry, &level) == 0)
        end = ((end - 1) | (pt_span(fmt, level) - 1)) + 1;
    c->change.broken = first;
    c->change.unbroken = end;
}

static void choose_range(struct churn *c)
{
    unsigned int n = c->plan->nr_cuts - 1;

    c->change.first = (unsigned int)below(c, n);
    c->change.end =
        c->change.first + 1 + (unsigned int)below(c, n - c->change.first);
}

static void break_range(struct churn *c)
{
    may_break(c, c->plan->cut[c->change.first], c->plan->cut[c->change.end]);
}

static void set_next(struct churn *c, const struct state *state)
{
    unsigned int i;

    for (i = c->change.first; i < c->change.end; i++)
        c->next[i] = *state;
}

static struct pt_run run_of(const struct churn *c, unsigned int first,
                            unsigned int end, const struct state *state,
                            unsigned int largest)
{
    return (struct pt_run){
        .first = cut_va(c, first),
        .end = cut_va(c, end),
        .mfn = maddr_to_mfn(frame_of(state, c->plan->cut[first])),
        .prot = state->prot,
        .memory = state->memory,
        .software = state->software,
        .largest = largest,
    };
}

/* Map what is free. */

static bool choose_map(struct churn *c)
{
    struct change *change = &c->change;
    unsigned int limit;

    choose_range(c);
    limit = change->end;
    while (change->first < limit && c->now[change->first].mapped)
        change->first++;
    if (change->first == limit)
        return false;
    for (change->end = change->first;
         change->end < limit && !c->now[change->end].mapped;)
        change->end++;
    change->level = any_level(c, change->first, change->end);
    change->state = any_state(c, is_long(c, change->first, change->end));
    set_next(c, &change->state);
    return true;
}

static int make_map(struct churn *c)
{
    const struct change *change = &c->change;
    struct pt_run run =
        run_of(c, change->first, change->end, &change->state, change->level);

    return pt_map_run(&c->tree->tables, &run);
}

/* Another frame and other rights for a leaf, whatever its size. */

static bool choose_replace(struct churn *c)
{
    const struct pt_format *fmt = c->tree->tables.format;
    struct change *change = &c->change;
    struct pt_entry entry;
    uint64_t offset;
    int first, end;

    choose_range(c);
    offset = c->plan->cut[change->first];
    if (pt_lookup(&c->tree->tables, va_of(c, offset), &entry, &change->level) ||
        entry.kind != PT_LEAF)
        return false;
    offset &= ~(pt_span(fmt, change->level) - 1);
    first = cut_at(c, offset);
    end = cut_at(c, offset + pt_span(fmt, change->level));
    if (first < 0 || end < 0)
        return false;
    change->first = (unsigned int)first;
    change->end = (unsigned int)end;
    break_range(c);
    change->refuse = below(c, 8) == 0;
    change->state = c->now[change->first];
    if (change->refuse)
        return true;
    change->state = any_state(c, change->level > 0);
    change->state.memory = entry.memory;
    change->state.software = entry.software;
    set_next(c, &change->state);
    return true;
}

static int make_replace(struct churn *c)
{
    const struct change *change = &c->change;
    vaddr_t va = cut_va(c, change->first);
    maddr_t frame = frame_of(&change->state, c->plan->cut[change->first]);
    struct pt_broken token;
    int rc;

    if (change->refuse)
        c->tree->refuse = 0;
    rc = pt_break(&c->tree->tables, va, change->level, &token);
    if (rc < 0)
        return rc;
    return pt_make(&c->tree->tables, &token, maddr_to_mfn(frame),
                   change->state.prot);
}

/* Whole leaves: a superpage that begins or ends elsewhere is split before. */

/* No leaf lies on both sides of the offset any more. */
static int cut_leaf(struct churn *c, uint64_t offset)
{
    const struct pt_tables *pt = &c->tree->tables;
    vaddr_t va = va_of(c, offset);
    unsigned int level, wanted;
    struct pt_entry entry;
    int rc = pt_lookup(pt, va, &entry, &level);

    if (rc < 0 || entry.kind != PT_LEAF)
        return rc;
    wanted = level;
    while ((va.v & (pt_span(pt->format, wanted) - 1)) != 0)
        wanted--;
    return wanted == level ? 0 : pt_split(pt, va, wanted);
}

static int cut_ends(struct churn *c)
{
    const uint64_t *cut = c->plan->cut;
    int rc = cut_leaf(c, cut[c->change.first]);

    if (rc == 0 && c->change.end + 1 < c->plan->nr_cuts)
        rc = cut_leaf(c, cut[c->change.end]);
    return rc;
}

/* What lib says of a leaf that is covered in part, it says before it writes. */
static int whole_leaves(struct churn *c, int (*make)(struct churn *c))
{
    unsigned long stores = c->tree->stores;
    int rc = make(c);

    if (rc != -EDOM || c->tree->stores != stores)
        return rc;
    rc = cut_ends(c);
    return rc < 0 ? rc : make(c);
}

static bool choose_mapped(struct churn *c)
{
    unsigned int i;

    choose_range(c);
    break_range(c);
    for (i = c->change.first; i < c->change.end; i++)
        if (c->now[i].mapped)
            return true;
    return false;
}

/* Remove. */

static bool choose_unmap(struct churn *c)
{
    if (!choose_mapped(c))
        return false;
    set_next(c, &c->change.state);
    return true;
}

static void count_removed(void *arg, vaddr_t va, unsigned int level,
                          const struct pt_entry *entry)
{
    struct churn *c = arg;

    (void)va, (void)entry;
    c->change.removed += pt_span(c->tree->tables.format, level);
}

static int unmap(struct churn *c)
{
    return pt_unmap(&c->tree->tables, cut_va(c, c->change.first),
                    cut_va(c, c->change.end), count_removed, c,
                    &c->change.pending);
}

/* The flush is deferred: that is for removals only. */
static int make_unmap(struct churn *c)
{
    uint64_t mapped = 0;
    unsigned int i;
    int rc = whole_leaves(c, unmap), flushed;

    for (i = c->change.first; i < c->change.end; i++)
        if (c->now[i].mapped)
            mapped += bytes_of(c, i, i + 1);
    flushed = pt_flush(&c->tree->tables, &c->change.pending);
    if (rc == 0)
        rc = flushed;
    return rc == 0 && mapped != c->change.removed ? -ERANGE : rc;
}

static bool choose_clear(struct churn *c)
{
    c->change = (struct change){.end = c->plan->nr_cuts - 1};
    break_range(c);
    set_next(c, &c->change.state);
    return true;
}

/* Other rights. */

static bool choose_protect(struct churn *c)
{
    unsigned int i;

    if (!choose_mapped(c))
        return false;
    c->change.state = any_state(c, true);
    for (i = c->change.first; i < c->change.end; i++)
        c->next[i].prot = c->change.state.prot;
    return true;
}

static int protect(struct churn *c)
{
    return pt_protect(&c->tree->tables, cut_va(c, c->change.first),
                      cut_va(c, c->change.end), c->change.state.prot);
}

static int make_protect(struct churn *c)
{
    return whole_leaves(c, protect);
}

/* Smaller leaves, at one place; everything else stays, also if refused. */

static bool choose_split(struct churn *c)
{
    choose_range(c);
    c->change.end = c->change.first + 1;
    break_range(c);
    c->change.level = (unsigned int)below(c, c->plan->largest);
    c->change.refuse = below(c, 3) == 0;
    return c->plan->largest > 0 && c->now[c->change.first].mapped;
}

static int make_split(struct churn *c)
{
    if (c->change.refuse)
        c->tree->refuse = (long)below(c, 3);
    return pt_split(&c->tree->tables, cut_va(c, c->change.first),
                    c->change.level);
}

/* Tables that are built aside, in the place of a leaf or of other tables. */

static int find_kind(struct pt_visit_ctx *v)
{
    const struct pt_visit_ctx *wanted = v->arg;

    if (v->level != wanted->level)
        return 0;
    ((struct pt_visit_ctx *)v->arg)->entry = v->entry;
    return PT_SKIP;
}

/* What stands at a level; EMPTY where there is no table of it. */
static enum pt_kind kind_at(const struct churn *c, uint64_t offset,
                            unsigned int level)
{
    struct pt_visit_ctx found = {.level = level};

    if (pt_walk(&c->tree->tables, va_of(c, offset), va_of(c, offset + PAGE),
                PT_VISIT_PRE | PT_VISIT_LEAF | PT_VISIT_EMPTY, find_kind,
                &found) < 0)
        panic("the tables cannot be read");
    return found.entry.kind;
}

static bool choose_subtree(struct churn *c)
{
    const struct pt_format *fmt = c->tree->tables.format;
    struct change *change = &c->change;
    uint64_t offset;
    unsigned int i;
    int first, end;

    if (c->plan->largest == 0)
        return false;
    choose_range(c);
    change->level = 1 + (unsigned int)below(c, c->plan->largest);
    offset = c->plan->cut[change->first] & ~(pt_span(fmt, change->level) - 1);
    first = cut_at(c, offset);
    end = cut_at(c, offset + pt_span(fmt, change->level));
    if (first < 0 || end < 0)
        return false;
    change->first = (unsigned int)first;
    change->end = (unsigned int)end;
    change->kind = kind_at(c, offset, change->level);
    if (change->kind == PT_EMPTY)
        return false;
    break_range(c);
    change->broken = offset;
    change->unbroken = offset + pt_span(fmt, change->level);
    change->refuse = below(c, 4) == 0;
    for (i = change->first; !change->refuse && i < change->end; i++)
        c->next[i] = below(c, 4) == 0 ? (struct state){0}
                                      : any_state(c, is_long(c, i, i + 1));
    return true;
}

static int fill_subtree(struct churn *c, struct pt_subtree *sub)
{
    unsigned int i;
    int rc = 0;

    for (i = c->change.first; rc == 0 && i < c->change.end; i++) {
        unsigned int largest = c->change.level - 1;
        struct pt_run run = run_of(c, i, i + 1, &c->next[i], largest);

        if (c->next[i].mapped)
            rc = pt_subtree_map_run(sub, &run);
    }
    return rc;
}

/* A refusal is one of the break, or where one call does both, of the make. */
static int link_subtree(struct churn *c, struct pt_subtree *sub)
{
    const struct pt_tables *pt = &c->tree->tables;
    struct pt_broken token;
    int rc;

    if (c->change.kind == PT_LEAF) {
        if (c->change.refuse)
            c->tree->refuse = (long)below(c, 2);
        return pt_replace(pt, sub);
    }
    if (c->change.refuse)
        c->tree->refuse = 0;
    rc = pt_subtree_publish(sub);
    if (rc == 0)
        rc = pt_break(pt, sub->va, sub->level, &token);
    return rc < 0 ? rc : pt_install(pt, &token, sub);
}

static int make_subtree(struct churn *c)
{
    struct pt_subtree sub;
    int rc = pt_subtree_new(&c->tree->tables, cut_va(c, c->change.first),
                            c->change.level, &sub);

    if (rc == 0)
        rc = fill_subtree(c, &sub);
    if (rc == 0)
        rc = link_subtree(c, &sub);
    pt_subtree_discard(&sub);
    return rc;
}

/* Which change there is, and how often. */
static const struct kind {
    const char *name;
    bool (*choose)(struct churn *c);
    int (*make)(struct churn *c);
    unsigned int weight;
} kinds[] = {
    {"map", choose_map, make_map, 4},
    {"replace", choose_replace, make_replace, 3},
    {"unmap", choose_unmap, make_unmap, 3},
    {"protect", choose_protect, make_protect, 4},
    {"split", choose_split, make_split, 3},
    {"subtree", choose_subtree, make_subtree, 3},
};
#define KINDS (sizeof(kinds) / sizeof(*kinds))

static const struct kind *any_kind(struct churn *c)
{
    unsigned int sum = 0, at, i;

    for (i = 0; i < KINDS; i++)
        sum += kinds[i].weight;
    at = (unsigned int)below(c, sum);
    for (i = 0; at >= kinds[i].weight; i++)
        at -= kinds[i].weight;
    return &kinds[i];
}

static void choose_change(struct churn *c, const struct kind **kind)
{
    unsigned int i;

    do {
        *kind = any_kind(c);
        c->change = (struct change){0};
        for (i = 0; i < CUTS; i++)
            c->next[i] = c->now[i];
    } while (!(*kind)->choose(c));
}

/* What has to be seen. */

static uint64_t probe_offset(const struct churn *c, unsigned int probe)
{
    return c->probes[probe].ipa - c->window.v;
}

static void expect(const struct churn *c, const struct state *states,
                   struct expected *expected)
{
    unsigned int i;

    for (i = 0; i < c->nr_probes; i++) {
        const struct state *state = &states[c->interval[i]];
        uint64_t offset = probe_offset(c, i);

        expected[i] = (struct expected){
            .frame = state->mapped ? frame_of(state, offset).v : 0,
            .prot = state->prot,
            .broken = offset >= c->change.broken && offset < c->change.unbroken,
        };
    }
}

static void add_probe(struct churn *c, unsigned int interval, uint64_t offset)
{
    unsigned int i = c->nr_probes++, j;

    c->interval[i] = interval;
    c->probes[i] = (struct probe){
        .ipa = va_of(c, offset).v, .write = i % 3 == 1, .exec = i % 3 == 2};
    for (j = 0; j < SHIFTS; j++)
        page_mark(MADDR(GUEST_MEMORY.v + shifts[j] + offset));
}

/* The first and the last page of each interval. */
static void add_probes(struct churn *c)
{
    unsigned int i;

    for (i = 0; i + 1 < c->plan->nr_cuts; i++) {
        add_probe(c, i, c->plan->cut[i]);
        if (bytes_of(c, i, i + 1) > PAGE)
            add_probe(c, i, c->plan->cut[i + 1] - PAGE);
    }
}

/* AT is asked only where the guest may read and write; README.md. */
static void check_translations(struct churn *c)
{
    const uint32_t both = PT_READ | PT_WRITE;
    unsigned int i;

    for (i = 0; i < c->nr_probes; i++) {
        const struct state *state = &c->now[c->interval[i]];
        maddr_t frame = frame_of(state, probe_offset(c, i));
        uint64_t par;

        if (!state->mapped || (state->prot & both) != both)
            continue;
        par = translate(c->probes[i].ipa);
        c->result->translated++;
        if (translated_to(par, frame))
            continue;
        c->result->translated_wrong++;
        if (may_note(c))
            tap_note("AT of %lx: %lx, not %lx", (unsigned long)c->probes[i].ipa,
                     (unsigned long)par, (unsigned long)frame.v);
    }
}

/* Is there a probe that may write to the frame? */
static bool is_writable(const struct churn *c, maddr_t frame)
{
    unsigned int i;

    for (i = 0; i < c->nr_probes; i++) {
        const struct state *state = &c->now[c->interval[i]];

        if (c->probes[i].write && state->mapped && (state->prot & PT_WRITE) &&
            frame_of(state, probe_offset(c, i)).v == frame.v)
            return true;
    }
    return false;
}

static maddr_t written_frame(const struct churn *c, unsigned int probe,
                             unsigned int shift)
{
    return MADDR(GUEST_MEMORY.v + shifts[shift] + probe_offset(c, probe));
}

static void note_writes(struct churn *c)
{
    unsigned int i, j;

    for (i = 0; i < c->nr_probes; i++)
        for (j = 0; c->probes[i].write && j < SHIFTS; j++)
            c->written[i][j] = page_written(written_frame(c, i, j));
}

/* `round` has passed since note_writes(). */
static void check_writes(struct churn *c, unsigned long round)
{
    unsigned int i, j;

    for (i = 0; i < c->nr_probes; i++) {
        for (j = 0; c->probes[i].write && j < SHIFTS; j++) {
            maddr_t frame = written_frame(c, i, j);
            uint64_t value = page_written(frame);

            if (is_writable(c, frame) ? value >> 8 >= round
                                      : value == c->written[i][j])
                continue;
            c->result->landed_wrong++;
            if (may_note(c))
                tap_note("frame %lx: write %lx in round %lu",
                         (unsigned long)frame.v, (unsigned long)value, round);
        }
    }
}

/* Is what the entry says what is mapped in the interval? */
static bool entry_is_right(const struct churn *c, unsigned int interval,
                           uint64_t offset, const struct pt_entry *entry)
{
    const struct state *state = &c->now[interval];

    if (!state->mapped)
        return entry->kind == PT_EMPTY;
    return entry->kind == PT_LEAF && entry->prot == state->prot &&
           entry->memory == state->memory &&
           entry->software == state->software &&
           mfn_to_maddr(entry->mfn).v == frame_of(state, offset).v;
}

static int check_entry(struct pt_visit_ctx *v)
{
    struct churn *c = v->arg;
    uint64_t offset = v->va.v - c->window.v;
    uint64_t end = offset + pt_span(v->pt->format, v->level);
    unsigned int i;

    c->result->leaves += v->entry.kind == PT_LEAF;
    for (i = 0; i + 1 < c->plan->nr_cuts; i++) {
        if (end <= c->plan->cut[i] || offset >= c->plan->cut[i + 1] ||
            entry_is_right(c, i, offset, &v->entry))
            continue;
        c->result->leaves_wrong++;
        if (may_note(c))
            tap_note("the entry of level %u at %lx is wrong", v->level,
                     (unsigned long)v->va.v);
    }
    return 0;
}

static void check_tables(struct churn *c)
{
    int rc =
        pt_walk(&c->tree->tables, cut_va(c, 0), cut_va(c, c->plan->nr_cuts - 1),
                PT_VISIT_LEAF | PT_VISIT_EMPTY, check_entry, c);

    if (rc < 0)
        panic("the tables cannot be read: %d", rc);
}

/* Under the reader's eyes. */
static void make_change(struct churn *c, const struct kind *kind)
{
    unsigned long wrong = reader_wrong(), round;
    unsigned int i;
    int rc;

    expect(c, c->next, reader_next());
    reader_change_begin();
    rc = kind->make(c);
    c->tree->refuse = -1;
    reader_change_end();
    note_writes(c);
    for (i = 0; i < CUTS; i++)
        c->now[i] = c->next[i];
    c->result->changes++;
    c->result->refused += rc == -EPERM;
    if (rc < 0 && !(c->change.refuse && rc == -EPERM)) {
        c->result->failed++;
        if (may_note(c))
            tap_note("%s: %d", kind->name, rc);
    }
    round = reader_wait_round();
    check_writes(c, round);
    check_translations(c);
    if (c->result->changes % WALK_CHANGES == 0)
        check_tables(c);
    if (reader_wrong() != wrong && may_note(c))
        tap_note("%s of %lx to %lx, level %u: the reader saw something else",
                 kind->name, (unsigned long)cut_va(c, c->change.first).v,
                 (unsigned long)cut_va(c, c->change.end).v, c->change.level);
}

/* Nothing is mapped any more. */
static const struct kind clear = {"clear", choose_clear, make_unmap, 0};

void churn(struct tree *tree, vaddr_t window, const struct churn_plan *plan,
           unsigned long changes, enum flush how, struct churn_result *result)
{
    static struct churn c; /* too large for a stack */
    static struct expected expected[PROBES];
    const struct kind *kind;
    unsigned long used = tree->used;

    tree->stores = 0;
    tree->flushes = 0;
    *result = (struct churn_result){0};
    c = (struct churn){
        .tree = tree, .window = window, .plan = plan, .result = result};
    add_probes(&c);
    expect(&c, c.now, expected);
    reader_run(c.probes, expected, c.nr_probes);
    tree->how = how;
    while (result->changes < changes) {
        choose_change(&c, &kind);
        make_change(&c, kind);
    }
    choose_clear(&c);
    make_change(&c, &clear);
    check_tables(&c);
    reader_stop(&result->verdict);
    tree->how = FLUSH_RIGHT;
    flush(FLUSH_RIGHT, window.v, CHURN_WINDOW);
    result->left = tree->used - used;
    result->stores = tree->stores;
    result->flushes = tree->flushes;
}
