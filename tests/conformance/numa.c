/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* NUMA: the nodes of a domain, its virtual ones, and those of devices. */
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

#define NO_DOMAIN 0x7eee
#define NR_VCPUS  2

/* ---- the nodes that a domain's memory comes from ---- */

static void node_affinity(struct test *t, uint32_t domid, unsigned int bits,
                          const char *what)
{
    uint64_t *map = xencall_alloc_buffer(t->call, sizeof(*map));
    struct xen_domctl op = {.u.nodeaffinity.nodemap.nr_bits = bits};

    if (!map)
        abort();
    *map = UINT64_C(0x5555555555555555);
    set_xen_guest_handle_raw(op.u.nodeaffinity.nodemap.bitmap, (uint8_t *)map);
    report(t, domctl(t, &op, XEN_DOMCTL_getnodeaffinity, domid), "%s", what);
    say(t, "  %llx", (unsigned long long)*map);
    xencall_free_buffer(t->call, map);
}

static void choose_nodes(struct test *t, uint32_t domid, uint64_t nodes)
{
    uint64_t *map = xencall_alloc_buffer(t->call, sizeof(*map));
    struct xen_domctl op = {.u.nodeaffinity.nodemap.nr_bits = 64};

    if (!map)
        abort();
    *map = nodes;
    set_xen_guest_handle_raw(op.u.nodeaffinity.nodemap.bitmap, (uint8_t *)map);
    report(t, domctl(t, &op, XEN_DOMCTL_setnodeaffinity, domid), "choose %llx",
           (unsigned long long)nodes);
    xencall_free_buffer(t->call, map);
}

static void run_on(struct test *t, uint32_t domid, uint32_t vcpu,
                   uint32_t flags, uint64_t cpus)
{
    uint64_t *map = xencall_alloc_buffer(t->call, sizeof(*map));
    struct xen_domctl op = {.u.vcpuaffinity = {.vcpu = vcpu, .flags = flags}};
    struct xen_domctl_vcpuaffinity *asked = &op.u.vcpuaffinity;

    if (!map)
        abort();
    *map = cpus;
    asked->cpumap_hard.nr_bits = asked->cpumap_soft.nr_bits = 64;
    set_xen_guest_handle_raw(asked->cpumap_hard.bitmap, (uint8_t *)map);
    set_xen_guest_handle_raw(asked->cpumap_soft.bitmap, (uint8_t *)map);
    report(t, domctl(t, &op, XEN_DOMCTL_setvcpuaffinity, domid),
           "vCPU %u on CPUs %llx, flags %x", vcpu, (unsigned long long)cpus,
           flags);
    xencall_free_buffer(t->call, map);
}

/* A machine of any size has a node 0 with a CPU 0. */
static void nodes(struct test *t)
{
    uint32_t domid;

    node_affinity(t, 0, 64, "domain 0's nodes");
    node_affinity(t, NO_DOMAIN, 64, "no domain's");
    if (domain_new(t, &domid, NR_VCPUS))
        abort();
    node_affinity(t, domid, 64, "without vCPUs");
    node_affinity(t, domid, 8, "  of 8");
    choose_nodes(t, domid, 3);
    node_affinity(t, domid, 64, "  chosen");
    choose_nodes(t, domid, UINT64_MAX);
    node_affinity(t, domid, 64, "  no longer chosen");
    (void)xc_domain_max_vcpus(t->xch, domid, NR_VCPUS);
    run_on(t, domid, 0, XEN_VCPUAFFINITY_HARD, 1);
    run_on(t, domid, 1, XEN_VCPUAFFINITY_HARD, 1);
    node_affinity(t, domid, 64, "on CPU 0");
    run_on(t, domid, 0, XEN_VCPUAFFINITY_SOFT, UINT64_C(1) << 60);
    run_on(t, domid, 1, XEN_VCPUAFFINITY_SOFT, UINT64_C(1) << 60);
    node_affinity(t, domid, 64, "preferring none that there is");
    choose_nodes(t, domid, 5);
    run_on(t, domid, 0, XEN_VCPUAFFINITY_SOFT, 1);
    node_affinity(t, domid, 64, "chosen, and then another affinity");
    choose_nodes(t, domid, UINT64_MAX);
    node_affinity(t, domid, 64, "following again");
    choose_nodes(t, domid, UINT64_MAX - 1);
    (void)xc_domain_destroy(t->xch, domid);
}

