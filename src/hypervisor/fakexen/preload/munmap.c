/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * munmap.c - the program's munmap() and mmap(): it lets go of foreign mappings
 * by these, and they are therefore watched.
 */
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/types.h>

#include "preload/foreign_mapping.h"
#include "preload/trace.h"

/* The program's munmap(), which may be the end of a mapping or of a part. */
int munmap(void *addr, size_t size)
{
    struct fx_host *host = fx_foreign_host();
    struct fx_call call;
    int64_t dropped = 0;
    int saved = errno, rc;

    /* The rest of what is wrong with a call is for the kernel to say. */
    if (!host || (uint64_t)addr + size + FX_PAGE_SIZE < (uint64_t)addr)
        return fx_raw_munmap(addr, size);
    fx_trace_begin_uncounted(&call);
    rc = fx_foreign_unmap(host, addr, size, &dropped);
    if (dropped > 0)
        fx_trace_mapping(&call, "unmap", 0, (uint64_t)addr, (uint64_t)dropped,
                         0, rc);
    /* To clear frames may fail, and be done in another way. */
    errno = rc ? -rc : saved;
    return rc ? -1 : 0;
}

/* A new mapping may take the place of an old one. */
void *mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
    struct fx_host *host = fx_foreign_host();

    if (!host || !(flags & MAP_FIXED) ||
        (uint64_t)addr + size + FX_PAGE_SIZE < (uint64_t)addr)
        return fx_raw_mmap(addr, size, prot, flags, fd, (uint64_t)offset);
    return fx_foreign_replace(host, addr, size, prot, flags, fd,
                              (uint64_t)offset);
}

void *mmap64(void *addr, size_t size, int prot, int flags, int fd,
             off64_t offset)
{
    return mmap(addr, size, prot, flags, fd, (off_t)offset);
}
