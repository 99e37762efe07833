/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Facts of one domain, or of the host. */
#include <ctype.h>
#include <stdlib.h>

#include "command/command.h"
#include "frame.h"
#include "host/ask.h"
#include "host/find.h"
#include "host/xenstore.h"
#include "report/domain.h"
#include "report/facts.h"
#include "report/host.h"

/* ---- a domain ---- */

static void add_root(struct host *host, uint32_t domid, unsigned int width,
                     json_t *facts)
{
    struct domain_root root;

    if (!domain_root(host, domid, width, &root))
        return;
    if (width == 32)
        facts_set(facts, "extended_cr3", json_boolean(root.extended_cr3));
    facts_set(facts, "root_level", json_integer((json_int_t)root.level));
    facts_set(facts, "root_mfn", json_integer((json_int_t)root.mfn.v));
    facts_set(facts, "root_below_4g",
              json_boolean(root.mfn.v < UINT64_C(1) << (32 - DW_PAGE_SHIFT)));
}

static void add_entry(struct host *host, uint32_t domid, const char *node,
                      json_t *facts, const char *name)
{
    char *value = store_read(host->xs, domid, node);

    if (value)
        facts_set(facts, name, json_string(value));
    free(value);
}

/* Ports are numbers; what is none has no place in the report. */
static void add_port(struct host *host, uint32_t domid, const char *node,
                     json_t *facts, const char *name)
{
    char *value = store_read(host->xs, domid, node), *end;
    unsigned long port;

    if (value && isdigit((unsigned char)*value)) {
        port = strtoul(value, &end, 10);
        if (!*end && port <= UINT32_MAX)
            facts_set(facts, name, json_integer((json_int_t)port));
    }
    free(value);
}

static json_t *domain_facts(struct host *host, const xc_domaininfo_t *info)
{
    unsigned int width = domain_width(host, info);
    char *name = store_read(host->xs, info->domain, "name");
    json_t *facts = domain_json(info, width, name);

    free(name);
    domain_add_limits(facts, info);
    add_root(host, info->domain, width, facts);
    add_port(host, info->domain, "console/port", facts, "console_port");
    add_entry(host, info->domain, "console/tty", facts, "console_tty");
    add_port(host, info->domain, "store/port", facts, "store_port");
    return facts;
}

static int one_domain(struct host *host, const char *who, json_t **facts)
{
    xc_domaininfo_t info;
    int rc = host_find(host, who, &info);

    if (!rc)
        *facts = domain_facts(host, &info);
    return rc;
}

/* ---- the host ---- */

static int this_host(struct host *host, json_t **facts)
{
    struct host_facts known;
    int rc = host_ask(host, &known);

    if (rc)
        return rc;
    *facts = json_object();
    host_add_version(*facts, &known);
    facts_set(*facts, "capabilities", json_string(known.caps));
    host_add_size(*facts, &known);
    return 0;
}

static int run(struct host *host, const struct args *args)
{
    json_t *facts = NULL;
    int rc = args->n ? one_domain(host, args->operand[0], &facts)
                     : this_host(host, &facts);

    return rc ? rc : cmd_print_facts(host->dg, facts, args->times['j']);
}

const struct command cmd_info = {
    .name = "info",
    .args = "[--json] [DOMAIN]",
    .summary = "show the facts of a domain, or of the host",
    .need = NEED_STORE,
    .options = cmd_json_option,
    .max = 1,
    .wanted = "one domain at a time",
    .run = run,
};
