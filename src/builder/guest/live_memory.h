/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * live_memory.h - a PV guest's memory as libxenguest's stream has it, by PFN,
 * while it runs or when it is suspended.
 *
 * Which frame is at which PFN the guest says, in its P2M; of what type a frame
 * is, and whether it is the guest's, Xen does.  Nothing of the guest's is
 * believed: a frame that is not its own has no contents here, and what it
 * changes meanwhile is seen or not.
 *
 * Order of calls: memory_open(); for each pass memory_read_p2m(), then of
 * pieces of PFNs memory_look(), and of single PFNs the rest; memory_close().
 * All that return int return 0, or a negative errno and the failure in
 * host->dg.
 */
#ifndef DW_GUEST_LIVE_MEMORY_H
#define DW_GUEST_LIVE_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <xenforeignmemory.h>

#include "frame.h"
#include "host/host.h"
#include "stream/format.h"

/* PFNs of a piece: XEN_DOMCTL_getpageframeinfo3 takes no more. */
#define MEMORY_PIECE 1024u

/* In a P2M: no frame. */
#define MEMORY_NONE UINT64_MAX

struct memory_piece {
    void *map;
    size_t mapped; /* pages there */
};

struct memory {
    struct host *host;
    uint32_t domid;
    unsigned int width; /* bytes, of the guest's words */
    unsigned int levels;
    xenforeignmemory_handle *foreign;
    void *shared_info;
    uint64_t ram_end;
    const xen_pfn_t *m2p;
    xen_pfn_t compat_m2p; /* the frame in a 32-bit L2 that is Xen's */
    bool suspended;       /* the guest's P2M has to be right, and stays so */

    uint64_t nr;       /* PFNs that the P2M is for by now */
    uint64_t room;     /* ... and was for at most: the size of the arrays */
    uint64_t *mfn;     /* by PFN */
    uint64_t *at;      /* by PFN: the frame that `page` is of */
    uint8_t *type;     /* by PFN: enum page_type */
    const void **page; /* by PFN: its contents, mapped; NULL: none */
    struct memory_piece *piece;
    uint64_t *p2m_pfn; /* of the P2M's pages */
    uint64_t p2m_pages;
};

int __attribute__((warn_unused_result))
memory_open(struct memory *memory, struct host *host,
            const xc_domaininfo_t *info, unsigned int width);
void memory_close(struct memory *memory);

/* The P2M as it is now; *changed: it has other pages than before. */
int __attribute__((warn_unused_result))
memory_read_p2m(struct memory *memory, bool *changed);

static inline uint64_t memory_pieces(const struct memory *memory)
{
    return (memory->room + MEMORY_PIECE - 1) / MEMORY_PIECE;
}

/* Asks for the types of a piece's PFNs, and maps those that have contents,
 * unless they are mapped already. */
int __attribute__((warn_unused_result))
memory_look(struct memory *memory, uint64_t piece);

/* Gives the mapping back: a guest cannot exchange a page that is mapped. */
void memory_leave(struct memory *memory, uint64_t piece);

/*
 * A table's contents with PFNs in the place of frames, and without Xen's own
 * entries.  False: an entry has a frame that is not the guest's, as while it
 * changes; nothing in any diag.  Threads may do that at once.
 */
bool memory_normal_table(const struct memory *memory, uint64_t pfn,
                         uint64_t to[DW_PAGE_SIZE / sizeof(uint64_t)]);

/* The PFN that has the frame; MEMORY_NONE: none. */
uint64_t memory_pfn(const struct memory *memory, uint64_t mfn);

#endif /* DW_GUEST_LIVE_MEMORY_H */
