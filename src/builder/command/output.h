/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * output.h - a file that a guest is written to: all of it is there under its
 * name, or none.
 *
 * Order of calls: a struct with `name` and fd -1; output_open(), writing to fd,
 * output_keep(); output_close() in any case.
 */
#ifndef DW_COMMAND_OUTPUT_H
#define DW_COMMAND_OUTPUT_H

#include "diag.h"

struct output {
    const char *name;
    char *real, *temporary; /* NULL: it is written as it is, no regular file */
    int fd;
};

/* A pipe opens when somebody reads it.  0 or a negative errno and the failure
 * in dg, as with output_keep(). */
int __attribute__((warn_unused_result))
output_open(struct output *out, struct diag *dg);

/* What is written is on the disk, and in the place of what was there. */
int __attribute__((warn_unused_result))
output_keep(struct output *out, struct diag *dg);

void output_close(struct output *out);

#endif /* DW_COMMAND_OUTPUT_H */
