/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host.h - the machine in a file: frames, their accounting, and who owns them.
 *
 * A host is one sparse file that every process maps whole and shared:
 *
 *   superblock   struct fx_super: what the machine is, its lock, its domains
 *   frame table  struct fx_frame, one for each machine frame
 *   M2P          uint64_t for each frame; the compat one, uint32_t, behind it
 *   free map     a bit for each frame that is free
 *   mappings     struct fx_mapping: foreign mappings, by process, and behind
 *                them the list of the frames that they map
 *   store        xenstore's records (store.h)
 *   memory       the frames themselves
 *
 * Everything in the file is position-independent: frames are named by MFN,
 * domains by ID, never by pointer.
 *
 * Order of calls: fx_host_open() once a process; fx_lock() around everything
 * else, fx_unlock() after it.  All functions return 0 or a negative errno.
 *
 * Frames of Xen's own (domain and vCPU structures, shared_info, grant frames)
 * come out of the same memory, so that what a domain costs shows in the free
 * pages as it does on Xen.
 */
#ifndef FX_HOST_H
#define FX_HOST_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xen/xen.h>

#define FX_PAGE_SHIFT 12
#define FX_PAGE_SIZE  (UINT64_C(1) << FX_PAGE_SHIFT)

#define FX_MAX_NODES    8
#define FX_MAX_E820     32
#define FX_MAX_DOMAINS  256
#define FX_MAX_VCPUS    128 /* of one domain */
#define FX_MAX_EVTCHN   1024
#define FX_MAX_MAPPINGS 4096

/* An MFN that is no frame. */
#define FX_NO_MFN UINT64_MAX

/*
 * The accounting of one frame; Xen keeps the same in struct page_info.
 * All zero: free, or no RAM at all (fx_is_ram() tells).
 */
struct fx_frame {
    uint32_t refs;  /* general references; the allocation itself is one */
    uint32_t type;  /* enum fx_type, FX_T_* flags, and type references */
    uint16_t owner; /* domain ID; DOMID_XEN for Xen's own */
    uint16_t flags; /* FX_F_* */
    /* Linear page tables: of a table, how many of its entries name others of
     * its own level; negative, in how many such entries it is named. */
    int32_t linear;
};

#define FX_F_ALLOCATED (1u << 0) /* holds the allocation's reference */
#define FX_F_XENHEAP                                                           \
    (1u << 1)                /* shared_info, grant frames: not freed by        \
                                its owner's last reference */
#define FX_F_DIRTY (1u << 2) /* log-dirty: written since the last CLEAN */
#define FX_F_TOUCHED                                                           \
    (1u << 3) /* contents may be other than zero; stays until they are         \
                 cleared, also on a frame that is free */

/* What a frame is used as, which excludes all other uses. */
enum fx_type {
    FX_NONE,
    FX_L1,
    FX_L2,
    FX_L3,
    FX_L4,
    FX_SEG_DESC, /* a GDT or LDT frame */
    FX_WRITABLE, /* mapped writable somewhere */
};

#define FX_T_TYPE(info) ((enum fx_type)((info) >> 28))
#define FX_T_MAKE(type) ((uint32_t)(type) << 28)
#define FX_T_PINNED     (1u << 27)
#define FX_T_VALIDATED  (1u << 26)
#define FX_T_PAE_XEN_L2 (1u << 25) /* the L2 behind a PAE L3's slot 3 */
#define FX_T_COUNT_MASK ((1u << 25) - 1)

struct fx_range { /* frames [first, end) */
    uint64_t first, end;
};

struct fx_vcpu {
    bool exists;
    bool initialised; /* its context was set */
    bool down;        /* VGCF_online was not in it */
    uint64_t context; /* MFN of the first of FX_VCPU_FRAMES of Xen's own */
};

