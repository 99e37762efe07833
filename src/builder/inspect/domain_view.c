/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "inspect/domain_view.h"

#include <cpuid.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xenforeignmemory.h>
#include <xenguest.h>

#include "pt/walk.h"

/* Bytes of the M2P that one of its extents has, xen/memory.h. */
#define M2P_EXTENT (UINT64_C(2) << 20)

/* 64-bit guests: the slots of an L4 that are Xen's (xen-x86_64.h). */
#define L4_XEN_FIRST 256
#define L4_XEN_END   272

/* The compat M2P lies above 0xf5800000 (xen-x86_32.h): 84 extents at most. */
#define COMPAT_EXTENTS 84

static int out_of_memory(struct diag *dg)
{
    return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
}

/* ---- what is asked once ---- */

/*
 * An entry that is not present is safe of L1TF, as Xen has it, if it has no
 * address or one in the top quarter of what the processor can address: see
 * l1tf_calculations() in xen/arch/x86/spec_ctrl.c.  CPUID: Intel SDM vol. 2A,
 * leaf 80000008h.
 */
static uint64_t absent_safe(void)
{
    unsigned int eax = 0, ebx, ecx, edx, bits = 0;

    if (__get_cpuid(0x80000008, &eax, &ebx, &ecx, &edx))
        bits = eax & 0xff;
    if (bits < 32 || bits > 52)
        bits = 36; /* Intel SDM vol. 3A, 4.1.4: where it does not say */
    return UINT64_C(3) << (bits - 2);
}

static int map_m2p(struct domain_view *view)
{
    unsigned long end;

    /* libxc calls it the maximum, but it is the first frame behind all RAM. */
    if (xc_maximum_ram_page(view->xc, &end))
        return diag_fail_xc(view->dg, "asking Xen for its memory's end");
    view->ram_end = end;
    view->m2p = xc_map_m2p(view->xc, end, PROT_READ, NULL);
    if (!view->m2p)
        return diag_fail_xc(view->dg, "mapping Xen's M2P");
    return 0;
}

size_t view_m2p_bytes(uint64_t frames)
{
    uint64_t bytes = frames * sizeof(xen_pfn_t);

    return (bytes + M2P_EXTENT - 1) & ~(M2P_EXTENT - 1);
}

/* Xen puts it into a 32-bit guest's tables. */
static int ask_compat_m2p(struct domain_view *view)
{
    struct xen_machphys_mfn_list list = {.max_extents = COMPAT_EXTENTS};

    view->compat_m2p = calloc(COMPAT_EXTENTS, sizeof(*view->compat_m2p));
    if (!view->compat_m2p)
        return out_of_memory(view->dg);
    set_xen_guest_handle_raw(list.extent_start, view->compat_m2p);
    if (xc_memory_op(view->xc, XENMEM_machphys_compat_mfn_list, &list,
                     sizeof(list)))
        return diag_fail_xc(view->dg, "asking for the compat M2P");
    view->nr_compat_m2p =
        list.nr_extents < COMPAT_EXTENTS ? list.nr_extents : COMPAT_EXTENTS;
    return 0;
}

static int list_grants(struct domain_view *view, unsigned int nr)
{
    DECLARE_HYPERCALL_BUFFER(xen_pfn_t, list);
    struct gnttab_setup_table op = {.dom = (domid_t)view->domid,
                                    .nr_frames = nr};

    view->grant = calloc(nr, sizeof(*view->grant));
    list = xc_hypercall_buffer_alloc(view->xc, list, nr * sizeof(*list));
    if (!view->grant || !list) {
        xc_hypercall_buffer_free(view->xc, list);
        return out_of_memory(view->dg);
    }
    set_xen_guest_handle(op.frame_list, list);
    if (!xc_gnttab_op(view->xc, GNTTABOP_setup_table, &op, sizeof(op), 1) &&
        op.status == GNTST_okay) {
        memcpy(view->grant, list, nr * sizeof(*list));
        view->nr_grants = nr;
    }
    xc_hypercall_buffer_free(view->xc, list);
    return 0;
}

/* A guest without one has none that it could map. */
static int ask_grants(struct domain_view *view)
{
    struct gnttab_query_size query = {.dom = (domid_t)view->domid};

    if (xc_gnttab_query_size(view->xc, &query) || query.status != GNTST_okay ||
        !query.nr_frames)
        return 0;
    return list_grants(view, query.nr_frames);
}

