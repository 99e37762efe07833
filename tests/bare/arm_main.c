/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm_main.c - the plan of the payload: for each width of guest-physical
 * address, what the machine shows of mistakes, and lib's operations beneath a
 * running guest.
 */
#include "arm_changes.h"
#include "arm_churn.h"
#include "arm_mistakes.h"
#include "arm_p2m.h"
#include "arm_reader.h"
#include "arm_tree.h"
#include "tap.h"

#define GIB (UINT64_C(1) << 30)

/* Of pages and of all sizes each. */
#define CHANGES_FORGETFUL 64
#define CHANGES           400 /* in the first format */
#define CHANGES_OTHERS    100
#define CHANGES_P2M       200

void first_cpu(void);

/* Where the window lies: where two tables, or two frames of a root, meet. */
static const struct subject {
    const struct pt_format *format;
    vaddr_t window;
} subjects[] = {
    {&pt_arm_s2_40, {511 * GIB}},
    {&pt_arm_s2_32, {2 * GIB}},
    {&pt_arm_s2_36, {62 * GIB}},
    {&pt_arm_s2_39, {510 * GIB}},
    {&pt_arm_s2_42, {(7 * 512 - 1) * GIB}},
    {&pt_arm_s2_43, {8190 * GIB}},
    {&pt_arm_s2_44, {(31 * 512 - 1) * GIB}},
    {&pt_arm_s2_48, {262142 * GIB}},
};

/* What both CPUs run has to be in every second stage, page by page. */
static void map_image(struct tree *tree)
{
    struct pt_run run = {
        .first = VADDR((uintptr_t)image_start),
        .end = VADDR((uintptr_t)image_end),
        .mfn = maddr_to_mfn(MADDR((uintptr_t)image_start)),
        .prot = PT_READ | PT_WRITE | PT_EXEC,
    };
    int rc = pt_map_run(&tree->tables, &run);

    if (rc < 0)
        panic("the image cannot be mapped: %d", rc);
}

static void note_wrong(const struct wrong *wrong)
{
    static const char *const names[] = {
        [READ] = "read", [WRITE] = "write", [EXEC] = "call"};

    tap_note("%s of %lx: %lx in phase %lu; frame %lx, rights %x, then frame"
             " %lx, rights %x",
             names[wrong->access], (unsigned long)wrong->ipa,
             (unsigned long)wrong->got, (unsigned long)wrong->phase,
             (unsigned long)wrong->before.frame, wrong->before.prot,
             (unsigned long)wrong->after.frame, wrong->after.prot);
}

/* The judge itself: on a machine that forgets, it has to find fault. */
static void churn_forgetful(struct tree *tree, vaddr_t window, enum flush how,
                            const char *name)
{
    struct churn_result result;

    churn(tree, window, &churn_pages, CHANGES_FORGETFUL, how, &result);
    tap_ok(result.verdict.wrong > 0 && result.failed == 0 &&
               result.translated_wrong == 0 && result.leaves_wrong == 0,
           "%s: the guest sees it, and the tables do not tell", name);
}

static void churn_right(struct tree *tree, vaddr_t window,
                        const struct churn_plan *plan, unsigned long changes,
                        const char *name)
{
    struct churn_result result;
    const struct verdict *v = &result.verdict;

    churn(tree, window, plan, changes, FLUSH_RIGHT, &result);
    tap_ok(v->wrong == 0 && v->still > 0,
           "%s: in %lu changes the guest saw the old, then the new", name,
           result.changes);
    if (v->wrong > 0)
        note_wrong(&v->first);
    tap_note("%lu stores, %lu invalidations, %lu refusals", result.stores,
             result.flushes, result.refused);
    tap_note("accesses: %lu between changes, %lu during one: %lu saw the old, "
             "%lu the new, %lu a broken entry",
             v->still, v->moving, v->old, v->new, v->broken);
    tap_eq(result.failed, 0, "%s: no change failed but by a refused store",
           name);
    tap_eq(result.landed_wrong, 0, "%s: writes went where they were to go",
           name);
    tap_ok(result.translated_wrong == 0 && result.translated > 0,
           "%s: AT says the same", name);
    tap_ok(result.leaves_wrong == 0 && result.leaves > 0,
           "%s: so do the tables", name);
    tap_eq(result.left, 0, "%s: all tables were freed", name);
}

static void enter(struct tree *tree)
{
    struct stage2 stage2 = stage2_of(tree->tables.format, tree->tables.root);

    reader_enter(&stage2);
}

/* What a hypervisor keeps of a guest, beneath that guest. */
static void run_p2m(struct tree *tree)
{
    const struct subject *subject = &subjects[0];

    tap_note("P2M, %s", subject->format->name);
    tree_new(tree, subject->format);
    p2m_begin(tree);
    enter(tree);
    churn_right(tree, subject->window, &churn_p2m, CHANGES_P2M, "P2M");
    p2m_track(subject->window);
    churn_right(tree, subject->window, &churn_access, CHANGES_P2M,
                "P2M access");
    reader_leave();
    p2m_end();
    tap_eq(tree->used, 0, "P2M: no table is left");
}

void first_cpu(void)
{
    static struct tree tree;

    reader_start();
    for (unsigned int i = 0; i < sizeof(subjects) / sizeof(*subjects); i++) {
        const struct subject *subject = &subjects[i];
        unsigned long changes;

        tap_note("%s", subject->format->name);
        if (subject->format->va_bits > cpu_pa_bits()) {
            tap_skip(subject->format->name, "the CPU has fewer bits");
            continue;
        }
        tree_new(&tree, subject->format);
        map_image(&tree);
        enter(&tree);
        if (i == 0) {
            mistakes(&tree, subject->window);
            churn_forgetful(&tree, subject->window, FLUSH_NONE,
                            "nothing invalidated");
            churn_forgetful(&tree, subject->window, FLUSH_LOCAL,
                            "invalidated on one CPU");
            churn_forgetful(&tree, subject->window, FLUSH_STAGE2,
                            "stage 2 alone invalidated");
        }
        changes = i == 0 ? CHANGES : CHANGES_OTHERS;
        churn_right(&tree, subject->window, &churn_pages, changes, "pages");
        churn_right(&tree, subject->window, &churn_sizes, changes, "all sizes");
        reader_leave();
    }
    run_p2m(&tree);
    tap_plan();
    power_off();
}
