/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon.h - goes on in the background.
 */
#ifndef DW_DAEMON_H
#define DW_DAEMON_H

#include <stdbool.h>

/*
 * Makes a process that nothing ties to the caller: a session of its own,
 * directory /, SIGHUP ignored, no descriptor that the caller's own caller had
 * left open, /dev/null for standard input and the end of the file `log` for the
 * other two, or /dev/null where `log` is NULL, no regular file, a symbolic link
 * or cannot be written.  The caller loses such descriptors, too.
 *
 * It begins when the caller has ended, and so takes no time from it; or, with
 * `at_once`, from one that goes on, right away.
 *
 * The session has no terminal: whoever opens what may be one there says
 * O_NOCTTY, or it becomes the session's.
 *
 * 1: this is that process; 0: this is the caller; or a negative errno.  Handles
 * of Xen's libraries belong to the process that opened them: none may be open.
 */
int __attribute__((warn_unused_result))
daemon_start(const char *log, bool at_once);

#endif /* DW_DAEMON_H */