int view_open(struct domain_view *view, xc_interface *xc, struct diag *dg,
              const xc_domaininfo_t *info, unsigned int width)
{
    int rc;

    *view = (struct domain_view){
        .xc = xc,
        .dg = dg,
        .domid = info->domain,
        .format = width == 32 ? &pt_x86_pae_pv : &pt_x86_64_pv,
        .word = width / 8,
        .tot_pages = info->tot_pages,
        .max_pages = info->max_pages,
        .shared_info = MFN(info->shared_info_frame),
        .absent_safe = absent_safe(),
        .first = UINT64_MAX,
    };
    rc = map_m2p(view);
    if (!rc && width == 32)
        rc = ask_compat_m2p(view);
    if (!rc)
        rc = ask_grants(view);
    if (rc)
        return rc;
    view->state = calloc(view->ram_end, sizeof(*view->state));
    return view->state ? view_ask_roots(view) : out_of_memory(dg);
}

void view_close(struct domain_view *view)
{
    if (view->m2p)
        munmap((void *)(uintptr_t)view->m2p, view_m2p_bytes(view->ram_end));
    free(view->state);
    free(view->root);
    free(view->compat_m2p);
    free(view->grant);
    view->m2p = NULL;
    view->state = NULL;
    view->root = NULL;
    view->compat_m2p = NULL;
    view->grant = NULL;
}

/* ---- frames' types ---- */

static uint8_t state_of(xen_pfn_t info)
{
    xen_pfn_t type = info & XEN_DOMCTL_PFINFO_LTAB_MASK;
    uint8_t state = VIEW_ASKED;

    if (info == XEN_DOMCTL_PFINFO_NOTAB) /* most are */
        return VIEW_ASKED | VIEW_OWNED;
    if (type == XEN_DOMCTL_PFINFO_XTAB || type == XEN_DOMCTL_PFINFO_BROKEN ||
        type == XEN_DOMCTL_PFINFO_XALLOC)
        return state;
    state |= VIEW_OWNED;
    type = (info & XEN_DOMCTL_PFINFO_LTABTYPE_MASK) >>
           XEN_DOMCTL_PFINFO_LTAB_SHIFT;
    if (type < 1 || type > 4)
        return state;
    if (info & XEN_DOMCTL_PFINFO_LPINTAB)
        state |= VIEW_PINNED;
    return state | (uint8_t)type;
}

static void set_state(struct domain_view *view, uint64_t mfn, xen_pfn_t info)
{
    uint8_t old = view->state[mfn], state = state_of(info);

    if (state & VIEW_OWNED) {
        state |= old & VIEW_OWNED ? old & VIEW_UNLISTED : VIEW_UNLISTED;
        view->first = mfn < view->first ? mfn : view->first;
        view->end = mfn >= view->end ? mfn + 1 : view->end;
    }
    view->found += (uint64_t) !!(state & VIEW_OWNED) - !!(old & VIEW_OWNED);
    view->state[mfn] = state;
}

/* At most VIEW_ASK. */
static int ask(struct domain_view *view, const mfn_t *mfns, unsigned int n)
{
    DECLARE_HYPERCALL_BUFFER(xen_pfn_t, array);
    struct xen_domctl op = {.cmd = XEN_DOMCTL_getpageframeinfo3,
                            .domain = (domid_t)view->domid};
    unsigned int i;
    int rc = 0;

    array = xc_hypercall_buffer_alloc(view->xc, array, n * sizeof(*array));
    if (!array)
        return out_of_memory(view->dg);
    for (i = 0; i < n; i++)
        array[i] = mfns[i].v;
    op.u.getpageframeinfo3.num = n;
    set_xen_guest_handle(op.u.getpageframeinfo3.array, array);
    if (xc_domctl(view->xc, &op))
        rc = diag_fail_xc(view->dg, "asking for frames of domain %u",
                          view->domid);
    for (i = 0; !rc && i < n; i++)
        if (mfns[i].v < view->ram_end)
            set_state(view, mfns[i].v, array[i]);
    if (!rc && n && view_owned(view, mfns[n - 1]))
        view->near = mfns[n - 1];
    xc_hypercall_buffer_free(view->xc, array);
    return rc;
}

