/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * memory_op.c - __HYPERVISOR_memory_op (xen/memory.h): memory of domains, by
 * extents, and what there is of it.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xen/xen.h>
#include <xen/foreign/x86_32.h>
#include <xen/memory.h>

#include "domain/domain.h"
#include "domain/caller.h"
#include "hypercall/hypercall.h"
#include "memory/page_type.h"

/* The number of the extent to go on with stands above the command's 6 bits,
 * and has to fit an unsigned int with them (Xen: MEMOP_EXTENT_SHIFT). */
#define EXTENT_SHIFT 6
#define MAX_EXTENTS  (UINT32_MAX >> EXTENT_SHIFT)

/* What the control domain may ask for at once: 1 GiB. */
#define MAX_ORDER 18

/* The compat M2P that a 32-bit guest sees ends here, in entries: it has the
 * addresses from 0xf5800000 to 0xffe00000 (xen/arch-x86/xen-x86_32.h). */
#define COMPAT_M2P_ENTRIES ((0xffe00000u - 0xf5800000u) / 4)

/* struct e820entry: address, size and type, packed. */
#define E820_ENTRY_BYTES 20

struct reservation {
    struct fx_domain *domain;
    uint64_t list;
    uint64_t extents;
    uint64_t start; /* the first that is not done */
    struct fx_alloc want;
};

static unsigned int bits_for(uint64_t number)
{
    return number > 1 ? 64 - (unsigned int)__builtin_clzll(number - 1) : 0;
}

/* A 32-bit guest can use no frame that its M2P does not reach. */
static unsigned int clamp_bits(const struct fx_host *host,
                               const struct fx_domain *domain,
                               unsigned int bits)
{
    unsigned int limit = bits_for(COMPAT_M2P_ENTRIES + 1) - 1 + FX_PAGE_SHIFT;

    if (!domain->is_32bit || host->super->nr_frames <= COMPAT_M2P_ENTRIES)
        return bits;
    return bits && bits < limit ? bits : limit;
}

static int set_node(const struct fx_host *host, struct fx_alloc *want,
                    unsigned int flags, unsigned int node)
{
    if (node == FX_ANY_NODE)
        return 0;
    /* Xen has 64 nodes at most, which it may be asked for though absent. */
    if (node >= 64)
        return -EINVAL;
    want->exact_node = flags & XENMEMF_exact_node_request;
    if (node < host->super->nr_nodes)
        want->node = node;
    else if (want->exact_node)
        return -ENOMEM;
    return 0;
}

/* XENMEMF_node() keeps the node plus one, in eight bits. */
static unsigned int asked_node(unsigned int flags)
{
    unsigned int node = XENMEMF_get_node(flags);

    return (node & 0xff) == 0xff ? FX_ANY_NODE : node;
}

static int virtual_node(struct fx_host *host, const struct fx_domain *domain,
                        unsigned int *node)
{
    const struct fx_domain_state *state = fx_domain_state(host, domain);

    if (!state || !state->nr_vnodes) {
        *node = FX_ANY_NODE;
        return 0;
    }
    if (*node >= state->nr_vnodes)
        return -EINVAL;
    *node = state->vnode_to_pnode[*node];
    return 0;
}

static int choose_memory(struct fx_host *host, struct reservation *r,
                         unsigned int flags)
{
    unsigned int bits = XENMEMF_get_address_bits(flags);
    unsigned int node = asked_node(flags);
    int rc;

    if (bits && bits < bits_for(host->super->nr_frames) + FX_PAGE_SHIFT) {
        if (bits <= FX_PAGE_SHIFT)
            return -EINVAL;
        r->want.bits = bits;
    }
    r->want.bits = clamp_bits(host, r->domain, r->want.bits);
    if (flags & XENMEMF_vnode) {
        rc = virtual_node(host, r->domain, &node);
        if (rc)
            return rc;
    }
    return set_node(host, &r->want, flags, node);
}

/* May the domain have that many frames more, and does the host? */
static bool within_limits(const struct fx_host *host,
                          const struct fx_domain *domain, uint64_t pages)
{
    uint64_t free_frames = fx_free_frames_count(host);

    if (domain->dying || domain->tot_pages > domain->max_pages ||
        pages > domain->max_pages - domain->tot_pages)
        return false;
    return host->super->claimed_frames + pages <= free_frames ||
           domain->claimed_pages >= pages;
}

