/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * domain_table.h - the domains and their vCPUs, as they stand in the file.
 *
 * What they are for is the folder domain's; here they are found by their IDs,
 * and what they have of the machine's memory is counted.  Call everything with
 * the lock held.
 */
#ifndef FX_DOMAIN_TABLE_H
#define FX_DOMAIN_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <xen/xen.h> /* DOMID_XEN and others */

#define FX_MAX_DOMAINS 256
#define FX_MAX_VCPUS   8192 /* of one domain, as on Xen (MAX_VIRT_CPUS) */
#define FX_MAX_EVTCHN  1024

/* The machine's processors, all alike. */
#define FX_CPUS 4

/* Pools of them, as many as Xen has: two for each. */
#define FX_MAX_POOLS (2 * FX_CPUS)

/* The control domain's ID, and where it stands among the domains. */
#define FX_CONTROL_DOMID 0

struct fx_host;
struct fx_super;

struct fx_vcpu {
    bool exists;
    bool initialised; /* its context was set */
    bool down;        /* VGCF_online was not in it */
    uint64_t context; /* MFN of the first of FX_VCPU_FRAMES of Xen's own */
};

struct fx_evtchn {
    uint8_t state; /* EVTCHNSTAT_* (xen/event_channel.h) */
    uint8_t virq;
    uint16_t remote_dom;
    uint16_t remote_port;
    uint16_t vcpu; /* whom it notifies */
};

/* What the control domain's kernel, which is not there, would know of a port of
 * its own. */
struct fx_control_port {
    uint64_t process; /* whose it is (process.h); 0: nobody's, it stays */
    uint64_t handle;  /* which of the process's it is for */
    bool pending, masked;
};

/* pool.h */
struct fx_pool {
    bool exists;
    uint32_t id;
    uint32_t scheduler; /* XEN_SCHEDULER_* (xen/domctl.h) */
    uint64_t cpus;
};

struct fx_domain {
    bool exists, dying;
    uint16_t id;
    uint8_t handle[16];
    bool is_32bit; /* XEN_DOMCTL_set_address_size 32 */
    uint32_t pause_count;
    bool shutdown;
    uint32_t shutdown_code;
    uint32_t max_vcpus;
    uint64_t tot_pages, max_pages;
    uint64_t claimed_pages;
    uint64_t vm_assist;     /* assists in force */
    bool assists_declared;  /* by XEN_DOMCTL_vm_assist */
    bool creation_finished; /* unpaused once: assists and policy are settled */
    bool log_dirty;
    uint64_t shared_info; /* MFN */
    uint64_t state;       /* MFN: struct fx_domain_state (state.h) */
    uint64_t dirty_pages; /* frames with FX_F_DIRTY; see fx_mark_dirty() */
    bool debugged, xenstore;
    uint32_t max_evtchn_port;
    uint32_t valid_ports; /* those below are known, in use or not */
    uint64_t evtchns;     /* MFN of the first of Xen's own frames with them */
    uint64_t policy;      /* MFN of the frame with its CPU policy */
    uint32_t pool;        /* the ID of its CPU pool */
    uint64_t runner;      /* the process that runs it (process.h); or 0 */
    uint32_t unsaved;     /* that has registers which are not in the file */
    uint32_t tried;       /* one was started, or could not be */
    uint32_t tlb;         /* tlb.h */
    /* Where its tables lie that are to be none any more (page_type.h). */
    uint64_t left_first, left_end;
    /* On a machine with a seed: its time (time.h), how many hypercalls it made,
     * and what they were, in one word. */
    int64_t clock;
    uint64_t calls, calls_hash;
};

static inline bool fx_has_assist(const struct fx_domain *domain,
                                 unsigned int type)
{
    return domain->vm_assist >> type & 1;
}

/* The slot of a vCPU, whether there is one or not; NULL beyond the domain's
 * maximum. */
struct fx_vcpu *fx_vcpu(const struct fx_host *host,
                        const struct fx_domain *domain, uint32_t vcpu);

/* A new machine's only one. */
void fx_domain_table_init(struct fx_super *super);

/* The domain of that ID, if it exists. */
struct fx_domain *fx_domain(struct fx_host *host, uint32_t domid);

/* The domain with the lowest ID at or above `domid`; NULL: none. */
struct fx_domain *fx_domain_next(struct fx_host *host, uint32_t domid);

/* Counts frames in or out of tot_pages, and off the domain's claim. */
void fx_domain_adjust_pages(struct fx_host *host, struct fx_domain *domain,
                            int64_t pages);

/*
 * Can that many frames be had, which no domain but this one claims?  Its own
 * claim counts only if it covers them all, as on Xen.  NULL: for Xen's own.
 */
bool fx_unclaimed(const struct fx_host *host, const struct fx_domain *domain,
                  uint64_t frames);

#endif /* FX_DOMAIN_TABLE_H */
