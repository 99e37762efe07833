/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xs_console.h - what xenconsoled does, and libxl waits for: it names the
 * terminal of a new domain's console.  Where guests run, their runners name it
 * (run/console.h); elsewhere nothing ever comes of it.
 */
#ifndef FX_XS_CONSOLE_H
#define FX_XS_CONSOLE_H

#include "store/store.h"

#define FX_CONSOLE_TTY "/dev/null"

/* A node changed: of a domain's console? */
void fx_console_saw(const char *path);

/* Names that console's terminal.  With the process's mutex and the host's lock
 * held, outside of all changes. */
void fx_console_name(struct fx_host *host, struct fx_store *store);

#endif /* FX_XS_CONSOLE_H */
