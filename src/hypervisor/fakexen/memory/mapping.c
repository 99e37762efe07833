/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapping.c - the record of which process has which frames mapped.
 */
#include "memory/mapping.h"

#include <errno.h>
#include <unistd.h>

#include "machine/file.h"
#include "machine/frames.h"
#include "machine/process.h"
#include "machine/space.h"
#include "memory/grant_use.h"
#include "memory/page_type.h"

unsigned int fx_mapping_slots(const struct fx_host *host)
{
    uint32_t slots = host->super->mapping_slots;

    return slots < FX_MAX_MAPPINGS ? slots : FX_MAX_MAPPINGS;
}

struct fx_mapping *fx_mapping_at(struct fx_host *host, unsigned int slot)
{
    struct fx_mapping *m = &host->mappings[slot];

    if (!m->process || m->frames > FX_MAX_MAPPED_FRAMES ||
        m->pages > FX_MAX_MAPPED_FRAMES - m->frames ||
        (m->grant.entry && m->pages != 1) ||
        *(const uint8_t *)&m->writable > 1) /* no bool: not to be read as one */
        return NULL;
    return m;
}

/* The first entry of the list from `index` on that may have been written. */
static uint64_t skip_unwritten(const struct fx_host *host, uint64_t index)
{
    uint64_t at = host->super->mapped_frames_at + index * sizeof(uint64_t);
    uint64_t data = fx_file_next_data(host, at);

    return data == UINT64_MAX ? FX_MAX_MAPPED_FRAMES
                              : index + (data - at) / sizeof(uint64_t);
}

uint64_t *fx_mapping_frame(struct fx_host *host, const struct fx_mapping *m,
                           uint64_t *k)
{
    const uint64_t per_page = FX_PAGE_SIZE / sizeof(uint64_t);
    uint64_t index = m->frames + *k;

    /* Whoever comes here page by page asks once for each page of the list. */
    if (*k < m->pages && (!*k || index % per_page == 0)) {
        index = skip_unwritten(host, index);
        *k = index - m->frames;
    }
    return *k < m->pages ? &host->mapped_frames[index] : NULL;
}

/* A slot that is free; -ENOMEM. */
static int free_slot(struct fx_host *host)
{
    unsigned int slots = fx_mapping_slots(host), i;

    for (i = 0; i < slots; i++) {
        if (!host->mappings[i].process)
            return (int)i;
    }
    return i < FX_MAX_MAPPINGS ? (int)i : -ENOMEM;
}

static void fill_slot(struct fx_host *host, int slot, struct fx_mapping m)
{
    uint64_t process = m.process;

    /* Its process last: it is what makes the slot used. */
    m.process = 0;
    host->mappings[slot] = m;
    if (fx_mapping_slots(host) <= (unsigned int)slot)
        host->super->mapping_slots = (uint32_t)slot + 1;
    host->mappings[slot].process = process;
}

static void free_slots_end(struct fx_host *host)
{
    uint32_t slots = fx_mapping_slots(host);

    while (slots && !host->mappings[slots - 1].process)
        slots--;
    host->super->mapping_slots = slots;
}

/* Room in the list of mapped frames, as low as there is; or FX_NO_MFN. */
static uint64_t find_room(struct fx_host *host, uint64_t pages)
{
    unsigned int slots = fx_mapping_slots(host), i;
    uint64_t at = 0;
    bool moved;

    do {
        moved = false;
        for (i = 0; i < slots; i++) {
            const struct fx_mapping *m = fx_mapping_at(host, i);

            if (m && at < m->frames + m->pages && m->frames < at + pages) {
                at = m->frames + m->pages;
                moved = true;
            }
        }
    } while (moved);
    return at + pages <= FX_MAX_MAPPED_FRAMES ? at : FX_NO_MFN;
}

/* Its slot; `frames` get room for their numbers, and FX_NO_MFN or `mfn`. */
static int add(struct fx_host *host, struct fx_mapping m, uint64_t mfn,
               uint64_t **frames)
{
    int slot = free_slot(host), rc;
    uint64_t i;

    if (slot < 0 || m.pages > FX_MAX_MAPPED_FRAMES)
        return -ENOMEM;
    m.frames = find_room(host, m.pages);
    if (m.frames == FX_NO_MFN)
        return -ENOMEM;
    rc = fx_process_number(host, &m.process);
    if (rc)
        return rc;
    *frames = host->mapped_frames + m.frames;
    if (fx_space_for(host, *frames, m.pages * sizeof(**frames)))
        return -ENOMEM;
    for (i = 0; i < m.pages; i++)
        (*frames)[i] = mfn;
    fill_slot(host, slot, m);
    return slot;
}

int fx_mapping_add(struct fx_host *host, uint64_t address, uint64_t pages,
                   uint16_t domid, bool writable, uint64_t **frames)
{
    const struct fx_mapping m = {
        .address = address,
        .pages = pages,
        .domid = domid,
        .writable = writable,
    };
    int slot = add(host, m, FX_NO_MFN, frames);

    return slot < 0 ? slot : 0;
}

