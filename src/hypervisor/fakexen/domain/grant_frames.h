/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grant_frames.h - the frames of a domain's grant table.
 */
#ifndef FX_GRANT_FRAMES_H
#define FX_GRANT_FRAMES_H

#include <stdint.h>

#include "machine/host.h"

struct fx_domain_state;

/* How many there are, whatever a damaged file says; 0 of NULL. */
uint32_t fx_nr_grant_frames(const struct fx_domain_state *state);

/*
 * The grant table's frame of that index, made if the domain may
 * have it.  -EINVAL beyond its limit, -ENOMEM.
 */
int __attribute__((warn_unused_result))
fx_grant_frame(struct fx_host *host, struct fx_domain *domain, uint32_t index,
               uint64_t *mfn);

#endif /* FX_GRANT_FRAMES_H */
