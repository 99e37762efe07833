/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/domain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "guest/host_map.h"
#include "guest/placement.h"
#include "guest/scheduling.h"
#include "guest/virtual_nodes.h"
#include "host/signals.h"
#include "xen_versions.h"

/* What a domain may have beyond its memory, in KiB: as libxl gives. */
#define SLACK_KIB 1024

/*
 * The label of a guest for which nobody chose one, as libxl has it:
 * SECINITSID_DOMU of Xen's xsm/flask/policy/initial_sids, which has been the
 * 12th since Xen 4.17.  Without FLASK Xen does not look at it.
 */
#define SSID_DOMU 12

static int read_host(struct host *host, const struct config *cfg,
                     xc_physinfo_t *phys)
{
    uint64_t wanted = (uint64_t)cfg->memory << (20 - XC_PAGE_SHIFT), free;

    if (xc_physinfo(host->xc, phys))
        return diag_fail_xc(host->dg, "asking Xen about the host");
    /* What other builds have claimed is theirs. */
    free = phys->free_pages - phys->outstanding_pages;
    if (free < wanted)
        return config_fail(cfg, host->dg, DW_REFUSED, -ENOMEM, "memory",
                           "the guest is to have %lu MiB, the host has "
                           "%" PRIu64 " MiB free",
                           cfg->memory, free >> (20 - XC_PAGE_SHIFT));
    return 0;
}

/* Of limits that a host's administrator chose Xen tells no more than that. */
static int not_made(struct host *host, const struct config *cfg)
{
    bool given = cfg->grant_frames >= 0 || cfg->maptrack_frames >= 0;
    const char *key =
        cfg->grant_frames >= 0 ? "max_grant_frames" : "max_maptrack_frames";

    if (errno != EINVAL || !given)
        return diag_fail_xc(host->dg, "creating the domain");
    return config_fail(cfg, host->dg, DW_REFUSED, -EINVAL, key,
                       "creating the domain: %s; a guest has from one page "
                       "up to Xen's gnttab_max_frames, and up to its "
                       "gnttab_max_maptrack_frames",
                       strerror(EINVAL));
}

static int make(struct domain *domain, struct host *host,
                const struct config *cfg, const xc_physinfo_t *phys,
                const struct pool *pool)
{
    struct xen_domctl_createdomain create = {
        .ssidref = SSID_DOMU,
        .max_vcpus = (uint32_t)cfg->maxvcpus,
        .max_evtchn_port = (uint32_t)cfg->event_channels,
        .max_grant_frames = (int32_t)cfg->grant_frames,
        .max_maptrack_frames = (int32_t)cfg->maptrack_frames,
        .cpupool_id = pool->id,
        .grant_opts = XEN_DOMCTL_GRANT_version(
            phys->capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v2   ? 2
            : phys->capabilities & XEN_SYSCTL_PHYSCAP_gnttab_v1 ? 1
                                                                : 0),
    };

    memcpy(create.handle, cfg->uuid, sizeof(create.handle));
    domain->domid = DOMID_ANY;
    if (xc_domain_create(host->xc, &domain->domid, &create))
        return not_made(host, cfg);
    domain->exists = true;
    if (xc_domain_max_vcpus(host->xc, domain->domid, create.max_vcpus))
        return diag_fail_xc(host->dg, "making %u vCPUs", create.max_vcpus);
    return 0;
}

static int limit_memory(struct domain *domain, struct host *host,
                        const struct config *cfg)
{
    if (xc_domain_setmaxmem(host->xc, domain->domid,
                            (cfg->memory << 10) + SLACK_KIB))
        return diag_fail_xc(host->dg, "limiting the memory to %lu MiB",
                            cfg->memory);
    /* The memory map that the guest sees: one range that it may grow to. */
    if (xc_domain_set_memmap_limit(host->xc, domain->domid, cfg->maxmem << 10))
        return diag_fail_xc(host->dg, "setting the memory map");
    return 0;
}

/*
 * In whole bytes, as libxl has them, so that "all" is all to Xen.  How many of
 * them has the host?
 */
static unsigned int make_map(const struct cpulist *list, unsigned int cpus,
                             uint8_t map[CPULIST_MAX / 8])
{
    unsigned int cpu, n = 0;

    memset(map, 0, CPULIST_MAX / 8);
    for (cpu = 0; cpu < (cpus + 7) / 8 * 8 && cpu < CPULIST_MAX; cpu++)
        if (cpulist_has(list, cpu)) {
            map[cpu / 8] |= (uint8_t)(1u << (cpu % 8));
            n += cpu < cpus;
        }
    return n;
}

static int pin_vcpu(struct domain *domain, struct host *host,
                    const struct config *cfg, unsigned int vcpu,
                    unsigned int cpus)
{
    uint8_t map[CPULIST_MAX / 8];

    if (!make_map(&cfg->cpus[vcpu], cpus, map))
        return config_fail(cfg, host->dg, DW_CONFIG, -EINVAL, "cpus",
                           "vCPU %u gets none of the host's %u CPUs", vcpu,
                           cpus);
    if (!xc_vcpu_setaffinity(host->xc, domain->domid, (int)vcpu, map, NULL,
                             XEN_VCPUAFFINITY_HARD))
        return 0;
    if (errno == EINVAL)
        return config_fail(cfg, host->dg, DW_CONFIG, -EINVAL, "cpus",
                           "vCPU %u gets none of the CPUs of the guest's CPU "
                           "pool",
                           vcpu);
    return diag_fail_xc(host->dg, "pinning vCPU %u", vcpu);
}

