/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main.c - prints what a builder has made of a PV domain, which has never run.
 *
 *     portrait [-k PFN] [-h HOLE] DOMID
 *
 * -k: the kernel's first PFN; what lies before it is nobody's.  -h: so many MiB
 * without memory in the middle of it.
 */
#include "portrait.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static int print_all(struct portrait *p)
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

int main(int argc, char **argv)
{
    struct portrait p = {.kernel = 0};
    int option, rc;

    while ((option = getopt(argc, argv, "h:k:")) != -1) {
        if (option == 'h')
            p.hole = strtoull(optarg, NULL, 0) << (20 - 12);
        else if (option == 'k')
            p.kernel = strtoull(optarg, NULL, 0);
        else
            return 2;
    }
    if (argc - optind != 1)
        return 2;
    p.domid = (uint32_t)strtoul(argv[optind], NULL, 10);
    p.xch = xc_interface_open(NULL, NULL, 0);
    if (!p.xch) {
        portrait_fail("xc_interface_open");
        return 1;
    }
    rc = print_all(&p);
    domain_frames_dispose(&p.frames);
    xc_interface_close(p.xch);
    return rc ? 1 : 0;
}
