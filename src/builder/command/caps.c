/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the hypervisor offers, and where its limits are. */
#include <string.h>

#include "command/command.h"
#include "config/guest_config.h"
#include "hooks/vm_assist.h"
#include "host/ask.h"
#include "report/facts.h"
#include "report/host.h"

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

/* A PV guest's writes are logged by shadow page tables (xen/SUPPORT.md). */
static void add_log_dirty(json_t *facts, const struct host_facts *host)
{
    facts_set(
        facts, "pv_log_dirty",
        json_boolean(host->phys.capabilities & XEN_SYSCTL_PHYSCAP_shadow));
}

static void add_limits(json_t *facts, const struct host_facts *host)
{
    facts_set(facts, "ram_end_mfn", json_integer((json_int_t)host->ram_end.v));
    facts_set(facts, "pv32_l3_end_mfn",
              json_integer((json_int_t)1 << (32 - DW_PAGE_SHIFT)));
    facts_set(facts, "pv_max_vcpus", json_integer(CONFIG_MAX_VCPUS));
}

static int run(struct host *host, const struct args *args)
{
    struct host_facts known;
    int rc = host_ask(host, &known);
    json_t *facts;

    if (rc)
        return rc;
    facts = json_object();
    host_add_version(facts, &known);
    host_add_build(facts, &known);
    host_add_guest_types(facts, &known);
    rc = add_vm_assist(host, facts);
    if (rc) {
        json_decref(facts);
        return rc;
    }
    add_log_dirty(facts, &known);
    host_add_size(facts, &known);
    add_limits(facts, &known);
    return cmd_print_facts(host->dg, facts, args->times['j']);
}

const struct command cmd_caps = {
    .name = "caps",
    .args = "[--json]",
    .summary = "show what the hypervisor offers",
    .help = "Frame numbers that end in end_mfn are the first ones beyond.\n",
    .need = NEED_XEN,
    .options = cmd_json_option,
    .wanted = "it takes no argument",
    .run = run,
};
