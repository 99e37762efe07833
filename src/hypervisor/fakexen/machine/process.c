/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine/file.h"
#include "machine/host.h"

/* A child finds all of it zero: the page is wiped when it forks. */
struct fx_process {
    uint64_t number;
    void *lock; /* a page whose mapping holds the lock */
};

/* The bytes that are locked: no file is that large. */
#define FIRST_BYTE  (INT64_C(1) << 62)
#define MAX_NUMBERS ((UINT64_C(1) << 62) - 2)

static struct flock lock_of(uint64_t number)
{
    return (struct flock){
        .l_type = F_WRLCK,
        .l_whence = SEEK_SET,
        .l_start = FIRST_BYTE + (off_t)number,
        .l_len = 1,
    };
}

/* Not by munmap(), which is watched where frames are mapped. */
static void unmap_page(void *page)
{
    syscall(SYS_munmap, page, FX_PAGE_SIZE);
}

/* The page that this process, and none of its children, has. */
static int make_own_page(struct fx_host *host)
{
    void *page;

    if (host->own)
        return 0;
    page = mmap(NULL, FX_PAGE_SIZE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return -errno;
    if (madvise(page, FX_PAGE_SIZE, MADV_WIPEONFORK)) {
        int rc = -errno;

        unmap_page(page);
        return rc;
    }
    host->own = page;
    return 0;
}

/* The file once more, as another open file: locks belong to that. */
static int open_again(struct fx_host *host)
{
    char path[32];
    int fd = fx_file_fd(host);

    if (fd < 0)
        return fd;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    fd = open(path, O_RDWR | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* A number that nobody has.  One that somebody has can be next only where the
 * file is damaged. */
static int lock_number(struct fx_host *host, int fd, uint64_t *number)
{
    struct fx_super *super = host->super;
    struct flock lock;
    unsigned int tries;

    for (tries = 0; tries < 100; tries++) {
        super->last_process = super->last_process % MAX_NUMBERS + 1;
        *number = super->last_process;
        lock = lock_of(*number);
        if (!fcntl(fd, F_OFD_SETLK, &lock))
            return 0;
        if (errno != EAGAIN && errno != EACCES)
            break;
    }
    return -errno;
}

/* From here on the lock lives as long as the mapping does. */
static int keep_open(int fd, void **page)
{
    *page = mmap(NULL, FX_PAGE_SIZE, PROT_NONE, MAP_SHARED, fd, 0);
    if (*page == MAP_FAILED)
        return -errno;
    if (madvise(*page, FX_PAGE_SIZE, MADV_DONTFORK)) {
        int rc = -errno;

        unmap_page(*page);
        return rc;
    }
    return 0;
}

int fx_process_number(struct fx_host *host, uint64_t *number)
{
    int fd, rc = make_own_page(host);

    if (rc)
        return rc;
    *number = host->own->number;
    if (*number)
        return 0;
    fd = open_again(host);
    if (fd < 0)
        return fd;
    rc = lock_number(host, fd, number);
    if (!rc)
        rc = keep_open(fd, &host->own->lock);
    if (!rc)
        host->own->number = *number;
    close(fd);
    return rc;
}

uint64_t fx_process_own(const struct fx_host *host)
{
    return host->own ? host->own->number : 0;
}

bool fx_process_lives(const struct fx_host *host, uint64_t number)
{
    struct flock lock;
    int fd;

    if (!number || number > MAX_NUMBERS)
        return false;
    if (number == fx_process_own(host))
        return true;
    lock = lock_of(number);
    /* What cannot be told is held on to. */
    fd = fx_file_fd((struct fx_host *)host); /* which changes nothing of it */
    return fcntl(fd, F_OFD_GETLK, &lock) || lock.l_type != F_UNLCK;
}

void fx_process_forget(struct fx_host *host)
{
    if (!host->own)
        return;
    if (host->own->lock)
        unmap_page(host->own->lock);
    unmap_page(host->own);
    host->own = NULL;
}
