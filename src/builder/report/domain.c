/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/domain.h"

#include <inttypes.h>

#include "config/uuid.h"
#include "report/facts.h"
#include "text.h"

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

const char *pv_type(unsigned int width)
{
    return width == 32 ? "pv32" : width == 64 ? "pv64" : "pv";
}

const char *domain_type(const xc_domaininfo_t *info, unsigned int width)
{
    return info->flags & XEN_DOMINF_hvm_guest ? "hvm" : pv_type(width);
}

uint64_t domain_mib(uint64_t pages)
{
    return pages >> (20 - XC_PAGE_SHIFT);
}

double domain_seconds(const xc_domaininfo_t *info)
{
    return (double)info->cpu_time / 1e9;
}

const char *domain_shutdown_reason(const xc_domaininfo_t *info)
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
    case SHUTDOWN_soft_reset:
        return "soft-reset";
    default:
        return "other";
    }
}

json_t *domain_name_json(const char *name)
{
    char escaped[DOMAIN_NAME];

    if (!name)
        return NULL;
    if (text_is_utf8(name))
        return json_string(name);
    text_escape(escaped, sizeof(escaped), name);
    return json_string(escaped);
}

json_t *domain_json(const xc_domaininfo_t *info, unsigned int width,
                    const char *name)
{
    char state[DOMAIN_STATE], uuid[UUID_STRING];

    domain_state(info, state);
    uuid_format(info->handle, uuid);
    return json_pack("{so* si ss ss sI si ss sf}", "name",
                     domain_name_json(name), "id", (int)info->domain, "uuid",
                     uuid, "type", domain_type(info, width), "memory_mib",
                     (json_int_t)domain_mib(info->tot_pages), "vcpus",
                     (int)info->nr_online_vcpus, "state", state, "seconds",
                     domain_seconds(info));
}

void domain_add_limits(json_t *facts, const xc_domaininfo_t *info)
{
    if (info->flags & XEN_DOMINF_shutdown)
        facts_set(facts, "shutdown_reason",
                  json_string(domain_shutdown_reason(info)));
    /* Xen has all-ones for what a domain does not have, or no limit. */
    if (info->max_pages && info->max_pages < UINT32_MAX)
        facts_set(facts, "max_memory_mib",
                  json_integer((json_int_t)domain_mib(info->max_pages)));
    if (info->max_vcpu_id != XEN_INVALID_MAX_VCPU_ID)
        facts_set(facts, "max_vcpus",
                  json_integer((json_int_t)info->max_vcpu_id + 1));
    if (info->shared_info_frame != UINT64_MAX)
        facts_set(facts, "shared_info_mfn",
                  json_integer((json_int_t)info->shared_info_frame));
}

void domain_print_heading(FILE *out, bool uuids)
{
    fprintf(out, "%-40s %5s %5s %5s\tState\tTime(s)  Type%s\n", "Name", "ID",
            "Mem", "VCPUs", uuids ? "  UUID" : "");
}

void domain_print_row(FILE *out, const xc_domaininfo_t *info,
                      unsigned int width, const char *name, bool uuids)
{
    char state[DOMAIN_STATE], uuid[UUID_STRING], shown[DOMAIN_NAME];

    domain_state(info, state);
    uuid_format(info->handle, uuid);
    text_escape(shown, sizeof(shown), name ? name : "(null)");
    fprintf(out, "%-40s %5u %5" PRIu64 " %5u     %s  %8.1f  %-4s%s%s\n", shown,
            info->domain, domain_mib(info->tot_pages), info->nr_online_vcpus,
            state, domain_seconds(info), domain_type(info, width),
            uuids ? "  " : "", uuids ? uuid : "");
}
