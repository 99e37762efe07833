/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/host.h"

#include "report/domain.h"
#include "report/facts.h"

int host_no_answer(struct host *host)
{
    return diag_fail_xc(host->dg, "asking Xen about the host");
}

int host_add_version(struct host *host, json_t *facts)
{
    xen_extraversion_t extra = "";
    int version = xc_version(host->xc, XENVER_version, NULL);

    if (version < 0 || xc_version(host->xc, XENVER_extraversion, &extra) < 0)
        return host_no_answer(host);
    facts_set(facts, "xen_version",
              json_sprintf("%d.%d%s", version >> 16, version & 0xffff, extra));
    return 0;
}

int host_add_size(struct host *host, json_t *facts)
{
    xc_physinfo_t phys;

    if (xc_physinfo(host->xc, &phys))
        return host_no_answer(host);
    facts_set(facts, "memory_mib",
              json_integer((json_int_t)domain_mib(phys.total_pages)));
    facts_set(facts, "free_mib",
              json_integer((json_int_t)domain_mib(phys.free_pages)));
    facts_set(facts, "cpus", json_integer((json_int_t)phys.nr_cpus));
    facts_set(facts, "nodes", json_integer((json_int_t)phys.nr_nodes));
    return 0;
}
