/* SPDX-License-Identifier: GPL-2.0-only */
#include "preload/process_host.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "preload/binding.h"
#include "preload/settings.h"
#include "recovery/open.h"

/* The process's. */
static struct {
    pthread_once_t opened;
    struct fx_host *host;
    int error;
} process = {.opened = PTHREAD_ONCE_INIT};

static void open_host(void)
{
    struct fx_options options;
    const char *wrong;
    char why[256] = "";
    int rc;

    fx_binding_check(); /* what was loaded since the start, too */
    rc = fx_options_from_environment(&options, &wrong);
    if (rc)
        snprintf(why, sizeof(why),
                 "%s is not set as it should be: run programs by fakexen(1)",
                 wrong);
    else
        rc = fx_host_open(&options, &process.host, why, sizeof(why));
    if (!rc)
        return;
    process.host = NULL;
    process.error = -rc;
    fprintf(stderr, "fakexen: %s\n", why);
}

struct fx_host *fx_process_host(void)
{
    pthread_once(&process.opened, open_host);
    if (!process.host)
        errno = process.error;
    return process.host;
}