/* ---- virtual nodes ---- */

struct tables {
    unsigned int distance[4], to_node[NR_VCPUS], to_pnode[2];
    xen_vmemrange_t range[3];
};

static struct tables *new_tables(struct test *t)
{
    struct tables *v = xencall_alloc_buffer(t->call, sizeof(*v));

    if (!v)
        abort();
    *v = (struct tables){
        .distance = {10, 31, 32, 11},
        .to_node = {1, 0},
        .range = {{.start = 0, .end = 4096, .nid = 1},
                  {.start = 4096, .end = 8192, .nid = 0},
                  {.start = 1 << 20, .end = (1 << 20) + 4096, .nid = 7}},
    };
    return v;
}

static long set_virtual(struct test *t, uint32_t domid, struct tables *v,
                        unsigned int vnodes, unsigned int ranges)
{
    struct xen_domctl op = {.u.vnuma = {.nr_vnodes = vnodes,
                                        .nr_vmemranges = ranges,
                                        .nr_vcpus = NR_VCPUS}};

    set_xen_guest_handle_raw(op.u.vnuma.vdistance, v->distance);
    set_xen_guest_handle_raw(op.u.vnuma.vcpu_to_vnode, v->to_node);
    set_xen_guest_handle_raw(op.u.vnuma.vnode_to_pnode, v->to_pnode);
    set_xen_guest_handle_raw(op.u.vnuma.vmemrange, v->range);
    return domctl(t, &op, XEN_DOMCTL_setvnumainfo, domid);
}

static void print_tables(struct test *t, const struct tables *v)
{
    unsigned int i;

    say(t, "  distances %u %u %u %u, vCPUs on %u %u", v->distance[0],
        v->distance[1], v->distance[2], v->distance[3], v->to_node[0],
        v->to_node[1]);
    for (i = 0; i < 3; i++)
        say(t, "  %llx to %llx on %u", (unsigned long long)v->range[i].start,
            (unsigned long long)v->range[i].end, v->range[i].nid);
}

/* With room for so much. */
static void get_virtual(struct test *t, uint32_t domid, unsigned int vnodes,
                        unsigned int vcpus, unsigned int ranges, uint16_t pad)
{
    struct xen_vnuma_topology_info *asked =
        xencall_alloc_buffer(t->call, sizeof(*asked));
    struct tables *v = new_tables(t);

    if (!asked)
        abort();
    memset(v, 0xee, sizeof(*v));
    *asked = (struct xen_vnuma_topology_info){.domid = (domid_t)domid,
                                              .pad = pad,
                                              .nr_vnodes = vnodes,
                                              .nr_vcpus = vcpus,
                                              .nr_vmemranges = ranges};
    set_xen_guest_handle_raw(asked->vdistance.h, v->distance);
    set_xen_guest_handle_raw(asked->vcpu_to_vnode.h, v->to_node);
    set_xen_guest_handle_raw(asked->vmemrange.h, v->range);
    report(t,
           failed(xencall2(t->call, __HYPERVISOR_memory_op,
                           XENMEM_get_vnumainfo, (uintptr_t)asked)),
           "get, room for %u virtual nodes, %u vCPUs, %u ranges", vnodes, vcpus,
           ranges);
    say(t, "  %u virtual nodes, %u vCPUs, %u ranges", asked->nr_vnodes,
        asked->nr_vcpus, asked->nr_vmemranges);
    print_tables(t, v);
    xencall_free_buffer(t->call, v);
    xencall_free_buffer(t->call, asked);
}

