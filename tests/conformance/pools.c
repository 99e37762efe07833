/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CPU pools.  The host's CPUs stay where they are, as there may be one only: so
 * these have none, and what comes of that is told.  The pools' IDs are not.
 */
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

#define NO_DOMAIN 0x7eee
#define NO_POOL   7777

static long pool_op(struct test *t, struct xen_sysctl *op, uint32_t cmd,
                    uint32_t pool)
{
    uint64_t *map = xencall_alloc_buffer(t->call, sizeof(*map));
    long r;

    if (!map)
        abort();
    op->cmd = XEN_SYSCTL_cpupool_op;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    op->u.cpupool_op.op = cmd;
    op->u.cpupool_op.cpupool_id = pool;
    op->u.cpupool_op.cpumap.nr_bits = 64;
    set_xen_guest_handle_raw(op->u.cpupool_op.cpumap.bitmap, (uint8_t *)map);
    r = failed(xc_sysctl(t->xch, op));
    xencall_free_buffer(t->call, map);
    return r;
}

static long create(struct test *t, uint32_t pool, uint32_t scheduler,
                   uint32_t *id)
{
    struct xen_sysctl op = {.u.cpupool_op.sched_id = scheduler};
    long r = pool_op(t, &op, XEN_SYSCTL_CPUPOOL_OP_CREATE, pool);

    *id = op.u.cpupool_op.cpupool_id;
    return r;
}

static long destroy(struct test *t, uint32_t pool)
{
    struct xen_sysctl op = {0};

    return pool_op(t, &op, XEN_SYSCTL_CPUPOOL_OP_DESTROY, pool);
}

static void creations(struct test *t)
{
    static const uint32_t schedulers[] = {XEN_SCHEDULER_CREDIT,
                                          XEN_SCHEDULER_CREDIT2, 0, 4, 99};
    struct xen_sysctl op = {0};
    uint32_t id;

    for (unsigned int i = 0; i < sizeof(schedulers) / sizeof(schedulers[0]);
         i++) {
        long r = create(t, XEN_SYSCTL_CPUPOOL_PAR_ANY, schedulers[i], &id);

        report(t, r, "create, scheduler %u", schedulers[i]);
        if (r)
            continue;
        report(t, pool_op(t, &op, XEN_SYSCTL_CPUPOOL_OP_INFO, id), "  info");
        say(t, "  the same: %s, scheduler %u, domains %u",
            op.u.cpupool_op.cpupool_id == id ? "yes" : "no",
            op.u.cpupool_op.sched_id, op.u.cpupool_op.n_dom);
        report(t, destroy(t, id), "  destroy");
        report(t, destroy(t, id), "  destroy again");
    }
    report(t, create(t, 0, XEN_SCHEDULER_CREDIT2, &id), "create pool 0");
    report(t, create(t, NO_POOL, XEN_SCHEDULER_CREDIT2, &id), "create by ID");
    say(t, "  %u", id);
    report(t, pool_op(t, &op, XEN_SYSCTL_CPUPOOL_OP_INFO, 1000),
           "info from 1000 on");
    say(t, "  %u", op.u.cpupool_op.cpupool_id);
    report(t, destroy(t, NO_POOL), "destroy");
    report(t, destroy(t, 0), "destroy pool 0");
}

/* There are two for each CPU, pool 0 among them, and IDs go up. */
static void fill(struct test *t)
{
    unsigned int n = 0;
    xc_physinfo_t host;
    uint32_t id;
    long r;

    if (xc_physinfo(t->xch, &host))
        abort();
    while (!(r = create(t, XEN_SYSCTL_CPUPOOL_PAR_ANY, XEN_SCHEDULER_CREDIT,
                        &id)) &&
           id == n + 1)
        n++;
    report(t, r, "create too many");
    say(t, "  two for each CPU: %s",
        n + 1 == 2 * (host.max_cpu_id + 1) ? "yes" : "no");
    while (n)
        (void)destroy(t, n--);
    report(t, create(t, XEN_SYSCTL_CPUPOOL_PAR_ANY, XEN_SCHEDULER_CREDIT, &id),
           "create one of them again");
    say(t, "  pool %u", id);
    report(t, destroy(t, id), "destroy");
}

