/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine/alloc.h"
#include "machine/frames.h"
#include "machine/host.h"

/* Far above what programs use, as some close or replace the first ones. */
#define HOST_FD 910

/* The same open file under a high number, as far as the limit lets it be. */
static int move_up(int fd)
{
    struct rlimit limit;
    int wanted = HOST_FD, high;

    if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur <= HOST_FD)
        wanted = limit.rlim_cur > 8 ? (int)limit.rlim_cur - 8 : 0;
    high = fcntl(fd, F_DUPFD_CLOEXEC, wanted);
    if (high < 0)
        return fd;
    close(fd);
    return high;
}

/* For open() from wherever the program may go. */
static char *absolute(const char *path)
{
    char here[PATH_MAX], *full;

    if (*path == '/')
        return strdup(path);
    if (!getcwd(here, sizeof(here)) || asprintf(&full, "%s/%s", here, path) < 0)
        return NULL;
    return full;
}

/* A pipe without a writer is no host either, and nothing to wait for. */
static int open_named(struct fx_host *host, const char *path)
{
    const int flags = O_NONBLOCK | O_CLOEXEC;
    int fd;

    if (host->is_copy)
        return open(path, O_RDONLY | flags);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | flags, 0600);
    host->is_new = fd >= 0;
    return host->is_new || errno != EEXIST
               ? fd
               : open(path, O_RDWR | O_CREAT | flags, 0600);
}

int fx_file_open(struct fx_host *host, const char *path)
{
    struct stat st;
    int fd;

    if (path)
        fd = open_named(host, path);
    else
        fd = memfd_create("fakexen", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    host->fd = move_up(fd);
    if (fstat(host->fd, &st))
        return -errno;
    host->device = st.st_dev;
    host->inode = st.st_ino;
    host->path = path ? absolute(path) : NULL;
    return 0;
}

int fx_file_map(struct fx_host *host, const struct fx_super *layout)
{
    uint8_t *base =
        mmap(NULL, layout->file_bytes, PROT_READ | PROT_WRITE,
             (host->is_copy ? MAP_PRIVATE : MAP_SHARED) | MAP_NORESERVE,
             host->fd, 0);

    if (base == MAP_FAILED)
        return -errno;
    host->super = (struct fx_super *)base;
    host->bytes = layout->file_bytes;
    host->vcpus = (struct fx_vcpu *)(base + layout->vcpus_at);
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

static bool is_ours(const struct fx_host *host, int fd)
{
    struct stat st;

    return fd >= 0 && !fstat(fd, &st) && st.st_dev == host->device &&
           st.st_ino == host->inode;
}

/* munmap() is watched where frames are mapped, and this is none of those. */
void fx_file_close(struct fx_host *host)
{
    if (host->super)
        syscall(SYS_munmap, host->super, host->bytes);
    if (host->read_fd != host->fd && is_ours(host, host->read_fd))
        close(host->read_fd);
    if (is_ours(host, host->fd))
        close(host->fd);
    free(host->path);
}

static int try_to_open(const struct fx_host *host, const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    if (is_ours(host, fd))
        return move_up(fd);
    close(fd);
    return -ESTALE;
}

/*
 * By its name, or by the mapping of it, which only root may.  The new open file
 * has no part in the flock(), which the one that is mapped still has.
 */
static int open_again(const struct fx_host *host)
{
    uint64_t first = (uint64_t)(uintptr_t)host->super;
    char mapping[80];
    int fd = -ENOENT;

    if (host->path)
        fd = try_to_open(host, host->path, O_RDWR);
    if (fd >= 0)
        return fd;
    snprintf(mapping, sizeof(mapping), "/proc/self/map_files/%lx-%lx", first,
             first + ((host->bytes + FX_PAGE_SIZE - 1) & ~(FX_PAGE_SIZE - 1)));
    return try_to_open(host, mapping, O_RDWR);
}

int fx_file_fd(struct fx_host *host)
{
    if (host->fd_checked)
        return host->fd;
    if (!is_ours(host, host->fd)) { /* and not ours to close */
        int fd = open_again(host);

        if (fd < 0 && host->fd != -1)
            fprintf(stderr,
                    "fakexen: %s: the program has closed its descriptor, and "
                    "it cannot be opened again\n",
                    host->path ? host->path : "the machine");
        host->fd = fd < 0 ? -1 : fd;
    }
    host->fd_checked = host->fd >= 0;
    return host->fd < 0 ? -EBADF : host->fd;
}

/* Where /proc is not there to open it by, we do without that. */
int fx_file_read_fd(struct fx_host *host)
{
    char path[32];
    int fd = fx_file_fd(host);

    if (fd < 0 || (host->read_fd != fd && is_ours(host, host->read_fd)))
        return fd < 0 ? fd : host->read_fd;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    host->read_fd = try_to_open(host, path, O_RDONLY);
    if (host->read_fd < 0)
        host->read_fd = fd;
    return host->read_fd;
}

/* By its name: descriptors, and the mapping, are of the file that it was. */
bool fx_file_is_gone(const struct fx_host *host)
{
    struct stat now;

    if (!host->path)
        return false;
    if (stat(host->path, &now))
        return errno == ENOENT || errno == ENOTDIR;
    return now.st_dev != host->device || now.st_ino != host->inode;
}

void fx_file_unmake(const struct fx_host *host)
{
    if (host->is_new && host->path && !fx_file_is_gone(host))
        unlink(host->path);
}

uint64_t fx_file_next_data(const struct fx_host *host, uint64_t at)
{
    /* To find the descriptor again changes nothing of the host. */
    int fd = fx_file_fd((struct fx_host *)host);
    off_t data = fd < 0 ? -1 : lseek(fd, (off_t)at, SEEK_DATA);

    if (data >= 0)
        return (uint64_t)data;
    /* Any other error: whatever is there has to be looked at. */
    return fd >= 0 && errno == ENXIO ? UINT64_MAX : at;
}