static uint64_t take_frames(struct fx_host *host, const struct reservation *r)
{
    uint64_t pages = UINT64_C(1) << r->want.order;
    uint64_t mfn;

    if (!within_limits(host, r->domain, pages))
        return FX_NO_MFN;
    mfn = fx_alloc_frames(host, &r->want, r->domain->id);
    if (mfn != FX_NO_MFN)
        fx_domain_adjust_pages(host, r->domain, (int64_t)pages);
    return mfn;
}

static void name_frames(struct fx_host *host, uint64_t mfn, uint64_t pfn,
                        uint64_t pages)
{
    uint64_t i;

    for (i = 0; i < pages; i++)
        fx_m2p_set(host, mfn + i, pfn + i);
}

/* Frames that were given stay given where the caller's list then fails. */
static uint64_t populate(const struct fx_caller *caller,
                         const struct reservation *r)
{
    struct fx_host *host = caller->host;
    uint64_t i;

    for (i = r->start; i < r->extents; i++) {
        uint64_t at = r->list + i * sizeof(xen_pfn_t);
        xen_pfn_t pfn;
        uint64_t mfn;

        if (fx_copy_in(caller, &pfn, at, sizeof(pfn)))
            break;
        mfn = take_frames(host, r);
        if (mfn == FX_NO_MFN)
            break;
        name_frames(host, mfn, pfn, UINT64_C(1) << r->want.order);
        if (fx_copy_out(caller, at, &mfn, sizeof(mfn)))
            break;
    }
    return i;
}

static uint64_t increase(const struct fx_caller *caller,
                         const struct reservation *r)
{
    uint64_t i;

    for (i = r->start; i < r->extents; i++) {
        uint64_t mfn = take_frames(caller->host, r);

        if (mfn == FX_NO_MFN)
            break;
        if (r->list &&
            fx_copy_out(caller, r->list + i * sizeof(mfn), &mfn, sizeof(mfn)))
            break;
    }
    return i;
}

/* A frame whose allocation is dropped goes when its last user has. */
static int drop_frame(struct fx_host *host, struct fx_domain *domain,
                      uint64_t mfn)
{
    struct fx_frame *frame;
    int rc = fx_get_page(host, mfn, domain->id);

    if (rc)
        return rc;
    frame = fx_frame(host, mfn);
    if (frame->flags & FX_F_ALLOCATED && !(frame->flags & FX_F_XENHEAP)) {
        frame->flags &= (uint16_t)~FX_F_ALLOCATED;
        fx_put_page(host, mfn);
    }
    fx_put_page(host, mfn);
    return 0;
}

static uint64_t decrease(const struct fx_caller *caller,
                         const struct reservation *r)
{
    uint64_t pages = UINT64_C(1) << r->want.order;
    uint64_t i, j;

    for (i = r->start; i < r->extents; i++) {
        xen_pfn_t mfn;

        if (fx_copy_in(caller, &mfn, r->list + i * sizeof(mfn), sizeof(mfn)))
            break;
        for (j = 0; j < pages; j++)
            if (drop_frame(caller->host, r->domain, mfn + j))
                return i;
    }
    return i;
}

/* All three answer the number of extents done, and never an error. */
static long reservation_op(const struct fx_caller *caller, unsigned int command,
                           uint64_t start, uint64_t at)
{
    struct reservation r = {.start = start, .want.node = FX_ANY_NODE};
    xen_memory_reservation_t asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)) ||
        asked.nr_extents > MAX_EXTENTS || start >= asked.nr_extents ||
        asked.extent_order > MAX_ORDER)
        return (long)start;
    r.domain = fx_caller_domain(caller, asked.domid);
    if (!r.domain)
        return (long)start;
    r.list = (uint64_t)(uintptr_t)asked.extent_start.p;
    r.extents = asked.nr_extents;
    r.want.order = asked.extent_order;
    if (choose_memory(caller->host, &r, asked.mem_flags))
        return (long)start;
    /* Populate-on-demand is for HVM guests: Xen counts it as done. */
    if (command == XENMEM_populate_physmap &&
        asked.mem_flags & XENMEMF_populate_on_demand)
        return (long)(r.domain->id ? r.extents : start);
    switch (command) {
    case XENMEM_increase_reservation:
        return (long)increase(caller, &r);
    case XENMEM_decrease_reservation:
        return (long)decrease(caller, &r);
    default:
        return (long)populate(caller, &r);
    }
}

