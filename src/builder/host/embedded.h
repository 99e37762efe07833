/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * embedded.h - the way to an embedded host, where there is no Xen.
 *
 * Nothing of fakexen is in this program: it runs itself again under fakexen(1),
 * which answers for Xen's libraries.
 */
#ifndef DW_EMBEDDED_H
#define DW_EMBEDDED_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "diag.h"

/* Are we on one? */
bool embedded_here(void);

/* Are we on one although this machine has Xen, whose tools keep files here? */
bool embedded_beside_xen(void);

/* Which file the host is in, if we are on one. */
struct embedded_mark {
    bool here;
    dev_t device;
    ino_t inode;
};

void embedded_mark(struct embedded_mark *mark);

/* Has that file been removed, or another one put in its place? */
bool embedded_is_gone(const struct embedded_mark *mark);

/*
 * The log of what goes on in the background: beside the host's file.  False:
 * we are not on one, or the name is too long.
 */
bool embedded_log(char path[PATH_MAX]);

/* Where fakexen(1) is, or would be. */
void embedded_program(char path[PATH_MAX]);

/*
 * To be called before a hypervisor is talked to.  The host is, in this order:
 * the one that `named` says, from the command line; the one that we are on; the
 * one of DOMWRIGHT_HOST; Xen, where the machine has it; the user's own, which
 * is said on standard error.  Where that is an embedded host that we are not on
 * yet, this program is run again there, with `command` as its command line, and
 * the call does not return.
 *
 * 0: the hypervisor can be talked to, or there is none.  A negative errno and
 * the failure in dg: a host or fakexen was named, and fakexen cannot be run, or
 * there is no place for the user's own.
 */
int __attribute__((warn_unused_result))
embedded_enter(struct diag *dg, const char *named, char **command);

#endif /* DW_EMBEDDED_H */
