/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts of one domain, or of the host. */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>

#include "command/command.h"
#include "report/domain.h"
#include "report/facts.h"
#include "frame.h"
#include "host/host.h"
#include "report/host.h"
#include "host/xenstore.h"

/* ---- a domain ---- */

static const char *shutdown_reason(const xc_domaininfo_t *info)
{
    switch (info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) {
    case SHUTDOWN_poweroff:
        return "poweroff";
    case SHUTDOWN_reboot:
        return "reboot";
    case SHUTDOWN_suspend:
        return "suspend";
    case SHUTDOWN_crash:
        return "crash";
    case SHUTDOWN_watchdog:
        return "watchdog";
    default:
        return "other";
    }
}

/* CR3 of a guest: a machine address, its 32-bit form rotated (arch-x86). */
static mfn_t root_32(uint32_t cr3)
{
    return MFN(cr3 >> 12 | (uint64_t)(cr3 & 0xfff) << 20);
}

/* vCPU 0's root table; nothing where Xen has no context of it. */
static void add_root(struct host *host, uint32_t domid, unsigned int width,
                     json_t *facts)
{
    vcpu_guest_context_any_t context;
    mfn_t root;

    if (!width || xc_vcpu_getcontext(host->xc, domid, 0, &context))
        return;
    if (width == 32) {
        root = root_32(context.x32.ctrlreg[3]);
        facts_set(
            facts, "extended_cr3",
            json_boolean(context.x32.vm_assist >> VMASST_TYPE_pae_extended_cr3 &
                         1));
    } else {
        root = maddr_to_mfn(MADDR(context.x64.ctrlreg[3]));
    }
    facts_set(facts, "root_level", json_integer(width == 32 ? 3 : 4));
    facts_set(facts, "root_mfn", json_integer((json_int_t)root.v));
    facts_set(facts, "root_below_4g",
              json_boolean(root.v < UINT64_C(1) << (32 - DW_PAGE_SHIFT)));
}

static void add_entry(struct host *host, uint32_t domid, const char *node,
                      json_t *facts, const char *name)
{
    char *value = store_read(host->xs, domid, node);

    if (value)
        facts_set(facts, name, json_string(value));
    free(value);
}

static json_t *domain_facts(struct host *host, const xc_domaininfo_t *info)
{
    unsigned int width = domain_width(host, info);
    char *name = store_read(host->xs, info->domain, "name");
    json_t *facts = domain_json(info, width, name);

    free(name);
    if (info->flags & XEN_DOMINF_shutdown)
        facts_set(facts, "shutdown_reason", json_string(shutdown_reason(info)));
    facts_set(facts, "max_memory_mib",
              json_integer((json_int_t)domain_mib(info->max_pages)));
    facts_set(facts, "max_vcpus",
              json_integer((json_int_t)info->max_vcpu_id + 1));
    facts_set(facts, "shared_info_mfn",
              json_integer((json_int_t)info->shared_info_frame));
    add_root(host, info->domain, width, facts);
    add_entry(host, info->domain, "console/port", facts, "console_port");
    add_entry(host, info->domain, "console/tty", facts, "console_tty");
    add_entry(host, info->domain, "store/port", facts, "store_port");
    return facts;
}

static int one_domain(struct host *host, const char *who, json_t **facts)
{
    xc_domaininfo_t info;
    uint32_t domid;
    int rc = host_find(host, who, &domid);

    if (!rc)
        rc = host_domain(host, domid, &info);
    if (rc == -ESRCH)
        return diag_fail(host->dg, DW_FAILED, rc, "no domain %s", who);
    if (!rc)
        *facts = domain_facts(host, &info);
    return rc;
}

/* ---- the host ---- */

static int this_host(struct host *host, json_t **facts)
{
    xen_capabilities_info_t caps = "";
    int rc;

    *facts = json_object();
    rc = host_add_version(host, *facts);
    if (!rc && xc_version(host->xc, XENVER_capabilities, &caps) < 0)
        rc = host_no_answer(host);
    if (rc)
        return rc;
    facts_set(*facts, "capabilities", json_string(caps));
    return host_add_size(host, *facts);
}

static int run(struct diag *dg, int argc, char **argv)
{
    json_t *facts = NULL;
    struct host host;
    bool json = false;
    int rc = cmd_options(dg, argc, argv, &json);

    if (rc)
        return rc;
    if (argc - optind > 1)
        return cmd_usage(dg, argv[0], "one domain at a time");
    rc = host_open(&host, dg);
    if (!rc)
        rc = optind < argc ? one_domain(&host, argv[optind], &facts)
                           : this_host(&host, &facts);
    host_close(&host);
    if (!rc)
        return facts_print(dg, facts, json);
    json_decref(facts);
    return rc;
}

const struct command cmd_info = {
    .name = "info",
    .args = "[--json] [DOMAIN]",
    .summary = "show the facts of a domain, or of the host",
    .run = run,
};