/*
 * An exchange goes chunk by chunk, the larger of both orders at once; a chunk
 * that fails leaves the domain's memory as it was, and those before it done.
 */
struct exchange {
    struct fx_domain *domain;
    xen_memory_exchange_t args;
    unsigned int chunk_order;
    struct fx_alloc want;
    uint64_t *in, *out; /* the extents of one chunk */
};

static uint64_t extent_at(const struct xen_memory_reservation *list,
                          uint64_t index)
{
    return (uint64_t)(uintptr_t)list->extent_start.p +
           index * sizeof(xen_pfn_t);
}

/* A frame that nobody uses: its allocation is its only reference. */
static bool can_steal(struct fx_host *host, const struct fx_domain *domain,
                      uint64_t mfn)
{
    const struct fx_frame *frame = fx_frame(host, mfn);

    return frame && frame->owner == domain->id && frame->refs == 1 &&
           frame->flags & FX_F_ALLOCATED && !(frame->flags & FX_F_XENHEAP);
}

static int read_extent(const struct fx_caller *caller,
                       const struct xen_memory_reservation *list,
                       uint64_t index, uint64_t *value)
{
    xen_pfn_t pfn;
    int rc = fx_copy_in(caller, &pfn, extent_at(list, index), sizeof(pfn));

    *value = pfn;
    return rc;
}

/* Of a chunk's frames, the one of that number. */
static struct fx_frame *input_frame(struct fx_host *host,
                                    const struct exchange *x, uint64_t number)
{
    unsigned int order = x->args.in.extent_order;

    return fx_frame(host, x->in[number >> order] +
                              (number & ((UINT64_C(1) << order) - 1)));
}

/* The same frame twice would be stolen twice: each of `marked` gets, when it is
 * seen, a reference that can_steal() then does not find. */
static int mark_input(const struct fx_caller *caller, struct exchange *x,
                      uint64_t chunk, uint64_t *marked)
{
    struct fx_host *host = caller->host;
    unsigned int order = x->args.in.extent_order;
    uint64_t extents = UINT64_C(1) << (x->chunk_order - order), i, j;
    int rc;

    for (i = 0; i < extents; i++) {
        rc = read_extent(caller, &x->args.in, chunk * extents + i, &x->in[i]);
        if (rc)
            return rc;
        for (j = 0; j < UINT64_C(1) << order; j++) {
            if (!can_steal(host, x->domain, x->in[i] + j))
                return -EINVAL;
            fx_frame(host, x->in[i] + j)->refs++;
            ++*marked;
        }
    }
    return 0;
}

static void unmark_input(struct fx_host *host, const struct exchange *x,
                         uint64_t marked)
{
    while (marked--)
        input_frame(host, x, marked)->refs--;
}

static void free_input(struct fx_host *host, const struct exchange *x)
{
    unsigned int order = x->args.in.extent_order;
    uint64_t i, j;

    for (i = 0; i < UINT64_C(1) << (x->chunk_order - order); i++)
        for (j = 0; j < UINT64_C(1) << order; j++) {
            fx_frame(host, x->in[i] + j)->refs = 0;
            fx_free_frame(host, x->in[i] + j);
        }
}

static int alloc_output(struct fx_host *host, const struct exchange *x,
                        uint64_t extents)
{
    uint64_t *mfns = x->out, i, j;

    for (i = 0; i < extents; i++) {
        mfns[i] = fx_alloc_frames(host, &x->want, x->domain->id);
        if (mfns[i] == FX_NO_MFN)
            break;
    }
    if (i == extents)
        return 0;
    while (i--)
        for (j = 0; j < UINT64_C(1) << x->want.order; j++) {
            fx_frame(host, mfns[i] + j)->refs = 0;
            fx_free_frame(host, mfns[i] + j);
        }
    return -ENOMEM;
}

/* Past the point of no return: a bad list then costs names, not frames. */
static int give_output(const struct fx_caller *caller, const struct exchange *x,
                       uint64_t chunk, uint64_t extents)
{
    const uint64_t *mfns = x->out;
    uint64_t i, pfn;
    int rc = 0;

    for (i = 0; i < extents; i++) {
        uint64_t index = chunk * extents + i;

        if (read_extent(caller, &x->args.out, index, &pfn)) {
            rc = -EFAULT;
            continue;
        }
        name_frames(caller->host, mfns[i], pfn, UINT64_C(1) << x->want.order);
        if (fx_copy_out(caller, extent_at(&x->args.out, index), &mfns[i],
                        sizeof(mfns[i])))
            rc = -EFAULT;
    }
    return rc;
}

