/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect/tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Intel SDM vol. 3A, 4.4 and 4.5. */
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)
#define ENTRY_PSE     (UINT64_C(1) << 7)

/* A 32-bit guest's L3 is to lie below this frame. */
#define FRAMES_4G (UINT64_C(1) << (32 - DW_PAGE_SHIFT))

/* A frame is to be looked at as a table of a level, 1 to 4. */
#define WANTED(level) (uint8_t)(1u << ((level)-1))

struct walk {
    struct domain_view *view;
    struct faults *faults;
    bool fresh;       /* no pin is the guest's own yet */
    unsigned int top; /* the root's level */
    uint8_t *mark;    /* by frame */
    uint64_t pages[2][VIEW_READ][PT_ENTRIES];
};

/* A table's page, and the entries in it that look wrong. */
struct table {
    mfn_t mfn;
    unsigned int level;
    const uint64_t *entry;
    uint16_t suspect[PT_ENTRIES];
    unsigned int nr_suspects;
};

static bool is_pae(const struct walk *w)
{
    return w->top == 3;
}

/* ---- one entry ---- */

/* Not present, and a processor may take it for present for a moment. */
static bool has_address(const struct walk *w, const struct table *t,
                        uint64_t raw)
{
    uint64_t address = raw & ENTRY_ADDRESS;

    return (address && address < w->view->absent_safe) ||
           (t->level > 1 && raw & ENTRY_PSE);
}

static enum fault_kind judge_leaf(const struct walk *w, const struct table *t,
                                  const struct pt_entry *entry)
{
    if (t->level > 1)
        return FAULT_SUPERPAGE;
    if (!view_owned(w->view, entry->mfn))
        return view_lent(w->view, entry->mfn) ? FAULT_KINDS
                                              : FAULT_FOREIGN_FRAME;
    return entry->prot & PT_WRITE && view_level(w->view, entry->mfn)
               ? FAULT_WRITABLE_TABLE
               : FAULT_KINDS;
}

static enum fault_kind judge_table(const struct walk *w, const struct table *t,
                                   const struct pt_entry *entry)
{
    unsigned int level = view_level(w->view, entry->mfn);

    if (!view_owned(w->view, entry->mfn))
        return FAULT_FOREIGN_FRAME;
    if (level == t->level)
        return FAULT_LINEAR_TABLE;
    return level == t->level - 1 ? FAULT_KINDS : FAULT_TABLE_TYPE;
}

/* FAULT_KINDS: nothing is wrong. */
static enum fault_kind judge(const struct walk *w, const struct table *t,
                             unsigned int slot, struct pt_entry *entry)
{
    const struct pt_level *shape = &w->view->format->level[t->level - 1];
    uint64_t raw = t->entry[slot];

    *entry = w->view->format->decode(t->level - 1, raw);
    if (slot >> shape->bits)
        return raw ? FAULT_L3_SLOT : FAULT_KINDS;
    if (view_xens_slot(w->view, t->level, slot, entry)) {
        entry->kind = PT_EMPTY;
        return FAULT_KINDS;
    }
    switch (entry->kind) {
    case PT_LEAF:
        return judge_leaf(w, t, entry);
    case PT_TABLE:
        return judge_table(w, t, entry);
    default:
        return has_address(w, t, raw) ? FAULT_ABSENT_ADDRESS : FAULT_KINDS;
    }
}

/* ---- one table ---- */

static void follow(struct walk *w, const struct table *t,
                   const struct pt_entry *entry)
{
    if (entry->kind == PT_TABLE)
        w->mark[entry->mfn.v] |= WANTED(t->level - 1);
}

static void look_at(struct walk *w, struct table *t)
{
    struct pt_entry entry;
    unsigned int slot;

    t->nr_suspects = 0;
    for (slot = 0; slot < PT_ENTRIES; slot++) {
        if (!t->entry[slot])
            continue;
        if (judge(w, t, slot, &entry) != FAULT_KINDS)
            t->suspect[t->nr_suspects++] = (uint16_t)slot;
        else
            follow(w, t, &entry);
    }
}

