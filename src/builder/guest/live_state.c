/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/live_state.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xenguest.h>

#include <xen/foreign/x86_32.h>
#include <xen/foreign/x86_64.h>

#include "host/find.h"
/* Entries of a GDT that are the guest's: 14 pages of 512 (arch-x86/xen.h). */
#define GDT_PAGE 512u
#define GDT_END  7168u

int state_failed(struct memory *memory, int rc)
{
    return diag_fail(memory->host->dg, DW_FAILED, rc,
                     "writing what is sent of domain %s: %s",
                     host_called(memory->host, memory->domid), strerror(-rc));
}

static int put(struct memory *memory, struct sink *sink, uint32_t type,
               const void *a, size_t a_size, const void *b, size_t b_size)
{
    int rc = sink_record(sink, type, a, a_size, b, b_size);

    return rc ? state_failed(memory, rc) : 0;
}

/* ---- before ---- */

static int get_policy(struct memory *memory, xc_cpu_policy_t *policy,
                      xen_cpuid_leaf_t *leaf, uint32_t *leaves,
                      xen_msr_entry_t *msr, uint32_t *msrs)
{
    xc_interface *xc = memory->host->xc;

    if (xc_cpu_policy_get_domain(xc, memory->domid, policy) ||
        xc_cpu_policy_serialise(xc, policy, leaf, leaves, msr, msrs))
        return diag_fail_xc(memory->host->dg, "asking for its CPU policy");
    return 0;
}

static int put_policy(struct memory *memory, struct sink *sink)
{
    xc_cpu_policy_t *policy = xc_cpu_policy_init();
    uint32_t leaves = 0, msrs = 0;
    xen_cpuid_leaf_t *leaf = NULL;
    xen_msr_entry_t *msr = NULL;
    int rc = 0;

    if (xc_cpu_policy_get_size(memory->host->xc, &leaves, &msrs))
        rc = diag_fail_xc(memory->host->dg, "asking for CPU policies' size");
    if (!rc) {
        leaf = calloc(leaves, sizeof(*leaf));
        msr = calloc(msrs, sizeof(*msr));
        rc = policy && leaf && msr
                 ? get_policy(memory, policy, leaf, &leaves, msr, &msrs)
                 : diag_fail(memory->host->dg, DW_FAILED, -ENOMEM,
                             "out of memory");
    }
    if (!rc && leaves)
        rc = put(memory, sink, LIBXC_X86_CPUID_POLICY, leaf,
                 leaves * sizeof(*leaf), NULL, 0);
    if (!rc && msrs)
        rc = put(memory, sink, LIBXC_X86_MSR_POLICY, msr, msrs * sizeof(*msr),
                 NULL, 0);
    xc_cpu_policy_destroy(policy);
    free(leaf);
    free(msr);
    return rc;
}

int state_begin(struct memory *memory, struct sink *sink)
{
    const struct pv_info info = {
        .width = (uint8_t)memory->width,
        .levels = (uint8_t)memory->levels,
    };
    int rc = sink_headers(sink);

    if (rc)
        return state_failed(memory, rc);
    rc = put(memory, sink, LIBXC_X86_PV_INFO, &info, sizeof(info), NULL, 0);
    if (!rc)
        rc = put_policy(memory, sink);
    return rc ? rc : put(memory, sink, LIBXC_STATIC_DATA_END, NULL, 0, NULL, 0);
}

int state_p2m(struct memory *memory, struct sink *sink)
{
    const struct p2m_frames_header header = {.last = (uint32_t)memory->nr - 1};

    return put(memory, sink, LIBXC_X86_PV_P2M_FRAMES, &header, sizeof(header),
               memory->p2m_pfn, memory->p2m_pages * sizeof(*memory->p2m_pfn));
}

/* ---- vCPUs ---- */

/* A frame that a context names becomes its PFN. */
static int name_frame(struct memory *memory, uint64_t *frame, unsigned int vcpu,
                      const char *what)
{
    uint64_t pfn = memory_pfn(memory, *frame);

    if (pfn == MEMORY_NONE)
        return diag_fail(memory->host->dg, DW_FAILED, -EINVAL,
                         "vCPU %u's %s is frame %#" PRIx64
                         ", which the guest's list has not",
                         vcpu, what, *frame);
    *frame = pfn;
    return 0;
}

static int name_gdt64(struct memory *memory,
                      struct vcpu_guest_context_x86_64 *c, unsigned int vcpu)
{
    uint64_t i, frame, n = (c->gdt_ents + GDT_PAGE - 1) / GDT_PAGE;
    int rc = 0;

