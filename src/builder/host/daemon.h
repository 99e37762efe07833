/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon.h - goes on in the background.
 */
#ifndef DW_DAEMON_H
#define DW_DAEMON_H

/*
 * Makes a process that nothing ties to the caller: a session of its own,
 * directory /, SIGHUP ignored, no descriptor that the caller's own caller had
 * left open, /dev/null for standard input and the end of the file `log` for the
 * other two, or /dev/null where `log` is NULL, no regular file, a symbolic link
 * or cannot be written.
 *
 * 1: this is that process; 0: this is the caller; or a negative errno.  Handles
 * of Xen's libraries belong to the process that opened them: none may be open.
 */
int __attribute__((warn_unused_result)) daemon_start(const char *log);

#endif /* DW_DAEMON_H */
