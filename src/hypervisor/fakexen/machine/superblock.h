/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * superblock.h - the file's layout, what it says about the machine, and whether
 * that can be so.
 *
 * A host is one sparse file that every process maps whole and shared:
 *
 *   superblock   struct fx_super: what the machine is, its lock, its domains
 *   vCPUs        struct fx_vcpu, as many for each domain as it could have
 *   frame table  struct fx_frame, one for each machine frame
 *   M2P          uint64_t for each frame; the compat one, uint32_t, behind it
 *   free map     a bit for each frame that is free
 *   mappings     struct fx_mapping: foreign mappings, by process, and behind
 *                them the list of the frames that they map
 *   store        xenstore's records
 *   memory       the frames themselves
 *
 * Everything in the file is position-independent: frames are named by MFN,
 * domains by ID, never by pointer.
 */
#ifndef FX_SUPERBLOCK_H
#define FX_SUPERBLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine/domain_table.h"
#include "machine/e820.h"
#include "xen_versions.h"

#define FX_MAGIC        "domwright fakexn"
#define FX_MAGIC_MAKING "domwright making" /* its maker has not finished */
#define FX_MAGIC_BYTES  16
#define FX_NOT_A_HOST                                                          \
    "not a fakexen host: --host takes the file of a machine, or a new name"
/* What to do about a file that is no use any more. */
#define FX_NEW_ONE "; remove it for a new machine"

#define FX_VERSION 13

#define FX_PAGE_SHIFT 12
#define FX_PAGE_SIZE  (UINT64_C(1) << FX_PAGE_SHIFT)

/* An MFN that is no frame. */
#define FX_NO_MFN UINT64_MAX

#define FX_MAX_MAPPINGS 4096

/* Frames that all mappings together can have; the list is sparse. */
#define FX_MAX_MAPPED_FRAMES (UINT64_C(1) << 26)

/* The Xen whose rules a machine has, as XENVER_version tells it. */
#define FX_XEN ((uint32_t)XEN_MAJOR << 16 | XEN_MINOR)

/* Whose rules hold: those of Xen with the patch series, or without. */
enum fx_level { FX_PATCHED, FX_STOCK };

struct fx_options {
    const char *path; /* NULL: a file without a name, for one process tree */
    uint64_t memory_bytes; /* 0: 6 GiB */
    const char *e820_path; /* NULL: a PC's map with a hole below 4 GiB */
    unsigned int nodes;    /* 0: 1 */
    enum fx_level level;   /* 0: patched */
    bool has_level;        /* it was asked for */
    bool shadow;           /* paging, as CONFIG_SHADOW_PAGING of Xen has it */
    bool has_shadow;       /* it was asked for, or to be without */
    bool guests_run;       /* on a CPU (run/), or only stand there */
    bool has_run;          /* it was asked for, or not to */
    uint64_t seed;         /* of all that would be chance (domain/time.h) */
    bool has_seed;         /* it was asked for */
};

/* What the mapping of a page has besides that its domain has granted. */
struct fx_grant_mapping {
    uint64_t entry; /* machine address of the grant; 0: this is none */
    uint64_t first; /* address of the first page that was mapped with it ... */
    uint64_t pages; /* ... and how many */
    uint16_t user;  /* the domain that it was granted to */
    /* When it ends: which byte of the page becomes zero, from 1 on, and which
     * of the control domain's ports is told; 0: none. */
    uint32_t notify_byte, notify_port;
};

/* A foreign mapping that a process holds: each of its frames has a reference,
 * and a writable one a type reference besides. */
struct fx_mapping {
    uint64_t process; /* its number (process.h); 0: free slot */
    uint64_t address; /* in that process */
    uint64_t pages;
    uint16_t domid;
    bool writable;
    uint64_t frames; /* its first in the list of mapped frames (foreign.c) */
    struct fx_grant_mapping grant; /* then it has one page */
};

struct fx_super {
    char magic[16];     /* "domwright fakexn" */
    uint32_t version;   /* of this layout */
    uint32_t checksum;  /* CRC-32 of the fields behind it up to `lock` */
    uint64_t nr_frames; /* numbers 0 .. nr_frames - 1, holes included */
    uint64_t ram_frames;
    uint32_t xen;   /* FX_XEN of its maker */
    uint32_t level; /* enum fx_level */
    uint32_t shadow, guests_run;
    uint32_t nr_nodes, nr_ram;
    struct fx_range ram[FX_MAX_E820];
    uint32_t ram_node[FX_MAX_E820];
    /* Where each part starts in the file, in bytes. */
    uint64_t vcpus_at, frames_at, m2p_at, compat_m2p_at, free_at, mappings_at,
        mapped_frames_at, store_at, memory_at, store_bytes, file_bytes;
    uint64_t seed;   /* where it is seeded */
    uint32_t seeded; /* guests' time is what they execute (domain/time.h) */

    pthread_mutex_t lock; /* robust, between processes */
    bool busy;            /* held; or its holder died with the work half done */
    uint64_t free_frames, claimed_frames;
    uint32_t next_domid;
    uint32_t mapping_slots; /* those behind them are free */
    uint64_t last_process;  /* the last number given out (process.h) */
    uint64_t domains_made;
    uint64_t hypercalls;
    uint32_t changes;                        /* wake.h */
    uint32_t tlb;                            /* tlb.h */
    uint64_t executing[FX_MAX_DOMAINS / 64]; /* domains; tlb.h */
    uint32_t trims;                          /* space.h */
    uint64_t locks;                          /* how often it was taken */
    uint64_t wanted;                         /* since when (lock.c) */
    struct fx_pool pool[FX_MAX_POOLS];       /* in any order */
    struct fx_domain domain[FX_MAX_DOMAINS]; /* [FX_CONTROL_DOMID], ... */
    /* The control domain's event channels, which has no frames for them. */
    struct fx_evtchn control_evtchn[FX_MAX_EVTCHN];
    struct fx_control_port control_port[FX_MAX_EVTCHN];
};

/* The static part, which the lock and all that changes follow. */
#define FX_STATIC_BYTES offsetof(struct fx_super, lock)

/* The static part, checksum included, for these options; the rest is left. */
int __attribute__((warn_unused_result))
fx_super_make(struct fx_super *super, const struct fx_options *options,
              char *why, size_t len);

/* A machine that exists: is it what the options ask for, where they do?  Equal
 * values are. */
int __attribute__((warn_unused_result))
fx_super_agree(const struct fx_super *super, const struct fx_options *options,
               char *why, size_t len);

/* Is that static part ours, and is the file as long as it says? */
int __attribute__((warn_unused_result))
fx_super_check(const struct fx_super *super, uint64_t file_bytes, char *why,
               size_t len);

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

#endif /* FX_SUPERBLOCK_H */
