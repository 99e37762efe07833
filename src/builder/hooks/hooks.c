/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The steps of a build, in the order in which libxenguest calls them.  The
 * whole layout is planned in the first one; each later step is held against
 * the plan before it touches a page.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <xen/io/console.h>
#include <xenforeignmemory.h>

#include "hooks/build_fail.h"
#include "hooks/construct.h"
#include "hooks/hooks.h"
#include "hooks/pin.h"
#include "hooks/plan.h"
#include "hooks/populate.h"
#include "hooks/ramdisk.h"
#include "hooks/vm_assist.h"
#include "xen_versions.h"

/* What libxenguest registers, and what we need to know of a guest type. */
struct hooks {
    struct xc_dom_arch arch; /* first: libxenguest hands it back */
    const struct pv_abi *abi;
    enum pin_order order;
    const struct dw_progress *progress;
    bool keep_refusals;
};

static struct hooks registered[] = {
    {.abi = &pv_abi_x86_32p},
    {.abi = &pv_abi_x86_64},
};

/* A build in progress; libxenguest allocates it zeroed and frees it. */
struct build {
    struct refusal refusal; /* first: build_fail() has it */
    struct dw_plan plan;
    bool planned;
    uint8_t *boot; /* PFN 0 up to pv_layout_written_end(), mapped */
    bool assists_declared;
    int start_info_rc;
};

static const struct hooks *hooks_of(const struct xc_dom_image *dom)
{
    return (const struct hooks *)dom->arch_hooks;
}

static struct build *build_of(const struct xc_dom_image *dom)
{
    return dom->arch_private;
}

static const struct pv_item *item_of(const struct xc_dom_image *dom,
                                     enum pv_item_id id)
{
    return &build_of(dom)->plan.layout.item[id];
}

static void *page_ptr(const struct xc_dom_image *dom, pfn_t pfn)
{
    return build_of(dom)->boot + (pfn.v << DW_PAGE_SHIFT);
}

static mfn_t mfn_of(const struct xc_dom_image *dom, pfn_t pfn)
{
    return MFN(dom->pv_p2m[pfn.v]);
}

/* Nobody is domain 0's builder.  Without one libxenguest has the pages in our
 * own memory (xc_dom_pfn_to_ptr()). */
static bool has_domain(const struct xc_dom_image *dom)
{
    return dom->guest_domid;
}

/* Memory */

static int set_width(struct xc_dom_image *dom)
{
    struct xen_domctl domctl = {
        .cmd = XEN_DOMCTL_set_address_size,
        .domain = (domid_t)dom->guest_domid,
        .u.address_size.size = hooks_of(dom)->abi->word * 8,
    };

    if (!xc_domctl(dom->xch, &domctl))
        return 0;
    return build_fail(dom, -errno, "width",
                      "Xen refuses a guest of %u bits: %s",
                      domctl.u.address_size.size, errno_text(errno));
}

/*
 * Only where the root's place depends on them: the others go with vCPU 0's
 * context.  So do these where Xen lacks the operation.
 */
static int declare_assists(struct xc_dom_image *dom)
{
    struct build *b = build_of(dom);
    uint64_t assists = b->plan.notes.extended_cr3
                           ? UINT64_C(1) << VMASST_TYPE_pae_extended_cr3
                           : 0;
    int rc;

    if (!hooks_of(dom)->abi->low_root)
        return 0;
    rc = vm_assist_declare(dom->xch, dom->guest_domid, assists);
    b->assists_declared = !rc;
    if (!rc || rc == -ENOSYS)
        return 0;
    return build_fail(dom, rc, "VM assists",
                      "Xen does not take their declaration (%#" PRIx64 "): %s",
                      assists, errno_text(-rc));
}

/*
 * The PFN that has to lie below 4 GiB: the root of a guest for which extended
 * CR3 is not in force before its tables are checked.
 */
static pfn_t find_low_root(const struct xc_dom_image *dom)
{
    const struct build *b = build_of(dom);

    if (!hooks_of(dom)->abi->low_root ||
        (b->assists_declared && b->plan.notes.extended_cr3))
        return PFN_INVALID;
    return b->plan.layout.root;
}

