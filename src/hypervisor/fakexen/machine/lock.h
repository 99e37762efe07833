/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lock.h - one lock for all of the machine.
 */
#ifndef FX_LOCK_H
#define FX_LOCK_H

struct fx_host;
struct fx_super;

/* A new mutex, where nobody can have the old one. */
int __attribute__((warn_unused_result)) fx_lock_init(struct fx_super *super);

/*
 * Where the last holder died, fx_lock() first calls the host's repair(), as the
 * state may be half changed.  If that fails, host->unrepaired is set: then
 * nothing may be asked of the machine but to be left, and whoever comes next
 * tries again.  fx_unlock() calls leave(), and then clears what
 * was freed.
 */
void fx_lock(struct fx_host *host);
void fx_unlock(struct fx_host *host);

/* Without it, for who has had it for long and is about to take it again: if
 * others wait for it, one of them has it first. */
void fx_lock_give_way(struct fx_host *host);

#endif /* FX_LOCK_H */
