/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vcpu_state.c - the parts of a vCPU beside its context: callbacks, extended
 * processor state, MSRs. They are kept to be given back.
 */
#include "domain/vcpu_state.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "domain/context.h"
#include "domain/domain.h"
#include "domain/ldt.h"
#include "domain/state.h"
#include "xen_versions.h"

#include <xen/vcpu.h>

/* XCR0 and the mask of all that was ever in it precede the state. */
#define XSTATE_HEADER 16
/* Legacy area and header: the least that a state can be. */
#define XSTATE_MIN 576

/* IA32_MCG_CAP's bits that Xen may let a guest have: 2 banks, TES_P, SER_P, and
 * LMCE_P, CTL_P and any number of banks besides. */
#define MCG_CAP_DEFAULT UINT64_C(0x01000802)
#define MCG_CAP_ALLOWED (MCG_CAP_DEFAULT | UINT64_C(0x080001ff))

/* MSRs that a PV guest may write, and that are saved (asm/msr-index.h). */
#define MSR_TSC_AUX 0xc0000103u

#define STATE_SIZE(mask) (XSTATE_HEADER + ((mask) ? xstate_size(mask) : 0))

static long set_ext(const struct fx_domain *domain, struct fx_vcpu_state *v,
                    const struct xen_domctl_ext_vcpucontext *asked)
{
    size_t given = asked->size < sizeof(*asked) ? asked->size : sizeof(*asked);
    size_t head = offsetof(struct xen_domctl_ext_vcpucontext, vmce);
    struct xen_domctl_ext_vcpucontext ext = {0};

    if (asked->size < head || !fx_canonical(asked->sysenter_callback_eip) ||
        !fx_canonical(asked->syscall32_callback_eip))
        return -EINVAL;
    memcpy(&ext, asked, given);
    ext.sysenter_callback_cs =
        fx_guest_selector(domain, ext.sysenter_callback_cs);
    ext.syscall32_callback_cs =
        fx_guest_selector(domain, ext.syscall32_callback_cs);
    if (ext.vmce.caps & ~MCG_CAP_ALLOWED) {
        ext.vmce = v->ext.vmce;
        v->ext = ext; /* as Xen, which sets the callbacks first */
        return -EINVAL;
    }
    /* Less than the first of the machine-check registers is none at all. */
    if (given < head + sizeof(ext.vmce.caps))
        ext.vmce = v->ext.vmce;
    v->ext = ext;
    return 0;
}

void fx_vcpu_state_init(struct fx_vcpu_state *v, int64_t now)
{
    v->runstate = RUNSTATE_offline;
    v->runstate_since = now;
    v->root = v->user_root = v->info_mfn = FX_NO_MFN;
    for (int i = 0; i < FX_LDT_PAGES; i++)
        v->ldt_frame[i] = FX_NO_MFN;
    v->hard_affinity = v->soft_affinity = UINT64_MAX;
    v->ext.vmce.caps = MCG_CAP_DEFAULT;
}

long fx_ext_context(const struct fx_caller *caller, struct fx_domain *domain,
                    struct xen_domctl *op)
{
    struct xen_domctl_ext_vcpucontext *ext = &op->u.ext_vcpucontext;
    struct fx_vcpu_state *v = fx_vcpu_state(caller->host, domain, ext->vcpu);
    uint32_t vcpu = ext->vcpu;

    if (!v ||
        (op->cmd == XEN_DOMCTL_set_ext_vcpucontext && domain == caller->domain))
        return -ESRCH;
    if (op->cmd == XEN_DOMCTL_set_ext_vcpucontext)
        return set_ext(domain, v, ext);
    *ext = v->ext;
    ext->vcpu = vcpu;
    ext->size = sizeof(*ext);
    return 0;
}

static uint32_t xstate_size(uint64_t mask)
{
    return mask & 4 ? FX_XSTATE_BYTES : XSTATE_MIN;
}

static long get_xstate(const struct fx_caller *caller,
                       const struct fx_vcpu_state *v,
                       struct xen_domctl_vcpuextstate *asked)
{
    uint64_t at = (uint64_t)(uintptr_t)asked->buffer.p;
    uint64_t header[2] = {v->xcr0, v->xcr0_accum};
    uint32_t size = STATE_SIZE(v->xcr0_accum);

    if ((!asked->size && !asked->xfeature_mask) || !at) {
        asked->xfeature_mask = FX_XSTATE_MASK;
        asked->size = STATE_SIZE(FX_XSTATE_MASK);
        return 0;
    }
    if (asked->size < size || asked->xfeature_mask != FX_XSTATE_MASK)
        return -EINVAL;
    if (fx_copy_out(caller, at, header, sizeof(header)) ||
        (size > XSTATE_HEADER && fx_copy_out(caller, at + XSTATE_HEADER,
                                             v->xsave, size - XSTATE_HEADER)))
        return -EFAULT;
    asked->size = size;
    return 0;
}

/* x87 always, AVX only with SSE. */
static bool valid_xcr0(uint64_t xcr0)
{
    return xcr0 & 1 && (!(xcr0 & 4) || xcr0 & 2);
}

