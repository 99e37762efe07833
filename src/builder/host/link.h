/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * link.h - the way to the other side of a migration: a command that joins its
 * standard input and output to it, or our own.
 *
 * Signals are to be held (signals.h): all calls but link_close() end at one
 * that has come, with -EINTR and its failure in dg.
 */
#ifndef DW_LINK_H
#define DW_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "diag.h"

struct link {
    int in, out; /* -1: closed */
    pid_t child; /* of the command; 0: there is none */
    bool deaf;   /* signals do not count */
};

/* How long the other side may take, in milliseconds. */
#define LINK_FOREVER (-1)

/* Our own standard input and output. */
void link_own(struct link *link);

/*
 * Runs the command, by sh(1).  0, or a negative errno and the failure in dg.
 */
int __attribute__((warn_unused_result))
link_start(struct link *link, const char *command, struct diag *dg);

/*
 * Reads or writes n bytes, of what `what` names.  0, or a negative errno and
 * the failure in dg; -EPIPE: the other side ended before them; -ETIMEDOUT.
 */
int __attribute__((warn_unused_result))
link_get(struct link *link, void *to, size_t n, int ms, const char *what,
         struct diag *dg);
int __attribute__((warn_unused_result))
link_put(struct link *link, const void *from, size_t n, const char *what,
         struct diag *dg);

/* Reads n bytes that have to be these: otherwise -EPROTO. */
int __attribute__((warn_unused_result))
link_expect(struct link *link, const void *message, size_t n, int ms,
            const char *what, struct diag *dg);

/* 0 unless the other side has ended: then -EPIPE. */
int __attribute__((warn_unused_result))
link_check(struct link *link, const char *what, struct diag *dg);

/* 0 when there is something to read, or the end; -EINTR as above. */
int __attribute__((warn_unused_result))
link_wait(struct link *link, int ms, const char *what, struct diag *dg);

/*
 * Closes both ends, and gives the command a moment to end.  Its status, as
 * waitpid(2) has it; 0, too, where there was none; -1: it still runs.
 */
int link_close(struct link *link);

#endif /* DW_LINK_H */
