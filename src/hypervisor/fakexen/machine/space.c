/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/space.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "machine/alloc.h"
#include "machine/file.h"
#include "machine/frames.h"
#include "machine/host.h"

#define GRANULE (UINT64_C(1) << FX_GRANULE_SHIFT)

/* Blocks of 64 MiB: each has a granule of the frame table. */
#define TRIM_ORDER 14

static uint64_t offset_of(const struct fx_host *host, const void *at)
{
    return (uint64_t)((const uint8_t *)at - (const uint8_t *)host->super);
}

/* Where the file system has no such call: what is there, written once more. */
static int rewrite(int fd, uint64_t at, uint64_t bytes)
{
    uint8_t page[FX_PAGE_SIZE];
    uint64_t end = at + bytes;

    for (; at < end; at += sizeof(page)) {
        ssize_t n = pread(fd, page, sizeof(page), (off_t)at);

        if (n < 0 || pwrite(fd, page, (size_t)n, (off_t)at) != n)
            return n < 0 ? -errno : -ENOSPC;
    }
    return 0;
}

/* Callers learn that there is no memory, which the machine may have plenty of:
 * what there is none of is said once, by each process that meets it. */
static int no_room(struct fx_host *host, int rc)
{
    if (!host->space.told)
        fprintf(stderr, "fakexen: %s: %s\n",
                host->path ? host->path : "the machine", strerror(-rc));
    host->space.told = true;
    return -ENOMEM;
}

static int take(struct fx_host *host, uint64_t at, uint64_t bytes)
{
    int fd = fx_file_fd(host), rc;

    if (fd < 0)
        return -ENOMEM;
    if (at + bytes > host->bytes)
        bytes = host->bytes - at;
    do
        rc = fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)bytes)
                 ? -errno
                 : 0;
    while (rc == -EINTR);
    if (rc == -EOPNOTSUPP || rc == -ENOSYS)
        rc = rewrite(fd, at, bytes);
    return rc ? no_room(host, rc) : 0;
}

static int give_back(struct fx_host *host, uint64_t at, uint64_t bytes)
{
    return fallocate(fx_file_fd(host),
                     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
                     (off_t)bytes);
}

static bool test(const uint64_t *bits, uint64_t bit)
{
    return bits[bit / 64] >> (bit % 64) & 1;
}

/* Others may have given back what this process has seen. */
static void forget(struct fx_host *host)
{
    struct fx_space *space = &host->space;

    if (space->trims == host->super->trims)
        return;
    memset(space->has, 0, space->words * sizeof(*space->has));
    space->trims = host->super->trims;
}

/* Neighbours that have none yet are asked for together. */
static int take_granules(struct fx_host *host, uint64_t first, uint64_t end)
{
    uint64_t *has = host->space.has, i, k;
    int rc = 0;

    for (i = first; i < end; i = k + 1) {
        for (k = i; k < end && !test(has, k); k++)
            ;
        if (k > i)
            rc = take(host, i << FX_GRANULE_SHIFT, (k - i) << FX_GRANULE_SHIFT);
        if (rc)
            return rc;
        for (; i < k; i++)
            has[i / 64] |= UINT64_C(1) << (i % 64);
    }
    return 0;
}

int fx_space_for(struct fx_host *host, const void *at, uint64_t bytes)
{
    uint64_t first = offset_of(host, at);

    if (host->space.unlimited || !bytes)
        return 0;
    forget(host);
    return take_granules(host, first >> FX_GRANULE_SHIFT,
                         (first + bytes + GRANULE - 1) >> FX_GRANULE_SHIFT);
}

int fx_space_for_accounting(struct fx_host *host, uint64_t mfn, uint64_t nr)
{
    int rc = fx_space_for(host, &host->frames[mfn], nr * sizeof(*host->frames));

    if (!rc)
        rc = fx_space_for(host, &host->m2p[mfn], nr * sizeof(*host->m2p));
    if (!rc)
        rc = fx_space_for(host, &host->compat_m2p[mfn],
                          nr * sizeof(*host->compat_m2p));
    return rc;
}

int fx_space_init(struct fx_host *host, const struct fx_super *super)
{
    struct fx_space *space = &host->space;
    struct statfs fs;

    if (fstatfs(fx_file_fd(host), &fs))
        return -errno;
    space->reads_take_room =
        fs.f_type == TMPFS_MAGIC && (host->is_copy || fs.f_blocks);
    space->unlimited =
        host->is_copy || (fs.f_type == TMPFS_MAGIC && !fs.f_blocks);
    space->trims = host->super->trims;
    space->words = (super->memory_at >> FX_GRANULE_SHIFT) / 64 + 1;
    space->has = calloc(space->words, sizeof(*space->has));
    host->none = calloc(1, sizeof(*host->none));
    return space->has && host->none ? 0 : -ENOMEM;
}

