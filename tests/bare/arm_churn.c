/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arm_churn.h"
#include "pt/walk.h"
#include "tap.h"

#include <errno.h>

#define PAGE DW_PAGE_SIZE
#define MIB  (UINT64_C(1) << 20)
#define GIB  (UINT64_C(1) << 30)

/* The longest range in leaves of 4 KiB. */
#define PAGES_BYTES (4 * MIB)
/* Every so many changes the tables are read as a whole. */
#define WALK_CHANGES 16
#define NOTES        5

/* Where the frames lie: in the first, the second GiB, or not aligned. */
static const uint64_t shifts[CHURN_SHIFTS] = {0, GIB, PAGE};
#define ALIGNED_SHIFTS 2

/* splitmix64 */
uint64_t churn_below(struct churn *c, uint64_t n)
{
    uint64_t z = c->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % n;
}

vaddr_t churn_va(const struct churn *c, uint64_t offset)
{
    return VADDR(c->window.v + offset);
}

vaddr_t churn_cut_va(const struct churn *c, unsigned int cut)
{
    return churn_va(c, c->plan->cut[cut]);
}

maddr_t churn_frame(const struct churn_state *state, uint64_t offset)
{
    return MADDR(GUEST_MEMORY.v + state->shift + offset);
}

uint64_t churn_bytes(const struct churn *c, unsigned int first,
                     unsigned int end)
{
    return c->plan->cut[end] - c->plan->cut[first];
}

int churn_cut_at(const struct churn *c, uint64_t offset)
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

bool churn_is_long(const struct churn *c, unsigned int first, unsigned int end)
{
    return churn_bytes(c, first, end) > PAGES_BYTES;
}

uint64_t churn_any_shift(struct churn *c, bool aligned)
{
    return shifts[churn_below(c, aligned ? ALIGNED_SHIFTS : CHURN_SHIFTS)];
}

unsigned int churn_any_level(struct churn *c, unsigned int first,
                             unsigned int end)
{
    unsigned int level = (unsigned int)churn_below(c, c->plan->largest + 1);

    return level == 0 && churn_is_long(c, first, end) ? 1 : level;
}

/* What a change of [first, end) may break: the leaves that lie there. */
static void may_break(struct churn *c, uint64_t first, uint64_t end)
{
    const struct pt_format *fmt = c->tree->tables.format;
    struct pt_entry entry;
    unsigned int level = 0;

    if (pt_lookup(&c->tree->tables, churn_va(c, first), &entry, &level) == 0)
        first &= ~(pt_span(fmt, level) - 1);
    if (pt_lookup(&c->tree->tables, churn_va(c, end - PAGE), &entry, &level) ==
        0)
        end = ((end - 1) | (pt_span(fmt, level) - 1)) + 1;
    c->change.broken = first;
    c->change.unbroken = end;
}

void churn_choose_range(struct churn *c)
{
    unsigned int n = c->plan->nr_cuts - 1;

    c->change.first = (unsigned int)churn_below(c, n);
    c->change.end =
        c->change.first + 1 + (unsigned int)churn_below(c, n - c->change.first);
}

void churn_break_range(struct churn *c)
{
    may_break(c, c->plan->cut[c->change.first], c->plan->cut[c->change.end]);
}

void churn_set_next(struct churn *c, const struct churn_state *state)
{
    unsigned int i;

    for (i = c->change.first; i < c->change.end; i++)
        c->next[i] = *state;
}

static void note_kinds(const struct churn *c)
{
    unsigned int i;

    say("#");
    for (i = 0; i < c->plan->nr_kinds; i++)
        say(" %s %lu", c->plan->kinds[i].name, c->made[i]);
    say("\n");
}

static const struct churn_kind *any_kind(struct churn *c)
{
    unsigned int sum = 0, at, i;

    for (i = 0; i < c->plan->nr_kinds; i++)
        sum += c->plan->kinds[i].weight;
    at = (unsigned int)churn_below(c, sum);
    for (i = 0; at >= c->plan->kinds[i].weight; i++)
        at -= c->plan->kinds[i].weight;
    return &c->plan->kinds[i];
}

static void choose_change(struct churn *c, const struct churn_kind **kind)
{
    unsigned int i;

    do {
        *kind = any_kind(c);
        c->change = (struct churn_change){0};
        for (i = 0; i < CHURN_CUTS; i++)
            c->next[i] = c->now[i];
    } while (!(*kind)->choose(c));
}

/* What has to be seen. */

static uint64_t probe_offset(const struct churn *c, unsigned int probe)
{
    return c->probes[probe].ipa - c->window.v;
}

static void expect(const struct churn *c, const struct churn_state *states,
                   struct expected *expected)
{
    unsigned int i;

    for (i = 0; i < c->nr_probes; i++) {
        const struct churn_state *state = &states[c->interval[i]];
        uint64_t offset = probe_offset(c, i);

        expected[i] = (struct expected){
            .frame = state->mapped ? churn_frame(state, offset).v : 0,
            .prot = state->prot,
            .between = c->change.two_passes ? c->change.early : state->prot,
            .broken = offset >= c->change.broken && offset < c->change.unbroken,
        };
    }
}