struct fx_evtchn {
    uint16_t state; /* EVTCHNSTAT_* (xen/event_channel.h) */
    uint16_t remote_dom;
    uint32_t remote_port;
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
    uint64_t vm_assist;    /* assists in force */
    bool assists_declared; /* by XEN_DOMCTL_vm_assist */
    bool log_dirty;
    uint64_t shared_info; /* MFN */
    uint64_t state;       /* MFN: struct fx_domain_state (domain.h) */
    uint64_t dirty_pages; /* frames with FX_F_DIRTY; see fx_mark_dirty() */
    bool debugged, xenstore;
    uint64_t max_memkb_map; /* XENMEM_set_memory_map's limit, KiB */
    uint32_t max_evtchn_port;
    uint32_t valid_ports; /* those below are known, in use or not */
    uint64_t evtchns;     /* MFN of the first of Xen's own frames with them */
    uint64_t policy;      /* MFN of the frame with its CPU policy */
    struct fx_vcpu vcpu[FX_MAX_VCPUS];
};

/* A foreign mapping that a process holds: each of its frames has a reference,
 * and a writable one a type reference besides. */
struct fx_mapping {
    int32_t pid;        /* 0: free slot */
    uint64_t starttime; /* of the process, /proc/PID/stat, against reuse */
    uint64_t address;   /* in that process */
    uint64_t pages;
    uint16_t domid;
    bool writable;
    uint64_t frames; /* its first in the list of mapped frames (foreign.c) */
};

struct fx_super {
    char magic[16];     /* "domwright fakexn" */
    uint32_t version;   /* of this layout */
    uint32_t checksum;  /* CRC-32 of the fields behind it up to `lock` */
    uint64_t nr_frames; /* numbers 0 .. nr_frames - 1, holes included */
    uint64_t ram_frames;
    uint32_t level; /* enum fx_level */
    uint32_t nr_nodes, nr_ram;
    struct fx_range ram[FX_MAX_E820];
    uint32_t ram_node[FX_MAX_E820];
    /* Where each part starts in the file, in bytes. */
    uint64_t frames_at, m2p_at, compat_m2p_at, free_at, mappings_at,
        mapped_frames_at, store_at, memory_at, store_bytes, file_bytes;

    pthread_mutex_t lock; /* robust, between processes */
    bool busy;            /* held; or its holder died with the work half done */
    uint64_t free_frames, claimed_frames;
    uint32_t next_domid;
    uint32_t mapping_slots; /* those behind them are free */
    uint64_t hypercalls;
    struct fx_domain domain[FX_MAX_DOMAINS]; /* [0] is the control domain */
};

/* Whose rules hold: those of Xen 4.17 with the patch series, or without. */
enum fx_level { FX_PATCHED, FX_STOCK };

/*
 * The free map: for each order, a bit for each aligned block that is free as a
 * whole, and above these bits words that tell which words below are not zero.
 */
#define FX_MAX_ORDER   18 /* Xen's MAX_ORDER on x86 (xen/arch/x86) */
#define FX_TREE_LEVELS 5
struct fx_tree {
    uint64_t *level[FX_TREE_LEVELS]; /* [0]: the blocks' bits */
    uint64_t bits;                   /* of level 0 */
    unsigned int levels;
};

struct fx_host {
    struct fx_super *super;
    struct fx_frame *frames;
    uint64_t *m2p;
    uint32_t *compat_m2p;
    struct fx_tree free[FX_MAX_ORDER + 1];
    struct fx_mapping *mappings;
    uint64_t *mapped_frames;
    uint8_t *store;
    uint8_t *memory;
    uint64_t bytes;  /* mapped, from `super` on */
    int fd, read_fd; /* the latter's mappings cannot become writable */
    int32_t own_pid; /* whose start_time (mapping.c) is the next; 0: unknown */
    uint64_t own_start;
    /* Frames freed under this lock, whose contents are yet to be cleared. */
    struct fx_range to_clear;
    /* The last table whose promotion failed behind its first slot
     * (page_table.c). */
    uint64_t half_promoted;
};

