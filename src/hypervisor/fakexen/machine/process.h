/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * process.h - which process something in the machine belongs to, and whether it
 * is still there.
 *
 * What counts is the address space, as it is what mappings are in: it begins
 * with a program, and ends with that or with its last thread.  It has a number
 * that no other ever gets, and holds a lock on the byte of that number, far
 * behind the file's end.  The lock belongs to an open file that nothing but a
 * mapping of it keeps open: no close() can lose it, children do not have it,
 * and the kernel gives it back with the address space, however that ends.
 *
 * Process IDs would do for none of this: they are used again, mean something
 * else in another namespace, and say nothing about execve() or about a main
 * thread that ended before the others.
 */
#ifndef FX_PROCESS_H
#define FX_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

struct fx_host;
struct fx_process;

/* This process's number; with the lock held.  0 where it has none yet. */
uint64_t fx_process_own(const struct fx_host *host);

/* The same, and it gets one: 0 or a negative errno. */
int __attribute__((warn_unused_result))
fx_process_number(struct fx_host *host, uint64_t *number);

/* Is there a process of that number? */
bool fx_process_lives(const struct fx_host *host, uint64_t number);

/* What fx_host_close() has to undo. */
void fx_process_forget(struct fx_host *host);

#endif /* FX_PROCESS_H */
