/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A domain's life: what is asked for in which order, and what is told. */
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

#define NO_DOMAIN 0x7eee

static long create(struct test *t, struct xen_domctl *op, uint32_t domid)
{
    long r = domctl(t, op, XEN_DOMCTL_createdomain, domid);

    if (!r)
        xc_domain_destroy(t->xch, op->domain);
    return r;
}

static struct xen_domctl configuration(void)
{
    return (struct xen_domctl){
        .u.createdomain = {.max_vcpus = 2,
                           .max_evtchn_port = 1023,
                           .max_grant_frames = 4,
                           .max_maptrack_frames = 4,
                           .grant_opts = XEN_DOMCTL_GRANT_version(2)}};
}

#define TRY_CREATE(t, what, field, value)                                      \
    do {                                                                       \
        struct xen_domctl with = configuration();                              \
                                                                               \
        with.u.createdomain.field = (value);                                   \
        report(t, create(t, &with, DOMID_ANY), "%s", what);                    \
    } while (0)

static void creations(struct test *t)
{
    struct xen_domctl op = configuration();
    uint32_t domid;

    report(t, create(t, &op, DOMID_ANY), "createdomain");
    TRY_CREATE(t, "  no vCPUs", max_vcpus, 0);
    TRY_CREATE(t, "  too many vCPUs", max_vcpus, 8193);
    TRY_CREATE(t, "  few event channels", max_evtchn_port, 1);
    TRY_CREATE(t, "  default grant frames", max_grant_frames, -1);
    TRY_CREATE(t, "  no grant frames", max_grant_frames, 0);
    TRY_CREATE(t, "  very many grant frames", max_grant_frames, 1 << 20);
    TRY_CREATE(t, "  default maptrack frames", max_maptrack_frames, -1);
    TRY_CREATE(t, "  no grant version", grant_opts, 0);
    TRY_CREATE(t, "  grant version 1", grant_opts, 1);
    TRY_CREATE(t, "  grant version 3", grant_opts, 3);
    TRY_CREATE(t, "  unknown grant option", grant_opts, 0x12);
    TRY_CREATE(t, "  unknown flag", flags, 1u << 31);
    TRY_CREATE(t, "  hap without hvm", flags, XEN_DOMCTL_CDF_hap);
    TRY_CREATE(t, "  a xenstore domain", flags, XEN_DOMCTL_CDF_xs_domain);
    TRY_CREATE(t, "  unknown IOMMU option", iommu_opts, 0x80);
    TRY_CREATE(t, "  no such pool", cpupool_id, 77);
    TRY_CREATE(t, "  emulation flags", arch.emulation_flags, 1);
    TRY_CREATE(t, "  unknown misc flag", arch.misc_flags, 1u << 31);
    TRY_CREATE(t, "  relaxed MSRs", arch.misc_flags, XEN_X86_MSR_RELAXED);
    report(t, domain_new(t, &domid, 2), "another");
    op = configuration();
    report(t, create(t, &op, domid), "  its ID again");
    op = configuration();
    report(t, create(t, &op, 0x6fff), "  an ID of one's own");
    say(t, "  it got it: %s", op.domain == 0x6fff ? "yes" : "no");
    op = configuration();
    op.cmd = XEN_DOMCTL_createdomain;
    op.domain = DOMID_SELF;
    report(t, failed(xc_domctl(t->xch, &op)), "  for DOMID_SELF");
    if (op.domain != DOMID_SELF && op.domain)
        xc_domain_destroy(t->xch, op.domain);
    report(t, failed(xc_domain_destroy(t->xch, domid)), "destroydomain");
    report(t, failed(xc_domain_destroy(t->xch, domid)), "  twice");
    report(t, failed(xc_domain_destroy(t->xch, DOMID_SELF)), "  DOMID_SELF");
    report(t, failed(xc_domain_destroy(t->xch, 0)), "  domain 0");
}

static void info(struct test *t, uint32_t domid, const char *when)
{
    struct xen_domctl op = {0};
    const struct xen_domctl_getdomaininfo *i = &op.u.getdomaininfo;
    long r = domctl(t, &op, XEN_DOMCTL_getdomaininfo, domid);

    report(t, r, "getdomaininfo, %s", when);
    if (r)
        return;
    say(t, "  the one asked: %s, %s", op.domain == domid ? "yes" : "no",
        i->domain == op.domain ? "twice told" : "told otherwise");
    say(t, "  flags %x, %llu pages of %llu, %llu outstanding", i->flags,
        (unsigned long long)i->tot_pages, (unsigned long long)i->max_pages,
        (unsigned long long)i->outstanding_pages);
    say(t, "  %u vCPUs online, highest %d, pool %u", i->nr_online_vcpus,
        (int)i->max_vcpu_id, i->cpupool);
    say(t, "  shared %llu, paged %llu, CPU time %llu, shared_info: %s",
        (unsigned long long)i->shr_pages, (unsigned long long)i->paged_pages,
        (unsigned long long)i->cpu_time,
        i->shared_info_frame < 0x100000 ? "below 4 GiB" : "above 4 GiB");
}