int view_ask(struct domain_view *view, const mfn_t *mfns, unsigned int n)
{
    unsigned int some;
    int rc = 0;

    if (view->backing)
        return 0;
    for (; !rc && n; n -= some, mfns += some) {
        some = n < VIEW_ASK ? n : VIEW_ASK;
        rc = ask(view, mfns, some);
    }
    return rc;
}

/* Frames to be asked about together. */
struct batch {
    mfn_t mfn[VIEW_ASK];
    unsigned int n;
};

static int batch_ask(struct domain_view *view, struct batch *batch)
{
    unsigned int n = batch->n;

    batch->n = 0;
    return view_ask(view, batch->mfn, n);
}

static int batch_add(struct domain_view *view, struct batch *batch, mfn_t mfn)
{
    batch->mfn[batch->n++] = mfn;
    return batch->n == VIEW_ASK ? batch_ask(view, batch) : 0;
}

/* ---- all of the domain's frames ---- */

/*
 * Has the M2P a neighbour of the frame before it, in a block?  A debug build of
 * Xen gives Dom0 its memory backwards.
 */
static bool goes_on(const struct domain_view *view, uint64_t mfn)
{
    return mfn % VIEW_ASK && view->m2p[mfn - 1] <= VIEW_PFN_LAST &&
           view->m2p[mfn] <= VIEW_PFN_LAST &&
           (view->m2p[mfn - 1] + 1 == view->m2p[mfn] ||
            view->m2p[mfn - 1] - 1 == view->m2p[mfn]);
}

static int ask_heads(struct domain_view *view, uint64_t first, uint64_t end,
                     uint64_t last_pfn)
{
    struct batch batch = {.n = 0};
    uint64_t mfn;
    int rc = 0;

    for (mfn = first; !rc && mfn < end; mfn++)
        if (!view_asked(view, MFN(mfn)) && view->m2p[mfn] <= last_pfn &&
            !goes_on(view, mfn))
            rc = batch_add(view, &batch, MFN(mfn));
    return rc ? rc : batch_ask(view, &batch);
}

/* What goes on behind a frame of the domain's. */
static int ask_tails(struct domain_view *view, uint64_t first, uint64_t end)
{
    struct batch batch = {.n = 0};
    bool owned = false;
    uint64_t mfn;
    int rc = 0;

    for (mfn = first; !rc && mfn < end; mfn++)
        if (view_asked(view, MFN(mfn)) || !goes_on(view, mfn))
            owned = view_owned(view, MFN(mfn));
        else if (owned)
            rc = batch_add(view, &batch, MFN(mfn));
    return rc ? rc : batch_ask(view, &batch);
}

/*
 * Memory is allocated in extents, so that frames in a row whose PFNs are in a
 * row, too, mostly have one owner: of those the first is asked about, and the
 * others where it is the domain's.
 */
static int ask_extents(struct domain_view *view, uint64_t first, uint64_t end,
                       uint64_t last_pfn)
{
    int rc = ask_heads(view, first, end, last_pfn);

    return rc ? rc : ask_tails(view, first, end);
}

/* Each whose entry in the M2P is no more than last_pfn. */
static int ask_each(struct domain_view *view, uint64_t first, uint64_t end,
                    uint64_t last_pfn)
{
    struct batch batch = {.n = 0};
    uint64_t mfn;
    int rc = 0;

    for (mfn = first; !rc && mfn < end; mfn++)
        if (!view_asked(view, MFN(mfn)) && view->m2p[mfn] <= last_pfn)
            rc = batch_add(view, &batch, MFN(mfn));
    return rc ? rc : batch_ask(view, &batch);
}

/*
 * Outwards from where others were found, as they lie together, until all are.
 * Blocks of VIEW_ASK frames.
 */
static int ask_outwards(struct domain_view *view,
                        int (*ask_block)(struct domain_view *view,
                                         uint64_t first, uint64_t end,
                                         uint64_t last_pfn),
                        uint64_t last_pfn)
{
    uint64_t near = view->near.v < view->ram_end ? view->near.v : 0;
    uint64_t from = near & ~(uint64_t)(VIEW_ASK - 1), first, d;
    unsigned int side;
    int rc = 0;

    for (d = 0; d < view->ram_end; d += VIEW_ASK)
        for (side = 0; side < 2; side++) {
            if (rc || view->found >= view->tot_pages)
                return rc;
            first = side ? from - d : from + d;
            if (first >= view->ram_end || (side && (!d || d > from)))
                continue;
            rc = ask_block(view, first,
                           view->ram_end - first < VIEW_ASK ? view->ram_end
                                                            : first + VIEW_ASK,
                           last_pfn);
        }
    return rc;
}

