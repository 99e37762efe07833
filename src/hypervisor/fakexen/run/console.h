/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * console.h - the other end of a guest's console: a terminal whose name stands
 * in xenstore, and a file that keeps all of it.
 *
 * Call everything with the machine's lock held.
 */
#ifndef FX_CONSOLE_H
#define FX_CONSOLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "machine/host.h"
#include "store/store.h"

#define FX_CONSOLE_BACKLOG 65536

/* What whoever reads it had no room for yet; of more the oldest goes. */
struct fx_backlog {
    size_t waiting;
    char text[FX_CONSOLE_BACKLOG];
};

struct fx_console {
    struct fx_host *host;
    struct fx_store *store;
    uint16_t domid;
    uint64_t mfn;  /* of its page; or FX_NO_MFN: there is none yet */
    uint32_t port; /* of the guest, where it hears of what happens there */
    int output, log, master, slave; /* or -1 */
    pthread_t reader;
    bool reads; /* the reader was started */
    struct fx_backlog to_terminal, to_output;
};

/* `output`, which does not block, and `log` are descriptors, or -1; without a
 * terminal where there can be none. */
void fx_console_open(struct fx_console *c, struct fx_host *host,
                     struct fx_store *store, uint16_t domid, int output,
                     int log);
void fx_console_close(struct fx_console *c);

/* Takes what the guest wrote. */
void fx_console_serve(struct fx_console *c);

/* Text that is not the guest's: to the output and the log alone. */
void fx_console_note(struct fx_console *c, const char *text, size_t len);

#endif /* FX_CONSOLE_H */