/* What is wrong with a topology, and that the one before stays. */
static void refused(struct test *t, uint32_t domid)
{
    struct tables *v = new_tables(t);

    v->to_node[1] = 2;
    report(t, set_virtual(t, domid, v, 2, 1), "a vCPU on no virtual node");
    v->to_node[1] = 0;
    v->to_pnode[1] = 64;
    report(t, set_virtual(t, domid, v, 2, 1), "a virtual node on none");
    v->to_node[1] = 2;
    report(t, set_virtual(t, domid, v, 2, 1), "  and a vCPU, too");
    v->to_node[1] = v->to_pnode[1] = 0;
    v->range[0].flags = 1;
    report(t, set_virtual(t, domid, v, 2, 1), "a range with flags");
    v->to_pnode[1] = 64;
    report(t, set_virtual(t, domid, v, 2, 1), "  and a virtual node on none");
    report(t, set_virtual(t, domid, v, 33, 1), "33 virtual nodes");
    report(t, set_virtual(t, domid, v, 2, 171), "171 ranges");
    xencall_free_buffer(t->call, v);
    get_virtual(t, domid, 2, NR_VCPUS, 2, 0);
}

static void virtual_nodes(struct test *t)
{
    struct tables *v = new_tables(t);
    uint32_t domid;

    if (domain_new(t, &domid, NR_VCPUS))
        abort();
    get_virtual(t, 0, 2, NR_VCPUS, 2, 0);
    get_virtual(t, NO_DOMAIN, 2, NR_VCPUS, 2, 0);
    get_virtual(t, domid, 2, NR_VCPUS, 2, 0);
    get_virtual(t, domid, 2, NR_VCPUS, 2, 1);
    report(t, set_virtual(t, domid, v, 2, 2), "set two virtual nodes");
    get_virtual(t, domid, 2, NR_VCPUS, 2, 0);
    get_virtual(t, domid, 0, 0, 0, 0);
    get_virtual(t, domid, 1, NR_VCPUS, 2, 0);
    get_virtual(t, domid, 2, NR_VCPUS - 1, 2, 0);
    get_virtual(t, domid, 2, NR_VCPUS, 1, 0);
    get_virtual(t, domid, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0);
    get_virtual(t, domid, 2, NR_VCPUS, 2, 1);
    refused(t, domid);
    v->to_node[0] = 0;
    report(t, set_virtual(t, domid, v, 1, 3), "set another");
    get_virtual(t, domid, 2, NR_VCPUS, 3, 0);
    report(t, set_virtual(t, domid, v, 1, 0), "set one without ranges");
    get_virtual(t, domid, 2, NR_VCPUS, 3, 0);
    xencall_free_buffer(t->call, v);
    (void)xc_domain_destroy(t->xch, domid);
}

/* ---- devices ---- */

/* The second is no bus that a machine has. */
static void devices(struct test *t)
{
    const physdev_pci_device_t none = {
        .seg = 0xfffe, .bus = 0xfe, .devfn = 0xfe};
    physdev_pci_device_t *devs =
        xencall_alloc_buffer(t->call, 2 * sizeof(*devs));
    uint32_t *on = xencall_alloc_buffer(t->call, 2 * sizeof(*on));
    struct xen_sysctl op = {
        .cmd = XEN_SYSCTL_pcitopoinfo,
        .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
    };
    struct xen_sysctl_pcitopoinfo *asked = &op.u.pcitopoinfo;
    unsigned int n;

    if (!devs || !on)
        abort();
    devs[0] = devs[1] = none;
    for (n = 0; n < 3; n++) {
        on[0] = on[1] = 0xeeeeeeee;
        asked->num_devs = n;
        set_xen_guest_handle_raw(asked->devs, devs);
        set_xen_guest_handle_raw(asked->nodes, on);
        report(t, failed(xc_sysctl(t->xch, &op)), "the nodes of %u devices", n);
        say(t, "  of %u: %x %x", asked->num_devs, on[0], on[1]);
    }
    set_xen_guest_handle_raw(asked->nodes, (uint32_t *)NULL);
    report(t, failed(xc_sysctl(t->xch, &op)), "to nowhere");
    set_xen_guest_handle_raw(asked->nodes, on);
    set_xen_guest_handle_raw(asked->devs, (physdev_pci_device_t *)NULL);
    report(t, failed(xc_sysctl(t->xch, &op)), "from nowhere");
    asked->num_devs = 0;
    report(t, failed(xc_sysctl(t->xch, &op)), "  none of them");
    xencall_free_buffer(t->call, devs);
    xencall_free_buffer(t->call, on);
}

void section_numa(struct test *t, unsigned int width)
{
    (void)width;
    nodes(t);
    virtual_nodes(t);
    devices(t);
}
