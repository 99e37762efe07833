/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * stream/saved.h - what a saved PV domain is, by its stream, of which nothing
 * is believed: whoever wrote it may mean harm to who restores it.
 *
 * Each record is checked before anything is made of it, and at the end whether
 * they are a domain: libxenguest, which restores it, checks less, and later.
 * Memory: a word for each PFN that the stream names, whatever size it says that
 * the domain has, in whole pages; where these would be much more than the
 * stream itself is, it is refused.
 *
 * Order of calls: saved_read(), or for one that comes by and by saved_begin()
 * and saved_finish(); then what the struct holds; saved_dispose() whatever they
 * returned.
 */
#ifndef DW_STREAM_SAVED_H
#define DW_STREAM_SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "frame.h"
#include "stream/format.h"
#include "stream/source.h"

/* The outermost of the three formats, each of which holds the ones before. */
enum saved_layer { SAVED_LIBXC, SAVED_LIBXL, SAVED_XL };

/* Where a record's contents lie in the stream; length 0: there are none. */
struct saved_blob {
    uint64_t at;
    uint32_t length;
};

enum saved_vcpu_blob {
    SAVED_BASIC, /* vcpu_guest_context of the guest's width */
    SAVED_EXTENDED,
    SAVED_XSAVE,
    SAVED_MSRS,
    SAVED_VCPU_BLOBS,
};

struct saved_vcpu {
    struct saved_blob blob[SAVED_VCPU_BLOBS];
    pfn_t root;      /* of the kernel; PFN_INVALID: the vCPU is offline */
    pfn_t user_root; /* a 64-bit guest's; PFN_INVALID: none */
};

struct saved {
    enum saved_layer layer;
    char *config; /* xl's, NUL behind config_len bytes; NULL: there is none */
    size_t config_len;
    bool config_is_json;
    bool has_told;           /* our own have, there, what is in: */
    uint64_t told_vm_assist; /* ... as it was when it was written */

    unsigned int version; /* libxenguest's format's */
    unsigned int xen_major, xen_minor;
    unsigned int width; /* bytes, of the guest's words: 4 or 8 */
    unsigned int levels;

    uint64_t pfns;    /* the P2M list is for PFNs below this */
    uint64_t *page;   /* by PFN: saved_type() and saved_at() read it */
    uint8_t *touched; /* a bit for each 512 PFNs of which one was named */
    uint64_t n_touched;
    uint64_t *p2m; /* PFNs of the pages of the P2M list */
    uint64_t p2m_pages;

    struct saved_vcpu *vcpu;
    unsigned int vcpus; /* the highest that has a record, and 1 */
    uint64_t vm_assist; /* of vCPU 0's context: VMASST_TYPE_*, as a mask */
    pfn_t start_info;
    struct saved_blob shared_info, cpuid, msrs;
    bool has_tsc;
    struct tsc_info tsc;

    uint64_t libxc_at; /* where libxenguest's part begins */
    uint64_t records;  /* libxenguest's */
    uint64_t contents; /* pages with contents, each time that one was sent */
    uint64_t length;   /* bytes, to the end of the outermost END */
};

/*
 * Reads a whole stream, of whatever layer it begins with, from offset 0.  0; or
 * a negative errno and the failure in dg, which names the record and the offset
 * where it begins: -ENODATA where the stream is cut off, -EINVAL where it is
 * wrong, -EOPNOTSUPP where it is a domain that is none of PV.  `name` is the
 * stream's, for messages.
 */
int __attribute__((warn_unused_result))
saved_read(struct saved *saved, struct source *source, const char *name,
           struct diag *dg);

/* A stream of which a part was read. */
struct reader {
    struct saved *saved;
    struct source *source;
    struct diag *dg; /* another's from saved_begin() on, if one likes */
    const char *name;
    uint64_t next; /* where the walk is */
    uint64_t at;   /* of the present record, or header */
    const char *record;
    uint32_t seen;     /* the types of records: a bit each */
    uint64_t pfns_max; /* the P2M list's, where that is known; 0: any */
    bool has_domain, has_info, is_static_done, has_ended;
};

/*
 * The same in two steps.  The first one ends when the configuration, and the
 * width of the guest are known; what it has read of libxenguest's part is held
 * until the second one, so that source->copy may be set in between.
 */
int __attribute__((warn_unused_result))
saved_begin(struct reader *reader, struct saved *saved, struct source *source,
            const char *name, struct diag *dg);
int __attribute__((warn_unused_result)) saved_finish(struct reader *reader);

void saved_dispose(struct saved *saved);

/* In saved.page: contents at `at`.  Zero is PAGE_ABSENT, as before any record.
 */
#define SAVED_AT_SHIFT 4
static inline uint64_t saved_page(uint64_t at, unsigned int type)
{
    return at << SAVED_AT_SHIFT | (type ^ PAGE_ABSENT);
}

/* The last type that was sent for a PFN below saved->pfns: enum page_type. */
static inline unsigned int saved_type(const struct saved *saved, uint64_t pfn)
{
    return (saved->page[pfn] & ((1u << SAVED_AT_SHIFT) - 1)) ^ PAGE_ABSENT;
}

/* Where its last contents lie, if its type goes with some. */
static inline uint64_t saved_at(const struct saved *saved, uint64_t pfn)
{
    return saved->page[pfn] >> SAVED_AT_SHIFT;
}

/* Does the type go with contents? */
static inline bool saved_has_contents(unsigned int type)
{
    return type < PAGE_BROKEN;
}

/* The table's level, 1 to 4; 0: it is none. */
static inline unsigned int saved_level(unsigned int type)
{
    return type < PAGE_BROKEN ? type & PAGE_LEVEL : 0;
}

/* As in "PAGE_DATA"; NULL: no such record is known. */
const char *saved_record_name(uint32_t type);

#endif /* DW_STREAM_SAVED_H */
