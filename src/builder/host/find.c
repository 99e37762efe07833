/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/find.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/uuid.h"
#include "host/xenstore.h"

/* Domains that something was asked of: of the dying only if none lives. */
struct found {
    uint32_t domid; /* the first */
    unsigned int n;
    bool living;
};

static void add(struct found *found, const xc_domaininfo_t *info)
{
    bool living = !(info->flags & XEN_DOMINF_dying);

    if (living && !found->living)
        *found = (struct found){.living = true};
    if (living != found->living)
        return;
    if (!found->n)
        found->domid = info->domain;
    found->n++;
}

/* All digits?  One that no domain can have becomes DOMID_FIRST_RESERVED. */
static bool is_number(const char *text, uint32_t *value)
{
    unsigned long number;
    const char *p;

    for (p = text; isdigit((unsigned char)*p); p++)
        ;
    if (p == text || *p)
        return false;
    errno = 0;
    number = strtoul(text, NULL, 10);
    *value = errno || number > DOMID_FIRST_RESERVED ? DOMID_FIRST_RESERVED
                                                    : (uint32_t)number;
    return true;
}

static int find_uuid(struct host *host, const char *who, const uint8_t *uuid,
                     uint32_t *domid)
{
    struct found found = {0};
    xc_domaininfo_t *list;
    unsigned int i, n;
    int rc = host_domains(host, &list, &n);

    for (i = 0; !rc && i < n; i++)
        if (!memcmp(list[i].handle, uuid, UUID_BYTES))
            add(&found, &list[i]);
    free(list);
    *domid = found.domid;
    if (!rc && found.n > 1)
        return diag_fail(host->dg, DW_FAILED, -EEXIST,
                         "%u domains have the UUID %s; an ID tells which",
                         found.n, who);
    return rc ? rc : found.n ? 0 : -ESRCH;
}

int host_find_name(struct host *host, xs_transaction_t t, const char *name,
                   uint32_t *domid)
{
    int rc = t == XBT_NULL ? 0 : store_read_domains(host->xs, t), r = 0;
    struct found found = {0};
    xc_domaininfo_t *list;
    unsigned int i, n;

    if (rc)
        return rc;
    rc = host_domains(host, &list, &n);
    for (i = 0; !rc && i < n && !found.living; i++) {
        r = store_has_name(host->xs, t, list[i].domain, name);
        if (r > 0)
            add(&found, &list[i]);
        else
            rc = r;
    }
    free(list);
    *domid = found.domid;
    return rc ? rc : found.n ? 0 : -ESRCH;
}

int host_find_id(struct host *host, const char *who, uint32_t *domid)
{
    uint8_t uuid[UUID_BYTES];
    int rc = -ESRCH;

    if (!*who)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "an empty name names no domain");
    if (is_number(who, domid))
        return 0;
    if (uuid_parse(who, uuid))
        rc = find_uuid(host, who, uuid, domid);
    if (rc != -ESRCH)
        return rc;
    rc = host_find_name(host, XBT_NULL, who, domid);
    if (rc == -ESRCH)
        return diag_fail(host->dg, DW_FAILED, rc, "no domain is named %s", who);
    if (rc)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "looking for domain %s in xenstore: %s", who,
                         strerror(-rc));
    return 0;
}

int host_find(struct host *host, const char *who, xc_domaininfo_t *info)
{
    uint32_t domid;
    int rc = host_find_id(host, who, &domid);

    if (!rc)
        rc = host_domain(host, domid, info);
    return rc == -ESRCH
               ? diag_fail(host->dg, DW_FAILED, rc, "no domain %s", who)
               : rc;
}

const char *host_called(struct host *host, uint32_t domid)
{
    const int err = errno;
    char *name = host->xs ? store_read(host->xs, domid, "name") : NULL;

    if (name && *name)
        snprintf(host->called, sizeof(host->called), "%s", name);
    else if (!*host->called || host->called_id != domid)
        snprintf(host->called, sizeof(host->called), "%u", domid);
    host->called_id = domid;
    free(name);
    errno = err;
    return host->called;
}