static void tell(const struct walk *w, const struct table *t, unsigned int slot,
                 enum fault_kind kind, const struct pt_entry *entry)
{
    struct fault fault = {
        .kind = kind,
        .level = t->level,
        .table = t->mfn,
        .slot = slot,
        .entry = t->entry[slot],
        .target = entry->mfn,
        .target_level = view_level(w->view, entry->mfn),
    };

    faults_add(w->faults, &fault);
}

/*
 * The table and what the suspects lead to, asked about after the first reading;
 * where the second shows the same, it was so in between.
 */
static int ask_again(struct walk *w, const struct table *t)
{
    mfn_t mfn[1 + PT_ENTRIES];
    unsigned int i, n = 0;

    mfn[n++] = t->mfn;
    for (i = 0; i < t->nr_suspects; i++)
        mfn[n++] =
            w->view->format->decode(t->level - 1, t->entry[t->suspect[i]]).mfn;
    return view_ask(w->view, mfn, n);
}

static int look_again(struct walk *w, const struct table *t)
{
    struct pt_entry entry;
    enum fault_kind kind;
    uint64_t *again = w->pages[1][0];
    unsigned int i, slot;
    bool ok;
    int rc = ask_again(w, t);

    if (!rc)
        rc = view_read(w->view, &t->mfn, 1, again, &ok);
    if (rc || !ok || view_level(w->view, t->mfn) != t->level)
        return rc;
    for (i = 0; i < t->nr_suspects; i++) {
        slot = t->suspect[i];
        if (again[slot] != t->entry[slot])
            continue;
        kind = judge(w, t, slot, &entry);
        if (kind != FAULT_KINDS)
            tell(w, t, slot, kind, &entry);
        else
            follow(w, t, &entry);
    }
    return 0;
}

/* ---- all tables of a level ---- */

static int look_at_some(struct walk *w, unsigned int level, const mfn_t *mfns,
                        unsigned int n)
{
    struct table t = {.level = level};
    bool ok[VIEW_READ];
    unsigned int i;
    int rc = n ? view_read(w->view, mfns, n, w->pages[0], ok) : 0;

    for (i = 0; !rc && i < n; i++) {
        if (!ok[i])
            continue;
        t.mfn = mfns[i];
        t.entry = w->pages[0][i];
        look_at(w, &t);
        if (t.nr_suspects)
            rc = look_again(w, &t);
    }
    return rc;
}

/* The next frame with one of the marks, or view->end. */
static uint64_t next_marked(const struct walk *w, uint64_t mfn, uint8_t marks)
{
    return view_next(w->mark, mfn, w->view->end, marks);
}

static int look_at_level(struct walk *w, unsigned int level)
{
    uint64_t mfn = next_marked(w, w->view->first, WANTED(level));
    mfn_t mfns[VIEW_READ];
    unsigned int n = 0;
    int rc = 0;

    for (; !rc && mfn < w->view->end;
         mfn = next_marked(w, mfn + 1, WANTED(level))) {
        mfns[n++] = MFN(mfn);
        if (n == VIEW_READ) {
            rc = look_at_some(w, level, mfns, n);
            n = 0;
        }
    }
    return rc ? rc : look_at_some(w, level, mfns, n);
}

static uint64_t next_pinned(const struct walk *w, uint64_t mfn)
{
    return view_next(w->view->state, mfn, w->view->end, VIEW_PINNED);
}

static void begin(struct walk *w)
{
    const struct domain_view *view = w->view;
    uint64_t mfn;
    unsigned int i;

    if (view->first < view->end)
        memset(w->mark + view->first, 0, view->end - view->first);
    for (mfn = next_pinned(w, view->first); mfn < view->end;
         mfn = next_pinned(w, mfn + 1))
        w->mark[mfn] = WANTED(view_level(view, MFN(mfn)));
    for (i = 0; i < view->nr_roots; i++)
        if (view_level(view, view->root[i].mfn) == w->top)
            w->mark[view->root[i].mfn.v] |= WANTED(w->top);
}

