/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host/plugged.h - which processes have our builder in them: a toolstack that
 * runs says it nowhere.
 *
 * Looked for is what /proc tells of their memory.  Another user's process can
 * be looked at by root alone.
 */
#ifndef DW_HOST_PLUGGED_H
#define DW_HOST_PLUGGED_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct plugged {
    pid_t pid;
    char name[64];       /* the process's */
    char path[PATH_MAX]; /* of the plugin; "": none, or not for its library */
    char version[32];    /* "": it cannot be read any more */
    bool replaced;       /* the file is gone, or another one by now */
};

/* 0; -ESRCH: no such process; or another negative errno of /proc's. */
int __attribute__((warn_unused_result))
plugged_look(pid_t pid, struct plugged *plugged);

/*
 * Calls `tell` for each process of that name, or for all where it is NULL, that
 * may be looked at.  What that returns, if not 0, ends it.  0, or -errno.
 */
int __attribute__((warn_unused_result))
plugged_each(const char *name, int (*tell)(void *arg, const struct plugged *),
             void *arg);

#endif /* DW_HOST_PLUGGED_H */
