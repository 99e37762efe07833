/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * numa.c - on an embedded host with two nodes of two CPUs each: a domain's
 * nodes follow its vCPUs, and its memory comes from them first. CPU n is on
 * node n % 2.
 *
 *     numa          all of it, in a domain that goes again
 *     numa make     a domain with virtual nodes that stays; prints its ID
 *     numa is ID    has it the same virtual nodes?
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>

#include "xen_versions.h"

#define VCPUS 3

static xc_interface *xc;
static unsigned int failures;

#define CHECK(is, ...)                                                         \
    do {                                                                       \
        if (!(is)) {                                                           \
            printf("FAILED: line %d: ", __LINE__);                             \
            printf(__VA_ARGS__);                                               \
            puts("");                                                          \
            failures++;                                                        \
        }                                                                      \
    } while (0)

static uint32_t make_domain(void)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = VCPUS,
        .max_evtchn_port = -1,
        .max_grant_frames = -1,
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    uint32_t domid = DOMID_ANY;

    if (xc_domain_create(xc, &domid, &config) ||
        xc_domain_setmaxmem(xc, domid, 1 << 20)) {
        perror("making a domain");
        exit(1);
    }
    return domid;
}

static uint64_t nodes_of(uint32_t domid)
{
    xc_nodemap_t map = xc_nodemap_alloc(xc);
    uint64_t nodes = 0;

    if (!map || xc_domain_node_getaffinity(xc, domid, map)) {
        perror("asking for nodes");
        exit(1);
    }
    memcpy(&nodes, map, sizeof(nodes));
    free(map);
    return nodes;
}

static void choose(uint32_t domid, uint64_t nodes)
{
    xc_nodemap_t map = xc_nodemap_alloc(xc);

    if (!map) {
        perror("choosing nodes");
        exit(1);
    }
    memcpy(map, &nodes, sizeof(nodes));
    CHECK(!xc_domain_node_setaffinity(xc, domid, map), "nodes %" PRIx64, nodes);
    free(map);
}

static void run_on(uint32_t domid, int vcpu, uint32_t flags, uint64_t cpus)
{
    uint64_t hard = cpus, soft = cpus;

    CHECK(!xc_vcpu_setaffinity(xc, domid, vcpu, (uint8_t *)&hard,
                               (uint8_t *)&soft, flags),
          "vCPU %d on CPUs %" PRIx64, vcpu, cpus);
}

static void is_on(uint32_t domid, uint64_t nodes, const char *when)
{
    CHECK(nodes_of(domid) == nodes, "%s: on nodes %" PRIx64 ", not %" PRIx64,
          when, nodes_of(domid), nodes);
}

static void is_cpu(uint32_t domid, unsigned int vcpu, uint32_t cpu)
{
    xc_vcpuinfo_t info;

    CHECK(!xc_vcpu_getinfo(xc, domid, vcpu, &info) && info.cpu == cpu,
          "vCPU %u is on CPU %u, not %u", vcpu, info.cpu, cpu);
}

static void follows(uint32_t domid)
{
    const uint32_t hard = XEN_VCPUAFFINITY_HARD, soft = XEN_VCPUAFFINITY_SOFT;
    int i;

    is_on(domid, UINT64_MAX, "without vCPUs");
    CHECK(!xc_domain_max_vcpus(xc, domid, VCPUS), "vCPUs");
    is_on(domid, 3, "with vCPUs that run anywhere");
    is_cpu(domid, 2, 2);
    run_on(domid, 0, hard, 1);
    is_on(domid, 3, "with one of three that is pinned");
    run_on(domid, 1, hard, 4);
    run_on(domid, 2, hard, 5);
    is_on(domid, 1, "all on CPUs of node 0");
    is_cpu(domid, 0, 0);
    is_cpu(domid, 1, 2);
    is_cpu(domid, 2, 0);
    run_on(domid, 2, hard, 2);
    is_on(domid, 3, "one of them on node 1");
    run_on(domid, 2, hard, UINT64_MAX);
    for (i = 0; i < VCPUS; i++)
        run_on(domid, i, soft, 8);
    is_on(domid, 2, "may run anywhere, better on CPU 3");
    is_cpu(domid, 0, 0); /* where it may not */
    is_cpu(domid, 2, 3);
    run_on(domid, 2, hard, 1);
    is_on(domid, 1, "prefer where none may run");
    choose(domid, 2);
    is_on(domid, 2, "chosen");
    run_on(domid, 0, hard, 4);
    is_on(domid, 2, "chosen, whatever the vCPUs do");
    choose(domid, UINT64_MAX);
    is_on(domid, 1, "follows again");
    is_on(0, 3, "domain 0");
}

