/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * superblock.h - what a host file says about itself, and whether it can be so.
 */
#ifndef FX_SUPERBLOCK_H
#define FX_SUPERBLOCK_H

#include <stddef.h>

#include "machine/host.h"

#define FX_MAGIC        "domwright fakexn"
#define FX_MAGIC_MAKING "domwright making" /* its maker has not finished */
#define FX_MAGIC_BYTES  16
#define FX_VERSION      2

/* Frames that all mappings together can have; the list is sparse. */
#define FX_MAX_MAPPED_FRAMES (UINT64_C(1) << 26)

/* The static part, which the lock and all that changes follow. */
#define FX_STATIC_BYTES offsetof(struct fx_super, lock)

/* The static part, checksum included, for these options; the rest is left. */
int __attribute__((warn_unused_result))
fx_super_make(struct fx_super *super, const struct fx_options *options,
              char *why, size_t len);

/* Is that static part ours, and is the file as long as it says? */
int __attribute__((warn_unused_result))
fx_super_check(const struct fx_super *super, uint64_t file_bytes, char *why,
               size_t len);

/* Could the part that changes be so? Numbers only, no counts. */
int __attribute__((warn_unused_result))
fx_super_check_domains(struct fx_host *host, char *why, size_t len);

/* And what Xen's frames hold of the domains? With the lock held, which has seen
 * to domains that are not whole. */
int __attribute__((warn_unused_result))
fx_super_check_states(struct fx_host *host, char *why, size_t len);

#endif /* FX_SUPERBLOCK_H */
