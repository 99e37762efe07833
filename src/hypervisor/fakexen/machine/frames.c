/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/frames.h"

#include "machine/file.h"

struct fx_frame *fx_frame(struct fx_host *host, uint64_t mfn)
{
    return fx_is_ram(host, mfn) ? &host->frames[mfn] : NULL;
}

void *fx_page(struct fx_host *host, uint64_t mfn)
{
    if (!fx_is_ram(host, mfn))
        return NULL;
    host->frames[mfn].flags |= FX_F_TOUCHED;
    return host->memory + mfn * FX_PAGE_SIZE;
}

void fx_m2p_set(struct fx_host *host, uint64_t mfn, uint64_t pfn)
{
    if (!fx_is_ram(host, mfn))
        return;
    host->m2p[mfn] = pfn;
    host->compat_m2p[mfn] = (uint32_t)pfn;
}

/*
 * Parts of the frame table that were never written are skipped: to read them
 * would make them take up memory.
 */
uint64_t fx_next_used(const struct fx_host *host, uint64_t mfn)
{
    const struct fx_super *super = host->super;

    for (; mfn < super->nr_frames; mfn++) {
        uint64_t at = super->frames_at + mfn * sizeof(struct fx_frame);

        if (at % FX_PAGE_SIZE == 0) {
            uint64_t data = fx_file_next_data(host, at);

            if (data >= super->m2p_at)
                return FX_NO_MFN;
            mfn += (data - at) / FX_PAGE_SIZE * FX_PAGE_SIZE /
                   sizeof(struct fx_frame);
        }
        if (fx_is_ram(host, mfn) &&
            (host->frames[mfn].refs ||
             host->frames[mfn].flags & (uint16_t)~FX_F_TOUCHED))
            return mfn;
    }
    return FX_NO_MFN;
}
