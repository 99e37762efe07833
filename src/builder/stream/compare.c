/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int get(const struct compare_side *side, uint64_t at, size_t n,
               const void **from, struct diag *dg)
{
    int rc = source_get(side->source, at, n, from);

    return rc ? diag_fail(dg, DW_FAILED, rc, "reading %s: %s", side->name,
                          rc == -ENODATA ? "it became shorter" : strerror(-rc))
              : 0;
}

static int same_bytes(const struct compare_side side[2], const uint64_t at[2],
                      size_t n, bool *same, struct diag *dg)
{
    const void *from[2];
    int rc = get(&side[0], at[0], n, &from[0], dg);

    if (!rc)
        rc = get(&side[1], at[1], n, &from[1], dg);
    *same = !rc && !memcmp(from[0], from[1], n);
    return rc;
}

/* Beyond its end a domain has nothing. */
static unsigned int type_of(const struct saved *saved, uint64_t pfn)
{
    return pfn < saved->pfns ? saved_type(saved, pfn) : PAGE_ABSENT;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* The PFNs of a P2M list, in order, which whoever saved it need not have. */
static uint64_t *sorted_list(const struct saved *saved)
{
    size_t size = saved->p2m_pages * sizeof(*saved->p2m);
    uint64_t *list = malloc(size ? size : 1);

    if (list && size) {
        memcpy(list, saved->p2m, size);
        qsort(list, saved->p2m_pages, sizeof(*list), by_number);
    }
    return list;
}

struct lists {
    uint64_t *pfn[2], n[2];
};

static bool is_listed(const struct lists *lists, unsigned int i, uint64_t pfn)
{
    return bsearch(&pfn, lists->pfn[i], lists->n[i], sizeof(pfn), by_number);
}

/* Frames of two hosts stand there, which say nothing of the guests. */
static bool is_p2m(const struct lists *lists, uint64_t pfn)
{
    return is_listed(lists, 0, pfn) && is_listed(lists, 1, pfn);
}

static int look(const struct compare_side side[2], const struct lists *lists,
                uint64_t pfn, struct compare_run *run, bool *same,
                struct diag *dg)
{
    uint64_t at[2];
    unsigned int i;

    for (i = 0; i < 2; i++)
        run->type[i] = type_of(side[i].saved, pfn);
    *same = run->type[0] == run->type[1];
    if (!*same || !saved_has_contents(run->type[0]) || is_p2m(lists, pfn))
        return 0;
    for (i = 0; i < 2; i++)
        at[i] = saved_at(side[i].saved, pfn);
    return same_bytes(side, at, DW_PAGE_SIZE, same, dg);
}

static bool goes_on(const struct compare_run *run,
                    const struct compare_run *next)
{
    return run->end == next->first && run->type[0] == next->type[0] &&
           run->type[1] == next->type[1];
}

static int compare(const struct compare_side side[2], const struct lists *lists,
                   int (*found)(const struct compare_run *run, void *arg),
                   void *arg, struct diag *dg)
{
    uint64_t pfn, end = side[0].saved->pfns;
    struct compare_run run = {0}, next;
    bool same;
    int rc = 0;

    if (side[1].saved->pfns > end)
        end = side[1].saved->pfns;
    for (pfn = 0; !rc && pfn < end; pfn++) {
        rc = look(side, lists, pfn, &next, &same, dg);
        if (rc || same)
            continue;
        next.first = pfn;
        next.end = pfn + 1;
        if (run.end && goes_on(&run, &next)) {
            run.end++;
            continue;
        }
        if (run.end)
            rc = found(&run, arg);
        run = next;
    }
    if (!rc && run.end)
        rc = found(&run, arg);
    return rc;
}

int compare_pages(const struct compare_side side[2],
                  int (*found)(const struct compare_run *run, void *arg),
                  void *arg, struct diag *dg)
{
    struct lists lists;
    unsigned int i;
    int rc;

    for (i = 0; i < 2; i++) {
        lists.pfn[i] = sorted_list(side[i].saved);
        lists.n[i] = side[i].saved->p2m_pages;
    }
    rc = lists.pfn[0] && lists.pfn[1]
             ? compare(side, &lists, found, arg, dg)
             : diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    free(lists.pfn[0]);
    free(lists.pfn[1]);
    return rc;
}

int compare_blob(const struct compare_side side[2], const struct saved_blob *a,
                 const struct saved_blob *b, struct diag *dg)
{
    const uint64_t at[2] = {a->at, b->at};
    bool same;
    int rc;

    if (a->length != b->length)
        return 1;
    if (!a->length)
        return 0;
    rc = same_bytes(side, at, a->length, &same, dg);
    return rc ? rc : !same;
}