/*
 * The toolstack's P2M, 8 bytes for each page of the guest: from the kernel at
 * once and in large pages if it has them, rather than page by page as it is
 * touched, each of which is a trap into Xen where domain 0 is a PV guest. Only
 * hints: kernels before Linux 5.14 do not take the second one. Unlike this,
 * xc_dom_malloc() clears a block, a pass more over all of it.
 */
static xen_pfn_t *allocate_p2m(struct xc_dom_image *dom, uint64_t entries)
{
    size_t size = entries * sizeof(xen_pfn_t);
    void *p2m = xc_dom_malloc_page_aligned(dom, size);

    if (!p2m)
        return NULL;
    madvise(p2m, size, MADV_HUGEPAGE);
    madvise(p2m, size, MADV_POPULATE_WRITE);
    /* Where every PFN gets a page, there is nothing to be marked invalid. */
    if (entries != dom->total_pages)
        memset(p2m, 0xff, size);
    return p2m;
}

static int allocate(struct xc_dom_image *dom)
{
    struct dw_plan *plan = &build_of(dom)->plan;
    uint64_t entries = plan->layout.p2m_entries;
    int rc, err;

    if (dom->claim_enabled &&
        xc_domain_claim_pages(dom->xch, dom->guest_domid, dom->total_pages))
        return build_fail(dom, -errno, "claim",
                          "the host has no %" PRIu64 " pages: %s",
                          (uint64_t)dom->total_pages, errno_text(errno));
    dom->p2m_size = entries;
    dom->pv_p2m = allocate_p2m(dom, entries);
    if (!dom->pv_p2m)
        return build_fail(dom, -ENOMEM, "populate",
                          "out of memory for the list of %" PRIu64 " pages",
                          entries);
    rc = populate(dom, plan->ranges, plan->nr_ranges, find_low_root(dom),
                  XEN_DOM_MEMFLAGS(dom), hooks_of(dom)->progress);
    /* What is left of the claim is for others again. */
    err = errno;
    if (dom->claim_enabled)
        xc_domain_claim_pages(dom->xch, dom->guest_domid, 0);
    errno = err;
    return rc;
}

/*
 * For a file, in which each page has its PFN in the place of a frame: tables,
 * start_info and vCPU 0 are then as a saved guest's are.
 */
static int number_pages(struct xc_dom_image *dom)
{
    uint64_t entries = build_of(dom)->plan.layout.p2m_entries, pfn;

    dom->p2m_size = entries;
    dom->pv_p2m = allocate_p2m(dom, entries);
    if (!dom->pv_p2m)
        return build_fail(dom, -ENOMEM, "populate",
                          "out of memory for the list of %" PRIu64 " pages",
                          entries);
    for (pfn = 0; pfn < entries; pfn++)
        dom->pv_p2m[pfn] = pfn;
    return 0;
}

static int take_memory(struct xc_dom_image *dom)
{
    int rc = set_width(dom);

    if (!rc)
        rc = declare_assists(dom);
    return rc ? rc : allocate(dom);
}

/*
 * One foreign mapping for all that is to be written.  libxenguest keeps it as
 * a block, and serves every later request for a part of it from there.
 */
static int map_boot_region(struct xc_dom_image *dom)
{
    struct build *b = build_of(dom);
    pfn_t end = pv_layout_written_end(&b->plan.layout);

    errno = 0;
    b->boot = xc_dom_pfn_to_ptr(dom, 0, end.v);
    if (b->boot)
        return 0;
    return build_fail(dom, errno ? -errno : -EFAULT, "map",
                      "the first %" PRIu64 " pages cannot be mapped: %s", end.v,
                      errno_text(errno ? errno : EFAULT));
}

int dw_hooks_plan(struct xc_dom_image *dom, const char *ramdisk,
                  enum ramdisk_state *state, const struct dw_plan **plan)
{
    struct build *b = build_of(dom);
    enum ramdisk_state second;
    int rc;

    /* With stock hooks the memory behind it is another's, and smaller. */
    if (!dw_hooks_build(dom))
        return -EINVAL;
    rc = ramdisk_keep_whole(dom, 0, state);
    if (!rc)
        rc = ramdisk_keep_whole(dom, 1, &second);
    if (rc)
        return build_fail(dom, rc, "plan", "out of memory for the ramdisk");
    b->plan.ramdisk = ramdisk;
    rc = dw_plan(dom, &b->plan);
    b->planned = !rc;
    *plan = &b->plan;
    return rc;
}

