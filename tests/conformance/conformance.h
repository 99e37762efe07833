/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * conformance.h - sequences of toolstack calls, and one line about each.
 *
 * What is printed is the same wherever the same rules hold: frames are named by
 * their index in the domain's own allocation, errors by their names, and
 * nothing of the host's (domain IDs, free memory, features) is told.
 *
 * Calls return what Xen does: 0 or more, or a negative errno.
 */
#ifndef CONFORMANCE_H
#define CONFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xencall.h>
#include <xenctrl.h>
#include <xenforeignmemory.h>

#include "xen_versions.h"

#define PAGE_BYTES 4096
#define NR_ENTRIES 512

/* What every section gets. */
struct test {
    xc_interface *xch;
    xencall_handle *call;
    xenforeignmemory_handle *fmem;
    uint64_t seed;
    unsigned int operations; /* of the random sections */
    bool digest;             /* a checksum for each 100 lines, not the lines */
    unsigned int lines;
    uint32_t sum;
    void *held; /* a mapping that a use of a frame is about */
};

#define MAX_GUEST_FRAMES 1024

/* A domain that never runs, and its frames. */
struct guest {
    uint32_t domid;
    unsigned int width;
    unsigned int nr;
    xen_pfn_t mfn[MAX_GUEST_FRAMES];
};

/* Bits of a page-table entry (Intel's manual, vol. 3, 4.5). */
#define P        UINT64_C(0x001)
#define RW       UINT64_C(0x002)
#define US       UINT64_C(0x004)
#define PWT      UINT64_C(0x008)
#define PCD      UINT64_C(0x010)
#define A        UINT64_C(0x020)
#define D        UINT64_C(0x040)
#define PSE      UINT64_C(0x080)
#define G        UINT64_C(0x100)
#define NX       (UINT64_C(1) << 63)
#define MFN_MASK UINT64_C(0x000ffffffffff000)

/* A frame that no machine has: 1 << 51 bytes up. */
#define BAD_MFN (UINT64_C(1) << 39)

/* The status of a section that cannot be run here. */
#define EXIT_SKIP 77

/* output.c */

/* Print a line; with --digest, add it to the checksum instead. */
void __attribute__((format(printf, 2, 3)))
say(struct test *t, const char *format, ...);

/* Print a line that ends in a call's result: "ok", a number, or an error. */
void __attribute__((format(printf, 3, 4)))
report(struct test *t, long result, const char *format, ...);

/* The checksum of what is left of the last 100 lines. */
void flush_digest(struct test *t);

const char *error_name(long result);
uint32_t crc32_of(uint32_t sum, const void *data, size_t size);

/* calls.c: libxenctrl's calls, with errno in the result, and hypercalls that
 * it does not offer in the raw. */
long failed(long r);
long domctl(struct test *t, struct xen_domctl *op, uint32_t cmd,
            uint32_t domid);
long mmuext(struct test *t, uint32_t domid, unsigned int cmd, xen_pfn_t mfn);
long mmu_update(struct test *t, uint32_t domid, uint64_t ptr, uint64_t val);
long mmu_updates(struct test *t, uint32_t foreigndom, mmu_update_t *requests,
                 unsigned int count, unsigned int *done);
/* XEN_DOMCTL_getpageframeinfo3 in place. */
long frame_types(struct test *t, uint32_t domid, unsigned int n,
                 xen_pfn_t *info);
long m2p_of(struct test *t, xen_pfn_t mfn, uint64_t *pfn);

/* XEN_DOMCTL_vm_assist, the patch series' own, and its argument. */
#define VM_ASSIST_GET 0
#define VM_ASSIST_SET 1
struct vm_assist {
    uint32_t op;
    uint32_t pad;
    uint64_t assists;
};
long vm_assist(struct test *t, uint32_t domid, struct vm_assist *asked);
long declare_assists(struct test *t, uint32_t domid, uint64_t assists);

/* guest.c */