/*
 * Xen knows no list of a domain's frames, and a debug build of it prints a line
 * for each that is another's.  So those come first that are most likely to be
 * the domain's; a guest can hide a frame of its own from the M2P.
 */
int view_ask_all(struct domain_view *view)
{
    int rc;

    if (view->backing)
        return 0;
    rc = ask_outwards(view, ask_extents, VIEW_PFN_LAST);
    if (!rc)
        rc = ask_outwards(view, ask_each, view->max_pages);
    if (!rc)
        rc = ask_outwards(view, ask_each, VIEW_PFN_LAST);
    return rc ? rc : ask_outwards(view, ask_each, UINT64_MAX);
}

uint64_t view_next(const uint8_t *bytes, uint64_t mfn, uint64_t end,
                   uint8_t bits)
{
    const uint64_t all = bits * UINT64_C(0x0101010101010101);
    uint64_t eight;

    while (mfn < end) {
        if (bytes[mfn] & bits)
            return mfn;
        mfn++;
        for (; end - mfn >= 8; mfn += 8) {
            memcpy(&eight, bytes + mfn, sizeof(eight));
            if (eight & all)
                break;
        }
    }
    return end;
}

static bool is_among(const xen_pfn_t *list, unsigned int n, mfn_t mfn)
{
    unsigned int i;

    for (i = 0; i < n; i++)
        if (list[i] == mfn.v)
            return true;
    return false;
}

bool view_lent(const struct domain_view *view, mfn_t mfn)
{
    return mfn.v == view->shared_info.v ||
           is_among(view->grant, view->nr_grants, mfn);
}

bool view_xens_slot(const struct domain_view *view, unsigned int level,
                    unsigned int slot, const struct pt_entry *entry)
{
    if (level == 4)
        return slot >= L4_XEN_FIRST && slot < L4_XEN_END;
    /* Of the M2P that Xen shows to 32-bit guests. */
    return level == 2 && entry->kind == PT_LEAF &&
           is_among(view->compat_m2p, view->nr_compat_m2p, entry->mfn);
}

/* ---- vCPUs ---- */

static void add_root(struct domain_view *view, unsigned int vcpu, mfn_t mfn,
                     bool user)
{
    view->root[view->nr_roots++] =
        (struct view_root){.mfn = mfn, .vcpu = vcpu, .user = user};
}

mfn_t view_root_mfn(const struct domain_view *view, uint64_t cr3)
{
    return view->word == 4 ? MFN((uint32_t)cr3 >> 12 | (cr3 & 0xfff) << 20)
                           : maddr_to_mfn(MADDR(cr3));
}

static void add_vcpu(struct domain_view *view, unsigned int id,
                     const vcpu_guest_context_any_t *context)
{
    uint64_t cr3, cr1;

    if (view->word == 4) {
        cr3 = context->x32.ctrlreg[3];
        cr1 = 0;
        view->extended_cr3 =
            context->x32.vm_assist >> VMASST_TYPE_pae_extended_cr3 & 1;
    } else {
        cr3 = context->x64.ctrlreg[3];
        cr1 = context->x64.ctrlreg[1]; /* 0: none (xen-x86_64.h) */
    }
    add_root(view, id, view_root_mfn(view, cr3), false);
    if (cr1 >> DW_PAGE_SHIFT)
        add_root(view, id, view_root_mfn(view, cr1), true);
}

#define READ_START(view, regs, ip, sp, si)                                     \
    do {                                                                       \
        (view)->entry = VADDR((regs).ip);                                      \
        (view)->stack = VADDR((regs).sp);                                      \
        (view)->start_info = VADDR((regs).si);                                 \
    } while (0)

static void read_first_vcpu(struct domain_view *view,
                            const vcpu_guest_context_any_t *context)
{
    view->near = view->root[0].mfn;
    if (view->word == 4)
        READ_START(view, context->x32.user_regs, eip, esp, esi);
    else
        READ_START(view, context->x64.user_regs, rip, rsp, rsi);
}

