/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - what Xen keeps of a domain and of its vCPUs in frames of its own.
 *
 * These frames belong to DOMID_XEN and come out of the machine's memory: a
 * domain costs free pages before it has memory itself, and gives all of them
 * back.  Call everything here with the lock held.
 */
#ifndef FX_STATE_H
#define FX_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/domctl.h>

#include "machine/host.h"

/* XEN_DOMCTL_createdomain's limit and default (Xen: gnttab_max_frames). */
#define FX_MAX_GRANT_FRAMES 64
/* XENMEM_set_memory_map's (Xen: E820MAX is 1024, more than a frame holds). */
#define FX_MAX_DOMAIN_E820 128

/* Xen keeps the distances between virtual nodes, 4 bytes each, in a page. */
#define FX_MAX_VNODES 32

/* The frames of one vCPU, contiguous. */
#define FX_VCPU_ORDER  1
#define FX_VCPU_FRAMES (1u << FX_VCPU_ORDER)

/* x87, SSE and AVX, in the standard format: 512 + 64 + 256. */
#define FX_XSTATE_MASK  UINT64_C(7)
#define FX_XSTATE_BYTES 832

#define FX_VCPU_MSRS 8

struct fx_vcpu_state {
    /* In the 64-bit form, whatever the domain's width. CR3 and CR1 stand in
     * root and user_root only. */
    vcpu_guest_context_t context;
    uint32_t event_callback_cs, failsafe_callback_cs; /* 32-bit guests only */
    uint64_t root, user_root; /* with their references; or FX_NO_MFN */
    bool fpu_initialised;
    struct xen_domctl_ext_vcpucontext ext;
    uint64_t xcr0, xcr0_accum;
    uint8_t xsave[FX_XSTATE_BYTES];
    uint32_t nr_msrs;
    struct xen_domctl_vcpu_msr msr[FX_VCPU_MSRS];
    uint64_t hard_affinity, soft_affinity;
    uint32_t debugger_pauses;
    /* What only matters to a vCPU that runs. */
    uint64_t ldt_frame[16]; /* with their references (ldt.h); or FX_NO_MFN */
    uint64_t info_mfn; /* of its vcpu_info, with its references; or FX_NO_MFN:
                        * in shared_info */
    uint32_t info_offset;
    uint8_t iopl;
    bool blocked;
    uint8_t yields;            /* its turn is over, if it can run or not */
    uint32_t poll_port;        /* 0: it does not poll; or FX_POLL_MANY */
    int64_t poll_until;        /* system time; 0: for ever */
    int64_t timer;             /* VCPUOP_set_singleshot_timer; 0: none */
    int64_t period, last_tick; /* VCPUOP_set_periodic_timer; 0: none */
    uint64_t runstate_area;    /* a virtual address; 0: none */
    int32_t runstate;          /* RUNSTATE_* (xen/vcpu.h) ... */
    int64_t runstate_since;    /* ... since then */
    uint64_t runstate_time[4]; /* and how long before */
};

/* Polls several ports. */
#define FX_POLL_MANY UINT32_MAX

struct fx_domain_state {
    uint32_t tsc_mode, tsc_khz, tsc_incarnation;
    int64_t tsc_offset; /* host's nanoseconds when its time was 0 */
    uint32_t max_grant_frames, nr_grant_frames;
    uint64_t grant_frame[FX_MAX_GRANT_FRAMES]; /* MFNs */
    uint64_t node_affinity;
    uint32_t nr_e820;
    uint8_t e820[FX_MAX_DOMAIN_E820][20]; /* as the caller gave it */
    uint32_t nr_vnodes; /* 0: no virtual nodes; vnuma.h has more of them */
    uint8_t vnode_to_pnode[FX_MAX_VNODES];
    uint16_t sched_weight; /* 0: the default */
    uint16_t sched_cap;
    /* The shadow pool, which log-dirty's map comes out of: each frame begins
     * with the MFN of the next. */
    uint64_t shadow_pool; /* MFN of the first */
    uint32_t shadow_pages;
    bool log_failed;   /* the pool was too small for the map */
    bool nodes_chosen; /* node_affinity does not follow the vCPUs' */
    uint64_t vnuma;    /* MFN, if nr_vnodes */
    uint64_t unique_id;
    uint64_t first_shared_info; /* MFN of what another replaced; 0: none did */
};

struct fx_domain_state *fx_domain_state(struct fx_host *host,
                                        const struct fx_domain *domain);

/* NULL where XEN_DOMCTL_max_vcpus did not make it yet. */
struct fx_vcpu_state *fx_vcpu_state(struct fx_host *host,
                                    const struct fx_domain *domain,
                                    uint32_t vcpu);

/* Frames of Xen's own, zeroed; FX_NO_MFN where there are none. */
uint64_t fx_xen_frames(struct fx_host *host, unsigned int order);
void fx_free_xen_frames(struct fx_host *host, uint64_t mfn, unsigned int order);

/* A frame of Xen's that the domain shares: it is the domain's to map, has the
 * type "writable" for good, and is no part of its memory.  Below 1 << bits, if
 * these are not 0; FX_NO_MFN where there is none. */
uint64_t fx_shared_frame(struct fx_host *host, const struct fx_domain *domain,
                         unsigned int bits);

#endif /* FX_STATE_H */
