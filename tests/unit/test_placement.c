/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Automatic placement on hosts that the embedded one cannot be: with more nodes
 * than are looked at, and with domains and CPU pools that go meanwhile.
 */
#include "guest/placement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest/numa_choice.h"
#include "unit_random.h"

#define CPUS_PER_NODE 2u

static struct {
    unsigned int nodes;
    unsigned int domains; /* in a pool of their own, which is gone */
    uint64_t placed;      /* the nodes that the new domain got; 0: none */
} world;

static unsigned int cpus(void)
{
    return world.nodes * CPUS_PER_NODE;
}

/* ---- in the place of libxenctrl ---- */

/* As Xen answers: what there is, as far as there is room for it. */
int xc_numainfo(xc_interface *xch, unsigned *max_nodes, xc_meminfo_t *meminfo,
                uint32_t *distance)
{
    (void)xch;
    (void)distance;
    if (*max_nodes > world.nodes)
        *max_nodes = world.nodes;
    for (unsigned int i = 0; i < *max_nodes; i++)
        meminfo[i] = (xc_meminfo_t){.memsize = UINT64_C(8) << 30,
                                    .memfree = UINT64_C(4) << 30};
    return 0;
}

int xc_cputopoinfo(xc_interface *xch, unsigned *max_cpus, xc_cputopo_t *topo)
{
    (void)xch;
    ck_assert_uint_ge(*max_cpus, cpus());
    *max_cpus = cpus();
    for (unsigned int i = 0; i < cpus(); i++)
        topo[i] = (xc_cputopo_t){.node = i / CPUS_PER_NODE};
    return 0;
}

xc_cpupoolinfo_t *xc_cpupool_getinfo(xc_interface *xch, uint32_t poolid)
{
    xc_cpupoolinfo_t *info = calloc(1, sizeof(*info));

    (void)xch;
    ck_assert_ptr_nonnull(info);
    if (poolid) {
        free(info);
        errno = ENOENT;
        return NULL;
    }
    info->cpumap = malloc(CPULIST_MAX / 8);
    ck_assert_ptr_nonnull(info->cpumap);
    memset(info->cpumap, 0xff, CPULIST_MAX / 8);
    return info;
}

void xc_cpupool_infofree(xc_interface *xch, xc_cpupoolinfo_t *info)
{
    (void)xch;
    free(info->cpumap);
    free(info);
}

int xc_domain_node_getaffinity(xc_interface *xch, uint32_t domid,
                               xc_nodemap_t nodemap)
{
    (void)xch;
    (void)domid;
    nodemap[0] = 0xff;
    return 0;
}

int xc_domain_node_setaffinity(xc_interface *xch, uint32_t domid,
                               xc_nodemap_t nodemap)
{
    (void)xch;
    (void)domid;
    memcpy(&world.placed, nodemap, sizeof(world.placed));
    return 0;
}

int xc_vcpu_getaffinity(xc_interface *xch, uint32_t domid, int vcpu,
                        xc_cpumap_t hard, xc_cpumap_t soft, uint32_t flags)
{
    (void)xch;
    (void)domid;
    (void)soft;
    (void)flags;
    if (vcpu)
        return -1;
    memset(hard, 0xff, CPULIST_MAX / 8);
    return 0;
}

int xc_vcpu_setaffinity(xc_interface *xch, uint32_t domid, int vcpu,
                        xc_cpumap_t hard, xc_cpumap_t soft, uint32_t flags)
{
    (void)xch;
    (void)domid;
    (void)vcpu;
    (void)hard;
    (void)soft;
    (void)flags;
    return 0;
}

/* ---- in the place of the host, and of a configuration's keys ---- */

int host_domains(struct host *host, xc_domaininfo_t **list, unsigned int *n)
{
    (void)host;
    *n = world.domains;
    *list = calloc(world.domains + 1, sizeof(**list));
    ck_assert_ptr_nonnull(*list);
    for (unsigned int i = 0; i < world.domains; i++) {
        (*list)[i].domain = (domid_t)(i + 1);
        (*list)[i].cpupool = 7;
    }
    return 0;
}

uint64_t config_shadow_kib(const struct config *cfg)
{
    (void)cfg;
    return 0;
}

/* ---- */

static uint64_t place(unsigned int nodes, unsigned int domains)
{
    struct config cfg = {.memory = 64, .maxvcpus = 1};
    struct diag dg;
    struct host host = {.dg = &dg};
    xc_physinfo_t phys = {.nr_nodes = nodes};

    diag_init(&dg);
    memset(&world, 0, sizeof(world));
    world.nodes = nodes;
    world.domains = domains;
    phys.max_node_id = 63; /* Xen's limit, whatever there is */
    phys.max_cpu_id = cpus() - 1;
    ck_assert_int_eq(placement_apply(&host, 9, &cfg, &phys, 0), 0);
    ck_assert_uint_eq(dg.nr, 0);
    return world.placed;
}

/* As libxl: up to so many nodes, and not at all on a host with more. */
START_TEST(many_nodes)
{
    ck_assert_uint_eq(place(1, 0), 0);
    ck_assert_uint_eq(place(2, 0), 1);
    ck_assert_uint_eq(place(NUMA_CHOICE_NODES, 0), 1);
    ck_assert_uint_eq(place(NUMA_CHOICE_NODES + 1, 0), 0);
    ck_assert_uint_eq(place(64, 0), 0);
}
END_TEST

/* Where a domain was is not known any more: it counts nowhere. */
START_TEST(pool_is_gone)
{
    ck_assert_uint_eq(place(2, 3), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("placement");
    TCase *tc = tcase_create("placement");

    tcase_add_test(tc, many_nodes);
    tcase_add_test(tc, pool_is_gone);
    suite_add_tcase(suite, tc);
    return unit_run(suite);
}