static int hook_meminit(struct xc_dom_image *dom)
{
    const struct dw_plan *plan = &build_of(dom)->plan;
    enum ramdisk_state state;
    int rc = 0;

    build_of(dom)->refusal.keep = hooks_of(dom)->keep_refusals;
    if (!build_of(dom)->planned)
        rc = dw_hooks_plan(dom, NULL, &state, &plan);
    if (rc)
        return rc;
    if (plan->layout.total_pages != dom->total_pages)
        return build_fail(dom, -EINVAL, "plan",
                          "the vNUMA ranges have %" PRIu64
                          " pages, not %" PRIu64,
                          plan->layout.total_pages, (uint64_t)dom->total_pages);
    rc = has_domain(dom) ? take_memory(dom) : number_pages(dom);
    if (!rc)
        rc = map_boot_region(dom);
    return rc;
}

/* Allocation, in libxenguest's order, held against the plan */

static int check(struct xc_dom_image *dom, enum pv_item_id id, uint64_t pfn,
                 uint64_t pages)
{
    const struct pv_item *item = item_of(dom, id);

    if (item->pages == pages && (pages == 0 || item->pfn.v == pfn))
        return 0;
    return build_fail(dom, -EPROTO, "layout",
                      "libxenguest has the %s at PFN %#" PRIx64 " + %#" PRIx64
                      ", the plan at %#" PRIx64 " + %#" PRIx64,
                      pv_item_name(id), pfn, pages, item->pfn.v, item->pages);
}

/*
 * Takes the next pages for an item.  xc_dom_alloc_segment() would do, but it
 * clears them, and ours are written in full anyway: a whole pass less over the
 * P2M of a large guest.
 */
static int take(struct xc_dom_image *dom, enum pv_item_id id, uint64_t pages,
                struct xc_dom_seg *seg)
{
    const struct pv_item *item = item_of(dom, id);
    int rc = check(dom, id, dom->pfn_alloc_end, pages);

    if (rc)
        return rc;
    *seg = (struct xc_dom_seg){
        .vstart = item->va.v,
        .vend = item->va.v + (pages << DW_PAGE_SHIFT),
        .pfn = item->pfn.v,
        .pages = pages,
    };
    dom->pfn_alloc_end += pages;
    dom->virt_alloc_end += pages << DW_PAGE_SHIFT;
    return 0;
}

/* Entries of the P2M list that are written between two words of progress: a
 * fresh page each 512 of them, which an embedded host takes from a disk. */
#define P2M_PART (UINT64_C(1) << 18)

static int write_p2m(struct xc_dom_image *dom, uint8_t *list)
{
    const struct hooks *hooks = hooks_of(dom);
    uint64_t done = 0, total = dom->p2m_size;
    int rc = 0;

    while (!rc && done < total) {
        uint64_t nr = total - done < P2M_PART ? total - done : P2M_PART;

        rc = dw_progress_tell(hooks->progress, DW_CONSTRUCT, done, total);
        if (!rc)
            pv_p2m_write(hooks->abi, dom->pv_p2m + done, nr,
                         list + done * hooks->abi->word);
        done += nr;
    }
    return rc;
}

static int hook_alloc_p2m_list(struct xc_dom_image *dom)
{
    const struct pv_item *item = item_of(dom, PV_P2M);
    const struct pv_item *tables = item_of(dom, PV_P2M_TABLES);
    const struct pv_abi *abi = hooks_of(dom)->abi;
    uint8_t *list = page_ptr(dom, item->pfn);
    uint64_t bytes = dom->p2m_size * abi->word;
    int rc = take(dom, PV_P2M, dw_pages_for(bytes), &dom->p2m_seg);

    /* Whoever restores a file writes the list. */
    if (!rc && has_domain(dom))
        rc = write_p2m(dom, list);
    if (rc)
        return rc;
    memset(list + bytes, 0, (item->pages << DW_PAGE_SHIFT) - bytes);

    /* Tables of its own follow it, and count as part of it for guests. */
    dom->pfn_alloc_end += tables->pages;
    dom->virt_alloc_end += tables->pages << DW_PAGE_SHIFT;
    dom->p2m_seg.pages += tables->pages;
    return 0;
}