static int exchange_chunk(const struct fx_caller *caller, struct exchange *x,
                          uint64_t chunk)
{
    struct fx_host *host = caller->host;
    uint64_t extents = UINT64_C(1)
                       << (x->chunk_order - x->args.out.extent_order);
    uint64_t marked = 0;
    int rc = mark_input(caller, x, chunk, &marked);

    if (!rc)
        rc = alloc_output(host, x, extents);
    if (rc) {
        unmark_input(host, x, marked);
        return rc;
    }
    free_input(host, x);
    return give_output(caller, x, chunk, extents);
}

static int check_exchange(const struct fx_caller *caller, struct exchange *x)
{
    struct fx_host *host = caller->host;
    struct xen_memory_reservation *in = &x->args.in, *out = &x->args.out;
    unsigned int bits = XENMEMF_get_address_bits(out->mem_flags);
    int rc;

    if (in->extent_order > MAX_ORDER || out->extent_order > MAX_ORDER)
        return -EPERM;
    if (x->args.nr_exchanged > in->nr_extents || in->domid != out->domid ||
        UINT64_MAX >> in->extent_order < in->nr_extents ||
        UINT64_MAX >> out->extent_order < out->nr_extents ||
        in->nr_extents << in->extent_order != out->nr_extents
                                                  << out->extent_order)
        return -EINVAL;
    x->chunk_order = in->extent_order > out->extent_order ? in->extent_order
                                                          : out->extent_order;
    x->want =
        (struct fx_alloc){.order = out->extent_order, .node = FX_ANY_NODE};
    rc = set_node(host, &x->want, out->mem_flags, asked_node(out->mem_flags));
    if (rc)
        return rc;
    x->domain = fx_caller_domain(caller, in->domid);
    if (!x->domain)
        return -ESRCH;
    x->want.bits = clamp_bits(host, x->domain, bits);
    return 0;
}

static long exchange(const struct fx_caller *caller, uint64_t at)
{
    struct exchange x = {0};
    uint64_t chunk, end;
    unsigned int shift;
    int rc;

    if (fx_copy_in(caller, &x.args, at, sizeof(x.args)))
        return -EFAULT;
    rc = check_exchange(caller, &x);
    if (rc)
        goto out;
    x.in = calloc(UINT64_C(1) << (x.chunk_order - x.args.in.extent_order),
                  sizeof(*x.in));
    x.out = calloc(UINT64_C(1) << (x.chunk_order - x.args.out.extent_order),
                   sizeof(*x.out));
    if (!x.in || !x.out) {
        rc = -ENOMEM;
        goto out;
    }
    shift = x.chunk_order - x.args.in.extent_order;
    end = x.args.in.nr_extents >> shift;
    for (chunk = x.args.nr_exchanged >> shift; chunk < end; chunk++) {
        rc = exchange_chunk(caller, &x, chunk);
        if (rc)
            break;
    }
    x.args.nr_exchanged = rc ? chunk << shift : x.args.in.nr_extents;
out:
    if (fx_copy_out(caller, at + offsetof(xen_memory_exchange_t, nr_exchanged),
                    &x.args.nr_exchanged, sizeof(x.args.nr_exchanged)))
        rc = -EFAULT;
    free(x.in);
    free(x.out);
    return rc;
}

static long claim(const struct fx_caller *caller, uint64_t at)
{
    struct fx_host *host = caller->host;
    struct fx_super *super = host->super;
    xen_memory_reservation_t asked;
    struct fx_domain *domain;
    uint64_t pages;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    domain = fx_domain(host, asked.domid);
    if (asked.extent_start.p || asked.extent_order || asked.mem_flags ||
        !domain)
        return -EINVAL;
    pages = asked.nr_extents;
    if (!pages) {
        super->claimed_frames -= domain->claimed_pages;
        domain->claimed_pages = 0;
        return 0;
    }
    if (domain->claimed_pages || pages <= domain->tot_pages ||
        pages > domain->max_pages)
        return -EINVAL;
    pages -= domain->tot_pages;
    if (super->claimed_frames + pages > fx_free_frames_count(host))
        return -ENOMEM;
    domain->claimed_pages = pages;
    super->claimed_frames += pages;
    return 0;
}

