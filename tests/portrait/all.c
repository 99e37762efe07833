/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * all.c - a portrait, part by part.
 */
#include "portrait.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int portrait_fail(const char *what)
{
    fprintf(stderr, "portrait: %s: %s\n", what, strerror(errno));
    return -1;
}

int portrait_domain(const struct portrait *p)
{
    const xc_domaininfo_t *i = &p->info;

    printf("domain: %u bits, flags %#x\n", p->frames.width * 8, i->flags);
    printf("domain: %#" PRIx64 " pages, %#" PRIx64 " in its P2M list\n",
           i->tot_pages, p->frames.present);
    printf("domain: at most %#" PRIx64 " pages, %#" PRIx64 " claimed, %#" PRIx64
           " shared\n",
           i->max_pages, i->outstanding_pages, i->shr_pages);
    printf("domain: vCPUs up to %u, %u online\n", i->max_vcpu_id,
           i->nr_online_vcpus);
    return 0;
}

int portrait_print(struct portrait *p)
{
    static portrait_fn *const parts[] = {
        portrait_domain,      portrait_vcpus,  portrait_start_info,
        portrait_shared_info, portrait_grants, portrait_tables,
        portrait_types,       portrait_p2m,    portrait_memory,
    };
    int rc = portrait_find(p);
    size_t i;

    for (i = 0; !rc && i < sizeof(parts) / sizeof(parts[0]); i++)
        rc = parts[i](p);
    return rc;
}
