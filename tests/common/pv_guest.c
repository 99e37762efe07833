/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pv_guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "xen_versions.h"

static int fail(const char *what)
{
    fprintf(stderr, "pv_guest: %s: %s\n", what, strerror(errno));
    return -1;
}

int pv_guest_create(struct pv_guest *g)
{
    struct xen_domctl_createdomain config = {
        .max_vcpus = g->vcpus,
        .max_evtchn_port = 1023,
        .max_grant_frames = -1, /* as many as by default */
        .max_maptrack_frames = -1,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };

    g->domid = DOMID_ANY;
    if (xc_domain_create(g->xch, &g->domid, &config))
        return fail("xc_domain_create");
    if (xc_domain_max_vcpus(g->xch, g->domid, g->vcpus))
        return fail("xc_domain_max_vcpus");
    if (xc_domain_setmaxmem(g->xch, g->domid, (g->mib + 1) * UINT64_C(1024)))
        return fail("xc_domain_setmaxmem");
    return 0;
}

static int open_channels(struct pv_guest *g)
{
    int store = xc_evtchn_alloc_unbound(g->xch, g->domid, 0);
    int console = xc_evtchn_alloc_unbound(g->xch, g->domid, 0);

    if (store < 0 || console < 0)
        return fail("xc_evtchn_alloc_unbound");
    g->dom->xenstore_evtchn = (evtchn_port_t)store;
    g->dom->console_evtchn = (evtchn_port_t)console;
    return 0;
}

int pv_guest_load(struct pv_guest *g)
{
    struct xc_dom_image *dom = xc_dom_allocate(g->xch, g->cmdline, NULL);

    g->dom = dom;
    if (!dom)
        return fail("xc_dom_allocate");
    dom->container_type = XC_DOM_PV_CONTAINER;
    dom->max_vcpus = g->vcpus;
    dom->flags = 0; /* libxl, too, drops what xc_dom_allocate() sets */
    if (open_channels(g))
        return -1;
    if (xc_cpuid_apply_policy(g->xch, g->domid, false, NULL, 0, true, false,
                              false, NULL, NULL))
        return fail("xc_cpuid_apply_policy");
    if (xc_dom_kernel_file(dom, g->kernel))
        return fail(g->kernel);
    if (g->ramdisk && xc_dom_module_file(dom, g->ramdisk, NULL))
        return fail(g->ramdisk);
    if (xc_dom_boot_xen_init(dom, g->xch, g->domid) || xc_dom_parse_image(dom))
        return fail("the image");
    return 0;
}

/* Two vNUMA ranges on one node, with no memory between them. */
static int split_memory(struct pv_guest *g)
{
    struct xc_dom_image *dom = g->dom;
    uint64_t half = (uint64_t)g->mib / 2 << 20, all = (uint64_t)g->mib << 20;
    uint64_t hole = (uint64_t)g->hole_mib << 20;
    xen_vmemrange_t *ranges = xc_dom_malloc(dom, 2 * sizeof(*ranges));
    unsigned int *node = xc_dom_malloc(dom, sizeof(*node));

    if (!ranges || !node)
        return -1;
    ranges[0] = (xen_vmemrange_t){.start = 0, .end = half};
    ranges[1] = (xen_vmemrange_t){.start = half + hole, .end = all + hole};
    *node = XC_NUMA_NO_NODE;
    dom->vmemranges = ranges;
    dom->nr_vmemranges = 2;
    dom->vnode_to_pnode = node;
    dom->nr_vnodes = 1;
    return 0;
}

int pv_guest_build(struct pv_guest *g)
{
    struct xc_dom_image *dom = g->dom;

    if (g->hole_mib && split_memory(g))
        return fail("the memory's ranges");
    if (xc_dom_mem_init(dom, g->mib) || xc_dom_boot_mem_init(dom) ||
        xc_dom_build_image(dom) || xc_dom_boot_image(dom) ||
        xc_dom_gnttab_init(dom))
        return fail("the build");
    return 0;
}

void pv_guest_release(struct pv_guest *g)
{
    if (g->dom)
        xc_dom_release(g->dom);
    g->dom = NULL;
}

int pv_guest_destroy(struct pv_guest *g)
{
    if (g->domid && xc_domain_destroy(g->xch, g->domid))
        return fail("xc_domain_destroy");
    g->domid = 0;
    return 0;
}
