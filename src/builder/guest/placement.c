/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/placement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest/numa_choice.h"

/* What libxl adds to a PV guest's memory, LIBXL_PV_EXTRA_MEMORY. */
#define EXTRA_KIB 1024

/* A set of CPUs or nodes, as libxc has it. */
#define MAP_BYTES (CPULIST_MAX / 8)

struct placement {
    struct host *host;
    const struct config *cfg;
    uint32_t pool;
    unsigned int n_nodes, n_cpus;
    struct numa_node nodes[NUMA_CHOICE_NODES];
    xc_cputopo_t *cpus;
    uint8_t suitable[MAP_BYTES]; /* the CPUs that the guest may run on */
};

static bool has(const uint8_t *map, unsigned int bit)
{
    return map[bit / 8] >> (bit % 8) & 1;
}

static void put(uint8_t *map, unsigned int bit)
{
    map[bit / 8] |= (uint8_t)(1u << (bit % 8));
}

/* ---- the host ---- */

/* Xen tells of no more nodes than are asked for: so one more is, to see it. */
static int read_nodes(struct placement *pl)
{
    xc_meminfo_t memory[NUMA_CHOICE_NODES + 1];
    unsigned int i;

    pl->n_nodes = NUMA_CHOICE_NODES + 1;
    if (xc_numainfo(pl->host->xc, &pl->n_nodes, memory, NULL))
        return diag_fail_xc(pl->host->dg, "asking Xen about its nodes");
    if (pl->n_nodes > NUMA_CHOICE_NODES)
        pl->n_nodes = 0;
    for (i = 0; i < pl->n_nodes; i++)
        if (memory[i].memsize != XEN_INVALID_MEM_SZ)
            pl->nodes[i].free_kib = memory[i].memfree >> 10;
    return 0;
}

static int read_cpus(struct placement *pl)
{
    pl->cpus = calloc(pl->n_cpus, sizeof(*pl->cpus));
    if (!pl->cpus)
        return diag_fail(pl->host->dg, DW_FAILED, -ENOMEM, "out of memory");
    if (xc_cputopoinfo(pl->host->xc, &pl->n_cpus, pl->cpus))
        return diag_fail_xc(pl->host->dg, "asking Xen about its CPUs");
    return 0;
}

/* The CPUs of a pool that are in `of`, too; NULL: any.  One that is gone by now
 * has none. */
static int read_pool(struct placement *pl, uint32_t pool, const uint8_t *of,
                     uint8_t map[MAP_BYTES])
{
    xc_cpupoolinfo_t *info = xc_cpupool_getinfo(pl->host->xc, pool);
    unsigned int cpu;

    memset(map, 0, MAP_BYTES);
    if (!info && errno == ENOENT)
        return 0;
    if (!info)
        return diag_fail_xc(pl->host->dg, "asking Xen about CPU pool %u", pool);
    for (cpu = 0; cpu < pl->n_cpus && info->cpupool_id == pool; cpu++)
        if (has(info->cpumap, cpu) && (!of || has(of, cpu)))
            put(map, cpu);
    xc_cpupool_infofree(pl->host->xc, info);
    return 0;
}

/* The node of a CPU that the guest may run on; n_nodes: it may not. */
static unsigned int node_of(const struct placement *pl, unsigned int cpu)
{
    unsigned int node = pl->cpus[cpu].node;

    return node < pl->n_nodes && has(pl->suitable, cpu) ? node : pl->n_nodes;
}

/* Of its pool; where all vCPUs are pinned alike, it stays there. */
static int find_suitable(struct placement *pl)
{
    unsigned int cpu, node;
    int rc = read_pool(pl, pl->pool, NULL, pl->suitable);

    if (rc)
        return rc;
    for (cpu = 0; cpu < pl->n_cpus; cpu++) {
        if (pl->cfg->n_cpus && !cpulist_has(&pl->cfg->cpus[0], cpu))
            pl->suitable[cpu / 8] &= (uint8_t) ~(1u << (cpu % 8));
        if (pl->cpus[cpu].node < pl->n_nodes)
            pl->nodes[pl->cpus[cpu].node].all_cpus++;
        node = node_of(pl, cpu);
        if (node < pl->n_nodes)
            pl->nodes[node].cpus++;
    }
    return 0;
}

/* ---- who is there already ---- */

/* A vCPU is on each node that it may run on and its domain is affine to. */
static void count_vcpu(struct placement *pl, const uint8_t *hard,
                       const uint8_t *pool, const uint8_t *nodes)
{
    unsigned int cpu, node;
    uint32_t counted = 0;

    for (cpu = 0; cpu < pl->n_cpus; cpu++) {
        node = node_of(pl, cpu);
        if (node < pl->n_nodes && has(hard, cpu) && has(pool, cpu) &&
            has(nodes, node))
            counted |= UINT32_C(1) << node;
    }
    for (node = 0; node < pl->n_nodes; node++)
        pl->nodes[node].vcpus += counted >> node & 1;
}