/*
 * A domain of that width with nr cleared frames and four vCPUs. With 32 bits
 * the frames lie below 4 GiB, so that each may be a root whatever the rule
 * about that is. All this says what failed, and ends the program: nothing is
 * comparable without it.
 */
void guest_new(struct test *t, struct guest *g, unsigned int width,
               unsigned int nr);
void guest_end(struct test *t, struct guest *g);

/* The same in steps: no vCPUs yet, and frames below 1 << bits (0: anywhere, as
 * high as there are any) or none; more frames; the vCPUs; and without frames
 * again. */
void guest_begin(struct test *t, struct guest *g, unsigned int width,
                 unsigned int nr, unsigned int bits);
void guest_grow(struct test *t, struct guest *g, unsigned int nr,
                unsigned int bits);
void guest_vcpus(struct test *t, struct guest *g);
void guest_shrink(struct test *t, struct guest *g);

/* Just the domain, paused; 0 or an error. */
long domain_new(struct test *t, uint32_t *domid, unsigned int max_vcpus);

/* False: there is no such domain. */
bool domain_info(struct test *t, uint32_t domid, xc_domaininfo_t *info);

/* Map frames; NULL and an error where one fails. */
void *guest_map(struct test *t, const struct guest *g, unsigned int frame,
                bool writable, long *error);
void guest_unmap(struct test *t, void *page);

/* The index of a frame, or -1 for one that is not the guest's. */
int guest_index(const struct guest *g, uint64_t mfn);

/* An entry that refers to a frame of the guest's. */
uint64_t entry(const struct guest *g, unsigned int frame, uint64_t flags);

/* Flags that are right for an entry at that level (1..4). */
uint64_t good_flags(const struct guest *g, unsigned int level);

/* Write an entry through a mapping, or through mmu_update; read it. */
long poke(struct test *t, const struct guest *g, unsigned int frame,
          unsigned int slot, uint64_t value);
long update(struct test *t, const struct guest *g, unsigned int frame,
            unsigned int slot, uint64_t value);
long peek(struct test *t, const struct guest *g, unsigned int frame,
          unsigned int slot, uint64_t *value);

long clear(struct test *t, const struct guest *g, unsigned int frame);

/* level 1..4 */
long pin(struct test *t, const struct guest *g, unsigned int level,
         unsigned int frame);
long unpin(struct test *t, const struct guest *g, unsigned int frame);

/* The level of the root: 4, or 3 with 32 bits. */
unsigned int root_level(const struct guest *g);

/* Make frame `root` an empty root that can be pinned; with 32 bits `l2` comes
 * into its slot 3. */
void make_root(struct test *t, const struct guest *g, unsigned int root,
               unsigned int l2);

/* "types: 0:L1p 3:L2", what is not listed is no table. */
void say_types(struct test *t, const struct guest *g, unsigned int nr);

/* The type of one frame, as say_types() has it. */
const char *type_of(struct test *t, const struct guest *g, unsigned int frame);

/* A context that Xen takes, with that root and no GDT, and setting it. */
void context_new(const struct guest *g, vcpu_guest_context_any_t *context,
                 unsigned int root);
void context_gdt(const struct guest *g, vcpu_guest_context_any_t *context,
                 unsigned int frame, unsigned int entries);
uint64_t cr3_of(const struct guest *g, uint64_t mfn);
long context_set(struct test *t, const struct guest *g, unsigned int vcpu,
                 vcpu_guest_context_any_t *context);
long context_reset(struct test *t, const struct guest *g, unsigned int vcpu);

/* The sections; those with the width 0 have domains of their own choice. */
typedef void section_fn(struct test *t, unsigned int width);
section_fn section_domain, section_control, section_memory, section_host,
    section_system, section_flags, section_types, section_linear, section_pin,
    section_mapping, section_update, section_context, section_random,
    section_extended_cr3, section_assists, section_assists_hvm, section_numa,
    section_pools;

#endif /* CONFORMANCE_H */
