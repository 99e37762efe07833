/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * saved_file.h - a file with a saved guest, for who looks at it.
 */
#ifndef DW_COMMAND_SAVED_FILE_H
#define DW_COMMAND_SAVED_FILE_H

#include <stdbool.h>

#include "diag.h"
#include "stream/saved.h"
#include "stream/unpack.h"

struct saved_file {
    int fd;
    struct unpack unpack; /* of a pipe, or of what is compressed */
    struct source source;
    struct saved saved;
};

/* Does a file of that name begin as one?  It may be none all the same. */
bool saved_file_is(const char *name);

/*
 * Reads it, compressed or not; "-" is standard input.  `again`: its contents
 * will be asked for, so that of a pipe and of what is compressed there is a
 * copy meanwhile.  0 or a negative errno and the failure in dg;
 * saved_file_close() is to be called either way, for a struct that was
 * SAVED_FILE_CLOSED.
 */
#define SAVED_FILE_CLOSED                                                      \
    {                                                                          \
        .fd = -1, .unpack = {.copy = -1 }                                      \
    }
int __attribute__((warn_unused_result))
saved_file_open(struct saved_file *file, const char *name, bool again,
                struct diag *dg);

/* The same in two steps, between which it is known whether it is a file. */
int __attribute__((warn_unused_result))
saved_file_find(struct saved_file *file, const char *name, struct diag *dg);
int __attribute__((warn_unused_result))
saved_file_read(struct saved_file *file, const char *name, bool again,
                struct diag *dg);

/* Where its contents can be read. */
static inline int saved_file_fd(const struct saved_file *file)
{
    return file->unpack.copy >= 0 ? file->unpack.copy : file->fd;
}

void saved_file_close(struct saved_file *file);

#endif /* DW_COMMAND_SAVED_FILE_H */
