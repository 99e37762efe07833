/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts of one domain, or of the host; as an object first, then as text. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "domain_report.h"
#include "frame.h"
#include "host.h"
#include "store.h"

static void set(json_t *facts, const char *name, json_t *value)
{
    json_object_set_new(facts, name, value);
}

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
        set(facts, "extended_cr3",
            json_boolean(context.x32.vm_assist >> VMASST_TYPE_pae_extended_cr3 &
                         1));
    } else {
        root = maddr_to_mfn(MADDR(context.x64.ctrlreg[3]));
    }
    set(facts, "root_level", json_integer(width == 32 ? 3 : 4));
    set(facts, "root_mfn", json_integer((json_int_t)root.v));
    set(facts, "root_below_4g",
        json_boolean(root.v < UINT64_C(1) << (32 - DW_PAGE_SHIFT)));
}

static void add_entry(struct host *host, uint32_t domid, const char *node,
                      json_t *facts, const char *name)
{
    char *value = store_read(host->xs, domid, node);

    if (value)
        set(facts, name, json_string(value));
    free(value);
}

static json_t *domain_facts(struct host *host, const xc_domaininfo_t *info)
{
    unsigned int width = domain_width(host, info);
    char *name = store_read(host->xs, info->domain, "name");
    json_t *facts = domain_json(info, width, name);

    free(name);
    if (info->flags & XEN_DOMINF_shutdown)
        set(facts, "shutdown_reason", json_string(shutdown_reason(info)));
    set(facts, "max_memory_mib",
        json_integer((json_int_t)domain_mib(info->max_pages)));
    set(facts, "max_vcpus", json_integer((json_int_t)info->max_vcpu_id + 1));
    set(facts, "shared_info_mfn",
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
    xen_extraversion_t extra = "";
    xc_physinfo_t phys;
    int version = xc_version(host->xc, XENVER_version, NULL);

    if (version < 0 || xc_version(host->xc, XENVER_capabilities, &caps) < 0 ||
        xc_version(host->xc, XENVER_extraversion, &extra) < 0 ||
        xc_physinfo(host->xc, &phys))
        return diag_fail_xc(host->dg, "asking Xen about the host");
    *facts = json_object();
    set(*facts, "xen_version",
        json_sprintf("%d.%d%s", version >> 16, version & 0xffff, extra));
    set(*facts, "capabilities", json_string(caps));
    set(*facts, "memory_mib",
        json_integer((json_int_t)domain_mib(phys.total_pages)));
    set(*facts, "free_mib",
        json_integer((json_int_t)domain_mib(phys.free_pages)));
    set(*facts, "cpus", json_integer((json_int_t)phys.nr_cpus));
    set(*facts, "nodes", json_integer((json_int_t)phys.nr_nodes));
    return 0;
}

/* ---- text ---- */

/* Frame numbers are written in hexadecimal, as Xen and its tools do. */
static bool is_frame(const char *name)
{
    size_t len = strlen(name);

    return len > 4 && !strcmp(name + len - 4, "_mfn");
}

static void print_fact(const char *name, json_t *value)
{
    printf("%-16s: ", name);
    if (json_is_integer(value) && is_frame(name))
        printf("%#" PRIx64 "\n", (uint64_t)json_integer_value(value));
    else if (json_is_integer(value))
        printf("%" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
    else if (json_is_real(value))
        printf("%.1f\n", json_real_value(value));
    else if (json_is_boolean(value))
        puts(json_is_true(value) ? "yes" : "no");
    else
        puts(json_string_value(value));
}

static void print_facts(json_t *facts)
{
    const char *name;
    json_t *value;

    json_object_foreach(facts, name, value) print_fact(name, value);
    json_decref(facts);
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
    if (rc)
        return rc;
    if (json)
        return cmd_print_json(dg, facts);
    print_facts(facts);
    return 0;
}

const struct command cmd_info = {
    .name = "info",
    .args = "[--json] [DOMAIN]",
    .summary = "show the facts of a domain, or of the host",
    .run = run,
};