static long check_xstate(const uint64_t header[2], const uint8_t *area)
{
    uint64_t words[8]; /* the XSAVE header: what there is, its format, zeros */
    int i;

    memcpy(words, area + 512, sizeof(words));
    if (words[0] & ~header[1] || header[0] & ~header[1] ||
        header[1] & ~FX_XSTATE_MASK || !valid_xcr0(header[0]) ||
        !valid_xcr0(header[1]))
        return -EINVAL;
    if (words[1])
        return -EOPNOTSUPP;
    for (i = 2; i < 8; i++)
        if (words[i])
            return -EIO;
    return 0;
}

static long set_xstate(const struct fx_caller *caller, struct fx_vcpu_state *v,
                       const struct xen_domctl_vcpuextstate *asked)
{
    uint8_t buffer[XSTATE_HEADER + FX_XSTATE_BYTES] = {0};
    uint64_t header[2];
    long rc = -EINVAL;

    if (asked->size < XSTATE_HEADER || asked->size > sizeof(buffer))
        return -EINVAL;
    if (fx_copy_in(caller, buffer, (uint64_t)(uintptr_t)asked->buffer.p,
                   asked->size))
        return -EFAULT;
    memcpy(header, buffer, sizeof(header));
    if (header[1]) {
        if (asked->size >= XSTATE_HEADER + XSTATE_MIN)
            rc = check_xstate(header, buffer + XSTATE_HEADER);
    } else if (!header[0]) {
        rc = 0;
    }
    if (rc || asked->size == XSTATE_HEADER)
        return rc;
    if (asked->size < XSTATE_HEADER + XSTATE_MIN ||
        asked->size != STATE_SIZE(header[1]))
        return -EINVAL;
    v->xcr0 = header[0];
    v->xcr0_accum = header[1];
    memcpy(v->xsave, buffer + XSTATE_HEADER, sizeof(v->xsave));
    return 0;
}

long fx_vcpu_xstate(const struct fx_caller *caller, struct fx_domain *domain,
                    struct xen_domctl *op)
{
    struct xen_domctl_vcpuextstate *asked = &op->u.vcpuextstate;
    struct fx_vcpu_state *v = fx_vcpu_state(caller->host, domain, asked->vcpu);

    if (!v)
        return -ESRCH;
    return op->cmd == XEN_DOMCTL_getvcpuextstate ? get_xstate(caller, v, asked)
                                                 : set_xstate(caller, v, asked);
}

static long get_msrs(const struct fx_caller *caller,
                     const struct fx_vcpu_state *v,
                     struct xen_domctl_vcpu_msrs *asked)
{
    uint64_t at = (uint64_t)(uintptr_t)asked->msrs.p;
    uint32_t room = asked->msr_count;
    uint32_t fit = v->nr_msrs < room ? v->nr_msrs : room;

    asked->msr_count = at ? v->nr_msrs : FX_VCPU_MSRS;
    if (!at)
        return 0;
    if (fit && fx_copy_out(caller, at, v->msr, fit * sizeof(v->msr[0])))
        return -EFAULT;
    return v->nr_msrs > room ? -ENOBUFS : 0;
}

/* -ENOSPC: a damaged file has it full of others. */
static int keep_msr(struct fx_vcpu_state *v,
                    const struct xen_domctl_vcpu_msr *msr)
{
    uint32_t i;

    for (i = 0; i < v->nr_msrs && v->msr[i].index != msr->index; i++)
        ;
    if (i == FX_VCPU_MSRS)
        return msr->value ? -ENOSPC : 0;
    if (msr->value) { /* zeros are not kept, as they are not saved */
        v->msr[i] = *msr;
        v->nr_msrs += i == v->nr_msrs;
    } else if (i < v->nr_msrs) {
        v->msr[i] = v->msr[--v->nr_msrs];
    }
    return 0;
}

static long set_msrs(const struct fx_caller *caller, struct fx_vcpu_state *v,
                     struct xen_domctl_vcpu_msrs *asked)
{
    struct xen_domctl_vcpu_msr msr;
    uint32_t i;
    long rc = 0;

    if (asked->msr_count > FX_VCPU_MSRS)
        return -EINVAL;
    for (i = 0; i < asked->msr_count && !rc; i++) {
        uint64_t at = (uint64_t)(uintptr_t)asked->msrs.p + i * sizeof(msr);

        if (fx_copy_in(caller, &msr, at, sizeof(msr)))
            rc = -EFAULT;
        else if (msr.reserved)
            rc = -EINVAL;
        else if (msr.index != MSR_TSC_AUX || msr.value > UINT32_MAX)
            rc = XEN_MSR_REFUSED_WITH_ENXIO ? -ENXIO : -EINVAL;
        else
            rc = keep_msr(v, &msr);
    }
    if (rc)
        asked->msr_count = i - 1; /* those that were set */
    return rc;
}

long fx_vcpu_msrs(const struct fx_caller *caller, struct fx_domain *domain,
                  struct xen_domctl *op)
{
    struct xen_domctl_vcpu_msrs *asked = &op->u.vcpu_msrs;
    struct fx_vcpu_state *v = fx_vcpu_state(caller->host, domain, asked->vcpu);

    if (!v)
        return -ESRCH;
    return op->cmd == XEN_DOMCTL_get_vcpu_msrs ? get_msrs(caller, v, asked)
                                               : set_msrs(caller, v, asked);
}