int fx_space_for_all(struct fx_host *host, const struct fx_super *super)
{
    int rc;

    host->space.told = true; /* by whoever makes or opens the machine */
    rc = fx_space_for(host, host->super, sizeof(*super));
    if (!rc) /* the control domain's, which all look at */
        rc = fx_space_for(host, host->vcpus, sizeof(*host->vcpus));
    if (!rc)
        rc = fx_space_for(host, (uint8_t *)host->super + super->free_at,
                          super->mapped_frames_at - super->free_at);
    if (!rc)
        rc = fx_space_for(host, host->store, super->store_bytes);
    host->space.told = false;
    return rc ? -ENOSPC : 0;
}

void fx_space_dispose(struct fx_host *host)
{
    free(host->space.has);
    free(host->none);
    host->space.has = NULL;
    host->none = NULL;
}

int fx_touch(struct fx_host *host, uint64_t mfn, uint64_t nr)
{
    uint64_t end = mfn + nr, k;
    int rc = 0;

    for (; mfn < end; mfn = k + 1) {
        for (k = mfn; k < end && !(host->frames[k].flags & FX_F_TOUCHED); k++)
            ;
        if (k > mfn && !host->space.unlimited)
            rc = take(host, host->super->memory_at + mfn * FX_PAGE_SIZE,
                      (k - mfn) * FX_PAGE_SIZE);
        if (rc)
            return rc;
        for (; mfn < k; mfn++)
            host->frames[mfn].flags |= FX_F_TOUCHED;
    }
    return 0;
}

int fx_touch_to_read(struct fx_host *host, uint64_t mfn, uint64_t nr)
{
    return host->space.reads_take_room ? fx_touch(host, mfn, nr) : 0;
}

void fx_space_clear(struct fx_host *host, uint64_t first, uint64_t end)
{
    int r = give_back(host, host->super->memory_at + first * FX_PAGE_SIZE,
                      (end - first) * FX_PAGE_SIZE);
    uint64_t i;

    for (i = first; i < end; i++) {
        if (!(host->frames[i].flags & FX_F_TOUCHED))
            continue;
        if (r)
            memset(host->memory + i * FX_PAGE_SIZE, 0, FX_PAGE_SIZE);
        host->frames[i].flags &= (uint16_t)~FX_F_TOUCHED;
    }
}

/* Blocks [first, end): their frames' contents too, as it is forgotten which of
 * them have some. */
static void trim_blocks(struct fx_host *host, uint64_t first, uint64_t end)
{
    const struct fx_super *super = host->super;
    uint64_t mfn = first << TRIM_ORDER, nr = (end - first) << TRIM_ORDER;

    if (give_back(host, super->memory_at + mfn * FX_PAGE_SIZE,
                  nr * FX_PAGE_SIZE))
        return;
    give_back(host, super->frames_at + mfn * sizeof(*host->frames),
              nr * sizeof(*host->frames));
    give_back(host, super->m2p_at + mfn * sizeof(*host->m2p),
              nr * sizeof(*host->m2p));
    give_back(host, super->compat_m2p_at + mfn * sizeof(*host->compat_m2p),
              nr * sizeof(*host->compat_m2p));
}

void fx_space_trim(struct fx_host *host)
{
    struct fx_super *super = host->super;
    uint64_t block = 0, end, at = super->frames_at;

    host->space.freed = 0;
    super->trims++; /* also for those who come after one that dies here */
    while ((at = fx_file_next_data(host, at)) < super->m2p_at) {
        block = (at - super->frames_at) / sizeof(*host->frames) >> TRIM_ORDER;
        for (end = block; fx_is_free_block(host, end, TRIM_ORDER); end++)
            ;
        if (end > block)
            trim_blocks(host, block, end);
        else
            end++;
        at = super->frames_at + (end << TRIM_ORDER) * sizeof(*host->frames);
    }
}

/* Granules have room as a whole: where one has data, none of it is a hole. */
bool fx_space_is_hole(struct fx_host *host, const void *at)
{
    uint64_t granule = offset_of(host, at) >> FX_GRANULE_SHIFT;
    uint64_t *has = host->space.has;

    if (!host->space.reads_take_room)
        return false;
    forget(host);
    if (!test(has, granule) &&
        fx_file_next_data(host, granule << FX_GRANULE_SHIFT) >=
            (granule + 1) << FX_GRANULE_SHIFT)
        return true;
    has[granule / 64] |= UINT64_C(1) << (granule % 64);
    return false;
}