static void add_probe(struct churn *c, unsigned int interval, uint64_t offset)
{
    unsigned int i = c->nr_probes++, j;

    c->interval[i] = interval;
    c->probes[i] = (struct probe){
        .ipa = churn_va(c, offset).v, .write = i % 3 == 1, .exec = i % 3 == 2};
    for (j = 0; j < CHURN_SHIFTS; j++)
        page_mark(MADDR(GUEST_MEMORY.v + shifts[j] + offset));
}

/* The first and the last page of each interval. */
static void add_probes(struct churn *c)
{
    unsigned int i;

    for (i = 0; i + 1 < c->plan->nr_cuts; i++) {
        add_probe(c, i, c->plan->cut[i]);
        if (churn_bytes(c, i, i + 1) > PAGE)
            add_probe(c, i, c->plan->cut[i + 1] - PAGE);
    }
}

/*
 * AT is asked only where the guest may read and write, README.md: so say the
 * tables, too.
 */
static bool may_ask(const struct churn *c, unsigned int probe)
{
    const uint32_t both = PT_READ | PT_WRITE;
    const struct churn_state *state = &c->now[c->interval[probe]];
    struct pt_entry entry;

    return state->mapped && (state->prot & both) == both &&
           pt_lookup(&c->tree->tables, VADDR(c->probes[probe].ipa), &entry,
                     NULL) == 0 &&
           entry.kind == PT_LEAF && (entry.prot & both) == both;
}

static void check_translations(struct churn *c)
{
    unsigned int i;

    for (i = 0; i < c->nr_probes; i++) {
        const struct churn_state *state = &c->now[c->interval[i]];
        maddr_t frame = churn_frame(state, probe_offset(c, i));
        uint64_t par;

        if (!may_ask(c, i))
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
        const struct churn_state *state = &c->now[c->interval[i]];

        if (c->probes[i].write && state->mapped && (state->prot & PT_WRITE) &&
            churn_frame(state, probe_offset(c, i)).v == frame.v)
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
        for (j = 0; c->probes[i].write && j < CHURN_SHIFTS; j++)
            c->written[i][j] = page_written(written_frame(c, i, j));
}

/* `round` has passed since note_writes(). */
static void check_writes(struct churn *c, unsigned long round)
{
    unsigned int i, j;

    for (i = 0; i < c->nr_probes; i++) {
        for (j = 0; c->probes[i].write && j < CHURN_SHIFTS; j++) {
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
    const struct churn_state *state = &c->now[interval];

    if (!state->mapped)
        return entry->kind == PT_EMPTY;
    return entry->kind == PT_LEAF && entry->prot == state->prot &&
           entry->memory == state->memory &&
           entry->software == state->software &&
           mfn_to_maddr(entry->mfn).v == churn_frame(state, offset).v;
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
    int rc = pt_walk(&c->tree->tables, churn_cut_va(c, 0),
                     churn_cut_va(c, c->plan->nr_cuts - 1),
                     PT_VISIT_LEAF | PT_VISIT_EMPTY, check_entry, c);

    if (rc < 0)
        panic("the tables cannot be read: %d", rc);
}

/* Under the reader's eyes. */
static void make_change(struct churn *c, const struct churn_kind *kind)
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
    for (i = 0; i < CHURN_CUTS; i++)
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
                 kind->name, (unsigned long)churn_cut_va(c, c->change.first).v,
                 (unsigned long)churn_cut_va(c, c->change.end).v,
                 c->change.level);
}

void churn(struct tree *tree, vaddr_t window, const struct churn_plan *plan,
           unsigned long changes, enum flush how, struct churn_result *result)
{
    static struct churn c; /* too large for a stack */
    static struct expected expected[PROBES];
    const struct churn_kind *kind;
    unsigned long used = tree->used;

    tree->stores = 0;
    tree->flushes = 0;
    *result = (struct churn_result){0};
    c = (struct churn){.tree = tree,
                       .window = window,
                       .plan = plan,
                       .random = window.v,
                       .result = result};
    add_probes(&c);
    expect(&c, c.now, expected);
    reader_run(c.probes, expected, c.nr_probes);
    tree->how = how;
    while (result->changes < changes) {
        choose_change(&c, &kind);
        make_change(&c, kind);
        c.made[kind - plan->kinds]++;
    }
    plan->clear->choose(&c);
    make_change(&c, plan->clear);
    check_tables(&c);
    reader_stop(&result->verdict);
    if (how == FLUSH_RIGHT)
        note_kinds(&c);
    tree->how = FLUSH_RIGHT;
    flush(FLUSH_RIGHT, window.v, CHURN_WINDOW);
    result->left = tree->used - used;
    result->stores = tree->stores;
    result->flushes = tree->flushes;
}
