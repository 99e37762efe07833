/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domain_facts.c - domain_facts ID: what the hypervisor holds of a domain and
 * no command of ours shows.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>

static int print_affinity(xc_interface *xch, uint32_t domid, unsigned int vcpu)
{
    xc_cpumap_t map = xc_cpumap_alloc(xch);
    int r;

    if (!map)
        return -1;
    r = xc_vcpu_getaffinity(xch, domid, (int)vcpu, map, NULL,
                            XEN_VCPUAFFINITY_HARD);
    if (!r)
        printf("vCPU %u: CPUs %#x\n", vcpu, map[0]);
    free(map);
    return r;
}

static int print_all(xc_interface *xch, uint32_t domid)
{
    xc_domaininfo_t info;

    if (xc_domain_getinfolist(xch, domid, 1, &info) != 1 ||
        info.domain != domid)
        return -1;
    printf("pages: %" PRIu64 ", at most %" PRIu64 ", claimed %" PRIu64 "\n",
           info.tot_pages, info.max_pages, (uint64_t)info.outstanding_pages);
    for (unsigned int i = 0; i <= info.max_vcpu_id; i++)
        if (print_affinity(xch, domid, i))
            return -1;
    return 0;
}

int main(int argc, char **argv)
{
    xc_interface *xch = argc == 2 ? xc_interface_open(NULL, NULL, 0) : NULL;
    int r = xch ? print_all(xch, (uint32_t)strtoul(argv[1], NULL, 10)) : -1;

    if (r)
        fprintf(stderr, "domain_facts: %s\n", strerror(errno));
    if (xch)
        xc_interface_close(xch);
    return r ? 1 : 0;
}