static int take_special(struct xc_dom_image *dom, enum pv_item_id id,
                        xen_pfn_t *pfn)
{
    struct xc_dom_seg seg;
    int rc = take(dom, id, 1, &seg);

    if (rc)
        return rc;
    *pfn = seg.pfn;
    memset(page_ptr(dom, PFN(seg.pfn)), 0, DW_PAGE_SIZE);
    return 0;
}

static int hook_alloc_magic_pages(struct xc_dom_image *dom)
{
    int rc = take_special(dom, PV_START_INFO, &dom->start_info_pfn);

    if (!rc)
        rc = take_special(dom, PV_XENSTORE, &dom->xenstore_pfn);
    if (!rc)
        rc = take_special(dom, PV_CONSOLE, &dom->console_pfn);
    if (!rc)
        XEN_CONSOLE_STARTS(page_ptr(dom, PFN(dom->console_pfn)));
    dom->alloc_bootstack = 1;
    return rc;
}

static int hook_alloc_pgtables(struct xc_dom_image *dom)
{
    const struct pv_layout *layout = &build_of(dom)->plan.layout;

    dom->virt_pgtab_end = layout->map[0].end.v;
    return take(dom, PV_TABLES, layout->item[PV_TABLES].pages,
                &dom->pgtables_seg);
}

/* What libxenguest has placed by itself. */
static int hook_bootearly(struct xc_dom_image *dom)
{
    int rc = check(dom, PV_KERNEL, dom->kernel_seg.pfn, dom->kernel_seg.pages);

    for (unsigned int i = 0; !rc && i < PV_MAX_MODULES; i++)
        rc = check(dom, PV_MODULE0 + i, dom->modules[i].seg.pfn,
                   dom->modules[i].seg.pages);
    if (!rc)
        rc = check(dom, PV_BOOT_STACK, dom->bootstack_pfn, 1);
    return rc;
}

static int hook_setup_pgtables(struct xc_dom_image *dom)
{
    const struct build *b = build_of(dom);
    int rc = construct_tables(&b->plan.layout, dom->pv_p2m, b->boot);

    if (rc)
        return build_fail(dom, rc, "page tables",
                          "they do not fit their own plan: %s",
                          errno_text(-rc));
    return dw_progress_tell(hooks_of(dom)->progress, DW_CONSTRUCT,
                            dom->p2m_size, dom->p2m_size);
}

/* What the guest finds at its start */

/* The caller drops what this returns: hook_bootlate() looks at it instead. */
static int hook_start_info(struct xc_dom_image *dom)
{
    struct build *b = build_of(dom);
    const struct pv_layout *layout = &b->plan.layout;
    bool apart = layout->nr_maps > 1;
    struct pv_start_info info = {
        .nr_pages = dom->total_pages,
        .shared_info = mfn_to_maddr(MFN(dom->shared_info_mfn)),
        .flags = (uint32_t)dom->flags,
        .store_mfn = mfn_of(dom, PFN(dom->xenstore_pfn)),
        .store_evtchn = dom->xenstore_evtchn,
        .console_mfn = mfn_of(dom, PFN(dom->console_pfn)),
        .console_evtchn = dom->console_evtchn,
        .pt_base = layout->item[PV_TABLES].va,
        .nr_pt_frames = layout->item[PV_TABLES].pages,
        .mfn_list = layout->item[PV_P2M].va,
        .first_p2m_pfn = apart ? PFN(dom->p2m_seg.pfn) : PFN(0),
        .nr_p2m_frames = apart ? dom->p2m_seg.pages : 0,
        .mod_start = dom->modules[0].blob ? dom->initrd_start : 0,
        .mod_len = dom->modules[0].blob ? dom->initrd_len : 0,
        .cmdline = dom->cmdline,
    };
    int rc = pv_start_info_write(layout->abi, &info,
                                 page_ptr(dom, PFN(dom->start_info_pfn)));

    b->start_info_rc = rc;
    return rc ? build_fail(dom, rc, "start info",
                           "a value does not fit in the guest's word")
              : 0;
}

