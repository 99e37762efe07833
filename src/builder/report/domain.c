/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/domain.h"

#include "config/uuid.h"

static bool crashed(const xc_domaininfo_t *info)
{
    unsigned int reason =
        info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

    return info->flags & XEN_DOMINF_shutdown && reason == SHUTDOWN_crash;
}

void domain_state(const xc_domaininfo_t *info, char state[DOMAIN_STATE])
{
    uint32_t flags = info->flags;

    state[0] = flags & XEN_DOMINF_running ? 'r' : '-';
    state[1] = flags & XEN_DOMINF_blocked ? 'b' : '-';
    state[2] = flags & XEN_DOMINF_paused ? 'p' : '-';
    state[3] = flags & XEN_DOMINF_shutdown ? 's' : '-';
    state[4] = crashed(info) ? 'c' : '-';
    state[5] = flags & XEN_DOMINF_dying ? 'd' : '-';
    state[6] = '\0';
}

const char *domain_type(const xc_domaininfo_t *info, unsigned int width)
{
    if (info->flags & XEN_DOMINF_hvm_guest)
        return "hvm";
    return width == 32 ? "pv32" : width == 64 ? "pv64" : "pv";
}

uint64_t domain_mib(uint64_t pages)
{
    return pages >> (20 - XC_PAGE_SHIFT);
}

double domain_seconds(const xc_domaininfo_t *info)
{
    return (double)info->cpu_time / 1e9;
}

json_t *domain_json(const xc_domaininfo_t *info, unsigned int width,
                    const char *name)
{
    char state[DOMAIN_STATE], uuid[UUID_STRING];

    domain_state(info, state);
    uuid_format(info->handle, uuid);
    return json_pack("{ss* si ss ss sI si ss sf}", "name", name, "id",
                     (int)info->domain, "uuid", uuid, "type",
                     domain_type(info, width), "memory_mib",
                     (json_int_t)domain_mib(info->tot_pages), "vcpus",
                     (int)info->nr_online_vcpus, "state", state, "seconds",
                     domain_seconds(info));
}