struct fx_options {
    const char *path; /* NULL: a file without a name, for one process tree */
    uint64_t memory_bytes; /* 0: 6 GiB */
    const char *e820_path; /* NULL: a PC's map with a hole below 4 GiB */
    unsigned int nodes;    /* 0: 1 */
    enum fx_level level;   /* 0: patched */
};

/*
 * Opens the host, and makes the file where there is none.  One line in
 * why[0 .. len - 1] on failure: -EINVAL for a file that is no host, damaged or
 * newer, -ENOSPC, or what open() says.
 */
int __attribute__((warn_unused_result))
fx_host_open(const struct fx_options *options, struct fx_host **host, char *why,
             size_t len);
void fx_host_close(struct fx_host *host);

/*
 * One lock for all.  Where its holder died, fx_lock() first runs
 * fx_audit_repair() (audit.h), as the state may be half changed.
 */
void fx_lock(struct fx_host *host);
void fx_unlock(struct fx_host *host);

/* Is there RAM behind the number? */
static inline bool fx_is_ram(const struct fx_host *host, uint64_t mfn)
{
    const struct fx_super *super = host->super;
    uint32_t i;

    for (i = super->nr_ram; i--;) {
        if (mfn >= super->ram[i].first)
            return mfn < super->ram[i].end;
    }
    return false;
}

/* The accounting of a RAM frame; NULL for a number without RAM. */
struct fx_frame *fx_frame(struct fx_host *host, uint64_t mfn);

/* The frame's contents, to read or write; NULL for a number without RAM. */
void *fx_page(struct fx_host *host, uint64_t mfn);

/*
 * The M2P tables are no RAM frames here, but callers name them by MFN: to map
 * them from DOMID_XEN, and in the L2 behind a PAE L3's slot 3. They have the
 * numbers from the first multiple of 512 (2 MiB) above all RAM.
 */
static inline uint64_t fx_m2p_mfn(const struct fx_super *super)
{
    return (super->nr_frames + 511) & ~UINT64_C(511);
}

/* How many frames of 4 KiB `bytes` for each of the machine's frames take, in
 * whole 2 MiB. */
static inline uint64_t fx_m2p_frames(const struct fx_super *super,
                                     uint64_t bytes)
{
    return (((super->nr_frames * bytes + FX_PAGE_SIZE - 1) >> FX_PAGE_SHIFT) +
            511) &
           ~UINT64_C(511);
}

static inline uint64_t fx_compat_m2p_mfn(const struct fx_super *super)
{
    return fx_m2p_mfn(super) + fx_m2p_frames(super, sizeof(uint64_t));
}

/* Notes that the frame was written to, where the domain logs that. */
static inline void fx_mark_dirty(struct fx_domain *domain,
                                 struct fx_frame *frame)
{
    if (!domain->log_dirty || frame->flags & FX_F_DIRTY)
        return;
    frame->flags |= FX_F_DIRTY;
    domain->dirty_pages++;
}

/* alloc.c */

#define FX_ANY_NODE (~0u)

struct fx_alloc {
    unsigned int order;
    unsigned int node; /* or FX_ANY_NODE */
    bool exact_node;   /* fail rather than take another node's */
    unsigned int bits; /* machine addresses below 1 << bits; 0: any */
};

/*
 * Allocates 1 << order aligned frames, from the top down as Xen does; their
 * first MFN, or FX_NO_MFN.  They get one reference, FX_F_ALLOCATED and the
 * owner; their M2P entries are ~0; the contents are as they were.  Does not
 * touch tot_pages.
 */
uint64_t fx_alloc_frames(struct fx_host *host, const struct fx_alloc *want,
                         uint16_t owner);

/* Gives one frame back, whose references are gone; its contents are cleared. */
void fx_free_frame(struct fx_host *host, uint64_t mfn);

uint64_t fx_free_frames_count(const struct fx_host *host);

void fx_m2p_set(struct fx_host *host, uint64_t mfn, uint64_t pfn);

/* The domain of that ID, if it exists; DOMID_SELF is domain 0. */
struct fx_domain *fx_domain(struct fx_host *host, uint32_t domid);

#endif /* FX_HOST_H */
