/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hypercalls, with the error in the result. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "conformance.h"
#include "xen_versions.h"

/* ABI of the project's own patches to Xen. */
#define DOMCTL_VM_ASSIST 0x6477

long failed(long r)
{
    return r < 0 ? -(long)errno : r;
}

long domctl(struct test *t, struct xen_domctl *op, uint32_t cmd, uint32_t domid)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = (domid_t)domid;
    return failed(xc_domctl(t->xch, op));
}

/* One whose interface_version is its own: xc_domctl() knows none. */
static long stable_domctl(struct test *t, struct xen_domctl *op, uint32_t cmd,
                          uint32_t domid)
{
    struct xen_domctl *buffer = xencall_alloc_buffer(t->call, sizeof(*buffer));
    long r;

    if (!buffer)
        return -ENOMEM;
    *buffer = *op;
    buffer->cmd = cmd;
    buffer->domain = (domid_t)domid;
    r = failed(xencall1(t->call, __HYPERVISOR_domctl, (uintptr_t)buffer));
    *op = *buffer;
    xencall_free_buffer(t->call, buffer);
    return r;
}

long mmuext(struct test *t, uint32_t domid, unsigned int cmd, xen_pfn_t mfn)
{
    struct mmuext_op op = {.cmd = cmd};

    op.arg1.mfn = mfn;
    return failed(xc_mmuext_op(t->xch, &op, 1, domid));
}

long mmu_updates(struct test *t, uint32_t foreigndom, mmu_update_t *requests,
                 unsigned int count, unsigned int *done)
{
    mmu_update_t *buffer;
    unsigned int *out;
    long r;

    *done = ~0u;
    buffer = xencall_alloc_buffer_pages(t->call, 1);
    if (!buffer)
        return -ENOMEM;
    /* `done` at the end of the same page */
    out = (unsigned int *)((char *)buffer + PAGE_BYTES - sizeof(*out));
    memcpy(buffer, requests, count * sizeof(*requests));
    r = failed(xencall4(t->call, __HYPERVISOR_mmu_update, (uintptr_t)buffer,
                        count, (uintptr_t)out, foreigndom));
    *done = *out;
    xencall_free_buffer_pages(t->call, buffer, 1);
    return r;
}

long mmu_update(struct test *t, uint32_t domid, uint64_t ptr, uint64_t val)
{
    mmu_update_t request = {.ptr = ptr, .val = val};
    unsigned int done;
    uint32_t foreigndom = domid;

    /* The tables' owner in the upper half, one up (xen.h). */
    if ((ptr & 7) != MMU_MACHPHYS_UPDATE)
        foreigndom |= (domid + 1) << 16;
    return mmu_updates(t, foreigndom, &request, 1, &done);
}

long frame_types(struct test *t, uint32_t domid, unsigned int n,
                 xen_pfn_t *info)
{
    struct xen_domctl op = {.u.getpageframeinfo3.num = n};
    size_t bytes = n * sizeof(*info);
    xen_pfn_t *buffer = xencall_alloc_buffer(t->call, bytes + 1);
    long r;

    if (!buffer)
        return -ENOMEM;
    memcpy(buffer, info, bytes);
    set_xen_guest_handle_raw(op.u.getpageframeinfo3.array, buffer);
    r = domctl(t, &op, XEN_DOMCTL_getpageframeinfo3, domid);
    memcpy(info, buffer, bytes);
    xencall_free_buffer(t->call, buffer);
    return r;
}

/* The M2P as control tools map it: 8 bytes a frame, in extents of 2 MiB. */
long m2p_of(struct test *t, xen_pfn_t mfn, uint64_t *pfn)
{
    static xen_pfn_t extents[4096]; /* 8 TiB of memory */
    uint64_t at = mfn * sizeof(*pfn);
    uint64_t extent = at >> 21;
    xen_pfn_t frame;
    uint64_t *page;
    int error;

    if (extent >= sizeof(extents) / sizeof(extents[0]))
        return -ERANGE;
    if (xc_machphys_mfn_list(t->xch, extent + 1, extents))
        return failed(-1);
    frame = extents[extent] + (at >> 12) % 512;
    page =
        xenforeignmemory_map(t->fmem, DOMID_XEN, PROT_READ, 1, &frame, &error);
    if (!page)
        return failed(-1);
    if (!error)
        *pfn = page[at % PAGE_BYTES / sizeof(*page)];
    xenforeignmemory_unmap(t->fmem, page, 1);
    return error;
}

long vm_assist(struct test *t, uint32_t domid, struct vm_assist *asked)
{
    struct xen_domctl op = {0};
    long r;

    memcpy(&op.u, asked, sizeof(*asked));
    r = XEN_HAS_STABLE_DOMCTLS ? stable_domctl(t, &op, DOMCTL_VM_ASSIST, domid)
                               : domctl(t, &op, DOMCTL_VM_ASSIST, domid);
    memcpy(asked, &op.u, sizeof(*asked));
    return r;
}

long declare_assists(struct test *t, uint32_t domid, uint64_t assists)
{
    struct vm_assist set = {.op = VM_ASSIST_SET, .assists = assists};

    return vm_assist(t, domid, &set);
}
