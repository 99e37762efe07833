/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/frames.h"

#include <string.h>

#include "machine/file.h"
#include "machine/space.h"

struct fx_frame *fx_frame(struct fx_host *host, uint64_t mfn)
{
    if (!fx_is_ram(host, mfn))
        return NULL;
    if (host->space.reads_take_room &&
        fx_space_is_hole(host, &host->frames[mfn]))
        return memset(host->none, 0, sizeof(*host->none));
    return &host->frames[mfn];
}

void *fx_page(struct fx_host *host, uint64_t mfn)
{
    if (!fx_is_ram(host, mfn) ||
        (!(host->frames[mfn].flags & FX_F_TOUCHED) && fx_touch(host, mfn, 1)))
        return NULL;
    return host->memory + mfn * FX_PAGE_SIZE;
}

void fx_m2p_set(struct fx_host *host, uint64_t mfn, uint64_t pfn)
{
    if (!fx_is_ram(host, mfn))
        return;
    host->m2p[mfn] = pfn;
    host->compat_m2p[mfn] = (uint32_t)pfn;
}

static bool is_used(const struct fx_frame *frame)
{
    return frame->refs || frame->flags & (uint16_t)~FX_F_TOUCHED;
}

static bool is_held(const struct fx_frame *frame)
{
    return frame->type & FX_T_PINNED || frame->flags & FX_F_HELD;
}

static bool is_unclean(const struct fx_frame *frame)
{
    return frame->flags & FX_F_TOUCHED && !is_used(frame);
}

/*
 * Parts of the frame table that were never written are skipped: to read them
 * would make them take up memory.
 */
static uint64_t next_frame(const struct fx_host *host, uint64_t mfn,
                           bool (*wanted)(const struct fx_frame *frame))
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
        if (fx_is_ram(host, mfn) && wanted(&host->frames[mfn]))
            return mfn;
    }
    return FX_NO_MFN;
}

uint64_t fx_next_used(const struct fx_host *host, uint64_t mfn)
{
    return next_frame(host, mfn, is_used);
}

uint64_t fx_next_held(const struct fx_host *host, uint64_t mfn)
{
    return next_frame(host, mfn, is_held);
}

uint64_t fx_next_unclean(const struct fx_host *host, uint64_t mfn)
{
    return next_frame(host, mfn, is_unclean);
}

uint64_t fx_plain_end(const struct fx_host *host, uint64_t mfn, uint16_t owner)
{
    const uint64_t per_page = FX_PAGE_SIZE / sizeof(struct fx_frame);
    uint64_t end = (mfn / per_page + 1) * per_page;

    for (; mfn < end && fx_is_ram(host, mfn); mfn++) {
        const struct fx_frame *frame = &host->frames[mfn];

        if (frame->owner != owner || frame->refs != 1 || frame->type ||
            (frame->flags | FX_F_TOUCHED) != (FX_F_ALLOCATED | FX_F_TOUCHED))
            break;
    }
    return mfn;
}
