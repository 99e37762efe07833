/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "command/command.h"
#include "command/progress.h"
#include "command/restored.h"
#include "guest/migration.h"
#include "guest/receive.h"
#include "hooks/hooks.h"
#include "host/signals.h"

static int tell(void *arg, uint64_t done, uint64_t total)
{
    return progress_pages(arg, "received", done, total);
}

static int receive(struct receive *receive, struct guest *g, bool paused)
{
    struct progress progress;
    struct restore_from from = {.tell = tell, .arg = &progress};
    struct diag *dg = g->host->dg;
    bool ours;
    int rc = restored_config(g->host, &receive->feed.saved, "the stream",
                             &g->cfg, &ours);

    if (!rc && !ours)
        rc = diag_fail(dg, DW_CONFIG, -EOPNOTSUPP,
                       "the guest's configuration says more than domwright "
                       "restores; \"xl migrate-receive\" receives it");
    if (!rc)
        rc = receive_check(g);
    if (rc || receive->only_asks)
        return rc;
    progress_init(&progress, dg);
    rc = receive_guest(receive, g, &from, paused);
    progress_clear(&progress);
    return rc;
}

static int run(struct host *host, const struct args *args)
{
    struct guest g = {.host = host};
    struct receive from;
    int rc;

    config_init(&g.cfg);
    /* Its monitor builds it again where it reboots. */
    dw_hooks_register(PIN_LEVELS, NULL);
    interrupt_hold();
    rc = migration_mend(host);
    if (rc)
        return rc;
    rc = receive_open(&from, host);
    if (!rc && !from.is_over)
        rc = receive(&from, &g, args->times['p']);
    receive_close(&from);
    if (g.domain.exists)
        rc = restored_stay(&g, args, rc);
    guest_close(&g);
    return rc > 0 ? 0 : rc;
}

static const struct option options[] = {
    {"paused", no_argument, NULL, 'p'},
    {"no-monitor", no_argument, NULL, 'e'},
    {NULL, 0, NULL, 0},
};

const struct command cmd_migrate_receive = {
    .name = "migrate-receive",
    .args = "[-ep]",
    .summary = "receive a guest that another host gives away",
    .help = "  -p, --paused      it does not run yet\n"
            "  -e, --no-monitor  leave nobody behind who waits for its end\n"
            "\nWhat migrate runs on the other host, on standard input and "
            "output.\n",
    .need = NEED_STORE,
    .options = options,
    .letters = "pe",
    .max = 0,
    .wanted = "it takes no argument",
    .run = run,
};
