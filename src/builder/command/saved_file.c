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
             be64toh(word) == LIBXL_IDENT;
    }
    close(fd);
    return is;
}

int saved_file_open(struct saved_file *file, const char *name, struct diag *dg)
{
    struct stat st;

    file->fd =
        strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    if (file->fd < 0)
        return diag_fail(dg, DW_CONFIG, -errno, "%s: %s", name,
                         strerror(errno));
    if (!fstat(file->fd, &st) && S_ISDIR(st.st_mode))
        return diag_fail(dg, DW_CONFIG, -EISDIR, "%s: %s", name,
                         strerror(EISDIR));
    source_open(&file->source, file->fd, -1);
    return saved_read(&file->saved, &file->source, name, dg);
}

void saved_file_close(struct saved_file *file)
{
    saved_dispose(&file->saved);
    source_close(&file->source);
    if (file->fd > STDIN_FILENO)
        close(file->fd);
}