static int ask_domain(struct domain_view *view, xc_domaininfo_t *info)
{
    if (xc_domain_getinfolist(view->xc, view->domid, 1, info) != 1 ||
        info->domain != view->domid)
        return diag_fail(view->dg, DW_FAILED, -ESRCH, "domain %u is gone",
                         view->domid);
    return info->flags & XEN_DOMINF_dying
               ? diag_fail(view->dg, DW_FAILED, -ESRCH, "domain %u is dying",
                           view->domid)
               : 0;
}

int view_check_alive(struct domain_view *view)
{
    xc_domaininfo_t info;

    return ask_domain(view, &info);
}

int view_ask_roots(struct domain_view *view)
{
    vcpu_guest_context_any_t context;
    xc_domaininfo_t info;
    unsigned int i, n;
    int rc;

    if (view->backing)
        return view->backing->ask_roots(view);
    rc = ask_domain(view, &info);
    if (rc)
        return rc;
    n = info.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : info.max_vcpu_id + 1;
    free(view->root);
    view->nr_roots = 0;
    view->root = calloc(2 * (size_t)n + 1, sizeof(*view->root));
    if (!view->root)
        return out_of_memory(view->dg);
    /* One that was never set up has no context. */
    for (i = 0; i < n; i++)
        if (!xc_vcpu_getcontext(view->xc, view->domid, i, &context)) {
            add_vcpu(view, i, &context);
            if (!i)
                read_first_vcpu(view, &context);
        }
    return 0;
}

/* ---- contents ---- */

static int copy_backed(struct domain_view *view, const mfn_t *mfns,
                       unsigned int n, void *pages, bool *ok)
{
    for (unsigned int i = 0; i < n; i++)
        ok[i] = !view->backing->read(view, mfns[i],
                                     (uint8_t *)pages + i * DW_PAGE_SIZE);
    return 0;
}

static int copy_mapped(struct domain_view *view, const mfn_t *mfns,
                       unsigned int n, void *pages, bool *ok)
{
    xenforeignmemory_handle *fmem = xc_interface_fmem_handle(view->xc);
    xen_pfn_t frame[VIEW_READ];
    int err[VIEW_READ];
    unsigned int i;
    uint8_t *map;

    for (i = 0; i < n; i++)
        frame[i] = mfns[i].v;
    map = xenforeignmemory_map(fmem, view->domid, PROT_READ, n, frame, err);
    if (!map)
        return -errno;
    for (i = 0; i < n; i++) {
        ok[i] = !err[i];
        if (ok[i])
            memcpy((uint8_t *)pages + i * DW_PAGE_SIZE, map + i * DW_PAGE_SIZE,
                   DW_PAGE_SIZE);
    }
    xenforeignmemory_unmap(fmem, map, n);
    return 0;
}

static int copy_frames(struct domain_view *view, const mfn_t *mfns,
                       unsigned int n, void *pages, bool *ok)
{
    return view->backing ? copy_backed(view, mfns, n, pages, ok)
                         : copy_mapped(view, mfns, n, pages, ok);
}

int view_read(struct domain_view *view, const mfn_t *mfns, unsigned int n,
              void *pages, bool *ok)
{
    int rc = copy_frames(view, mfns, n, pages, ok);

    return rc ? diag_fail(view->dg, DW_FAILED, rc,
                          "mapping frames of domain %u: %s", view->domid,
                          strerror(-rc))
              : 0;
}

uint64_t *view_page(struct domain_view *view, struct view_page *page, mfn_t mfn)
{
    bool ok = false;

    if (page->there && page->mfn.v == mfn.v)
        return page->word;
    page->there = mfn.v < view->ram_end &&
                  !copy_frames(view, &mfn, 1, page->word, &ok) && ok;
    page->mfn = mfn;
    return page->there ? page->word : NULL;
}

static uint64_t *path_table(void *ctx, mfn_t mfn, unsigned int level,
                            vaddr_t va)
{
    struct view_path *path = ctx;

    (void)va;
    return view_page(path->view, &path->level[level], mfn);
}

mfn_t view_translate(struct view_path *path, mfn_t root, vaddr_t va)
{
    static const struct pt_ops ops = {.table = path_table};
    struct pt_tables tables = {
        .format = path->view->format,
        .ops = &ops,
        .ctx = path,
        .root = root,
    };
    struct pt_entry entry;
    unsigned int level;

    if (pt_lookup(&tables, va, &entry, &level) || entry.kind != PT_LEAF ||
        level)
        return MFN_INVALID;
    return entry.mfn;
}
