/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool.c - CPU pools, as xen/common/sched/cpupool.c has them.
 */
#include "domain/pool.h"

#include <errno.h>
#include <stdbool.h>

#include "domain/affinity.h"
#include "domain/domain.h"
#include "domain/state.h"

#define ALL_CPUS ((UINT64_C(1) << FX_CPUS) - 1)

/* The first from an ID on; they come in any order. */
static struct fx_pool *next_pool(struct fx_host *host, uint32_t id)
{
    struct fx_pool *next = NULL;

    for (unsigned int i = 0; i < FX_MAX_POOLS; i++) {
        struct fx_pool *p = &host->super->pool[i];

        if (p->exists && p->id >= id && (!next || p->id < next->id))
            next = p;
    }
    return next;
}

static struct fx_pool *find(const struct fx_host *host, uint32_t id)
{
    for (unsigned int i = 0; i < FX_MAX_POOLS; i++)
        if (host->super->pool[i].exists && host->super->pool[i].id == id)
            return &host->super->pool[i];
    return NULL;
}

const struct fx_pool *fx_pool(const struct fx_host *host, uint32_t id)
{
    return find(host, id);
}

int fx_pool_admits(const struct fx_host *host, uint32_t id)
{
    const struct fx_pool *pool = find(host, id);

    return !pool ? -ESRCH : pool->cpus ? 0 : -ENODEV;
}

uint64_t fx_domain_cpus(const struct fx_host *host,
                        const struct fx_domain *domain)
{
    const struct fx_pool *pool = find(host, domain->pool);

    return pool ? pool->cpus & ALL_CPUS : ALL_CPUS;
}

uint32_t fx_domain_scheduler(const struct fx_host *host,
                             const struct fx_domain *domain)
{
    const struct fx_pool *pool = find(host, domain->pool);

    return pool ? pool->scheduler : XEN_SCHEDULER_CREDIT2;
}

static uint64_t free_cpus(const struct fx_host *host)
{
    uint64_t cpus = ALL_CPUS;

    for (unsigned int i = 0; i < FX_MAX_POOLS; i++)
        if (host->super->pool[i].exists)
            cpus &= ~host->super->pool[i].cpus;
    return cpus;
}

/* The next domain in the pool from slot *i on; NULL: no more. */
static struct fx_domain *
next_domain(struct fx_host *host, const struct fx_pool *pool, unsigned int *i)
{
    while (*i < FX_MAX_DOMAINS) {
        struct fx_domain *domain = &host->super->domain[(*i)++];

        if (domain->exists && domain->pool == pool->id)
            return domain;
    }
    return NULL;
}

/* Dying ones count, too. */
static uint32_t count_domains(struct fx_host *host, const struct fx_pool *pool)
{
    unsigned int i = 0;
    uint32_t n = 0;

    while (next_domain(host, pool, &i))
        n++;
    return n;
}

static void update_nodes(struct fx_host *host, const struct fx_pool *pool)
{
    struct fx_domain *domain;
    unsigned int i = 0;

    while ((domain = next_domain(host, pool, &i)))
        fx_update_node_affinity(host, domain);
}

static bool is_scheduler(uint32_t id)
{
    switch (id) {
    case XEN_SCHEDULER_CREDIT:
    case XEN_SCHEDULER_CREDIT2:
    case XEN_SCHEDULER_ARINC653:
    case XEN_SCHEDULER_RTDS:
    case XEN_SCHEDULER_NULL:
        return true;
    default:
        return false;
    }
}

static struct fx_pool *free_slot(struct fx_host *host)
{
    for (unsigned int i = 0; i < FX_MAX_POOLS; i++)
        if (!host->super->pool[i].exists)
            return &host->super->pool[i];
    return NULL;
}

/* One more than the last. */
static uint32_t new_id(struct fx_host *host)
{
    const struct fx_pool *p;
    uint32_t id = 0;

    while ((p = next_pool(host, id)))
        id = p->id + 1;
    return id;
}

static long create(struct fx_host *host, struct xen_sysctl_cpupool_op *op)
{
    struct fx_pool *pool = free_slot(host);
    uint32_t id = op->cpupool_id;

    if (!pool)
        return -ENOSPC;
    if (id == XEN_SYSCTL_CPUPOOL_PAR_ANY)
        id = new_id(host);
    else if (find(host, id))
        return -EEXIST;
    if (!is_scheduler(op->sched_id))
        return -ENOENT;
    *pool =
        (struct fx_pool){.exists = true, .id = id, .scheduler = op->sched_id};
    op->cpupool_id = id;
    return 0;
}

static long destroy(struct fx_host *host, struct fx_pool *pool)
{
    if (pool->cpus || count_domains(host, pool))
        return -EBUSY;
    pool->exists = false;
    return 0;
}

