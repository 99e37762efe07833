/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "report/event.h"

#include "config/uuid.h"
#include "report/domain.h"
#include "report/facts.h"

json_t *event_json(const char *event, const struct timespec *when)
{
    char day[32] = "";
    struct tm tm;

    if (gmtime_r(&when->tv_sec, &tm))
        strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    return json_pack("{ss so}", "event", event, "time",
                     json_sprintf("%s.%03ldZ", day, when->tv_nsec / 1000000));
}

void event_add_domain(json_t *event, const xc_domaininfo_t *info,
                      unsigned int width, const char *name)
{
    char uuid[UUID_STRING];

    uuid_format(info->handle, uuid);
    facts_set(event, "name", domain_name_json(name));
    facts_set(event, "id", json_integer(info->domain));
    facts_set(event, "uuid", json_string(uuid));
    facts_set(event, "type", json_string(domain_type(info, width)));
}

void event_add_reason(json_t *event, const xc_domaininfo_t *info)
{
    unsigned int code =
        info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;

    facts_set(event, "reason", json_string(domain_shutdown_reason(info)));
    facts_set(event, "code", json_integer(code));
}

void event_add_state(json_t *event, const xc_domaininfo_t *info)
{
    char state[DOMAIN_STATE];

    domain_state(info, state);
    facts_set(event, "state", json_string(state));
}

void event_add_text(json_t *event, const char *text)
{
    facts_set(event, "text", domain_name_json(text));
}
