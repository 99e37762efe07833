/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * saved_file.h - a file with a saved guest, for who looks at it.
 */
#ifndef DW_COMMAND_SAVED_FILE_H
#define DW_COMMAND_SAVED_FILE_H

#include <stdbool.h>

#include "diag.h"
#include "stream/saved.h"

struct saved_file {
    int fd;
    struct source source;
    struct saved saved;
};

/* Does a file of that name begin as one?  It may be none all the same. */
bool saved_file_is(const char *name);

/*
 * Reads it; "-" is standard input.  0 or a negative errno and the failure in
 * dg; saved_file_close() is to be called either way, for a struct that was
 * zeroed, too.
 */
int __attribute__((warn_unused_result))
saved_file_open(struct saved_file *file, const char *name, struct diag *dg);
void saved_file_close(struct saved_file *file);

#endif /* DW_COMMAND_SAVED_FILE_H */
