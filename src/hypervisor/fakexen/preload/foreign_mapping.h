/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * foreign_mapping.h - this process's mappings of domains' frames, which are
 * pages of the host file; and what takes their place.
 *
 * All functions return 0 or a negative errno, where nothing else is said.
 */
#ifndef FX_FOREIGN_MAPPING_H
#define FX_FOREIGN_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fx_host;

struct fx_grant_name {
    uint16_t domid;
    uint32_t ref;
};

/* One call's worth of mapping. */
struct fx_foreign {
    struct fx_host *host;
    uint32_t domid;
    int prot;
    uint64_t pages;
    uint64_t *mfn; /* a copy of the caller's */
    int *err;      /* for each; 0 or a negative errno */
    /* For each, where it is a grant; NULL: frames of domid's, by number. */
    const struct fx_grant_name *grant;
};

/* Maps the frames at *address, or wherever there is room.  `all`: one that
 * fails is the failure of all. */
int __attribute__((warn_unused_result))
fx_foreign_map(struct fx_foreign *rq, void **address, int flags, bool all);

/*
 * Unmaps, and drops the references that were for it, *dropped of them; under
 * one lock, lest somebody else's new mapping at that address be taken for the
 * old one.
 */
int __attribute__((warn_unused_result))
fx_foreign_unmap(struct fx_host *host, void *address, size_t size,
                 int64_t *dropped);

/* mmap() of something in the place of mappings, whose references go: in one
 * step, lest what another thread maps meanwhile lie there. */
void *fx_foreign_replace(struct fx_host *host, void *address, size_t size,
                         int prot, int flags, int fd, uint64_t offset);

/* The host of whose frames this process has mapped some, or NULL: munmap() is
 * called by programs that know nothing of Xen, and must not open one. */
struct fx_host *fx_foreign_host(void);

/* The kernel's munmap() and mmap(), which know of none of this. */
int fx_raw_munmap(void *address, size_t size);
void *fx_raw_mmap(void *address, size_t size, int prot, int flags, int fd,
                  uint64_t offset);

#endif /* FX_FOREIGN_MAPPING_H */