static int walk(struct walk *w)
{
    unsigned int level;
    int rc = 0;

    begin(w);
    for (level = w->top; !rc && level > 0; level--)
        rc = look_at_level(w, level);
    return rc;
}

/* ---- roots and pins ---- */

static void tell_frame(const struct walk *w, enum fault_kind kind, mfn_t mfn)
{
    struct fault fault = {
        .kind = kind,
        .level = view_level(w->view, mfn),
        .table = mfn,
    };

    faults_add(w->faults, &fault);
}

static bool is_loaded(const struct domain_view *view, mfn_t mfn)
{
    unsigned int i;

    for (i = 0; i < view->nr_roots; i++)
        if (view->root[i].mfn.v == mfn.v)
            return true;
    return false;
}

/* The first of the vCPUs that have it loaded. */
static bool is_first(const struct view_root *root, unsigned int i)
{
    unsigned int j;

    for (j = 0; j < i; j++)
        if (root[j].mfn.v == root[i].mfn.v)
            return false;
    return true;
}

static bool is_pinned_root(const struct walk *w, mfn_t mfn)
{
    return view_pinned(w->view, mfn) && view_level(w->view, mfn) == w->top;
}

/*
 * A vCPU may have gone over to other tables before its old ones were unpinned:
 * what it has loaded is asked for before and after the pins.
 */
static int check_roots(struct walk *w)
{
    struct domain_view *view = w->view;
    struct view_root *root = view->root;
    unsigned int i, nr = view->nr_roots;
    int rc = 0;

    for (i = 0; !rc && i < nr; i++)
        rc = view_ask(view, &root[i].mfn, 1);
    view->root = NULL;
    if (!rc)
        rc = view_ask_roots(view);
    for (i = 0; !rc && i < nr; i++)
        if (is_first(root, i) && is_loaded(view, root[i].mfn) &&
            !is_pinned_root(w, root[i].mfn))
            tell_frame(w, FAULT_UNPINNED_ROOT, root[i].mfn);
    free(root);
    return rc;
}

/*
 * A root is a top-level table that is loaded or pinned.  The assists are told
 * with a vCPU's context; a domain that has none yet is no guest yet.
 */
static void check_l3_place(struct walk *w)
{
    uint64_t mfn;

    if (!is_pae(w) || w->view->extended_cr3 || !w->view->nr_roots)
        return;
    for (mfn = next_marked(w, FRAMES_4G, WANTED(3)); mfn < w->view->end;
         mfn = next_marked(w, mfn + 1, WANTED(3)))
        if (view_level(w->view, MFN(mfn)) == 3)
            tell_frame(w, FAULT_L3_ABOVE_4G, MFN(mfn));
}

/*
 * A guest that runs pins tables as it likes: Linux its L1s, and on the way up
 * one that it then leaves.  One that has not run has its builder's pins.
 */
static void check_pins(const struct walk *w)
{
    const struct domain_view *view = w->view;
    uint64_t mfn = next_pinned(w, view->first);

    for (; w->fresh && mfn < view->end; mfn = next_pinned(w, mfn + 1))
        if (view_level(view, MFN(mfn)) != w->top)
            tell_frame(w, FAULT_PIN_BELOW_ROOT, MFN(mfn));
}

int tables_check(struct domain_view *view, bool fresh, struct faults *faults)
{
    struct walk *w = calloc(1, sizeof(*w));
    int rc = -ENOMEM;

    if (!w)
        return diag_fail(view->dg, DW_FAILED, rc, "out of memory");
    w->view = view;
    w->faults = faults;
    w->fresh = fresh;
    w->top = view->format->levels;
    w->mark = calloc(view->ram_end, sizeof(*w->mark));
    rc =
        w->mark ? walk(w) : diag_fail(view->dg, DW_FAILED, rc, "out of memory");
    if (!rc)
        rc = check_roots(w);
    if (!rc) {
        check_l3_place(w);
        check_pins(w);
    }
    free(w->mark);
    free(w);
    return rc;
}