/* The frame that each 2 MiB of an M2P begins with. */
static long m2p_list(const struct fx_caller *caller, uint64_t at,
                     uint64_t first, uint64_t frames)
{
    xen_machphys_mfn_list_t list;
    uint64_t i;

    if (fx_copy_in(caller, &list, at, sizeof(list)))
        return -EFAULT;
    for (i = 0; i < list.max_extents && i < frames / 512; i++) {
        xen_pfn_t mfn = first + i * 512;

        if (fx_copy_out(caller,
                        (uint64_t)(uintptr_t)list.extent_start.p +
                            i * sizeof(mfn),
                        &mfn, sizeof(mfn)))
            return -EFAULT;
    }
    list.nr_extents = (unsigned int)i;
    return fx_copy_out(caller, at, &list, sizeof(list));
}

/* The highest PFN that the guest says it has in its shared_info. */
static long maximum_gpfn(struct fx_host *host, const struct fx_domain *domain)
{
    const void *shared = fx_is_ram(host, domain->shared_info)
                             ? fx_page(host, domain->shared_info)
                             : NULL;
    size_t at = domain->is_32bit ? offsetof(shared_info_x86_32_t, arch.max_pfn)
                                 : offsetof(shared_info_t, arch.max_pfn);
    uint64_t max_pfn = 0;

    if (shared)
        memcpy(&max_pfn, (const uint8_t *)shared + at,
               domain->is_32bit ? 4 : 8);
    return max_pfn ? (long)(max_pfn - 1) : 0;
}

static long domain_pages(const struct fx_caller *caller, unsigned int command,
                         uint64_t at)
{
    const struct fx_domain *domain;
    struct xen_memory_domain asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    domain = fx_caller_domain(caller, asked.domid);
    if (!domain)
        return -ESRCH;
    switch (command) {
    case XENMEM_current_reservation:
        return (long)domain->tot_pages;
    case XENMEM_maximum_reservation:
        return (long)domain->max_pages;
    default:
        return maximum_gpfn(caller->host, domain);
    }
}

static long set_memory_map(const struct fx_caller *caller, uint64_t at)
{
    struct xen_foreign_memory_map asked;
    struct fx_domain_state *state;
    struct fx_domain *domain;
    uint8_t map[FX_MAX_DOMAIN_E820][E820_ENTRY_BYTES];

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (asked.map.nr_entries > FX_MAX_DOMAIN_E820)
        return -EINVAL;
    domain = fx_caller_domain(caller, asked.domid);
    state = domain ? fx_domain_state(caller->host, domain) : NULL;
    if (!state)
        return -ESRCH;
    if (fx_copy_in(caller, map, (uint64_t)(uintptr_t)asked.map.buffer.p,
                   asked.map.nr_entries * E820_ENTRY_BYTES))
        return -EFAULT;
    memcpy(state->e820, map, sizeof(map));
    state->nr_e820 = asked.map.nr_entries;
    return 0;
}