/* One that is gone by now, or has no vCPUs, does not count. */
static int count_domain(struct placement *pl, const xc_domaininfo_t *info)
{
    uint8_t pool[MAP_BYTES], nodes[MAP_BYTES] = {0}, hard[MAP_BYTES];
    unsigned int vcpu;
    int rc = read_pool(pl, info->cpupool, pl->suitable, pool);

    if (rc || xc_domain_node_getaffinity(pl->host->xc, info->domain, nodes))
        return rc;
    for (vcpu = 0; vcpu <= info->max_vcpu_id; vcpu++) {
        memset(hard, 0, sizeof(hard));
        if (xc_vcpu_getaffinity(pl->host->xc, info->domain, (int)vcpu, hard,
                                NULL, XEN_VCPUAFFINITY_HARD))
            break;
        count_vcpu(pl, hard, pool, nodes);
    }
    return 0;
}

static int count_vcpus(struct placement *pl)
{
    xc_domaininfo_t *list = NULL;
    unsigned int n = 0, i;
    int rc = host_domains(pl->host, &list, &n);

    for (i = 0; !rc && i < n; i++)
        rc = count_domain(pl, &list[i]);
    free(list);
    return rc;
}

/* ---- the guest ---- */

/* As libxl reckons, to whole pieces of 2 MiB. */
static uint64_t needed_kib(const struct config *cfg)
{
    uint64_t kib =
        ((uint64_t)cfg->memory << 10) + config_shadow_kib(cfg) + EXTRA_KIB;

    return (kib + 2047) & ~UINT64_C(2047);
}

/* Xen puts what comes of it, with the pool's CPUs only, into the map. */
static int prefer_cpus(struct placement *pl, uint32_t domid, unsigned int vcpu,
                       const uint8_t cpus[MAP_BYTES])
{
    uint8_t soft[MAP_BYTES];

    memcpy(soft, cpus, sizeof(soft));
    if (xc_vcpu_setaffinity(pl->host->xc, domid, (int)vcpu, NULL, soft,
                            XEN_VCPUAFFINITY_SOFT))
        return diag_fail_xc(pl->host->dg, "placing vCPU %u", vcpu);
    return 0;
}

static int prefer(struct placement *pl, uint32_t domid, uint32_t set)
{
    uint8_t nodes[MAP_BYTES] = {0}, soft[MAP_BYTES] = {0};
    unsigned int i, vcpu;
    int rc = 0;

    for (i = 0; i < pl->n_nodes; i++)
        if (set >> i & 1)
            put(nodes, i);
    for (i = 0; i < pl->n_cpus; i++)
        if (pl->cpus[i].node < pl->n_nodes && has(nodes, pl->cpus[i].node))
            put(soft, i);
    for (vcpu = 0; !rc && vcpu < pl->cfg->maxvcpus; vcpu++)
        rc = prefer_cpus(pl, domid, vcpu, soft);
    if (rc)
        return rc;
    if (xc_domain_node_setaffinity(pl->host->xc, domid, nodes))
        return diag_fail_xc(pl->host->dg, "placing the guest on its nodes");
    return 0;
}

/* As libxl has it for other guests: each vCPU likes the CPUs of its node. */
static int prefer_own(struct placement *pl, uint32_t domid)
{
    const struct vnuma *v = pl->cfg->vnuma;
    int rc = read_cpus(pl);

    for (unsigned int vcpu = 0; !rc && vcpu < v->n_vcpus; vcpu++) {
        uint8_t soft[MAP_BYTES] = {0};

        for (unsigned int cpu = 0; cpu < pl->n_cpus; cpu++)
            if (pl->cpus[cpu].node == v->node[v->node_of[vcpu] - 1].pnode)
                put(soft, cpu);
        rc = prefer_cpus(pl, domid, vcpu, soft);
    }
    return rc;
}

static int place(struct placement *pl, uint32_t domid)
{
    uint32_t set;
    int rc = read_nodes(pl);

    if (!rc)
        rc = read_cpus(pl);
    if (!rc)
        rc = find_suitable(pl);
    if (!rc)
        rc = count_vcpus(pl);
    if (rc)
        return rc;
    set = numa_choose(pl->nodes, pl->n_nodes, needed_kib(pl->cfg),
                      (unsigned int)pl->cfg->maxvcpus);
    /* As libxl: where no nodes will do, all of them, which says nothing. */
    if (!set && pl->n_nodes)
        set = UINT32_MAX >> (32 - pl->n_nodes);
    return set ? prefer(pl, domid, set) : 0;
}

int placement_apply(struct host *host, uint32_t domid, const struct config *cfg,
                    const xc_physinfo_t *phys, uint32_t pool)
{
    struct placement pl = {
        .host = host,
        .cfg = cfg,
        .pool = pool,
        .n_cpus = phys->max_cpu_id + 1,
    };
    int rc;

    if (pl.n_cpus > CPULIST_MAX || cfg->n_soft ||
        (!cfg->vnuma && (cfg->cpus_listed || phys->nr_nodes < 2)))
        return 0;
    rc = cfg->vnuma ? prefer_own(&pl, domid) : place(&pl, domid);
    free(pl.cpus);
    return rc;
}