static long tell(const struct fx_caller *caller, const struct fx_pool *pool,
                 struct xen_sysctl_cpupool_op *op)
{
    op->cpupool_id = pool->id;
    op->sched_id = pool->scheduler;
    op->n_dom = count_domains(caller->host, pool);
    return fx_bitmap_out(caller, &op->cpumap, pool->cpus);
}

static long add_cpu(struct fx_host *host, struct fx_pool *pool, uint32_t cpu)
{
    uint64_t cpus = free_cpus(host);

    if (cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY) {
        if (!cpus)
            return -ENODEV;
        cpu = (uint32_t)__builtin_ctzll(cpus);
    }
    if (cpu >= FX_CPUS)
        return -EINVAL;
    if (!(cpus >> cpu & 1))
        return -ENODEV;
    pool->cpus |= UINT64_C(1) << cpu;
    update_nodes(host, pool);
    return 0;
}

/* Who could run nowhere any more, may run anywhere. */
static void break_affinity(struct fx_host *host, const struct fx_pool *pool,
                           uint64_t cpu)
{
    struct fx_domain *domain;
    struct fx_vcpu_state *v;
    unsigned int i = 0;

    while ((domain = next_domain(host, pool, &i)))
        for (uint32_t vcpu = 0; vcpu < domain->max_vcpus; vcpu++) {
            v = fx_vcpu_state(host, domain, vcpu);
            if (v && v->hard_affinity & cpu && !(v->hard_affinity & pool->cpus))
                v->hard_affinity = UINT64_MAX;
        }
}

/* Where they may run and what they get of it is forgotten. */
static void move(struct fx_host *host, struct fx_domain *domain, uint32_t id)
{
    struct fx_domain_state *state = fx_domain_state(host, domain);

    domain->pool = id;
    for (uint32_t i = 0; i < domain->max_vcpus; i++) {
        struct fx_vcpu_state *v = fx_vcpu_state(host, domain, i);

        if (v)
            v->hard_affinity = v->soft_affinity = UINT64_MAX;
    }
    if (state)
        state->sched_weight = state->sched_cap = 0;
    fx_update_node_affinity(host, domain);
}

/* The last CPU goes only if nobody lives there; who is dying, does in pool 0.
 */
static long clear_pool(struct fx_host *host, const struct fx_pool *pool)
{
    struct fx_domain *domain;
    unsigned int i = 0;

    while ((domain = next_domain(host, pool, &i))) {
        if (!domain->dying)
            return -EBUSY;
        move(host, domain, 0);
    }
    return 0;
}

static long remove_cpu(struct fx_host *host, struct fx_pool *pool, uint32_t cpu)
{
    uint64_t bit;
    long rc = 0;

    if (cpu == XEN_SYSCTL_CPUPOOL_PAR_ANY)
        cpu = pool->cpus ? 63 - (uint32_t)__builtin_clzll(pool->cpus) : FX_CPUS;
    if (cpu >= FX_CPUS || (!pool->id && !cpu))
        return -EINVAL;
    bit = UINT64_C(1) << cpu;
    if (!(pool->cpus & bit))
        return -EADDRNOTAVAIL;
    if (pool->cpus == bit)
        rc = clear_pool(host, pool);
    if (rc)
        return rc;
    pool->cpus &= ~bit;
    break_affinity(host, pool, bit);
    update_nodes(host, pool);
    return 0;
}

static long move_domain(const struct fx_caller *caller, uint32_t domid,
                        uint32_t id)
{
    struct fx_domain *domain = fx_domain(caller->host, domid);

    if (!domain)
        return -ESRCH;
    if (domid == FX_CONTROL_DOMID) /* the caller's own */
        return -EPERM;
    if (domain->pool == id)
        return 0;
    if (fx_pool_admits(caller->host, id))
        return -ENOENT;
    move(caller->host, domain, id);
    return 0;
}

long fx_cpupool_op(const struct fx_caller *caller,
                   struct xen_sysctl_cpupool_op *op)
{
    struct fx_host *host = caller->host;
    struct fx_pool *pool = find(host, op->cpupool_id);

    switch (op->op) {
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return create(host, op);
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
        return pool ? destroy(host, pool) : -ENOENT;
    case XEN_SYSCTL_CPUPOOL_OP_INFO: /* of the next one from that ID on */
        pool = next_pool(host, op->cpupool_id);
        return pool ? tell(caller, pool, op) : -ENOENT;
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
        return pool ? add_cpu(host, pool, op->cpu) : -ENOENT;
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        return pool ? remove_cpu(host, pool, op->cpu) : -ENOENT;
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return move_domain(caller, op->domid, op->cpupool_id);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return fx_bitmap_out(caller, &op->cpumap, free_cpus(host));
    default:
        return -ENOSYS;
    }
}