static void told(struct test *t)
{
    struct xen_domctl op = {0};
    xc_domaininfo_t list[4];
    uint32_t a, b;
    int n;

    (void)domain_new(t, &a, 2);
    info(t, a, "new");
    (void)domain_new(t, &b, 2);
    (void)xc_domain_destroy(t->xch, a);
    op.domain = 0;
    report(t, domctl(t, &op, XEN_DOMCTL_getdomaininfo, a), "of one destroyed");
    say(t, "  it tells of the next one: %s",
        op.u.getdomaininfo.domain == b ? "yes" : "no");
    n = xc_domain_getinfolist(t->xch, a, 4, list);
    report(t, failed(n), "a list from there");
    say(t, "  its first is that one: %s",
        n > 0 && list[0].domain == b ? "yes" : "no");
    report(t, failed(xc_domain_getinfolist(t->xch, b + 1, 4, list)),
           "a list from beyond");
    report(t, failed(xc_domain_getinfolist(t->xch, a, 0, list)),
           "a list of none");
    report(t, domctl(t, &op, XEN_DOMCTL_getdomaininfo, b + 1), "beyond all");
    report(t, domctl(t, &op, XEN_DOMCTL_getdomaininfo, NO_DOMAIN),
           "far beyond all");
    report(t, domctl(t, &op, XEN_DOMCTL_getdomaininfo, DOMID_SELF),
           "DOMID_SELF");
    (void)xc_domain_destroy(t->xch, b);
}

static void vcpus(struct test *t)
{
    static const unsigned int counts[] = {0, 1, 2, 3, 8192, 8193};
    xc_vcpuinfo_t vcpu = {0};
    uint32_t domid;

    (void)domain_new(t, &domid, 2);
    report(t, failed(xc_vcpu_getinfo(t->xch, domid, 0, &vcpu)),
           "getvcpuinfo before max_vcpus");
    for (unsigned int i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        report(t, failed(xc_domain_max_vcpus(t->xch, domid, counts[i])),
               "max_vcpus %u", counts[i]);
    info(t, domid, "with vCPUs");
    report(t, failed(xc_domain_max_vcpus(t->xch, domid, 2)), "max_vcpus twice");
    for (unsigned int i = 0; i < 4; i++) {
        report(t, failed(xc_vcpu_getinfo(t->xch, domid, i, &vcpu)),
               "getvcpuinfo %u", i);
        say(t, "  online %u, blocked %u, running %u", vcpu.online, vcpu.blocked,
            vcpu.running);
    }
    report(t, failed(xc_domain_max_vcpus(t->xch, NO_DOMAIN, 2)),
           "max_vcpus for no domain");
    report(t, failed(xc_vcpu_getinfo(t->xch, NO_DOMAIN, 0, &vcpu)),
           "getvcpuinfo of no domain");
    (void)xc_domain_destroy(t->xch, domid);
}

static long address_size(struct test *t, uint32_t domid, unsigned int size)
{
    struct xen_domctl op = {.u.address_size.size = size};

    return domctl(t, &op, XEN_DOMCTL_set_address_size, domid);
}

static long address_size_is(struct test *t, uint32_t domid)
{
    struct xen_domctl op = {0};
    long r = domctl(t, &op, XEN_DOMCTL_get_address_size, domid);

    return r < 0 ? r : (long)op.u.address_size.size;
}

static void address_sizes(struct test *t)
{
    static const unsigned int sizes[] = {64, 0, 16, 33, 128, 32, 32, 64};
    xen_pfn_t pfn = 0;
    uint32_t domid;

    (void)domain_new(t, &domid, 2);
    report(t, address_size_is(t, domid), "address size");
    for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        report(t, address_size(t, domid, sizes[i]), "set it to %u", sizes[i]);
        report(t, address_size_is(t, domid), "  it is");
    }
    report(t, failed(xc_domain_max_vcpus(t->xch, domid, 2)), "then max_vcpus");
    report(t, address_size(t, domid, 64), "then 64");
    report(t, address_size(t, domid, 32), "then 32");
    (void)xc_domain_destroy(t->xch, domid);

    (void)domain_new(t, &domid, 2);
    (void)xc_domain_max_vcpus(t->xch, domid, 2);
    report(t, address_size(t, domid, 32), "32 after max_vcpus");
    (void)xc_domain_destroy(t->xch, domid);

    (void)domain_new(t, &domid, 2);
    (void)xc_domain_setmaxmem(t->xch, domid, 64);
    report(
        t,
        failed(xc_domain_populate_physmap_exact(t->xch, domid, 1, 0, 0, &pfn)),
        "a page, then");
    report(t, address_size(t, domid, 32), "  32");
    report(t, address_size(t, domid, 64), "  64");
    report(t, address_size_is(t, domid), "  it is");
    report(t, failed(xc_domain_decrease_reservation(t->xch, domid, 1, 0, &pfn)),
           "the page goes, then");
    report(t, address_size(t, domid, 32), "  32");
    (void)xc_domain_destroy(t->xch, domid);
    report(t, address_size(t, NO_DOMAIN, 32), "for no domain");
    report(t, address_size_is(t, NO_DOMAIN), "of no domain");
}

