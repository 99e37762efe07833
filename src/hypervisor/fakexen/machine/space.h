/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * space.h - room on the disk under the file, which is sparse: taken before
 * something is written there, and given back.
 *
 * A page of a mapped file that finds no room on the disk is a SIGBUS to
 * whoever touches it.  So it is asked for first: for a frame when it is to have
 * contents, FX_F_TOUCHED; for what the other parts say of a frame when it is
 * allocated.  Those parts have theirs in granules, and each process remembers
 * which granules it has seen to have it.
 *
 * All functions return 0, or -ENOMEM: no room, which the first time is told on
 * standard error.  The lock is held.
 */
#ifndef FX_SPACE_H
#define FX_SPACE_H

#include <stdbool.h>
#include <stdint.h>

struct fx_host;
struct fx_super;

#define FX_GRANULE_SHIFT 18 /* 256 KiB */

/* So many freed frames make a trim worth while: 64 MiB. */
#define FX_TRIM_FRAMES (UINT64_C(1) << 14)

struct fx_space {
    bool unlimited;       /* memory without a limit of the file system's */
    bool told;            /* that there is no room */
    bool reads_take_room; /* tmpfs with a limit: also what is only looked at */
    uint32_t trims;       /* what fx_super.trims was when `has` was right */
    uint64_t *has, words; /* a bit for each granule before the frames */
    uint64_t freed;       /* frames, since the last trim */
};

/* Of a mapped host. */
int __attribute__((warn_unused_result))
fx_space_init(struct fx_host *host, const struct fx_super *layout);

/* Room for what is always in use; with nobody else there, as it may write the
 * superblock anew.  -ENOSPC. */
int __attribute__((warn_unused_result))
fx_space_for_all(struct fx_host *host, const struct fx_super *layout);
void fx_space_dispose(struct fx_host *host);

/* For bytes of the parts before the frames. */
int __attribute__((warn_unused_result))
fx_space_for(struct fx_host *host, const void *at, uint64_t bytes);

/* For what the parts say of frames [mfn, mfn + nr). */
int __attribute__((warn_unused_result))
fx_space_for_accounting(struct fx_host *host, uint64_t mfn, uint64_t nr);

/* For frames [mfn, mfn + nr) of RAM that are allocated, which become
 * FX_F_TOUCHED: to be called before they are written to or mapped. */
int __attribute__((warn_unused_result))
fx_touch(struct fx_host *host, uint64_t mfn, uint64_t nr);

/* As fx_touch(), before frames are mapped to be read. */
int __attribute__((warn_unused_result))
fx_touch_to_read(struct fx_host *host, uint64_t mfn, uint64_t nr);

/* Frames [first, end) become zero, and give back what room they have. */
void fx_space_clear(struct fx_host *host, uint64_t first, uint64_t end);

/* What the parts say of large blocks that are free goes, too. */
void fx_space_trim(struct fx_host *host);

/* Is there nothing but zeros, which are better not even looked at? */
bool fx_space_is_hole(struct fx_host *host, const void *at);

#endif /* FX_SPACE_H */
