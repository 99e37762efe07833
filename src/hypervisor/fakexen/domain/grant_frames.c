/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * grant_frames.c - the frames of a domain's grant table.
 */
#include "domain/grant_frames.h"

#include <errno.h>

#include "domain/state.h"

uint32_t fx_nr_grant_frames(const struct fx_domain_state *state)
{
    if (!state)
        return 0;
    return state->nr_grant_frames < FX_MAX_GRANT_FRAMES ? state->nr_grant_frames
                                                        : FX_MAX_GRANT_FRAMES;
}

int fx_grant_frame(struct fx_host *host, struct fx_domain *domain,
                   uint32_t index, uint64_t *mfn)
{
    struct fx_domain_state *state = fx_domain_state(host, domain);

    if (!state || index >= state->max_grant_frames ||
        index >= FX_MAX_GRANT_FRAMES || domain->dying)
        return -EINVAL;
    while (state->nr_grant_frames <= index) {
        uint64_t frame = fx_shared_frame(host, domain, 0);

        if (frame == FX_NO_MFN)
            return -ENOMEM;
        state->grant_frame[state->nr_grant_frames++] = frame;
    }
    *mfn = state->grant_frame[index];
    return 0;
}
