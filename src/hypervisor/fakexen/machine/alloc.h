/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alloc.h - the free map behind fx_alloc_frames() (host.h).
 */
#ifndef FX_ALLOC_H
#define FX_ALLOC_H

#include "machine/host.h"

/* What the free map of so many frames takes in the file. */
uint64_t fx_free_map_bytes(uint64_t nr_frames);

/* Finds its parts in the mapped file. */
void fx_free_map_attach(struct fx_host *host, uint64_t nr_frames,
                        uint64_t *base);

/* A new host: all RAM free, in a map that is zero. */
void fx_free_map_fill(struct fx_host *host);

/* From scratch, out of the frame table.  For a map that may be half changed. */
void fx_free_map_rebuild(struct fx_host *host);

/* The next frame from `mfn` on that the frame table says is in use; FX_NO_MFN
 * behind the last one. */
uint64_t fx_next_used(const struct fx_host *host, uint64_t mfn);

bool fx_is_free(const struct fx_host *host, uint64_t mfn);

/* Clears the contents of what was freed; fx_unlock() does. */
void fx_clear_freed(struct fx_host *host);

#endif /* FX_ALLOC_H */