    for (i = 0; !rc && i < n; i++) {
        frame = c->gdt_frames[i];
        rc = name_frame(memory, &frame, vcpu, "GDT");
        c->gdt_frames[i] = frame;
    }
    return rc;
}

static int name_gdt32(struct memory *memory,
                      struct vcpu_guest_context_x86_32 *c, unsigned int vcpu)
{
    uint64_t i, frame, n = (c->gdt_ents + GDT_PAGE - 1) / GDT_PAGE;
    int rc = 0;

    for (i = 0; !rc && i < n; i++) {
        frame = c->gdt_frames[i];
        rc = name_frame(memory, &frame, vcpu, "GDT");
        c->gdt_frames[i] = (uint32_t)frame;
    }
    return rc;
}

static int name64(struct memory *memory, struct vcpu_guest_context_x86_64 *c,
                  unsigned int vcpu)
{
    uint64_t frame = c->user_regs.rdx;
    int rc = 0;

    if (!vcpu) /* its start_info: what a guest that suspends leaves there */
        rc = name_frame(memory, &frame, vcpu, "start_info");
    if (!vcpu)
        c->user_regs.rdx = frame;
    if (!rc && c->gdt_ents > GDT_END)
        rc = -EINVAL;
    if (!rc)
        rc = name_gdt64(memory, c, vcpu);
    frame = c->ctrlreg[3] >> DW_PAGE_SHIFT;
    if (!rc)
        rc = name_frame(memory, &frame, vcpu, "CR3");
    c->ctrlreg[3] = frame << DW_PAGE_SHIFT;
    if (rc || !c->ctrlreg[1])
        return rc;
    frame = c->ctrlreg[1] >> DW_PAGE_SHIFT;
    rc = name_frame(memory, &frame, vcpu, "user CR3");
    c->ctrlreg[1] = frame << DW_PAGE_SHIFT | 1;
    return rc;
}

static int name32(struct memory *memory, struct vcpu_guest_context_x86_32 *c,
                  unsigned int vcpu)
{
    uint64_t frame = c->user_regs.edx;
    int rc = 0;

    if (!vcpu)
        rc = name_frame(memory, &frame, vcpu, "start_info");
    if (!vcpu)
        c->user_regs.edx = (uint32_t)frame;
    if (!rc && c->gdt_ents > GDT_END)
        rc = -EINVAL;
    if (!rc)
        rc = name_gdt32(memory, c, vcpu);
    frame = xen_cr3_to_pfn_x86_32(c->ctrlreg[3]);
    if (!rc)
        rc = name_frame(memory, &frame, vcpu, "CR3");
    c->ctrlreg[3] = xen_pfn_to_cr3_x86_32((uint32_t)frame);
    return rc;
}

static int put_basic(struct memory *memory, struct sink *sink,
                     unsigned int vcpu)
{
    const struct vcpu_header header = {.vcpu = vcpu};
    vcpu_guest_context_any_t context;
    int rc;

    if (xc_vcpu_getcontext(memory->host->xc, memory->domid, vcpu, &context))
        return diag_fail_xc(memory->host->dg, "reading vCPU %u", vcpu);
    rc = memory->width == 8 ? name64(memory, (void *)&context.x64, vcpu)
                            : name32(memory, (void *)&context.x32, vcpu);
    if (rc)
        return diag_fail(memory->host->dg, DW_FAILED, rc,
                         "vCPU %u's registers are no guest's", vcpu);
    return put(memory, sink, LIBXC_X86_PV_VCPU_BASIC, &header, sizeof(header),
               &context,
               memory->width == 8 ? sizeof(context.x64) : sizeof(context.x32));
}

static int put_extended(struct memory *memory, struct sink *sink,
                        unsigned int vcpu)
{
    const struct vcpu_header header = {.vcpu = vcpu};
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_get_ext_vcpucontext,
        .domain = (domid_t)memory->domid,
        .u.ext_vcpucontext.vcpu = vcpu,
    };

    if (xc_domctl(memory->host->xc, &op))
        return diag_fail_xc(memory->host->dg, "reading vCPU %u", vcpu);
    if (!op.u.ext_vcpucontext.size)
        return 0;
    return put(memory, sink, LIBXC_X86_PV_VCPU_EXTENDED, &header,
               sizeof(header), &op.u.ext_vcpucontext,
               op.u.ext_vcpucontext.size);
}

