/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* More than a pipe has by itself: a guest stands still meanwhile. */
#define PIPE_SIZE (1 << 20)

/* zstd's own default: as fast as a disk. */
#define LEVEL 3

/* How long it may take until it stops. */
#define LOOK_MS 100

static int put_all(const struct pack *pack, const char *from, size_t n)
{
    struct pollfd fd = {.fd = pack->to, .events = POLLOUT};
    ssize_t r;

    while (n) {
        r = write(pack->to, from, n);
        if (r < 0 && errno == EAGAIN) {
            if (pack->stop())
                return -EINTR;
            poll(&fd, 1, LOOK_MS);
        } else if (r < 0 && errno != EINTR) {
            return -errno;
        }
        if (r > 0) {
            from += r;
            n -= (size_t)r;
        }
    }
    return 0;
}

/* What was read, with what has to follow it; *in is used up. */
static int put(struct pack *pack, ZSTD_inBuffer *in, ZSTD_EndDirective end,
               char *room, size_t size)
{
    ZSTD_outBuffer out;
    size_t left;
    int rc = 0;

    if (!pack->context)
        return put_all(pack, in->src, in->size);
    do {
        out = (ZSTD_outBuffer){room, size, 0};
        left = ZSTD_compressStream2(pack->context, &out, in, end);
        if (ZSTD_isError(left))
            return -EIO;
        rc = put_all(pack, room, out.pos);
    } while (!rc && (in->pos < in->size || (end == ZSTD_e_end && left)));
    return rc;
}

static int pass_on(struct pack *pack, char *input, size_t size, char *room,
                   size_t room_size)
{
    ZSTD_inBuffer in;
    ssize_t r;
    int rc;

    do {
        r = read(pack->from, input, size);
        if (r < 0 && errno != EINTR)
            return -errno;
        if (r < 0)
            continue;
        in = (ZSTD_inBuffer){input, (size_t)r, 0};
        rc = put(pack, &in, r ? ZSTD_e_continue : ZSTD_e_end, room, room_size);
        if (rc)
            return rc;
    } while (r);
    return 0;
}

static void *run(void *arg)
{
    struct pack *pack = arg;
    const size_t size = ZSTD_CStreamInSize(), room_size = ZSTD_CStreamOutSize();
    char *input = malloc(size), *room = malloc(room_size);

    pack->rc =
        input && room ? pass_on(pack, input, size, room, room_size) : -ENOMEM;
    free(input);
    free(room);
    /* Who writes to us finds out. */
    close(pack->from);
    return NULL;
}

static int open_zstd(struct pack *pack)
{
    pack->context = ZSTD_createCCtx();
    if (!pack->context ||
        ZSTD_isError(ZSTD_CCtx_setParameter(pack->context,
                                            ZSTD_c_compressionLevel, LEVEL)) ||
        ZSTD_isError(
            ZSTD_CCtx_setParameter(pack->context, ZSTD_c_checksumFlag, 1)))
        return -ENOMEM;
    return 0;
}

static void dispose(struct pack *pack)
{
    if (pack->flags >= 0)
        (void)fcntl(pack->to, F_SETFL, pack->flags);
    ZSTD_freeCCtx(pack->context);
}

int pack_open(struct pack *pack, int to, bool compress, int (*stop)(void))
{
    int ends[2], rc;

    *pack = (struct pack){
        .fd = -1, .from = -1, .to = to, .flags = -1, .stop = stop};
    if (pipe2(ends, O_CLOEXEC))
        return -errno;
    pack->flags = fcntl(to, F_GETFL);
    if (pack->flags >= 0)
        (void)fcntl(to, F_SETFL, pack->flags | O_NONBLOCK);
    pack->from = ends[0];
    /* It may be more than a user may have: then it stays as it is. */
    (void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_SIZE);
    rc = compress ? open_zstd(pack) : 0;
    if (!rc)
        rc = -pthread_create(&pack->thread, NULL, run, pack);
    if (!rc) {
        pack->fd = ends[1];
        return 0;
    }
    close(ends[0]);
    close(ends[1]);
    dispose(pack);
    return rc;
}

int pack_close(struct pack *pack)
{
    if (pack->fd < 0)
        return 0;
    close(pack->fd);
    pack->fd = -1;
    pthread_join(pack->thread, NULL);
    dispose(pack);
    return pack->rc;
}