static int init_shared_info(struct xc_dom_image *dom)
{
    xenforeignmemory_handle *fmem = xc_interface_fmem_handle(dom->xch);
    xen_pfn_t mfn = dom->shared_info_mfn;
    void *page = xenforeignmemory_map(fmem, dom->guest_domid,
                                      PROT_READ | PROT_WRITE, 1, &mfn, NULL);

    if (!page)
        return build_fail(dom, -errno, "shared info",
                          "cannot map MFN %#" PRIx64 ": %s", (uint64_t)mfn,
                          errno_text(errno));
    pv_shared_info_write(hooks_of(dom)->abi, page);
    xenforeignmemory_unmap(fmem, page, 1);
    return 0;
}

static int hook_bootlate(struct xc_dom_image *dom)
{
    struct build *b = build_of(dom);
    int rc;

    if (b->start_info_rc) {
        errno = EINVAL;
        return b->start_info_rc;
    }
    /* A table that is mapped writable cannot become one. */
    xc_dom_unmap_all(dom);
    b->boot = NULL;
    rc = pin_tables(dom, &b->plan.layout, hooks_of(dom)->order,
                    hooks_of(dom)->progress);
    if (!rc)
        rc = init_shared_info(dom);
    return rc;
}

static int hook_vcpu(struct xc_dom_image *dom)
{
    const struct build *b = build_of(dom);
    const struct pv_layout *layout = &b->plan.layout;
    const struct pv_item *stack = &layout->item[PV_BOOT_STACK];
    struct pv_vcpu vcpu = {
        .entry = VADDR(xc_dom_virt_entry(dom)),
        .stack = VADDR(stack->va.v + (stack->pages << DW_PAGE_SHIFT)),
        .start_info = layout->item[PV_START_INFO].va,
        .root = mfn_of(dom, layout->root),
        .extended_cr3 = layout->abi->low_root && b->plan.notes.extended_cr3,
    };
    vcpu_guest_context_any_t context;
    int rc = pv_vcpu_write(layout->abi, &vcpu, &context, sizeof(context));

    if (!rc && xc_vcpu_setcontext(dom->xch, dom->guest_domid, 0, &context))
        rc = -errno;
    if (rc)
        return build_fail(dom, rc, "vCPU 0",
                          "its context with CR3 at MFN %#" PRIx64
                          " was refused: %s",
                          vcpu.root.v, errno_text(-rc));
    /* The one word of who built it: nothing else in a caller's log tells. */
    xc_dom_printf(dom->xch, "domwright " DW_VERSION ": domain %u, %u-bit",
                  dom->guest_domid, layout->abi->word * 8);
    return 0;
}

bool dw_hooks_build(const struct xc_dom_image *dom)
{
    return dom->arch_hooks && dom->arch_hooks->meminit == hook_meminit;
}

bool dw_hooks_assists_declared(const struct xc_dom_image *dom)
{
    return build_of(dom)->assists_declared;
}

void dw_hooks_register(enum pin_order order, const struct dw_progress *progress)
{
    for (size_t i = 0; i < sizeof(registered) / sizeof(registered[0]); i++) {
        struct hooks *h = &registered[i];

        h->order = order;
        h->progress = progress;
        if (h->arch.guest_type)
            continue;
        h->arch = (struct xc_dom_arch){
            .guest_type = h->abi->guest_type,
            .native_protocol = h->abi->protocol,
            .page_shift = DW_PAGE_SHIFT,
            .sizeof_pfn = (int)h->abi->word,
            .p2m_base_supported = h->abi->init_p2m,
            .arch_private_size = sizeof(struct build),
            .meminit = hook_meminit,
            .alloc_p2m_list = hook_alloc_p2m_list,
            .alloc_magic_pages = hook_alloc_magic_pages,
            .alloc_pgtables = hook_alloc_pgtables,
            .bootearly = hook_bootearly,
            .setup_pgtables = hook_setup_pgtables,
            .start_info = hook_start_info,
            .bootlate = hook_bootlate,
            .vcpu = hook_vcpu,
        };
        xc_dom_register_arch_hooks(&h->arch);
    }
}

void dw_hooks_keep_refusals(void)
{
    for (size_t i = 0; i < sizeof(registered) / sizeof(registered[0]); i++)
        registered[i].keep_refusals = true;
}

void dw_hooks_tell_refusal(struct xc_dom_image *dom)
{
    if (dw_hooks_build(dom))
        build_fail_tell(dom);
}
