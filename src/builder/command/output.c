/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int failed(struct output *out, struct diag *dg)
{
    return diag_fail(dg, DW_FAILED, -errno, "cannot write %s: %s", out->name,
                     strerror(errno));
}

/* A device or a pipe is what it is; it has no name to give another file. */
static int open_special(struct output *out, struct diag *dg)
{
    out->fd = open(out->name, O_WRONLY | O_CLOEXEC);
    return out->fd < 0 ? failed(out, dg) : 0;
}

int output_open(struct output *out, struct diag *dg)
{
    struct stat st;
    bool there = !stat(out->name, &st);

    if (!there && errno != ENOENT)
        return failed(out, dg);
    if (there && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        return failed(out, dg);
    }
    if (there && !S_ISREG(st.st_mode))
        return open_special(out, dg);
    /* What a symbolic link names is replaced, not the link. */
    out->real = there ? realpath(out->name, NULL) : strdup(out->name);
    if (!out->real)
        return failed(out, dg);
    if (asprintf(&out->temporary, "%s.XXXXXX", out->real) < 0) {
        out->temporary = NULL;
        return diag_fail(dg, DW_FAILED, -ENOMEM, "out of memory");
    }
    out->fd = mkostemp(out->temporary, O_CLOEXEC);
    if (out->fd >= 0)
        return 0;
    free(out->temporary);
    out->temporary = NULL;
    return failed(out, dg);
}

/* So that the name is there after a power cut. */
static int sync_folder(char *name)
{
    char *slash = strrchr(name, '/');
    int fd, r;

    if (slash)
        slash[slash == name] = '\0';
    fd = open(slash ? name : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    r = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    /* Not every file system can. */
    return r && errno == EINVAL ? 0 : r;
}

/* The guest is gone after that: the file has to be there. */
int output_keep(struct output *out, struct diag *dg)
{
    if (!out->temporary)
        return 0;
    if (fsync(out->fd) || rename(out->temporary, out->real))
        return failed(out, dg);
    free(out->temporary);
    out->temporary = NULL;
    if (sync_folder(out->real))
        return failed(out, dg);
    return 0;
}

void output_close(struct output *out)
{
    if (out->fd >= 0)
        close(out->fd);
    if (out->temporary)
        unlink(out->temporary);
    free(out->temporary);
    free(out->real);
}
