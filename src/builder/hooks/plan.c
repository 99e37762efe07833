/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <xenctrl.h>
#include <xenguest.h>

#include "hooks/plan.h"

/*
 * Bytes that libxenguest will give module `i`: it decompresses gzip, unless
 * that would exceed its limit or the caller chose the address.
 */
static int module_bytes(struct xc_dom_image *dom, unsigned int i,
                        uint64_t *bytes)
{
    struct xc_dom_module *m = &dom->modules[i];
    size_t max = dom->max_module_size, unzipped = 0;

    *bytes = 0;
    if (i >= dom->num_modules || !m->blob)
        return 0;
    if (!m->seg.vstart)
        unzipped = xc_dom_check_gzip(dom->xch, m->blob, m->size);
    *bytes = unzipped > m->size ? unzipped : m->size;
    if (max && unzipped && *bytes > max)
        *bytes = unzipped < m->size ? unzipped : m->size;
    return max && *bytes > max ? -ENOSPC : 0;
}

static int by_first(const void *a, const void *b)
{
    const struct pv_range *x = a, *y = b;

    return (x->first.v > y->first.v) - (x->first.v < y->first.v);
}

/* dom's vNUMA ranges, or all of its memory on any node. */
static int plan_ranges(struct xc_dom_image *dom, struct pv_range **ranges,
                       unsigned int *nr)
{
    struct pv_range *r;

    *nr = dom->nr_vmemranges ? dom->nr_vmemranges : 1;
    *ranges = r = xc_dom_malloc(dom, *nr * sizeof(*r));
    if (!r)
        return -ENOMEM;
    r[0] = (struct pv_range){PFN(0), PFN(dom->total_pages), PV_ANY_NODE};
    for (unsigned int i = 0; i < dom->nr_vmemranges; i++) {
        const xen_vmemrange_t *v = &dom->vmemranges[i];

        if (v->nid >= dom->nr_vnodes)
            return -EINVAL;
        r[i] = (struct pv_range){PFN(v->start >> DW_PAGE_SHIFT),
                                 PFN(v->end >> DW_PAGE_SHIFT),
                                 dom->vnode_to_pnode[v->nid]};
    }
    qsort(r, *nr, sizeof(*r), by_first);
    return 0;
}

static int explain(const struct pv_refusal *refusal, int rc, char *why,
                   size_t len)
{
    if (rc == -ENOSPC)
        snprintf(why, len,
                 "no room for the %s: %" PRIu64 " KiB needed, %" PRIu64
                 " KiB of memory left",
                 refusal->what, refusal->need << (DW_PAGE_SHIFT - 10),
                 refusal->have << (DW_PAGE_SHIFT - 10));
    else if (rc)
        snprintf(why, len, "%s (%#" PRIx64 ", %#" PRIx64 ")", refusal->what,
                 refusal->need, refusal->have);
    return rc;
}

/* What the kernel asks for. */
static int plan_kernel(struct xc_dom_image *dom, struct kernel_notes *notes,
                       struct pv_kernel *kernel, char *why, size_t len)
{
    if (kernel_notes_read(dom->kernel_blob, dom->kernel_size, notes)) {
        snprintf(why, len, "the kernel is not an ELF image");
        return -EINVAL;
    }
    *kernel = (struct pv_kernel){
        .base = VADDR(xc_dom_virt_base(dom)),
        .first = VADDR(dom->kernel_seg.vstart),
        .end = VADDR(dom->kernel_seg.vend),
        .init_p2m = VADDR(notes->init_p2m),
        .unmapped_modules = notes->mod_start_pfn,
    };
    return 0;
}

static int plan_modules(struct xc_dom_image *dom, struct pv_module *module,
                        char *why, size_t len)
{
    for (unsigned int i = 0; i < PV_MAX_MODULES; i++) {
        uint64_t at = dom->modules[i].seg.vstart;
        int rc = module_bytes(dom, i, &module[i].bytes);

        if (rc) {
            snprintf(why, len, "the ramdisk is larger than %zu MiB",
                     dom->max_module_size >> 20);
            return rc;
        }
        module[i].first = at ? VADDR(at) : VADDR_NONE;
    }
    return 0;
}

int dw_plan(struct xc_dom_image *dom, struct dw_plan *plan, char *why,
            size_t len)
{
    struct pv_request req = {.abi = pv_abi_by_type(dom->guest_type)};
    struct pv_refusal refusal = {.what = ""};
    int rc;

    if (!req.abi) {
        snprintf(why, len, "a guest of type %s is not ours to build",
                 dom->guest_type);
        return -EINVAL;
    }
    rc = plan_kernel(dom, &plan->notes, &req.kernel, why, len);
    if (!rc)
        rc = plan_modules(dom, req.module, why, len);
    if (rc)
        return rc;
    rc = plan_ranges(dom, &plan->ranges, &plan->nr_ranges);
    if (rc) {
        snprintf(why, len, "%s",
                 rc == -ENOMEM ? "out of memory" : "a vNUMA node is unknown");
        return rc;
    }
    req.ranges = plan->ranges;
    req.nr_ranges = plan->nr_ranges;
    rc = pv_layout_plan(&req, &plan->layout, &refusal);
    return explain(&refusal, rc, why, len);
}