int fx_mapping_add_grant(struct fx_host *host, uint64_t address, uint16_t domid,
                         bool writable, const struct fx_grant_mapping *grant,
                         uint64_t mfn)
{
    const struct fx_mapping m = {
        .address = address,
        .pages = 1,
        .domid = domid,
        .writable = writable,
        .grant = *grant,
    };
    uint64_t *frames;

    return add(host, m, mfn, &frames);
}

struct fx_mapping *fx_mapping_of_grant(struct fx_host *host, uint64_t address)
{
    unsigned int slots = fx_mapping_slots(host), i;
    uint64_t own = fx_process_own(host);

    for (i = 0; i < slots; i++) {
        struct fx_mapping *m = fx_mapping_at(host, i);

        if (m && m->process == own && m->grant.entry && m->address == address)
            return m;
    }
    return NULL;
}

static void put_frames(struct fx_host *host, const struct fx_mapping *m,
                       uint64_t first, uint64_t end)
{
    uint64_t i, *frame, mfn;

    for (i = first; (frame = fx_mapping_frame(host, m, &i)) && i < end; i++) {
        mfn = *frame;
        if (m->grant.entry)
            fx_grant_end(host, m, mfn);
        if (!fx_is_ram(host, mfn))
            continue;
        *frame = FX_NO_MFN;
        if (m->writable)
            fx_put_page_and_type(host, mfn);
        else
            fx_put_page(host, mfn);
    }
}

/* What of the mapping lies in [first, end), as page numbers in it. */
static struct fx_range part_in(const struct fx_mapping *m, uint64_t first,
                               uint64_t end)
{
    uint64_t last = m->address + m->pages * FX_PAGE_SIZE;
    struct fx_range part = {0, 0};

    if (first < last && end > m->address) {
        part.first =
            first > m->address ? (first - m->address) >> FX_PAGE_SHIFT : 0;
        part.end = end < last ? (end - m->address) >> FX_PAGE_SHIFT : m->pages;
    }
    return part;
}

/* Pages [part.first, part.end) of the mapping go; what is left may be two. */
static void drop_part(struct fx_host *host, unsigned int slot,
                      struct fx_range part)
{
    struct fx_mapping *m = &host->mappings[slot], tail = *m;

    put_frames(host, m, part.first, part.end);
    tail.frames += part.end;
    tail.address += part.end * FX_PAGE_SIZE;
    tail.pages -= part.end;
    if (part.first && tail.pages) {
        m->pages = part.first;
        fill_slot(host, free_slot(host), tail);
    } else if (part.first) {
        m->pages = part.first;
    } else if (tail.pages) {
        *m = tail;
    } else {
        m->process = 0;
    }
}

void fx_mapping_end(struct fx_host *host, unsigned int slot)
{
    drop_part(host, slot, (struct fx_range){0, host->mappings[slot].pages});
    free_slots_end(host);
}

bool fx_mapping_can_drop(struct fx_host *host, uint64_t first, uint64_t end)
{
    unsigned int slots = fx_mapping_slots(host), i;
    uint64_t own = fx_process_own(host);

    if (host->unrepaired)
        return false;
    /* Only one that goes over both ends falls into two. */
    for (i = 0; i < slots; i++) {
        const struct fx_mapping *m = fx_mapping_at(host, i);

        if (m && m->process == own && m->address < first &&
            m->address + m->pages * FX_PAGE_SIZE > end)
            return free_slot(host) >= 0;
    }
    return true;
}

int64_t fx_mapping_drop(struct fx_host *host, uint64_t first, uint64_t end)
{
    unsigned int slots = fx_mapping_slots(host), i;
    uint64_t own = fx_process_own(host);
    int64_t dropped = 0;

    if (!fx_mapping_can_drop(host, first, end))
        return -ENOMEM;
    for (i = 0; i < slots; i++) {
        const struct fx_mapping *m = fx_mapping_at(host, i);
        struct fx_range part;

        if (!m || m->process != own)
            continue;
        part = part_in(m, first, end);
        if (part.first >= part.end)
            continue;
        drop_part(host, i, part);
        dropped += (int64_t)(part.end - part.first);
    }
    free_slots_end(host);
    return dropped;
}

uint64_t fx_mapping_reap(struct fx_host *host)
{
    unsigned int slots = fx_mapping_slots(host), i;
    uint64_t dropped = 0, asked = 0;
    bool lives = false;

    for (i = 0; i < slots; i++) {
        const struct fx_mapping *m = fx_mapping_at(host, i);

        if (m && m->process != asked) {
            asked = m->process;
            lives = fx_process_lives(host, asked);
        }
        if (!m || lives)
            continue;
        dropped += m->pages;
        drop_part(host, i, (struct fx_range){0, m->pages});
    }
    free_slots_end(host);
    return dropped;
}
