/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "stream/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* What is read at once. */
#define ROOM (128u << 10)

/* The largest window: that of all levels of zstd but its "ultra" ones. */
#define WINDOW_LOG 23

/* What a stream has besides pages, each with its word, and a page for each of
 * the P2M list's entries. */
#define OTHERS (64u << 20)
#define EACH   (4096 + 2 * sizeof(uint64_t))

bool unpack_is_magic(const void *at)
{
    const unsigned char *byte = at;

    return (byte[0] | byte[1] << 8 | byte[2] << 16 |
            (unsigned int)byte[3] << 24) == ZSTD_MAGICNUMBER;
}

bool unpack_is_packed(int fd, uint64_t at)
{
    char start[UNPACK_MAGIC_LEN];

    return pread(fd, start, sizeof(start), (off_t)at) == sizeof(start) &&
           unpack_is_magic(start);
}

/* ---- what comes next ---- */

/* 0: that was all. */
static ssize_t fill(struct unpack *unpack)
{
    ssize_t r;

    do
        r = read(unpack->fd, unpack->room, ROOM);
    while (r < 0 && errno == EINTR);
    unpack->in = (ZSTD_inBuffer){unpack->room, r > 0 ? (size_t)r : 0, 0};
    return r < 0 ? -errno : r;
}

static ssize_t take_plain(struct unpack *unpack, void *to, size_t n)
{
    ZSTD_inBuffer *in = &unpack->in;
    ssize_t r = in->pos < in->size ? 1 : fill(unpack);

    if (r <= 0)
        return r;
    if (n > in->size - in->pos)
        n = in->size - in->pos;
    memcpy(to, (const char *)in->src + in->pos, n);
    in->pos += n;
    return (ssize_t)n;
}

static ssize_t take_packed(struct unpack *unpack, void *to, size_t n)
{
    ZSTD_outBuffer out = {to, n, 0};
    size_t left;
    ssize_t r = 1;

    while (!out.pos) {
        if (unpack->in.pos == unpack->in.size)
            r = fill(unpack);
        /* Even without more there may be something that it holds back. */
        if (r < 0 || (!r && unpack->is_whole))
            return r;
        left = ZSTD_decompressStream(unpack->zstd, &out, &unpack->in);
        if (ZSTD_isError(left))
            return diag_fail(unpack->dg, DW_CONFIG, -EINVAL, "%s: zstd: %s",
                             unpack->name, ZSTD_getErrorName(left));
        unpack->is_whole = !left;
        if (!r && !out.pos)
            return 0;
    }
    return (ssize_t)out.pos;
}

static const char *temporary(void)
{
    const char *folder = secure_getenv("TMPDIR");

    return folder && *folder ? folder : "/var/tmp";
}

static int check_size(struct unpack *unpack)
{
    const struct saved *saved = unpack->saved;

    if (unpack->copy >= 0 && unpack->bytes > unpack->copy_max)
        return diag_fail(unpack->dg, DW_FAILED, -ENOSPC,
                         "%s: a copy of it takes more than half of what is "
                         "free in %s",
                         unpack->name, temporary());
    if (!unpack->zstd || (unpack->bytes <= OTHERS + saved->pfns * EACH &&
                          saved->contents <= saved->pfns))
        return 0;
    return diag_fail(unpack->dg, DW_CONFIG, -EINVAL,
                     "%s: it has more in it than a guest as large as it says",
                     unpack->name);
}

static ssize_t take(void *arg, void *to, size_t n)
{
    struct unpack *unpack = arg;
    ssize_t r =
        unpack->zstd ? take_packed(unpack, to, n) : take_plain(unpack, to, n);
    int rc;

    if (r <= 0)
        return r;
    unpack->bytes += (uint64_t)r;
    rc = check_size(unpack);
    if (!rc && unpack->copy >= 0) {
        rc = source_write(unpack->copy, to, (size_t)r);
        if (rc)
            return diag_fail(unpack->dg, DW_FAILED, rc,
                             "%s: a copy of it, in TMPDIR: %s", unpack->name,
                             strerror(-rc));
    }
    return rc ? rc : r;
}

/* ---- all of it ---- */

static int open_copy(struct unpack *unpack)
{
    struct statvfs fs;

    unpack->copy = open(temporary(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (unpack->copy < 0 || fstatvfs(unpack->copy, &fs))
        return diag_fail(unpack->dg, DW_FAILED, -errno,
                         "%s: a copy of it, in %s: %s", unpack->name,
                         temporary(), strerror(errno));
    unpack->copy_max = (uint64_t)fs.f_bavail * fs.f_frsize / 2;
    return 0;
}

static int open_zstd(struct unpack *unpack)
{
    unpack->zstd = ZSTD_createDCtx();
    if (!unpack->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(
                             unpack->zstd, ZSTD_d_windowLogMax, WINDOW_LOG)))
        return diag_fail(unpack->dg, DW_FAILED, -ENOMEM, "out of memory");
    return 0;
}

/* A pipe may give less than what tells. */
static int fill_start(struct unpack *unpack)
{
    size_t n = 0;
    ssize_t r;

    while (n < UNPACK_MAGIC_LEN) {
        r = read(unpack->fd, unpack->room + n, ROOM - n);
        if (!r)
            break;
        if (r < 0 && errno != EINTR)
            return diag_fail(unpack->dg, DW_CONFIG, -errno, "reading %s: %s",
                             unpack->name, strerror(errno));
        if (r > 0)
            n += (size_t)r;
    }
    unpack->in = (ZSTD_inBuffer){unpack->room, n, 0};
    return 0;
}

int unpack_open(struct unpack *unpack, int fd, const char *name, bool keeps,
                struct diag *dg)
{
    int rc;

    *unpack = (struct unpack){
        .name = name, .dg = dg, .fd = fd, .copy = -1, .is_whole = true};
    unpack->room = malloc(ROOM);
    if (!unpack->room)
        return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    rc = fill_start(unpack);
    if (!rc && unpack->in.size >= UNPACK_MAGIC_LEN &&
        unpack_is_magic(unpack->room))
        rc = open_zstd(unpack);
    return !rc && keeps ? open_copy(unpack) : rc;
}

void unpack_begin(struct unpack *unpack, struct source *source,
                  const struct saved *saved)
{
    unpack->saved = saved;
    source_open(source, unpack->fd, -1);
    source->is_file = false;
    source->read = take;
    source->read_arg = unpack;
}

int unpack_end(struct unpack *unpack, struct source *source)
{
    int rc = unpack->zstd ? source_ends(source, unpack->saved->length) : 1;

    if (rc < 0)
        return diag_fail(unpack->dg, DW_CONFIG, rc, "%s: %s", unpack->name,
                         strerror(-rc));
    if (!rc)
        return diag_fail(unpack->dg, DW_CONFIG, -EINVAL,
                         "%s: something follows the end of the guest",
                         unpack->name);
    if (!unpack->is_whole)
        return diag_fail(unpack->dg, DW_CONFIG, -ENODATA,
                         "%s: its end is cut off", unpack->name);
    if (unpack->copy >= 0) {
        source_close(source);
        source_open(source, unpack->copy, -1);
        source->start = 0;
    }
    return 0;
}

void unpack_close(struct unpack *unpack)
{
    ZSTD_freeDCtx(unpack->zstd);
    free(unpack->room);
    if (unpack->copy >= 0)
        close(unpack->copy);
    *unpack = (struct unpack){.copy = -1};
}
