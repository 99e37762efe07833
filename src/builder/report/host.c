/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/host.h"

#include <stdbool.h>
#include <string.h>

#include "pv/boot_abi.h"
#include "report/domain.h"
#include "report/facts.h"

void host_add_version(json_t *facts, const struct host_facts *host)
{
    facts_set(facts, "xen_version",
              json_sprintf("%u.%u%s", host->major, host->minor, host->extra));
}

void host_add_build(json_t *facts, const struct host_facts *host)
{
    facts_set(facts, "changeset", json_string(host->changeset));
    facts_set(facts, "compiler", json_string(host->compile.compiler));
    facts_set(facts, "compile_date", json_string(host->compile.compile_date));
}

void host_add_size(json_t *facts, const struct host_facts *host)
{
    const xc_physinfo_t *phys = &host->phys;

    facts_set(facts, "memory_mib",
              json_integer((json_int_t)domain_mib(phys->total_pages)));
    facts_set(facts, "free_mib",
              json_integer((json_int_t)domain_mib(phys->free_pages)));
    facts_set(facts, "cpus", json_integer((json_int_t)phys->nr_cpus));
    facts_set(facts, "nodes", json_integer((json_int_t)phys->nr_nodes));
}

/* Xen's word for a kind of guest, in ours. */
static const char *type_of(const char *word)
{
    return !strcmp(word, pv_abi_x86_32p.guest_type)  ? pv_type(32)
           : !strcmp(word, pv_abi_x86_64.guest_type) ? pv_type(64)
           : !strncmp(word, "hvm-", 4)               ? "hvm"
                                                     : word;
}

static bool has(json_t *words, const char *word)
{
    json_t *other;
    size_t i;

    json_array_foreach(words, i, other) if (!strcmp(json_string_value(other),
                                                    word)) return true;
    return false;
}

void host_add_guest_types(json_t *facts, const struct host_facts *host)
{
    json_t *types = json_array();
    xen_capabilities_info_t caps;
    char *rest = NULL, *word;
    bool pv32;

    memcpy(caps, host->caps, sizeof(caps));
    for (word = strtok_r(caps, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest))
        if (!has(types, type_of(word)))
            json_array_append_new(types, json_string(type_of(word)));
    pv32 = has(types, pv_type(32));
    facts_set(facts, "guest_types", types);
    facts_set(facts, "pv32", json_boolean(pv32));
}
