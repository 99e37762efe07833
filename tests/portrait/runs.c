/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "portrait.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_range(uint64_t first, uint64_t last)
{
    printf(" %#" PRIx64, first);
    if (last != first)
        printf("-%#" PRIx64, last);
}

void runs_end(struct runs *r)
{
    if (!r->count)
        return;
    printf("%s:", r->name);
    print_range(r->first, r->first + r->count * r->span - 1);
    if (r->pfn != NO_PFN) {
        printf(" ->");
        print_range(r->pfn, r->pfn + r->count - 1);
    }
    printf("%s%s\n", r->text[0] ? " " : "", r->text);
    r->count = 0;
}

void runs_add(struct runs *r, uint64_t at, uint64_t pfn, const char *text)
{
    bool follows = pfn == NO_PFN ? r->pfn == NO_PFN : pfn == r->pfn + r->count;

    if (!r->count || at != r->first + r->count * r->span || !follows ||
        strcmp(text, r->text)) {
        runs_end(r);
        r->first = at;
        r->pfn = pfn;
        snprintf(r->text, sizeof(r->text), "%s", text);
    }
    r->count++;
}
