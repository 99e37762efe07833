/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* shutdown and reboot: the same but for one word, and what there is to wait. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <xen/hvm/params.h>

#include "command/waiting.h"
#include "host/control.h"
#include "host/find.h"

/* What a guest without PV drivers gets: a button, as xl's -F presses it. */
static int press(struct host *host, const char *who, uint32_t domid,
                 uint32_t trigger)
{
    if (xc_domain_send_trigger(host->xc, domid, trigger, 0))
        return diag_fail_xc(host->dg, "domain %s: ACPI event", who);
    return 0;
}

/* An HVM guest's drivers tell Xen where they want their events. */
static int has_drivers(struct host *host, const xc_domaininfo_t *info,
                       bool *drivers)
{
    uint64_t irq = 0;

    *drivers = !(info->flags & XEN_DOMINF_hvm_guest);
    if (*drivers)
        return 0;
    if (xc_hvm_param_get(host->xc, info->domain, HVM_PARAM_CALLBACK_IRQ, &irq))
        return diag_fail_xc(host->dg, "domain %u: looking for PV drivers",
                            info->domain);
    *drivers = irq;
    return 0;
}

struct request {
    const char *word;
    uint32_t trigger;
    bool press;       /* the button, where there is no driver to ask */
    uint32_t *domids; /* of those that were asked */
    unsigned int n;
};

static int ask(struct host *host, const char *who, void *arg)
{
    struct request *request = arg;
    xc_domaininfo_t info;
    bool drivers;
    int rc = host_find(host, who, &info);

    if (!rc && !info.domain)
        rc = diag_fail(host->dg, DW_FAILED, -EPERM,
                       "domain 0 is not asked; its own commands end it");
    if (!rc)
        rc = has_drivers(host, &info, &drivers);
    if (rc)
        return rc;
    if (!drivers && !request->press)
        return diag_fail(host->dg, DW_FAILED, -EOPNOTSUPP,
                         "domain %s has no PV drivers; -F sends an ACPI event",
                         who);
    rc = drivers ? control_shutdown(host, info.domain, request->word)
                 : press(host, who, info.domain, request->trigger);
    if (!rc)
        request->domids[request->n++] = info.domain;
    return rc;
}

static int run(struct host *host, const struct args *args,
               struct request *request)
{
    int64_t ms;
    int rc = waiting_ms(host->dg, args, 'w', "wait", &ms), rc2 = 0;

    if (rc)
        return rc;
    request->press = args->times['F'];
    request->domids =
        calloc(DOMID_FIRST_RESERVED + (size_t)args->n, sizeof(uint32_t));
    if (!request->domids)
        return diag_fail(host->dg, DW_FAILED, -ENOMEM, "out of memory");
    rc = cmd_each_domain(host, args, ask, request);
    diag_next(host->dg);
    if (args->times['w'])
        rc2 = control_wait(host, request->domids, request->n,
                           args->times['w'] > 1, ms);
    free(request->domids);
    return rc ? rc : rc2;
}

static int run_shutdown(struct host *host, const struct args *args)
{
    struct request request = {
        .word = "poweroff",
        .trigger = XEN_DOMCTL_SENDTRIGGER_POWER,
    };

    return run(host, args, &request);
}

static int run_reboot(struct host *host, const struct args *args)
{
    struct request request = {
        .word = "reboot",
        .trigger = XEN_DOMCTL_SENDTRIGGER_RESET,
    };

    return run(host, args, &request);
}

static int check(struct diag *dg, struct args *args)
{
    int64_t ms;
    int rc = waiting_ms(dg, args, 'w', "wait", &ms);

    return rc ? rc : cmd_check_all(dg, args);
}

static const struct option options[] = {
    {"all", no_argument, NULL, 'a'},
    {"wait", optional_argument, NULL, 'w'},
    {NULL, 0, NULL, 0},
};

#define HELP                                                                   \
    "  -a, --all         all domains but domain 0\n"                           \
    "  -w, --wait        until they have shut down or are gone; twice: are\n"  \
    "                    gone\n"                                               \
    "  --wait=SECONDS    for so long at most\n"                                \
    "  -F                those without PV drivers get an ACPI event\n"

const struct command cmd_shutdown = {
    .name = "shutdown",
    .args = "[-wF] [--wait=SECONDS] DOMAIN... | -a",
    .summary = "ask guests to power off",
    .help = HELP,
    .need = NEED_STORE,
    .options = options,
    .letters = "awF",
    .max = -1,
    .check = check,
    .run = run_shutdown,
};

const struct command cmd_reboot = {
    .name = "reboot",
    .args = "[-wF] [--wait=SECONDS] DOMAIN... | -a",
    .summary = "ask guests to start again",
    .help = HELP,
    .need = NEED_STORE,
    .options = options,
    .letters = "awF",
    .max = -1,
    .check = check,
    .run = run_reboot,
};