static uint64_t free_on(unsigned int node)
{
    xc_meminfo_t info[2];
    unsigned int n = 2;

    if (xc_numainfo(xc, &n, info, NULL) || n != 2) {
        perror("asking for the nodes");
        exit(1);
    }
    return info[node].memfree >> XC_PAGE_SHIFT;
}

/* Takes that many pages, without a word on where from. */
static void take(uint32_t domid, uint64_t pages)
{
    static xen_pfn_t first;
    xen_pfn_t *pfn = calloc(pages, sizeof(*pfn));
    uint64_t i;

    if (!pfn)
        exit(1);
    for (i = 0; i < pages; i++)
        pfn[i] = first++;
    CHECK(!xc_domain_populate_physmap_exact(xc, domid, pages, 0, 0, pfn),
          "%" PRIu64 " pages", pages);
    free(pfn);
}

static void has_its_memory_there(uint32_t domid)
{
    uint64_t before[2] = {free_on(0), free_on(1)};

    take(domid, 100);
    CHECK(free_on(0) == before[0] - 100 && free_on(1) == before[1],
          "memory is not node 0's");
    choose(domid, 2);
    take(domid, 100);
    CHECK(free_on(0) == before[0] - 100 && free_on(1) == before[1] - 100,
          "memory is not node 1's");
    /* What a node lacks, others have. */
    take(domid, free_on(1) + 50);
    CHECK(!free_on(1) && free_on(0) == before[0] - 150,
          "memory ends with the node's");
}

/* ---- virtual nodes ---- */

static xen_vmemrange_t range[2] = {{.start = 0, .end = 4096, .nid = 1},
                                   {.start = 4096, .end = 8192, .nid = 0}};
static unsigned int distance[4] = {10, 25, 26, 11}, vcpu_to[VCPUS] = {1, 0, 1},
                    node_to[2] = {1, 0};

static void give_virtual(uint32_t domid)
{
    CHECK(!xc_domain_setvnuma(xc, domid, 2, 2, VCPUS, range, distance, vcpu_to,
                              node_to),
          "setvnuma");
}

static void has_virtual(uint32_t domid)
{
    uint32_t vnodes = 2, ranges = 2, vcpus = VCPUS;
    unsigned int d[4], v[VCPUS];
    xen_vmemrange_t r[2];

    CHECK(!xc_domain_getvnuma(xc, domid, &vnodes, &ranges, &vcpus, r, d, v),
          "getvnuma: %s", strerror(errno));
    CHECK(vnodes == 2 && ranges == 2 && vcpus == VCPUS, "how many");
    CHECK(!memcmp(r, range, sizeof(r)) && !memcmp(d, distance, sizeof(d)) &&
              !memcmp(v, vcpu_to, sizeof(v)),
          "others than were set");
    ranges = 1;
    CHECK(xc_domain_getvnuma(xc, domid, &vnodes, &ranges, &vcpus, r, d, v) &&
              errno == ENOBUFS && ranges == 2,
          "too little room");
}

static void all(void)
{
    uint64_t before = free_on(0) + free_on(1);
    uint32_t domid = make_domain(), vnodes = 8, ranges = 8, vcpus = 8;
    unsigned int d[64], v[8];
    xen_vmemrange_t r[8];

    CHECK(xc_domain_getvnuma(xc, domid, &vnodes, &ranges, &vcpus, r, d, v) &&
              errno == EOPNOTSUPP,
          "no virtual nodes: %s", strerror(errno));
    give_virtual(domid);
    give_virtual(domid); /* in place of the first */
    has_virtual(domid);
    follows(domid);
    has_its_memory_there(domid);
    CHECK(!xc_domain_destroy(xc, domid), "destroy");
    CHECK(free_on(0) + free_on(1) == before, "not all came back");
}

int main(int argc, char **argv)
{
    uint32_t domid;

    xc = xc_interface_open(NULL, NULL, 0);
    if (!xc)
        return 1;
    if (argc == 1) {
        all();
    } else if (argc == 2 && !strcmp(argv[1], "make")) {
        domid = make_domain();
        give_virtual(domid);
        printf("%u\n", domid);
    } else if (argc == 3 && !strcmp(argv[1], "is")) {
        has_virtual((uint32_t)atoi(argv[2]));
    } else {
        return 2;
    }
    xc_interface_close(xc);
    return failures != 0;
}
