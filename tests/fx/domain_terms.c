/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * domain_terms.c - domain_terms ID: the terms on which a domain has the host's
 * CPUs, memory and tables, as the hypervisor holds them.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>

#define MAX_VNODES 16
#define MAX_VCPUS  128

static int print_affinity(xc_interface *xch, uint32_t domid, unsigned int vcpu)
{
    xc_cpumap_t hard = xc_cpumap_alloc(xch), soft = xc_cpumap_alloc(xch);
    int r = -1;

    if (hard && soft)
        r = xc_vcpu_getaffinity(xch, domid, (int)vcpu, hard, soft,
                                XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT);
    if (!r)
        printf("vCPU %u: on %#x, better %#x\n", vcpu, hard[0], soft[0]);
    free(hard);
    free(soft);
    return r;
}

static int print_shares(xc_interface *xch, uint32_t domid, uint32_t pool)
{
    xc_cpupoolinfo_t *info = xc_cpupool_getinfo(xch, pool);
    struct xen_domctl_sched_credit credit = {0};
    struct xen_domctl_sched_credit2 credit2 = {0};
    uint32_t scheduler = info ? info->sched_id : 0;
    int r = -1;

    if (info)
        xc_cpupool_infofree(xch, info);
    if (scheduler == XEN_SCHEDULER_CREDIT)
        r = xc_sched_credit_domain_get(xch, domid, &credit);
    if (scheduler == XEN_SCHEDULER_CREDIT2)
        r = xc_sched_credit2_domain_get(xch, domid, &credit2);
    if (r)
        return r;
    printf("pool %u, scheduler %u: weight %u, cap %u\n", pool, scheduler,
           credit.weight + credit2.weight, credit.cap + credit2.cap);
    return 0;
}

static int print_limits(xc_interface *xch, uint32_t domid)
{
    struct gnttab_query_size grants = {.dom = (domid_t)domid};
    uint32_t mode, khz, incarnation;
    uint64_t elapsed;
    int r = xc_gnttab_query_size(xch, &grants);

    if (!r)
        r = xc_domain_get_tsc_info(xch, domid, &mode, &elapsed, &khz,
                                   &incarnation);
    if (r)
        return r;
    printf("grant frames: %u, at most %u\n", grants.nr_frames,
           grants.max_nr_frames);
    printf("TSC: mode %u, incarnation %u\n", mode, incarnation);
    return 0;
}

/* Takes what ports there are left, and so the domain is to go after that. */
static void print_ports(xc_interface *xch, uint32_t domid)
{
    int port, last = 0;

    while ((port = xc_evtchn_alloc_unbound(xch, domid, 0)) > 0)
        last = port;
    printf("last port: %d\n", last);
}

static int print_vnuma(xc_interface *xch, uint32_t domid)
{
    uint32_t nodes = MAX_VNODES, ranges = MAX_VNODES, vcpus = MAX_VCPUS;
    xen_vmemrange_t range[MAX_VNODES];
    unsigned int distance[MAX_VNODES * MAX_VNODES], node[MAX_VCPUS];

    if (xc_domain_getvnuma(xch, domid, &nodes, &ranges, &vcpus, range, distance,
                           node)) {
        if (errno != EOPNOTSUPP)
            return -1;
        puts("no virtual nodes");
        return 0;
    }
    for (uint32_t i = 0; i < ranges; i++)
        printf("node %u: %#" PRIx64 " to %#" PRIx64 "\n", range[i].nid,
               range[i].start, range[i].end);
    for (uint32_t i = 0; i < nodes * nodes; i++)
        printf("distance %u, %u: %u\n", i / nodes, i % nodes, distance[i]);
    for (uint32_t i = 0; i < vcpus; i++)
        printf("vCPU %u: node %u\n", i, node[i]);
    return 0;
}

static int print_all(xc_interface *xch, uint32_t domid)
{
    xc_domaininfo_t info;
    int r;

    if (xc_domain_getinfolist(xch, domid, 1, &info) != 1 ||
        info.domain != domid)
        return -1;
    r = print_shares(xch, domid, info.cpupool);
    if (!r)
        r = print_limits(xch, domid);
    for (unsigned int i = 0; !r && i <= info.max_vcpu_id; i++)
        r = print_affinity(xch, domid, i);
    if (!r)
        r = print_vnuma(xch, domid);
    if (!r)
        print_ports(xch, domid);
    return r;
}

int main(int argc, char **argv)
{
    xc_interface *xch = argc == 2 ? xc_interface_open(NULL, NULL, 0) : NULL;
    int r = xch ? print_all(xch, (uint32_t)strtoul(argv[1], NULL, 10)) : -1;

    if (r)
        fprintf(stderr, "domain_terms: %s\n", strerror(errno));
    if (xch)
        xc_interface_close(xch);
    return r ? 1 : 0;
}