static void pauses(struct test *t)
{
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    info(t, domid, "never unpaused");
    report(t, failed(xc_domain_pause(t->xch, domid)), "pause");
    report(t, failed(xc_domain_unpause(t->xch, domid)), "unpause");
    info(t, domid, "paused twice, unpaused once");
    report(t, failed(xc_domain_unpause(t->xch, domid)), "unpause");
    report(t, failed(xc_domain_unpause(t->xch, domid)), "unpause");
    info(t, domid, "unpaused without a vCPU");
    report(t, failed(xc_domain_pause(t->xch, domid)), "pause");
    report(t, failed(xc_domain_pause(t->xch, domid)), "pause");
    info(t, domid, "paused");
    report(t, failed(xc_domain_shutdown(t->xch, domid, SHUTDOWN_crash)),
           "shutdown");
    info(t, domid, "shut down");
    report(t, failed(xc_domain_shutdown(t->xch, domid, SHUTDOWN_reboot)),
           "shutdown otherwise");
    info(t, domid, "shut down");
    {
        struct xen_domctl op = {0};

        report(t, domctl(t, &op, XEN_DOMCTL_resumedomain, domid), "resume");
        info(t, domid, "resumed");
        report(t, domctl(t, &op, XEN_DOMCTL_resumedomain, domid),
               "resume twice");
        report(t, domctl(t, &op, XEN_DOMCTL_resumedomain, NO_DOMAIN),
               "resume no domain");
        report(t, domctl(t, &op, XEN_DOMCTL_resumedomain, DOMID_SELF),
               "resume oneself");
    }
    report(t, failed(xc_domain_shutdown(t->xch, domid, 250)),
           "shutdown for no reason that there is");
    info(t, domid, "shut down");
    report(t, failed(xc_domain_pause(t->xch, NO_DOMAIN)), "pause no domain");
    report(t, failed(xc_domain_unpause(t->xch, NO_DOMAIN)),
           "unpause no domain");
    report(t, failed(xc_domain_shutdown(t->xch, NO_DOMAIN, 0)),
           "shut no domain down");
    (void)xc_domain_destroy(t->xch, domid);
}

static void limits(struct test *t)
{
    static const uint64_t kib[] = {0, 3, 4, 4096, 1ull << 40, UINT64_MAX};
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    for (unsigned int i = 0; i < sizeof(kib) / sizeof(kib[0]); i++) {
        report(t, failed(xc_domain_setmaxmem(t->xch, domid, kib[i])),
               "max_mem %llu KiB", (unsigned long long)kib[i]);
        info(t, domid, "then");
    }
    report(t, failed(xc_domain_setmaxmem(t->xch, NO_DOMAIN, 4)),
           "max_mem for no domain");
    (void)xc_domain_destroy(t->xch, domid);
}

static void handles(struct test *t)
{
    xen_domain_handle_t handle = {1, 2, 3, 4, 5, 6, 7, 8};
    struct xen_domctl op = {0};
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    report(t, failed(xc_domain_sethandle(t->xch, domid, handle)), "sethandle");
    (void)domctl(t, &op, XEN_DOMCTL_getdomaininfo, domid);
    say(t, "  it is told: %s",
        memcmp(op.u.getdomaininfo.handle, handle, sizeof(handle)) ? "no"
                                                                  : "yes");
    report(t, failed(xc_domain_sethandle(t->xch, NO_DOMAIN, handle)),
           "sethandle of no domain");
    (void)xc_domain_destroy(t->xch, domid);
}

static void dying_vcpus(struct test *t, const struct guest *g)
{
    vcpu_guest_context_any_t c;
    xc_vcpuinfo_t vcpu = {0};

    report(t, failed(xc_vcpu_getinfo(t->xch, g->domid, 0, &vcpu)),
           "getvcpuinfo");
    say(t, "  online %u, blocked %u, running %u", vcpu.online, vcpu.blocked,
        vcpu.running);
    report(t, failed(xc_vcpu_getcontext(t->xch, g->domid, 0, &c)),
           "getvcpucontext");
    report(t, failed(xc_vcpu_getcontext(t->xch, g->domid, 1, &c)),
           "getvcpucontext of another vCPU");
    report(t, context_reset(t, g, 1), "reset that");
    report(t, failed(xc_domain_max_vcpus(t->xch, g->domid, 4)), "max_vcpus");
}

