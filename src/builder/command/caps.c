/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the hypervisor offers, and where its limits are. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "pv/boot_abi.h"
#include "command/command.h"
#include "config/guest_config.h"
#include "report/facts.h"
#include "frame.h"
#include "host/host.h"
#include "report/host.h"
#include "hooks/vm_assist.h"

/* Which build of Xen it is: patches show here if anywhere. */
static int add_build(struct host *host, json_t *facts)
{
    xen_changeset_info_t changeset = "";
    xen_compile_info_t compile = {.compiler = ""};

    if (xc_version(host->xc, XENVER_changeset, &changeset) < 0 ||
        xc_version(host->xc, XENVER_compile_info, &compile) < 0)
        return host_no_answer(host);
    facts_set(facts, "changeset", json_string(changeset));
    facts_set(facts, "compiler", json_string(compile.compiler));
    facts_set(facts, "compile_date", json_string(compile.compile_date));
    return 0;
}

/* Words such as xen-3.0-x86_32p and hvm-3.0-x86_64, with spaces between. */
static int add_guest_types(struct host *host, json_t *facts)
{
    xen_capabilities_info_t caps = "";
    json_t *types = json_array();
    char *rest = NULL, *type;
    bool pv32 = false;

    if (xc_version(host->xc, XENVER_capabilities, &caps) < 0) {
        json_decref(types);
        return host_no_answer(host);
    }
    for (type = strtok_r(caps, " ", &rest); type;
         type = strtok_r(NULL, " ", &rest)) {
        json_array_append_new(types, json_string(type));
        pv32 = pv32 || !strcmp(type, pv_abi_x86_32p.guest_type);
    }
    facts_set(facts, "guest_types", types);
    facts_set(facts, "pv32", json_boolean(pv32));
    return 0;
}

static int add_vm_assist(struct host *host, json_t *facts)
{
    bool offered;
    int rc = vm_assist_probe(host->xc, &offered);

    if (rc)
        return diag_fail(host->dg, DW_REFUSED, rc,
                         "asking Xen for its vm_assist operation: %s",
                         strerror(-rc));
    facts_set(facts, "vm_assist_domctl", json_boolean(offered));
    return 0;
}

static int add_limits(struct host *host, json_t *facts)
{
    unsigned long end;

    /* libxc calls it the maximum, but it is the first frame behind all RAM. */
    if (xc_maximum_ram_page(host->xc, &end))
        return host_no_answer(host);
    facts_set(facts, "ram_end_mfn", json_integer((json_int_t)end));
    facts_set(facts, "pv32_l3_end_mfn",
              json_integer((json_int_t)1 << (32 - DW_PAGE_SHIFT)));
    facts_set(facts, "pv_max_vcpus", json_integer(CONFIG_MAX_VCPUS));
    return 0;
}

static int (*const parts[])(struct host *host, json_t *facts) = {
    host_add_version, add_build,     add_guest_types,
    add_vm_assist,    host_add_size, add_limits,
};

static int run(struct diag *dg, int argc, char **argv)
{
    json_t *facts = NULL;
    struct host host;
    bool json = false;
    int rc = cmd_options(dg, argc, argv, &json);
    size_t i;

    if (rc)
        return rc;
    if (optind < argc)
        return cmd_usage(dg, argv[0], "it takes no argument");
    rc = host_open_xen(&host, dg);
    if (!rc)
        facts = json_object();
    for (i = 0; !rc && i < sizeof(parts) / sizeof(parts[0]); i++)
        rc = parts[i](&host, facts);
    host_close(&host);
    if (!rc)
        return facts_print(dg, facts, json);
    json_decref(facts);
    return rc;
}

const struct command cmd_caps = {
    .name = "caps",
    .args = "[--json]",
    .summary = "show what the hypervisor offers",
    .help = "Frame numbers that end in end_mfn are the first ones beyond.\n",
    .run = run,
};
