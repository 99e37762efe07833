/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine/alloc.h"
#include "machine/frames.h"
#include "machine/host.h"

/* Far above what programs use, as some close or replace the first ones. */
#define HOST_FD 910

/* The same open file under a high number, if there is one. */
static int move_up(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, HOST_FD);

    if (high < 0)
        return fd;
    close(fd);
    return high;
}

int fx_file_open(struct fx_host *host, const char *path)
{
    int fd;

    if (path)
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    else
        fd = memfd_create("fakexen", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    host->fd = move_up(fd);
    return 0;
}

/* Where /proc is not there to open it by, we do without that. */
void fx_file_open_read_only(struct fx_host *host)
{
    char path[32];
    int fd;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", host->fd);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    host->read_fd = fd < 0 ? host->fd : move_up(fd);
}

int fx_file_map(struct fx_host *host, const struct fx_super *layout)
{
    uint8_t *base = mmap(NULL, layout->file_bytes, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_NORESERVE, host->fd, 0);

    if (base == MAP_FAILED)
        return -errno;
    host->super = (struct fx_super *)base;
    host->bytes = layout->file_bytes;
    host->frames = (struct fx_frame *)(base + layout->frames_at);
    host->m2p = (uint64_t *)(base + layout->m2p_at);
    host->compat_m2p = (uint32_t *)(base + layout->compat_m2p_at);
    host->mappings = (struct fx_mapping *)(base + layout->mappings_at);
    host->mapped_frames = (uint64_t *)(base + layout->mapped_frames_at);
    host->store = base + layout->store_at;
    host->memory = base + layout->memory_at;
    fx_free_map_attach(host, layout->nr_frames,
                       (uint64_t *)(base + layout->free_at));
    return 0;
}

/* munmap() is watched where frames are mapped, and this is none of those. */
void fx_file_close(struct fx_host *host)
{
    if (host->super)
        syscall(SYS_munmap, host->super, host->bytes);
    if (host->read_fd >= 0 && host->read_fd != host->fd)
        close(host->read_fd);
    if (host->fd >= 0)
        close(host->fd);
}
