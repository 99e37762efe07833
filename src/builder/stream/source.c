/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is read of a pipe at least, where there is as much: its usual size. */
#define CHUNK (64u << 10)

void source_open(struct source *source, int fd, int copy)
{
    struct stat st;
    off_t start = lseek(fd, 0, SEEK_CUR);

    *source = (struct source){.fd = fd, .copy = copy};
    /* A block device can be read like a file; a terminal cannot, and may say
     * that it is at 0. */
    source->is_file = start >= 0 && !fstat(fd, &st) &&
                      (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
    source->start = source->is_file ? (uint64_t)start : 0;
}

void source_close(struct source *source)
{
    free(source->buffer);
    source->buffer = NULL;
    source->size = source->held = 0;
}

static int make_room(struct source *source, size_t n)
{
    void *buffer;

    if (n <= source->size)
        return 0;
    n = (n + CHUNK - 1) / CHUNK * CHUNK;
    buffer = realloc(source->buffer, n);
    if (!buffer)
        return -ENOMEM;
    source->buffer = buffer;
    source->size = n;
    return 0;
}

static int read_file(struct source *source, uint64_t offset, size_t n)
{
    size_t done = 0;
    ssize_t r;
    int rc = make_room(source, n);

    if (rc)
        return rc;
    if (offset > (uint64_t)INT64_MAX - source->start - n)
        return -ENODATA;
    while (done < n) {
        r = pread(source->fd, source->buffer + done, n - done,
                  (off_t)(source->start + offset + done));
        if (!r)
            return -ENODATA;
        if (r < 0 && errno != EINTR)
            return -errno;
        if (r > 0)
            done += (size_t)r;
    }
    return 0;
}

static ssize_t read_some(struct source *source, void *to, size_t n)
{
    ssize_t r;

    if (source->read)
        return source->read(source->read_arg, to, n);
    do
        r = read(source->fd, to, n);
    while (r < 0 && errno == EINTR);
    return r < 0 ? -errno : r;
}

/* Until n bytes are held. */
static int read_pipe(struct source *source, size_t n)
{
    ssize_t r;
    int rc = make_room(source, n);

    if (rc)
        return rc;
    while (source->held < n) {
        rc = source->wait ? source->wait(source->wait_arg) : 0;
        if (rc)
            return rc;
        /* No more than is asked for: what follows is another's to read. */
        r = read_some(source, source->buffer + source->held, n - source->held);
        if (r <= 0)
            return r ? (int)r : -ENODATA;
        source->held += (size_t)r;
    }
    return 0;
}

int source_get(struct source *source, uint64_t offset, size_t n,
               const void **at)
{
    size_t ahead = (size_t)(offset - source->first);
    int rc;

    *at = NULL;
    if (source->is_file) {
        rc = read_file(source, offset, n);
        *at = source->buffer;
        return rc;
    }
    rc = read_pipe(source, ahead + n);
    *at = source->buffer + ahead;
    return rc;
}

int source_write(int fd, const void *from, size_t n)
{
    const unsigned char *at = from;
    ssize_t r;

    while (n) {
        r = write(fd, at, n);
        if (r < 0 && errno != EINTR)
            return -errno;
        if (r > 0) {
            at += r;
            n -= (size_t)r;
        }
    }
    return 0;
}

int source_done(struct source *source, uint64_t offset)
{
    size_t n = (size_t)(offset - source->first);
    int rc = 0;

    if (source->is_file)
        return 0;
    if (source->copies && source->copy >= 0)
        rc = source_write(source->copy, source->buffer, n);
    source->held -= n;
    memmove(source->buffer, source->buffer + n, source->held);
    source->first = offset;
    return rc;
}

int source_ends(struct source *source, uint64_t offset)
{
    const void *at;
    int rc = source_get(source, offset, 1, &at);

    return rc == -ENODATA ? 1 : rc;
}
