/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/offline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest/userdata.h"
#include "hooks/hooks.h"
#include "pv/hypercall_page.h"
#include "stream/header.h"
#include "stream/newborn.h"

/* As in guest_plan(), for a file. */
static int plan(struct guest *g, struct diag *dg)
{
    int rc = host_open_none(g->host, dg);

    if (!rc)
        rc = image_open(&g->image, g->host->xc, image_any_caps, &g->cfg, dg);
    g->image.for_file = true;
    return rc ? rc : image_plan(&g->image, &g->cfg, dg);
}

/* ---- its memory ---- */

/* domain_build()'s steps, but for what only a hypervisor can do. */
static int build(struct image *image, struct diag *dg)
{
    struct xc_dom_image *dom = image->dom;
    const struct xc_dom_arch *hooks = dom->arch_hooks;
    const struct {
        const char *name;
        int (*run)(struct xc_dom_image *dom);
    } steps[] = {
        {"numbering the memory", xc_dom_boot_mem_init},
        {"laying the guest out", xc_dom_build_image},
        {"holding it against the plan", hooks->bootearly},
        {"the page tables", hooks->setup_pgtables},
        {"start_info", hooks->start_info},
    };
    size_t i;
    int r;

    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        diag_step(dg);
        errno = 0;
        r = steps[i].run(dom);
        if (r) {
            errno = r < -1 ? -r : errno;
            return diag_fail_xc(dg, "%s", steps[i].name);
        }
    }
    return 0;
}

/* Xen's to write, elsewhere. */
static int put_hypercall_page(struct image *image, uint8_t *pages,
                              struct diag *dg)
{
    struct xc_dom_image *dom = image->dom;
    const struct pv_layout *layout = &image->plan.layout;
    uint64_t va = xc_dom_virt_hypercall(dom), pfn;

    if (va == KERNEL_UNSET)
        return 0;
    pfn = (va - xc_dom_virt_base(dom)) >> DW_PAGE_SHIFT;
    if (pfn >= pv_layout_written_end(layout).v)
        return diag_fail(dg, DW_CONFIG, -EOPNOTSUPP,
                         "its HYPERCALL_PAGE lies behind all that it starts "
                         "with");
    pv_hypercall_page_write(layout->abi, pages + (pfn << DW_PAGE_SHIFT));
    return 0;
}

/* ---- the file ---- */

struct tell {
    const struct save_progress *progress;
    bool ended; /* by it */
};

static int tell(void *arg, uint64_t done, uint64_t total)
{
    struct tell *tell = arg;
    int rc = tell->progress->tell(tell->progress->arg, done, total);

    tell->ended = rc != 0;
    return rc;
}

static bool has_extended_cr3(const struct guest *g)
{
    return g->image.plan.layout.abi->low_root &&
           g->image.plan.notes.extended_cr3;
}

static int put_domain(const struct guest *g, int fd, const uint8_t *pages,
                      struct tell *watch)
{
    const struct pv_layout *layout = &g->image.plan.layout;
    const pfn_t start_info = layout->item[PV_START_INFO].pfn;
    const struct pv_item *stack = &layout->item[PV_BOOT_STACK];
    const struct pv_vcpu vcpu = {
        .entry = VADDR(xc_dom_virt_entry(g->image.dom)),
        .stack = VADDR(stack->va.v + (stack->pages << DW_PAGE_SHIFT)),
        .start_info = layout->item[PV_START_INFO].va,
        .root = MFN(layout->root.v),
        .extended_cr3 = has_extended_cr3(g),
        .suspend_record = MFN(start_info.v),
    };
    vcpu_guest_context_any_t context;
    uint8_t shared_info[DW_PAGE_SIZE];
    const struct newborn newborn = {
        .layout = layout,
        .pages = pages,
        .context = &context,
        .context_size =
            layout->abi->word == 8 ? sizeof(context.x64) : sizeof(context.x32),
        .shared_info = shared_info,
        .tsc_mode = g->cfg.tsc_mode,
        .tell = tell,
        .arg = watch,
    };
    int rc = pv_vcpu_write(layout->abi, &vcpu, &context, sizeof(context));

    pv_shared_info_write(layout->abi, shared_info);
    return rc ? rc : newborn_write(fd, &newborn);
}

static int put(const struct guest *g, int fd, const char *name,
               const uint8_t *pages, const struct save_progress *progress,
               struct diag *dg)
{
    struct tell watch = {.progress = progress};
    json_t *all = userdata_json(&g->cfg, CPULIST_MAX, 0);
    char *config = all ? json_dumps(all, JSON_INDENT(4)) : NULL;
    const uint64_t assists = (uint64_t)has_extended_cr3(g)
                             << VMASST_TYPE_pae_extended_cr3;
    int rc = config ? header_begin(fd, config, assists) : -ENOMEM;

    if (!rc)
        rc = put_domain(g, fd, pages, &watch);
    if (!rc)
        rc = header_finish(fd);
    json_decref(all);
    free(config);
    if (!rc || watch.ended)
        return rc;
    return diag_fail(dg, DW_FAILED, rc, "cannot write %s: %s", name,
                     strerror(-rc));
}

static int check(const struct config *cfg, struct diag *dg)
{
    return cfg->vnuma ? config_fail(cfg, dg, DW_CONFIG, -EOPNOTSUPP, "vnuma",
                                    "nothing could restore virtual nodes")
                      : 0;
}

int guest_write_offline(struct guest *g, int fd, const char *name,
                        const struct save_progress *progress, struct diag *dg)
{
    uint8_t *pages = NULL;
    int rc = check(&g->cfg, dg);

    if (!rc)
        rc = plan(g, dg);
    if (!rc)
        rc = build(&g->image, dg);
    if (!rc)
        pages = xc_dom_pfn_to_ptr(
            g->image.dom, 0, pv_layout_written_end(&g->image.plan.layout).v);
    if (!rc && !pages)
        rc = diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    if (!rc)
        rc = put_hypercall_page(&g->image, pages, dg);
    return rc ? rc : put(g, fd, name, pages, progress, dg);
}
