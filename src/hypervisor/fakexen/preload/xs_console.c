/* SPDX-License-Identifier: GPL-2.0-only */
#include "preload/xs_console.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The process's: a domain whose console changed; 0: none. */
static unsigned int console_of;

void fx_console_saw(const char *path)
{
    unsigned int domid;
    int end = 0;

    if (sscanf(path, "/local/domain/%u/console/port%n", &domid, &end) == 1 &&
        end && !path[end])
        console_of = domid;
}

static void name_console(struct fx_host *host, struct fx_store *store,
                         unsigned int domid)
{
    static const char tty[] = FX_CONSOLE_TTY;
    char port[64], name[64];
    size_t len = 0;
    void *value;

    snprintf(port, sizeof(port), "/local/domain/%u/console/port", domid);
    snprintf(name, sizeof(name), "/local/domain/%u/console/tty", domid);
    /* Where it runs there is somebody who names it, and a terminal. */
    if (host->super->guests_run || !fx_domain(host, domid) ||
        fx_store_read(store, NULL, port, &value, &len))
        return;
    free(value);
    len = 0;
    if (!fx_store_read(store, NULL, name, &value, &len))
        free(value);
    if (!len) /* a full store shows in what the caller does himself */
        (void)!fx_store_write(store, NULL, name, tty, strlen(tty));
}

void fx_console_name(struct fx_host *host, struct fx_store *store)
{
    if (console_of)
        name_console(host, store, console_of);
    console_of = 0;
}
