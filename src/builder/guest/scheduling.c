/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/scheduling.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* xl's for the pool that there always is. */
#define FIRST_POOL "Pool-0"

static bool is_number(const char *text)
{
    return *text && !text[strspn(text, "0123456789")];
}

/* A copy of what xl calls it; NULL: nothing. */
static char *name_of(struct host *host, uint32_t id)
{
    char path[sizeof("/local/pool/4294967295/name")];

    snprintf(path, sizeof(path), "/local/pool/%u/name", id);
    return xs_read(host->xs, XBT_NULL, path, NULL);
}

static bool is_meant(struct host *host, const char *word, uint32_t id)
{
    char *name;
    bool same;

    if (is_number(word))
        return strtoul(word, NULL, 10) == id;
    name = name_of(host, id);
    same = name ? !strcmp(name, word) : !id && !strcmp(word, FIRST_POOL);
    free(name);
    return same;
}

static bool has_cpus(const struct host *host, const xc_cpupoolinfo_t *info)
{
    int bytes = xc_get_cpumap_size(host->xc);

    for (int i = 0; i < bytes; i++)
        if (info->cpumap[i])
            return true;
    return false;
}

/* Xen tells of the first pool from an ID on. */
static int look(struct host *host, const struct config *cfg, uint32_t *from,
                struct pool *pool)
{
    xc_cpupoolinfo_t *info = xc_cpupool_getinfo(host->xc, *from);
    int rc = -EAGAIN;

    if (!info && errno == ENOENT)
        return config_fail(cfg, host->dg, DW_CONFIG, -ENOENT, "pool",
                           "the host has no CPU pool %s", cfg->pool);
    if (!info)
        return diag_fail_xc(host->dg, "asking Xen about its CPU pools");
    if (is_meant(host, cfg->pool ? cfg->pool : "0", info->cpupool_id)) {
        pool->id = info->cpupool_id;
        pool->scheduler = info->sched_id;
        rc = 0;
        if (!has_cpus(host, info))
            rc = config_fail(cfg, host->dg, DW_CONFIG, -ENODEV, "pool",
                             "CPU pool %s has no CPUs", cfg->pool);
    }
    *from = info->cpupool_id + 1;
    xc_cpupool_infofree(host->xc, info);
    return rc;
}

int scheduling_find_pool(struct host *host, const struct config *cfg,
                         struct pool *pool)
{
    uint32_t from = 0;
    int rc;

    *pool = (struct pool){0};
    if (!cfg->pool && !cfg->weight && cfg->cap < 0)
        return 0;
    do
        rc = look(host, cfg, &from, pool);
    while (rc == -EAGAIN);
    return rc;
}

static int share_by_credit(struct host *host, uint32_t domid,
                           const struct config *cfg)
{
    struct xen_domctl_sched_credit now;
    int r = xc_sched_credit_domain_get(host->xc, domid, &now);

    if (r)
        return r;
    if (cfg->weight)
        now.weight = (uint16_t)cfg->weight;
    if (cfg->cap >= 0)
        now.cap = (uint16_t)cfg->cap;
    return xc_sched_credit_domain_set(host->xc, domid, &now);
}

static int share_by_credit2(struct host *host, uint32_t domid,
                            const struct config *cfg)
{
    struct xen_domctl_sched_credit2 now;
    int r = xc_sched_credit2_domain_get(host->xc, domid, &now);

    if (r)
        return r;
    if (cfg->weight)
        now.weight = (uint16_t)cfg->weight;
    if (cfg->cap >= 0)
        now.cap = (uint16_t)cfg->cap;
    return xc_sched_credit2_domain_set(host->xc, domid, &now);
}

int scheduling_share(struct host *host, uint32_t domid,
                     const struct config *cfg, const struct pool *pool)
{
    const char *key = cfg->weight ? "cpu_weight" : "cap";
    int r;

    if (!cfg->weight && cfg->cap < 0)
        return 0;
    switch (pool->scheduler) {
    case XEN_SCHEDULER_CREDIT:
        r = share_by_credit(host, domid, cfg);
        break;
    case XEN_SCHEDULER_CREDIT2:
        r = share_by_credit2(host, domid, cfg);
        break;
    default:
        diag_warn("%s: %s: the scheduler of the guest's CPU pool has no "
                  "weights and no caps",
                  config_where(cfg, key), key);
        return 0;
    }
    return r ? diag_fail_xc(host->dg, "setting the guest's weight and cap") : 0;
}