/* Asks for the size first, and then for the state. */
static int put_xsave(struct memory *memory, struct sink *sink,
                     unsigned int vcpu)
{
    DECLARE_HYPERCALL_BUFFER(void, buffer);
    const struct vcpu_header header = {.vcpu = vcpu};
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_getvcpuextstate,
        .domain = (domid_t)memory->domid,
        .u.vcpuextstate.vcpu = vcpu,
    };
    int rc = 0;

    if (xc_domctl(memory->host->xc, &op))
        return diag_fail_xc(memory->host->dg, "reading vCPU %u", vcpu);
    if (!op.u.vcpuextstate.xfeature_mask)
        return 0;
    buffer = xc_hypercall_buffer_alloc(memory->host->xc, buffer,
                                       op.u.vcpuextstate.size);
    if (!buffer)
        return diag_fail(memory->host->dg, DW_FAILED, -ENOMEM, "out of memory");
    set_xen_guest_handle(op.u.vcpuextstate.buffer, buffer);
    if (xc_domctl(memory->host->xc, &op))
        rc = diag_fail_xc(memory->host->dg, "reading vCPU %u", vcpu);
    else if (op.u.vcpuextstate.size)
        rc = put(memory, sink, LIBXC_X86_PV_VCPU_XSAVE, &header, sizeof(header),
                 buffer, op.u.vcpuextstate.size);
    xc_hypercall_buffer_free(memory->host->xc, buffer);
    return rc;
}

static int put_msrs(struct memory *memory, struct sink *sink, unsigned int vcpu)
{
    DECLARE_HYPERCALL_BUFFER(void, buffer);
    const struct vcpu_header header = {.vcpu = vcpu};
    struct xen_domctl op = {
        .cmd = XEN_DOMCTL_get_vcpu_msrs,
        .domain = (domid_t)memory->domid,
        .u.vcpu_msrs.vcpu = vcpu,
    };
    int rc = 0;

    if (xc_domctl(memory->host->xc, &op))
        return diag_fail_xc(memory->host->dg, "reading vCPU %u", vcpu);
    if (!op.u.vcpu_msrs.msr_count)
        return 0;
    buffer = xc_hypercall_buffer_alloc(memory->host->xc, buffer,
                                       op.u.vcpu_msrs.msr_count * MSR_BYTES);
    if (!buffer)
        return diag_fail(memory->host->dg, DW_FAILED, -ENOMEM, "out of memory");
    set_xen_guest_handle(op.u.vcpu_msrs.msrs, buffer);
    if (xc_domctl(memory->host->xc, &op))
        rc = diag_fail_xc(memory->host->dg, "reading vCPU %u", vcpu);
    else if (op.u.vcpu_msrs.msr_count)
        rc = put(memory, sink, LIBXC_X86_PV_VCPU_MSRS, &header, sizeof(header),
                 buffer, op.u.vcpu_msrs.msr_count * MSR_BYTES);
    xc_hypercall_buffer_free(memory->host->xc, buffer);
    return rc;
}

static int put_vcpu(struct memory *memory, struct sink *sink, unsigned int vcpu)
{
    xc_vcpuinfo_t info;
    int rc;

    if (xc_vcpu_getinfo(memory->host->xc, memory->domid, vcpu, &info))
        return diag_fail_xc(memory->host->dg, "asking for vCPU %u", vcpu);
    if (!info.online)
        return 0;
    rc = put_basic(memory, sink, vcpu);
    if (!rc)
        rc = put_extended(memory, sink, vcpu);
    if (!rc)
        rc = put_xsave(memory, sink, vcpu);
    return rc ? rc : put_msrs(memory, sink, vcpu);
}

/* ---- behind ---- */

static int put_tsc(struct memory *memory, struct sink *sink)
{
    struct tsc_info tsc = {.mode = 0};

    if (xc_domain_get_tsc_info(memory->host->xc, memory->domid, &tsc.mode,
                               &tsc.nsec, &tsc.khz, &tsc.incarnation))
        return diag_fail_xc(memory->host->dg, "asking for its TSC");
    return put(memory, sink, LIBXC_X86_TSC_INFO, &tsc, sizeof(tsc), NULL, 0);
}

int state_finish(struct memory *memory, struct sink *sink, unsigned int vcpus)
{
    unsigned int i;
    int rc = put_tsc(memory, sink);

    if (!rc)
        rc = put(memory, sink, LIBXC_SHARED_INFO, memory->shared_info,
                 DW_PAGE_SIZE, NULL, 0);
    for (i = 0; !rc && i < vcpus; i++)
        rc = put_vcpu(memory, sink, i);
    return rc ? rc : put(memory, sink, LIBXC_END, NULL, 0, NULL, 0);
}
