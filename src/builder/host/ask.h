/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ask.h - what Xen knows of the host and of its domains.
 */
#ifndef DW_ASK_H
#define DW_ASK_H

#include <stdbool.h>

#include "frame.h"
#include "host/host.h"
#include "mem/memmap.h"

/* Which Xen it is, and what the machine has. */
struct host_facts {
    unsigned int major, minor;
    xen_extraversion_t extra;       /* ".5" */
    xen_changeset_info_t changeset; /* patches show here if anywhere */
    xen_compile_info_t compile;
    xen_capabilities_info_t caps; /* xen-3.0-x86_32p and such, by spaces */
    xc_physinfo_t phys;
    mfn_t ram_end; /* the first frame behind all RAM */
};

/* 0, or a negative errno and the failure in host->dg. */
int __attribute__((warn_unused_result))
host_ask(struct host *host, struct host_facts *facts);

/* More than Xen has room for (xen/include/asm-x86/e820.h, E820MAX). */
#define HOST_RANGES 2048

/*
 * The machine's memory map as Xen has it: at most HOST_RANGES ranges, and how
 * many.  0, or a negative errno and the failure in host->dg.
 */
int __attribute__((warn_unused_result))
host_memory_map(struct host *host, struct mem_range range[HOST_RANGES],
                size_t *nr);

/* 32 or 64 for a PV domain, 0 for others and where Xen does not say. */
unsigned int domain_width(struct host *host, const xc_domaininfo_t *info);

/* The top-level page table that vCPU 0 uses. */
struct domain_root {
    mfn_t mfn;
    unsigned int level;
    bool extended_cr3; /* the VM assist; 32-bit guests only */
};

/* false: it is no PV domain, or vCPU 0 has no context yet. */
bool domain_root(struct host *host, uint32_t domid, unsigned int width,
                 struct domain_root *root);

/*
 * Its VM assists, as a mask of VMASST_TYPE_*.  0, or a negative errno and the
 * failure in host->dg.
 */
int __attribute__((warn_unused_result))
domain_vm_assist(struct host *host, uint32_t domid, unsigned int width,
                 uint64_t *assists);

/* A vCPU and where it may run. */
struct vcpu_facts {
    unsigned int id, cpu;
    bool online, running, blocked;
    uint64_t cpu_time; /* ns */
    unsigned int cpus; /* the host's, as far as the masks go */
    xc_cpumap_t hard, soft;
};

/*
 * 0; or -ESRCH, and nothing in dg: there is no such vCPU.  vcpu_dispose() is to
 * be called either way.
 */
int __attribute__((warn_unused_result))
vcpu_ask(struct host *host, uint32_t domid, unsigned int id,
         struct vcpu_facts *vcpu);
void vcpu_dispose(struct vcpu_facts *vcpu);

#endif /* DW_ASK_H */
