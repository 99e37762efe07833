/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/saved_file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream/format.h"

bool saved_file_is(const char *name)
{
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    char start[XL_MAGIC_LEN];
    uint64_t word;
    bool is = false;

    if (fd < 0)
        return false;
    if (pread(fd, start, sizeof(start), 0) == sizeof(start)) {
        memcpy(&word, start, sizeof(word));
        is = !memcmp(start, XL_MAGIC, sizeof(start)) || word == LIBXC_MARKER ||
             be64toh(word) == LIBXL_IDENT || unpack_is_packed(fd, 0);
    }
    close(fd);
    return is;
}

static int unpack(struct saved_file *file, const char *name, bool again,
                  struct diag *dg)
{
    int rc = unpack_open(&file->unpack, file->fd, name, again, dg);

    if (rc)
        return rc;
    unpack_begin(&file->unpack, &file->source, &file->saved);
    rc = saved_read(&file->saved, &file->source, name, dg);
    return rc ? rc : unpack_end(&file->unpack, &file->source);
}

int saved_file_find(struct saved_file *file, const char *name, struct diag *dg)
{
    struct stat st;

    *file = (struct saved_file)SAVED_FILE_CLOSED;
    file->fd =
        strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (file->fd < 0)
        return diag_fail(dg, DW_CONFIG, -errno, "cannot read %s: %s", name,
                         strerror(errno));
    if (!fstat(file->fd, &st) && S_ISDIR(st.st_mode))
        return diag_fail(dg, DW_CONFIG, -EISDIR, "cannot read %s: %s", name,
                         strerror(EISDIR));
    source_open(&file->source, file->fd, -1);
    return 0;
}

int saved_file_read(struct saved_file *file, const char *name, bool again,
                    struct diag *dg)
{
    if (!file->source.is_file || unpack_is_packed(file->fd, file->source.start))
        return unpack(file, name, again, dg);
    return saved_read(&file->saved, &file->source, name, dg);
}

int saved_file_open(struct saved_file *file, const char *name, bool again,
                    struct diag *dg)
{
    int rc = saved_file_find(file, name, dg);

    return rc ? rc : saved_file_read(file, name, again, dg);
}

void saved_file_close(struct saved_file *file)
{
    saved_dispose(&file->saved);
    source_close(&file->source);
    unpack_close(&file->unpack);
    if (file->fd > STDIN_FILENO)
        close(file->fd);
}
