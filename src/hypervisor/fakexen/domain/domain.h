/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domain.h - what Xen keeps of a domain and of its vCPUs in frames of its own.
 *
 * These frames belong to DOMID_XEN and come out of the machine's memory: a
 * domain costs free pages before it has memory itself, and gives all of them
 * back.  Call everything here with the lock held.
 */
#ifndef FX_DOMAIN_H
#define FX_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/domctl.h>
#include <xen/memory.h>

#include "domain/caller.h"
#include "machine/host.h"

/* XEN_DOMCTL_createdomain's limit and default (Xen: gnttab_max_frames). */
#define FX_MAX_GRANT_FRAMES 64
/* XENMEM_set_memory_map's (Xen: E820MAX is 1024, more than a frame holds). */
#define FX_MAX_DOMAIN_E820 32

/* The machine's processors, all alike. */
#define FX_CPUS    4
#define FX_CPU_KHZ 2000000u

/* Of a domain that is not shut down (Xen: SHUTDOWN_CODE_INVALID). */
#define FX_NOT_SHUT_DOWN UINT32_MAX

/* The frames of one vCPU, contiguous. */
#define FX_VCPU_ORDER  1
#define FX_VCPU_FRAMES (1u << FX_VCPU_ORDER)

/* The frames with the event channels, contiguous; and how many ports Xen comes
 * to know at once, as a domain needs more (EVTCHNS_PER_BUCKET). */
#define FX_EVTCHN_ORDER  1
#define FX_EVTCHN_BUCKET 64

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
};

struct fx_domain_state {
    uint32_t tsc_mode, tsc_khz, tsc_incarnation;
    int64_t tsc_offset; /* host's nanoseconds when its time was 0 */
    uint32_t max_grant_frames, nr_grant_frames;
    uint64_t grant_frame[FX_MAX_GRANT_FRAMES]; /* MFNs */
    uint64_t node_affinity;
    uint32_t nr_e820;
    uint8_t e820[FX_MAX_DOMAIN_E820][20]; /* as the caller gave it */
    uint32_t nr_vnodes;
    uint32_t vnode_to_pnode[FX_MAX_NODES];
    uint16_t sched_weight; /* 0: the default */
    uint16_t sched_cap;
    /* The shadow pool, which log-dirty's map comes out of: each frame begins
     * with the MFN of the next. */
    uint64_t shadow_pool; /* MFN of the first */
    uint32_t shadow_pages;
    bool log_failed; /* the pool was too small for the map */
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

/* domain.c: the life of a domain; 0 or a negative errno. */
int __attribute__((warn_unused_result))
fx_domain_create(struct fx_host *host, uint16_t domid,
                 const struct xen_domctl_createdomain *config);
int __attribute__((warn_unused_result))
fx_domain_make_vcpus(struct fx_host *host, struct fx_domain *domain);
void fx_domain_kill(struct fx_host *host, struct fx_domain *domain);

/*
 * Frees what is left of dying domains to whose frames nobody refers any more;
 * fx_unlock() calls it, through the host's hooks.
 */
void fx_reap_domains(struct fx_host *host);

/* Nanoseconds since the machine's start, as Xen's system time. */
int64_t fx_system_time(void);

/* XEN_DOMCTL_getdomaininfo's answer. */
void fx_domain_info(struct fx_host *host, const struct fx_domain *domain,
                    struct xen_domctl_getdomaininfo *info);

/* context.c: XEN_DOMCTL_{set,get}vcpucontext, the structure at `from`/`to` */
long fx_set_context(const struct fx_caller *caller, struct fx_domain *domain,
                    uint32_t vcpu, uint64_t from);
long fx_get_context(const struct fx_caller *caller, struct fx_domain *domain,
                    uint32_t vcpu, uint64_t to);
void fx_reset_vcpu(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu);
/* Gives the roots and the GDT back, and leaves the rest of a context. */
void fx_put_tables(struct fx_host *host, struct fx_domain *domain,
                   uint32_t vcpu);

/* vcpu_state.c: the other parts of a vCPU that are saved and restored */
void fx_vcpu_state_init(struct fx_vcpu_state *v);
long fx_ext_context(const struct fx_caller *caller, struct fx_domain *domain,
                    struct xen_domctl *op);
long fx_vcpu_xstate(const struct fx_caller *caller, struct fx_domain *domain,
                    struct xen_domctl *op);
long fx_vcpu_msrs(const struct fx_caller *caller, struct fx_domain *domain,
                  struct xen_domctl *op);
long fx_vcpu_affinity(const struct fx_caller *caller, struct fx_domain *domain,
                      struct xen_domctl *op);

/* policy.c: CPU policies */
void fx_policy_init(struct fx_host *host, struct fx_domain *domain);
void fx_policy_recalculate(struct fx_host *host, struct fx_domain *domain);
long fx_policy_get(const struct fx_caller *caller,
                   const struct fx_domain *domain,
                   struct xen_domctl_cpu_policy *op);
long fx_policy_set(const struct fx_caller *caller, struct fx_domain *domain,
                   struct xen_domctl_cpu_policy *op);

/* log_dirty.c */
long fx_shadow_op(const struct fx_caller *caller, struct fx_domain *domain,
                  struct xen_domctl_shadow_op *op);
void fx_shadow_free(struct fx_host *host, struct fx_domain *domain);

/* event_channel.c */
void fx_evtchn_close_all(struct fx_host *host, struct fx_domain *domain);

/*
 * grant_table.c: the grant table's frame of that index, made if the domain may
 * have it.  -EINVAL beyond its limit, -ENOMEM.
 */
int __attribute__((warn_unused_result))
fx_grant_frame(struct fx_host *host, struct fx_domain *domain, uint32_t index,
               uint64_t *mfn);

#endif /* FX_DOMAIN_H */
