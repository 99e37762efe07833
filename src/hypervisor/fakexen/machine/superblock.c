/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * superblock.c - what a host file says about itself, and whether it can be so.
 *
 * Where the parts lie follows from the number of frames alone; it stands in the
 * file for those who read it with other tools, and must be what we compute.
 */
#include "machine/superblock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "machine/alloc.h"
#include "machine/e820.h"
#include "machine/frames.h"

#define STORE_BYTES (UINT64_C(8) << 20)

/* The tools take M2P frames in extents of this size (xen/memory.h). */
#define M2P_EXTENT (UINT64_C(2) << 20)

/* 1 TiB, and the frame that keeps the number off a multiple of 2^18. */
#define MAX_FRAMES ((UINT64_C(1) << 28) + 1)

static uint64_t round_up(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

static void set_layout(struct fx_super *super)
{
    uint64_t n = super->nr_frames;
    uint64_t at = round_up(sizeof(*super), FX_PAGE_SIZE);

    super->vcpus_at = at;
    at += round_up((uint64_t)FX_MAX_DOMAINS * FX_MAX_VCPUS *
                       sizeof(struct fx_vcpu),
                   FX_PAGE_SIZE);
    super->frames_at = at;
    at = round_up(at + n * sizeof(struct fx_frame), M2P_EXTENT);
    super->m2p_at = at;
    at += fx_m2p_frames(super, sizeof(uint64_t)) * FX_PAGE_SIZE;
    super->compat_m2p_at = at;
    at += fx_m2p_frames(super, sizeof(uint32_t)) * FX_PAGE_SIZE;
    super->free_at = at;
    at = round_up(at + fx_free_map_bytes(n), FX_PAGE_SIZE);
    super->mappings_at = at;
    at = round_up(at + FX_MAX_MAPPINGS * sizeof(struct fx_mapping),
                  FX_PAGE_SIZE);
    super->mapped_frames_at = at;
    at += FX_MAX_MAPPED_FRAMES * sizeof(uint64_t);
    super->store_at = at;
    super->store_bytes = STORE_BYTES;
    /* The frames keep the alignment that superpages have on the machine. */
    at = round_up(at + STORE_BYTES, M2P_EXTENT);
    super->memory_at = at;
    super->file_bytes = at + n * FX_PAGE_SIZE;
}

static uint32_t checksum(const struct fx_super *super)
{
    size_t from = offsetof(struct fx_super, nr_frames);

    return (uint32_t)crc32(0, (const Bytef *)super + from,
                           (uInt)(FX_STATIC_BYTES - from));
}

int fx_super_make(struct fx_super *super, const struct fx_options *options,
                  char *why, size_t len)
{
    struct fx_ram ram;
    uint32_t i;
    int rc;

    rc = fx_e820_ram(options, &ram, why, len);
    if (rc)
        return rc;
    memset(super, 0, FX_STATIC_BYTES);
    memcpy(super->magic, FX_MAGIC, FX_MAGIC_BYTES);
    super->version = FX_VERSION;
    super->level = options->level;
    super->nr_nodes = options->nodes ? options->nodes : 1;
    super->nr_ram = ram.nr;
    memcpy(super->ram, ram.range, sizeof(ram.range));
    memcpy(super->ram_node, ram.node, sizeof(ram.node));
    for (i = 0; i < ram.nr; i++)
        super->ram_frames += ram.range[i].end - ram.range[i].first;
    super->nr_frames = ram.range[ram.nr - 1].end;
    /* The tools count M2P extents by the last frame's number, not by how many
     * there are: one more where that makes a difference. */
    if (!(super->nr_frames & ((1u << FX_MAX_ORDER) - 1)))
        super->nr_frames++;
    set_layout(super);
    super->checksum = checksum(super);
    return 0;
}

static bool layout_fits(const struct fx_super *super)
{
    struct fx_super want;

    want.nr_frames = super->nr_frames;
    set_layout(&want);
    return super->vcpus_at == want.vcpus_at &&
           super->frames_at == want.frames_at && super->m2p_at == want.m2p_at &&
           super->compat_m2p_at == want.compat_m2p_at &&
           super->free_at == want.free_at &&
           super->mappings_at == want.mappings_at &&
           super->mapped_frames_at == want.mapped_frames_at &&
           super->store_at == want.store_at &&
           super->store_bytes == want.store_bytes &&
           super->memory_at == want.memory_at &&
           super->file_bytes == want.file_bytes;
}

static bool ram_fits(const struct fx_super *super)
{
    uint64_t last = 1, frames = 0;
    uint32_t i;

    for (i = 0; i < super->nr_ram; i++) {
        const struct fx_range *r = &super->ram[i];

        if (r->first < last || r->end <= r->first ||
            r->end > super->nr_frames || super->ram_node[i] >= super->nr_nodes)
            return false;
        frames += r->end - r->first;
        last = r->end;
    }
    return frames && frames == super->ram_frames;
}

int fx_super_check(const struct fx_super *super, uint64_t file_bytes, char *why,
                   size_t len)
{
    const char *what = NULL;

    if (file_bytes < sizeof(*super) ||
        memcmp(super->magic, FX_MAGIC, FX_MAGIC_BYTES))
        what = "not a fakexen host";
    else if (super->version > FX_VERSION)
        what = "made by a newer fakexen";
    else if (super->version != FX_VERSION)
        what = "made by another version of fakexen";
    else if (super->checksum != checksum(super))
        what = "damaged: the superblock's checksum does not fit";
    else if (!super->nr_frames || super->nr_frames > MAX_FRAMES ||
             super->level > FX_STOCK || !super->nr_nodes ||
             super->nr_nodes > FX_MAX_NODES || super->nr_ram > FX_MAX_E820 ||
             !layout_fits(super) || !ram_fits(super))
        what = "damaged: the superblock contradicts itself";
    else if (file_bytes < super->file_bytes)
        what = "damaged: shorter than its superblock says";
    if (!what)
        return 0;
    snprintf(why, len, "%s", what);
    return -EINVAL;
}