/* The machine's RAM ranges; all else reads as absent. */
static long machine_memory_map(const struct fx_caller *caller, uint64_t at)
{
    const struct fx_super *super = caller->host->super;
    xen_memory_map_t asked;
    uint32_t i;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (asked.buffer.p && asked.nr_entries < super->nr_ram + 1)
        return -EINVAL;
    for (i = 0; asked.buffer.p && i < super->nr_ram; i++) {
        uint64_t words[2] = {super->ram[i].first << FX_PAGE_SHIFT,
                             (super->ram[i].end - super->ram[i].first)
                                 << FX_PAGE_SHIFT};
        uint32_t type = 1; /* E820_RAM */
        uint8_t entry[E820_ENTRY_BYTES];

        memcpy(entry, words, sizeof(words));
        memcpy(entry + sizeof(words), &type, sizeof(type));
        if (fx_copy_out(caller,
                        (uint64_t)(uintptr_t)asked.buffer.p + i * sizeof(entry),
                        entry, sizeof(entry)))
            return -EFAULT;
    }
    asked.nr_entries = super->nr_ram;
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

static long acquire_frames(const struct fx_caller *caller,
                           struct fx_domain *domain,
                           const xen_mem_acquire_resource_t *asked)
{
    uint32_t i;

    for (i = 0; i < asked->nr_frames; i++) {
        uint64_t mfn;
        int rc = fx_grant_frame(caller->host, domain,
                                (uint32_t)asked->frame + i, &mfn);

        if (rc)
            return -EINVAL;
        if (fx_copy_out(caller,
                        (uint64_t)(uintptr_t)asked->frame_list.p +
                            i * sizeof(mfn),
                        &mfn, sizeof(mfn)))
            return -EFAULT;
    }
    return 0;
}

static long acquire_resource(const struct fx_caller *caller, uint64_t start,
                             uint64_t at)
{
    struct fx_host *host = caller->host;
    const struct fx_domain_state *state;
    xen_mem_acquire_resource_t asked;
    struct fx_domain *domain;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (asked.pad || asked.frame >> 32 || (asked.frame + asked.nr_frames) >> 32)
        return -EINVAL;
    domain = fx_domain(host, asked.domid);
    if (!domain)
        return -ESRCH;
    state = fx_domain_state(host, domain);
    if (domain == caller->domain || !state)
        return -EPERM;
    if (asked.type != XENMEM_resource_grant_table) /* the others: HVM's */
        return asked.type <= XENMEM_resource_vmtrace_buf ? -EINVAL
                                                         : -EOPNOTSUPP;
    if (!asked.frame_list.p) {
        if (asked.nr_frames || start)
            return -EINVAL;
        asked.nr_frames = state->max_grant_frames;
        return fx_copy_out(caller,
                           at + offsetof(xen_mem_acquire_resource_t, nr_frames),
                           &asked.nr_frames, sizeof(asked.nr_frames));
    }
    if (start >= asked.nr_frames || asked.nr_frames > MAX_EXTENTS || start ||
        asked.id != XENMEM_resource_grant_table_id_shared)
        return -EINVAL;
    return acquire_frames(caller, domain, &asked);
}

/* No device has memory of its own. */
static long reserved_memory(const struct fx_caller *caller, uint64_t at)
{
    struct xen_reserved_device_memory_map asked;

    if (fx_copy_in(caller, &asked, at, sizeof(asked)))
        return -EFAULT;
    if (asked.flags & ~XENMEM_RDM_ALL)
        return -EINVAL;
    asked.nr_entries = 0;
    return fx_copy_out(caller, at, &asked, sizeof(asked));
}

/* The rest is for guests that Xen translates addresses for. */
static long translated_only(const struct fx_caller *caller, uint64_t at)
{
    domid_t domid; /* first in all these structures */

    if (fx_copy_in(caller, &domid, at, sizeof(domid)))
        return -EFAULT;
    return fx_caller_domain(caller, domid) ? -EACCES : -ESRCH;
}

/* The operations that know nothing of a number to go on from: the whole of the
 * command word is theirs. */
static long whole_op(const struct fx_caller *caller, uint64_t command,
                     uint64_t at)
{
    const struct fx_super *super = caller->host->super;

    switch (command) {
    case XENMEM_machphys_mfn_list:
        return m2p_list(caller, at, fx_m2p_mfn(super),
                        fx_m2p_frames(super, sizeof(uint64_t)));
    case XENMEM_machphys_compat_mfn_list:
        return m2p_list(caller, at, fx_compat_m2p_mfn(super),
                        fx_m2p_frames(super, sizeof(uint32_t)));
    case XENMEM_set_memory_map:
        return set_memory_map(caller, at);
    case XENMEM_machine_memory_map:
        return machine_memory_map(caller, at);
    default:
        return -ENOSYS;
    }
}

long fx_memory_op(const struct fx_caller *caller, const uint64_t arg[5])
{
    unsigned int command = arg[0] & ((1u << EXTENT_SHIFT) - 1);
    uint64_t start = arg[0] >> EXTENT_SHIFT;
    uint64_t at = arg[1];

    switch (command) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return reservation_op(caller, command, start, at);
    case XENMEM_acquire_resource:
        return acquire_resource(caller, start, at);
    case XENMEM_add_to_physmap:
    case XENMEM_add_to_physmap_batch:
        return translated_only(caller, at);
    case XENMEM_exchange:
        return start ? -EINVAL : exchange(caller, at);
    case XENMEM_maximum_ram_page:
        return start ? -EINVAL : (long)caller->host->super->nr_frames;
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return start ? -EINVAL : domain_pages(caller, command, at);
    case XENMEM_claim_pages:
        return start ? -EINVAL : claim(caller, at);
    case XENMEM_reserved_device_memory_map:
        return start ? -EINVAL : reserved_memory(caller, at);
    case XENMEM_remove_from_physmap:
        return start ? -EINVAL : translated_only(caller, at);
    default:
        return whole_op(caller, arg[0], at);
    }
}