/* Frame 2 was pinned, frame 3 is mapped. */
static void dying_frames(struct test *t, const struct guest *g)
{
    struct xen_domctl op = {.u.hypercall_init.gmfn = g->mfn[3]};
    xen_pfn_t frame = 9;
    uint64_t value;

    report(t, failed(xc_domain_setmaxmem(t->xch, g->domid, 4096)), "max_mem");
    report(
        t,
        failed(xc_domain_populate_physmap(t->xch, g->domid, 1, 0, 0, &frame)),
        "populate_physmap");
    say_types(t, g, g->nr);
    report(t, pin(t, g, 1, 3), "pin the mapped frame");
    report(t, unpin(t, g, 2), "unpin the pinned one");
    report(t, update(t, g, 3, 0, 0), "update the mapped frame");
    report(t, peek(t, g, 3, 0, &value), "map it once more");
    report(t, peek(t, g, 4, 0, &value), "map another");
    report(t, domctl(t, &op, XEN_DOMCTL_hypercall_init, g->domid),
           "hypercall_init");
}

static void dying_others(struct test *t, const struct guest *g)
{
    struct xen_domctl op = {.u.shadow_op.op =
                                XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY};

    report(t, domctl(t, &op, XEN_DOMCTL_shadow_op, g->domid), "log-dirty on");
    report(t, failed(xc_evtchn_alloc_unbound(t->xch, g->domid, 0)),
           "alloc_unbound");
    report(t, failed(xc_domain_pause(t->xch, g->domid)), "pause");
    report(t, failed(xc_domain_unpause(t->xch, g->domid)), "unpause");
    report(t, failed(xc_domain_shutdown(t->xch, g->domid, 0)), "shutdown");
    report(t, failed(xc_domain_destroy(t->xch, g->domid)), "destroy it again");
}

/* A mapping keeps a domain dying that is destroyed: what can still be done? */
static void dying(struct test *t, unsigned int width)
{
    struct guest g;
    vcpu_guest_context_any_t c;
    long error;
    void *page;

    guest_new(t, &g, width, 8);
    make_root(t, &g, 0, 1);
    context_new(&g, &c, 0);
    report(t, context_set(t, &g, 0, &c), "%u bits: a context", width);
    report(t, pin(t, &g, 1, 2), "a pinned frame");
    page = guest_map(t, &g, 3, true, &error);
    guest_end(t, &g);
    info(t, g.domid, "dying");
    dying_vcpus(t, &g);
    dying_frames(t, &g);
    dying_others(t, &g);
    info(t, g.domid, "still dying");
    if (page)
        guest_unmap(t, page);
    report(t, failed(xc_domain_destroy(t->xch, g.domid)), "and again");
}

/* The interface is refused as a whole, or what it names is. */
static void interfaces(struct test *t)
{
    struct xen_domctl *op = xencall_alloc_buffer(t->call, sizeof(*op));
    static const uint32_t versions[] = {0, XEN_DOMCTL_INTERFACE_VERSION - 1,
                                        XEN_DOMCTL_INTERFACE_VERSION,
                                        XEN_DOMCTL_INTERFACE_VERSION + 1};
    static const char *const named[] = {"0", "one less", "its own", "one more"};
    static const uint32_t numbers[] = {0, 9, 999, 1100, 0x7fffffff};
    struct xen_domctl unknown = {0};
    uint32_t domid;

    (void)domain_new(t, &domid, 1);
    if (!op)
        abort();
    for (unsigned int i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        memset(op, 0, sizeof(*op));
        op->cmd = XEN_DOMCTL_getdomaininfo;
        op->domain = (domid_t)domid;
        op->interface_version = versions[i];
        report(t, failed(xencall1(t->call, __HYPERVISOR_domctl, (uintptr_t)op)),
               "domctl interface %s", named[i]);
    }
    xencall_free_buffer(t->call, op);
    for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        report(t, domctl(t, &unknown, numbers[i], domid), "domctl number %u",
               numbers[i]);
        report(t, domctl(t, &unknown, numbers[i], NO_DOMAIN),
               "  for no domain");
    }
    (void)xc_domain_destroy(t->xch, domid);
}

void section_domain(struct test *t, unsigned int width)
{
    (void)width;
    creations(t);
    told(t);
    vcpus(t);
    address_sizes(t);
    pauses(t);
    limits(t);
    handles(t);
    dying(t, 32);
    dying(t, 64);
    interfaces(t);
}
