/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * start.h - processes that run guests, for a machine whose guests run.
 */
#ifndef FX_START_H
#define FX_START_H

struct fx_host;

/*
 * Starts one for each domain that has a vCPU and had no runner yet, and for one
 * whose runner could not be started when it is paused; without the lock.
 * They are nobody's children, have no terminal, and hold none of this process's
 * files.  What is wrong with one is told on standard error.
 */
void fx_start_runners(struct fx_host *host);

/* Those whose processes are gone have crashed; with the lock held. */
void fx_bury_runners(struct fx_host *host);

/* Waits until what was to be stopped has left its CPU with all its registers;
 * without the lock. */
void fx_settle_runners(struct fx_host *host);

#endif /* FX_START_H */
