/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/features.h>
#include <xenctrl.h>
#include <xenguest.h>

#include "hooks/build_fail.h"
#include "hooks/plan.h"
#include "xen_versions.h"

/*
 * Bytes that libxenguest will give module `i`: it decompresses gzip, where it
 * does, unless that would exceed its limit or the caller chose the address.
 */
static int module_bytes(struct xc_dom_image *dom, unsigned int i,
                        uint64_t *bytes)
{
    struct xc_dom_module *m = &dom->modules[i];
    size_t max = dom->max_module_size, unzipped = 0;

    *bytes = 0;
    if (i >= dom->num_modules || !m->blob)
        return 0;
    if (XEN_UNPACKS_RAMDISKS && !m->seg.vstart)
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

/* What the kernel asks for. */
static int plan_kernel(struct xc_dom_image *dom, struct kernel_notes *notes,
                       struct pv_kernel *kernel)
{
    if (kernel_notes_read(dom->kernel_blob, dom->kernel_size, notes))
        return build_fail(dom, -EINVAL, "plan",
                          "the kernel is not an ELF image");
    if (dom->f_active[0] & UINT32_C(1) << XENFEAT_auto_translated_physmap)
        return build_fail(dom, -EINVAL, "plan",
                          "it wants to be auto-translated, which Xen no "
                          "longer does");
    *kernel = (struct pv_kernel){
        .base = VADDR(xc_dom_virt_base(dom)),
        .first = VADDR(dom->kernel_seg.vstart),
        .end = VADDR(dom->kernel_seg.vend),
        .init_p2m = VADDR(notes->init_p2m),
        .unmapped_modules = notes->mod_start_pfn,
    };
    return 0;
}

static int plan_modules(struct xc_dom_image *dom, struct pv_module *module)
{
    for (unsigned int i = 0; i < PV_MAX_MODULES; i++) {
        uint64_t at = dom->modules[i].seg.vstart;

        if (module_bytes(dom, i, &module[i].bytes))
            return build_fail(dom, -EINVAL, "plan",
                              "the ramdisk is larger than %zu MiB",
                              dom->max_module_size >> 20);
        module[i].first = at ? VADDR(at) : VADDR_NONE;
    }
    return 0;
}

/* dom's vNUMA ranges, or all of its memory on any node. */
static int plan_ranges(struct xc_dom_image *dom, struct dw_plan *plan)
{
    struct pv_range *r;

    plan->nr_ranges = dom->nr_vmemranges ? dom->nr_vmemranges : 1;
    plan->ranges = r = xc_dom_malloc(dom, plan->nr_ranges * sizeof(*r));
    if (!r)
        return build_fail(dom, -ENOMEM, "plan", "out of memory");
    r[0] = (struct pv_range){PFN(0), PFN(dom->total_pages), PV_ANY_NODE};
    for (unsigned int i = 0; i < dom->nr_vmemranges; i++) {
        const xen_vmemrange_t *v = &dom->vmemranges[i];

        if (v->nid >= dom->nr_vnodes)
            return build_fail(dom, -EINVAL, "plan", "a vNUMA node is unknown");
        r[i] = (struct pv_range){PFN(v->start >> DW_PAGE_SHIFT),
                                 PFN(v->end >> DW_PAGE_SHIFT),
                                 dom->vnode_to_pnode[v->nid]};
    }
    qsort(r, plan->nr_ranges, sizeof(*r), by_first);
    return 0;
}

/* Pages of a MiB. */
#define MIB (UINT64_C(1) << (20 - DW_PAGE_SHIFT))

static bool fits(const struct pv_request *req, uint64_t mib)
{
    struct pv_range all = {PFN(0), PFN(mib * MIB), PV_ANY_NODE};
    struct pv_request with = *req;
    struct pv_refusal refusal;
    struct pv_layout layout;

    with.ranges = &all;
    with.nr_ranges = 1;
    return pv_layout_plan(&with, &layout, &refusal) == 0;
}

/* The least memory in MiB, more than `mib`, that does; 0: none does. */
static uint64_t find_least(const struct pv_request *req, uint64_t mib)
{
    uint64_t most = mib + 1;

    while (!fits(req, most)) {
        mib = most;
        most *= 2;
        if (most > UINT64_C(1) << 24)
            return 0;
    }
    while (most - mib > 1) {
        uint64_t middle = mib + (most - mib) / 2;

        if (fits(req, middle))
            most = middle;
        else
            mib = middle;
    }
    return most;
}

/* "the kernel", and the ramdisk where there is one. */
static void name_contents(const struct xc_dom_image *dom,
                          const struct dw_plan *plan,
                          const struct pv_request *req, char *out, size_t size)
{
    const struct pv_module *m = &req->module[0];
    bool unpacked = m->bytes && m->first.v == VADDR_NONE.v &&
                    m->bytes != dom->modules[0].size;

    if (!m->bytes)
        snprintf(out, size, "the kernel does");
    else
        snprintf(out, size,
                 "the kernel and the ramdisk%s%s (%" PRIu64 " KiB%s) do",
                 plan->ramdisk ? " " : "", plan->ramdisk ? plan->ramdisk : "",
                 m->bytes >> 10, unpacked ? " unpacked" : ", as it is");
}

static int no_room(struct xc_dom_image *dom, const struct dw_plan *plan,
                   const struct pv_request *req,
                   const struct pv_refusal *refusal)
{
    uint64_t mib = dom->total_pages / MIB, least = 0;
    char what[300];

    if (!dom->nr_vmemranges)
        least = find_least(req, mib);
    name_contents(dom, plan, req, what, sizeof(what));
    if (least)
        return build_fail(dom, -ENOSPC, "plan",
                          "needs memory=%" PRIu64 ": %s not fit in %" PRIu64
                          " MiB",
                          least, what, mib);
    return build_fail(dom, -ENOSPC, "plan",
                      "no room for the %s: %" PRIu64 " KiB needed, %" PRIu64
                      " KiB of memory left",
                      refusal->what, refusal->need << (DW_PAGE_SHIFT - 10),
                      refusal->have << (DW_PAGE_SHIFT - 10));
}

/*
 * Nobody loads a kernel so far from where its memory begins, so that this is no
 * matter of memory.
 */
#define GAP_MAX (256 * MIB)

static int check_base(struct xc_dom_image *dom, const struct dw_plan *plan,
                      const struct pv_kernel *k)
{
    uint64_t gap = (k->first.v - k->base.v) >> DW_PAGE_SHIFT;

    if (gap < GAP_MAX || gap < dom->total_pages)
        return 0;
    return build_fail(
        dom, -EINVAL, "plan",
        "the kernel is linked at %#" PRIx64
        ", but %s its memory begins at %s%#" PRIx64,
        k->first.v,
        plan->notes.virt_base == KERNEL_UNSET ? "without a VIRT_BASE"
                                              : "says that",
        plan->notes.virt_base == KERNEL_UNSET ? "" : "VIRT_BASE ", k->base.v);
}

static bool has_page(const struct dw_plan *plan, pfn_t pfn)
{
    for (unsigned int i = 0; i < plan->nr_ranges; i++)
        if (pfn.v >= plan->ranges[i].first.v && pfn.v < plan->ranges[i].end.v)
            return true;
    return false;
}

/* What the plan puts at `pfn`; NULL: the kernel, or nothing. */
static const char *find_item(const struct pv_layout *layout, pfn_t pfn)
{
    for (unsigned int i = 0; i < PV_ITEMS; i++) {
        const struct pv_item *item = &layout->item[i];

        if (i != PV_KERNEL && i != PV_PADDING && pfn.v >= item->pfn.v &&
            pfn.v - item->pfn.v < item->pages)
            return pv_item_name(i);
    }
    return NULL;
}

/* The page that Xen fills with calls to itself; libxenguest knows the first
 * dom->total_pages PFNs only. */
static int check_hypercall_page(struct xc_dom_image *dom,
                                const struct dw_plan *plan)
{
    uint64_t va = xc_dom_virt_hypercall(dom), base = xc_dom_virt_base(dom);
    pfn_t pfn = PFN((va - base) >> DW_PAGE_SHIFT);
    const char *item;

    if (va == KERNEL_UNSET)
        return 0;
    if (va < base || pfn.v >= dom->total_pages || !has_page(plan, pfn))
        return build_fail(
            dom, -EINVAL, "plan",
            "its HYPERCALL_PAGE, %#" PRIx64
            ", lies outside of its memory, %#" PRIx64 " to %#" PRIx64 "%s",
            va, base, base + ((uint64_t)dom->total_pages << DW_PAGE_SHIFT),
            plan->notes.source == KERNEL_HAS_STRING
                ? "; in __xen_guest it is a page number, counted "
                  "from VIRT_BASE"
                : "");
    item = find_item(&plan->layout, pfn);
    return item ? build_fail(dom, -EINVAL, "plan",
                             "its HYPERCALL_PAGE, %#" PRIx64
                             ", lies on the %s that the guest starts with",
                             va, item)
                : 0;
}

/*
 * What the compat M2P has an entry for: the kernel reads machine frames of its
 * own there.  MACH2PHYS_COMPAT_VIRT_END - __HYPERVISOR_COMPAT_VIRT_START of
 * Xen's asm/config.h, 4 bytes an entry.
 */
#define COMPAT_FRAMES ((UINT64_C(0xffe00000) - UINT64_C(0xf5800000)) / 4)

static bool is_32_bit(const struct xc_dom_image *dom)
{
    return pv_abi_by_type(dom->guest_type) == &pv_abi_x86_32p;
}

bool dw_plan_clamped(const struct xc_dom_image *dom)
{
    unsigned long end;

    /* libxc does not look whether it has a host to ask. */
    return is_32_bit(dom) && xc_interface_xcall_handle(dom->xch) &&
           !xc_maximum_ram_page(dom->xch, &end) && end > COMPAT_FRAMES;
}

static int check_size(struct xc_dom_image *dom)
{
    uint64_t frames = dw_plan_clamped(dom) ? DW_CLAMPED_FRAMES : COMPAT_FRAMES;

    if (!is_32_bit(dom) || dom->total_pages <= frames)
        return 0;
    return build_fail(dom, -E2BIG, "plan",
                      "a 32-bit guest of %" PRIu64
                      " MiB; Xen gives it machine frames below %" PRIu64
                      " MiB only",
                      (uint64_t)dom->total_pages / MIB, frames / MIB);
}

/* The library would cut it off there without a word, and a guest without its
 * root device is worse than none. */
static int check_cmdline(struct xc_dom_image *dom)
{
    size_t len = dom->cmdline ? strlen(dom->cmdline) : 0;

    return len < PV_CMDLINE_MAX
               ? 0
               : build_fail(dom, -E2BIG, "plan",
                            "the command line (cmdline) has %zu bytes; Xen "
                            "passes on %d at most",
                            len, PV_CMDLINE_MAX - 1);
}

int dw_plan(struct xc_dom_image *dom, struct dw_plan *plan)
{
    struct pv_request req = {.abi = pv_abi_by_type(dom->guest_type)};
    struct pv_refusal refusal = {.what = ""};
    int rc;

    if (!req.abi)
        return build_fail(dom, -EINVAL, "plan",
                          "a guest of type %s is not ours to build",
                          dom->guest_type);
    rc = check_size(dom);
    if (!rc)
        rc = check_cmdline(dom);
    if (!rc)
        rc = plan_kernel(dom, &plan->notes, &req.kernel);
    if (!rc)
        rc = plan_modules(dom, req.module);
    if (!rc)
        rc = plan_ranges(dom, plan);
    if (!rc)
        rc = check_base(dom, plan, &req.kernel);
    if (rc)
        return rc;
    req.ranges = plan->ranges;
    req.nr_ranges = plan->nr_ranges;
    rc = pv_layout_plan(&req, &plan->layout, &refusal);
    if (rc == -ENOSPC)
        return no_room(dom, plan, &req, &refusal);
    if (rc)
        return build_fail(dom, rc, "plan", "%s (%#" PRIx64 ", %#" PRIx64 ")",
                          refusal.what, refusal.need, refusal.have);
    return check_hypercall_page(dom, plan);
}