/* Xen and xl take any set, also one where it may not run. */
static int prefer_cpus(struct domain *domain, struct host *host,
                       const struct config *cfg, unsigned int vcpu,
                       unsigned int cpus)
{
    uint8_t map[CPULIST_MAX / 8];

    (void)make_map(&cfg->soft[vcpu], cpus, map);
    if (xc_vcpu_setaffinity(host->xc, domain->domid, (int)vcpu, NULL, map,
                            XEN_VCPUAFFINITY_SOFT))
        return diag_fail_xc(host->dg, "placing vCPU %u", vcpu);
    return 0;
}

static int pin_vcpus(struct domain *domain, struct host *host,
                     const struct config *cfg, const xc_physinfo_t *phys)
{
    unsigned int vcpu, cpus = phys->max_cpu_id + 1;
    int rc = 0;

    for (vcpu = 0; !rc && vcpu < cfg->n_cpus; vcpu++)
        rc = pin_vcpu(domain, host, cfg, vcpu, cpus);
    for (vcpu = 0; !rc && vcpu < cfg->n_soft; vcpu++)
        rc = prefer_cpus(domain, host, cfg, vcpu, cpus);
    return rc;
}

/* 0 for the rest: Xen takes the clock's speed and time of its own. */
static int set_tsc(struct domain *domain, struct host *host,
                   const struct config *cfg)
{
    if (cfg->tsc_mode == TSC_DEFAULT) /* as Xen made it */
        return 0;
    if (xc_domain_set_tsc_info(host->xc, domain->domid, cfg->tsc_mode, 0, 0, 0))
        return diag_fail_xc(host->dg, "setting the TSC's mode");
    return 0;
}

static int open_channel(struct domain *domain, struct host *host,
                        uint32_t remote, const char *what, uint32_t *port)
{
    int r = xc_evtchn_alloc_unbound(host->xc, domain->domid, remote);

    if (r < 0)
        return diag_fail_xc(host->dg, "the %s's event channel", what);
    *port = (uint32_t)r;
    return 0;
}

int domain_create(struct domain *domain, struct host *host,
                  const struct config *cfg)
{
    xc_physinfo_t phys;
    struct pool pool;
    int rc, r;

    diag_step(host->dg);
    rc = read_host(host, cfg, &phys);
    if (!rc)
        rc = scheduling_find_pool(host, cfg, &pool);
    if (!rc)
        rc = make(domain, host, cfg, &phys, &pool);
    if (!rc)
        rc = virtual_nodes_set(host, domain->domid, cfg, &phys);
    if (!rc)
        rc = pin_vcpus(domain, host, cfg, &phys);
    if (!rc)
        rc = placement_apply(host, domain->domid, cfg, &phys, pool.id);
    if (!rc)
        rc = scheduling_share(host, domain->domid, cfg, &pool);
    if (!rc)
        rc = set_tsc(domain, host, cfg);
    if (!rc)
        rc = limit_memory(domain, host, cfg);
    if (!rc)
        rc = host_map_set(host, domain->domid, cfg);
    if (!rc)
        rc = open_channel(domain, host, domain->backends.xenstore_domid,
                          "xenstore", &domain->store_port);
    if (!rc)
        rc = open_channel(domain, host, domain->backends.console_domid,
                          "console", &domain->console_port);
    if (rc)
        return rc;
    r = xc_cpuid_apply_policy(host->xc, domain->domid, false, NULL, 0, true,
                              false, false, NULL, NULL);
    if (r) {
        errno = r < -1 ? -r : errno;
        return diag_fail_xc(host->dg, "setting the CPU policy");
    }
    return 0;
}

int domain_build(struct domain *domain, struct host *host, struct image *image)
{
    static const struct {
        const char *name;
        int (*run)(struct xc_dom_image *dom);
    } steps[] = {
        {"populating the memory", xc_dom_boot_mem_init},
        {"laying the guest out", xc_dom_build_image},
        {"preparing vCPU 0", xc_dom_boot_image},
        {"seeding the grant table", xc_dom_gnttab_init},
    };
    struct xc_dom_image *dom = image->dom;
    size_t i;
    int r, rc;

    dom->guest_domid = domain->domid;
    dom->claim_enabled = true; /* as xl's claim_mode is by default */
    dom->console_evtchn = domain->console_port;
    dom->console_domid = domain->backends.console_domid;
    dom->xenstore_evtchn = domain->store_port;
    dom->xenstore_domid = domain->backends.xenstore_domid;
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        rc = interrupt_check(host->dg);
        if (rc)
            return rc;
        diag_step(host->dg);
        errno = 0;
        r = steps[i].run(dom);
        if (r) {
            errno = r < -1 ? -r : errno;
            return diag_fail_xc(host->dg, "%s", steps[i].name);
        }
    }
    domain->store_mfn = MFN(dom->pv_p2m[dom->xenstore_pfn]);
    domain->console_mfn = MFN(dom->pv_p2m[dom->console_pfn]);
    return interrupt_check(host->dg);
}

int domain_destroy(struct domain *domain, struct host *host)
{
    if (!domain->exists)
        return 0;
    domain->exists = false;
    diag_step(host->dg);
    if (xc_domain_destroy(host->xc, domain->domid) && errno != ESRCH)
        return diag_fail_xc(host->dg, "destroying domain %u", domain->domid);
    return 0;
}