static void cpus(struct test *t, uint32_t pool, const char *what)
{
    static const uint32_t some[] = {0, 9999, XEN_SYSCTL_CPUPOOL_PAR_ANY};
    struct xen_sysctl op;

    for (unsigned int i = 0; i < 3; i++) {
        op = (struct xen_sysctl){.u.cpupool_op.cpu = some[i]};
        report(t, pool_op(t, &op, XEN_SYSCTL_CPUPOOL_OP_ADDCPU, pool),
               "%s: add CPU %d", what, (int)some[i]);
        if (pool == 0 && some[i] == XEN_SYSCTL_CPUPOOL_PAR_ANY)
            continue; /* a host with several CPUs would lose one */
        op = (struct xen_sysctl){.u.cpupool_op.cpu = some[i]};
        report(t, pool_op(t, &op, XEN_SYSCTL_CPUPOOL_OP_RMCPU, pool),
               "%s: remove CPU %d", what, (int)some[i]);
    }
}

static void move(struct test *t, uint32_t domid, uint32_t pool,
                 const char *what)
{
    struct xen_sysctl op = {.u.cpupool_op.domid = domid};

    report(t, pool_op(t, &op, XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, pool),
           "move %s", what);
}

static void domains(struct test *t, uint32_t pool)
{
    struct xen_domctl op = {
        .u.createdomain = {.max_vcpus = 1,
                           .max_evtchn_port = 1023,
                           .max_grant_frames = 4,
                           .max_maptrack_frames = 4,
                           .grant_opts = XEN_DOMCTL_GRANT_version(2),
                           .cpupool_id = pool}};
    xc_domaininfo_t info;
    uint32_t domid;

    report(t, domctl(t, &op, XEN_DOMCTL_createdomain, DOMID_ANY),
           "createdomain in a pool without CPUs");
    report(t, domain_new(t, &domid, 1), "createdomain");
    move(t, domid, 0, "it to pool 0, where it is");
    move(t, domid, pool, "it to a pool without CPUs");
    move(t, domid, NO_POOL, "it to no pool");
    move(t, 0, pool, "domain 0");
    move(t, NO_DOMAIN, pool, "no domain");
    move(t, DOMID_SELF, pool, "DOMID_SELF");
    if (domain_info(t, domid, &info))
        say(t, "  pool %u", info.cpupool);
    xc_domain_destroy(t->xch, domid);
}

/* A pool's parameters, and those of its scheduler that are not the pool's. */
static void parameters(struct test *t, uint32_t pool)
{
    for (uint32_t id = XEN_SCHEDULER_CREDIT; id <= XEN_SCHEDULER_CREDIT2;
         id++) {
        struct xen_sysctl op = {
            .cmd = XEN_SYSCTL_scheduler_op,
            .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
            .u.scheduler_op = {.cpupool_id = pool,
                               .sched_id = id,
                               .cmd = XEN_SYSCTL_SCHEDOP_getinfo}};

        report(t, failed(xc_sysctl(t->xch, &op)), "scheduler %u's parameters",
               id);
        if (id == XEN_SCHEDULER_CREDIT)
            say(t, "  %u, %u, %u", op.u.scheduler_op.u.sched_credit.tslice_ms,
                op.u.scheduler_op.u.sched_credit.ratelimit_us,
                op.u.scheduler_op.u.sched_credit.vcpu_migr_delay_us);
    }
}

void section_pools(struct test *t, unsigned int width)
{
    uint32_t pool;

    (void)width;
    creations(t);
    fill(t);
    report(t,
           create(t, XEN_SYSCTL_CPUPOOL_PAR_ANY, XEN_SCHEDULER_CREDIT, &pool),
           "create");
    cpus(t, 0, "pool 0");
    cpus(t, pool, "one without CPUs");
    cpus(t, NO_POOL, "no pool");
    domains(t, pool);
    parameters(t, pool);
    report(t, destroy(t, pool), "destroy");
}
