/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * superblock.c - what a host file says about itself, and whether it can be so.
 *
 * Where the parts lie follows from the number of frames alone; it stands in the
 * file for those who read it with other tools, and must be what we compute.
 */
#include "machine/superblock.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <zlib.h>

#include "machine/alloc.h"
#include "machine/e820.h"
#include "machine/frames.h"

#define STORE_BYTES (UINT64_C(8) << 20)

/* The tools take M2P frames in extents of this size (xen/memory.h). */
#define M2P_EXTENT (UINT64_C(2) << 20)

/* 1 TiB, what of it a PC's hole moves above that, and the frame that keeps the
 * number off a multiple of 2^18. */
#define MAX_FRAMES ((UINT64_C(1) << 28) + (UINT64_C(1) << 18) + 1)

static uint64_t round_up(uint64_t n, uint64_t to)
{
    return (n + to - 1) / to * to;
}

static void set_layout(struct fx_super *super)
{
    uint64_t n = super->nr_frames;
    /* Whole granules: nobody who asks for room elsewhere gets what has the lock
     * in it, and what is trimmed of the frame table is none that others use. */
    uint64_t at = round_up(sizeof(*super), UINT64_C(1) << FX_GRANULE_SHIFT);

    super->vcpus_at = at;
    at += round_up((uint64_t)FX_MAX_DOMAINS * FX_MAX_VCPUS *
                       sizeof(struct fx_vcpu),
                   UINT64_C(1) << FX_GRANULE_SHIFT);
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
    super->xen = FX_XEN;
    super->level = options->level;
    super->shadow = options->shadow;
    super->guests_run = options->guests_run;
    super->seeded = options->has_seed;
    super->seed = options->has_seed ? options->seed : 0;
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

/* Its domains were made by the tools, and by the rules, of that Xen. */
static int check_xen(const struct fx_super *super, char *why, size_t len)
{
    if (super->xen == FX_XEN)
        return 0;
    snprintf(why, len,
             "a machine with Xen %u.%u, and this fakexen is for the tools of "
             "Xen " XEN_VERSION FX_NEW_ONE,
             super->xen >> 16, super->xen & 0xffff);
    return -EINVAL;
}

int fx_super_check(const struct fx_super *super, uint64_t file_bytes, char *why,
                   size_t len)
{
    const char *what = NULL;

    if (file_bytes < sizeof(*super) ||
        memcmp(super->magic, FX_MAGIC, FX_MAGIC_BYTES))
        what = FX_NOT_A_HOST;
    else if (super->version > FX_VERSION)
        what = "made by a newer fakexen" FX_NEW_ONE;
    else if (super->version != FX_VERSION)
        what = "made by another version of fakexen" FX_NEW_ONE;
    else if (super->checksum != checksum(super))
        what = "damaged: the superblock's checksum does not fit" FX_NEW_ONE;
    else if (!super->nr_frames || super->nr_frames > MAX_FRAMES ||
             super->level > FX_STOCK || super->shadow > 1 ||
             super->guests_run > 1 || super->seeded > 1 || !super->nr_nodes ||
             super->nr_nodes > FX_MAX_NODES || super->nr_ram > FX_MAX_E820 ||
             !layout_fits(super) || !ram_fits(super))
        what = "damaged: the superblock contradicts itself" FX_NEW_ONE;
    else if (file_bytes < super->file_bytes)
        what = "damaged: shorter than its superblock says" FX_NEW_ONE;
    if (what) {
        snprintf(why, len, "%s", what);
        return -EINVAL;
    }
    return check_xen(super, why, len);
}

static int agree_on_seed(const struct fx_super *super,
                         const struct fx_options *options, char *why,
                         size_t len)
{
    if (!options->has_seed)
        return 0;
    if (super->seeded && options->seed == super->seed)
        return 0;
    if (super->seeded)
        snprintf(why, len,
                 "the machine's seed is %" PRIu64 ", not %" PRIu64
                 "; leave out --seed, or name a new machine",
                 super->seed, options->seed);
    else
        snprintf(why, len,
                 "the machine has no seed; leave out --seed, or name a new "
                 "machine");
    return -EINVAL;
}

/* As people write sizes. */
static void print_size(uint64_t bytes, char *text, size_t len)
{
    static const char units[] = "KMG";
    unsigned int unit = 0;

    for (bytes >>= 10; unit < 2 && !(bytes & 1023); unit++)
        bytes >>= 10;
    snprintf(text, len, "%" PRIu64 "%c", bytes, units[unit]);
}

static bool same_ram(const struct fx_super *a, const struct fx_super *b)
{
    return a->nr_ram == b->nr_ram &&
           !memcmp(a->ram, b->ram, a->nr_ram * sizeof(a->ram[0]));
}

/* What --memory would have been for it; false: it has a map of its own. */
static bool memory_of(const struct fx_super *super, uint64_t *bytes)
{
    struct fx_options options = {.nodes = super->nr_nodes};
    struct fx_super like;
    char why[128];

    *bytes = fx_e820_pc_bytes(super->ram[super->nr_ram - 1].end);
    options.memory_bytes = *bytes;
    return *bytes && !fx_super_make(&like, &options, why, sizeof(why)) &&
           same_ram(super, &like);
}

static int agree_on_ram(const struct fx_super *super,
                        const struct fx_options *options, char *why, size_t len)
{
    struct fx_options asked = *options;
    struct fx_super want;
    char has[64], size[32];
    uint64_t bytes;
    int rc;

    if (!options->memory_bytes && !options->e820_path)
        return 0;
    asked.nodes = super->nr_nodes;
    rc = fx_super_make(&want, &asked, why, len);
    if (rc || same_ram(super, &want))
        return rc;
    if (memory_of(super, &bytes)) {
        print_size(bytes, size, sizeof(size));
        snprintf(has, sizeof(has), "has %s of memory", size);
    } else {
        snprintf(has, sizeof(has), "has a memory map with %" PRIu64 " MiB",
                 super->ram_frames >> (20 - FX_PAGE_SHIFT));
    }
    if (options->e820_path) {
        snprintf(why, len,
                 "the machine %s, and not the map in %s; leave out --e820, or "
                 "name a new machine",
                 has, options->e820_path);
    } else {
        print_size(options->memory_bytes, size, sizeof(size));
        snprintf(why, len,
                 "the machine %s, not %s; leave out --memory, or name a new "
                 "machine",
                 has, size);
    }
    return -EINVAL;
}

int fx_super_agree(const struct fx_super *super,
                   const struct fx_options *options, char *why, size_t len)
{
    static const char *const level[] = {"patched", "stock"};

    if (options->nodes && options->nodes != super->nr_nodes) {
        snprintf(
            why, len,
            "the machine has %u node%s, not %u; leave out --nodes, or name "
            "a new machine",
            super->nr_nodes, super->nr_nodes == 1 ? "" : "s", options->nodes);
        return -EINVAL;
    }
    if (options->has_level && options->level != super->level) {
        snprintf(
            why, len,
            "the machine's level is %s, not %s; leave out --level, or name "
            "a new machine",
            level[super->level], level[options->level]);
        return -EINVAL;
    }
    if (options->has_shadow && options->shadow != super->shadow) {
        snprintf(why, len,
                 "the machine has %sshadow paging; leave out --%sshadow, or "
                 "name a new machine",
                 super->shadow ? "" : "no ", options->shadow ? "" : "no-");
        return -EINVAL;
    }
    if (options->has_run && options->guests_run != super->guests_run) {
        snprintf(why, len,
                 "guests %srun on the machine; leave out --%srun, or name a "
                 "new machine",
                 super->guests_run ? "" : "do not ",
                 options->guests_run ? "" : "no-");
        return -EINVAL;
    }
    if (agree_on_seed(super, options, why, len))
        return -EINVAL;
    return agree_on_ram(super, options, why, len);
}
