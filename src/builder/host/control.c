/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/control.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/find.h"
#include "host/watch.h"
#include "host/xenstore.h"

/* xenstored's XENSTORE_ABS_PATH_MAX is 3072; none of ours is a tenth of it. */
#define PATH 256

/* What a domain may have beyond its memory, in KiB: LIBXL_MAXMEM_CONSTANT. */
#define SLACK_KIB 1024

static int failed(struct host *host, uint32_t domid, const char *what, int rc)
{
    return diag_fail(host->dg, DW_FAILED, rc, "%s of domain %u in xenstore: %s",
                     what, domid, strerror(-rc));
}

static int put(struct host *host, xs_transaction_t t, uint32_t domid,
               const char *node, const char *value)
{
    char path[PATH];

    snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, node);
    return xs_write(host->xs, t, path, value, (unsigned int)strlen(value))
               ? 0
               : -errno;
}

int control_shutdown(struct host *host, uint32_t domid, const char *request)
{
    int rc = put(host, XBT_NULL, domid, "control/shutdown", request);

    return rc ? failed(host, domid, "control/shutdown", rc) : 0;
}

/* ---- waiting ---- */

static int has_ended(struct host *host, uint32_t domid, bool gone, bool *ended)
{
    xc_domaininfo_t info;
    int rc = host_domain(host, domid, &info);

    *ended =
        rc == -ESRCH || (!rc && (info.flags & XEN_DOMINF_dying ||
                                 (info.flags & XEN_DOMINF_shutdown && !gone)));
    return rc == -ESRCH ? 0 : rc;
}

int control_wait(struct host *host, const uint32_t *domids, unsigned int n,
                 bool gone, int64_t ms)
{
    struct watch watch;
    struct pollfd fd;
    unsigned int i = 0;
    bool ended;
    int rc = watch_begin(&watch, host, ms);

    while (!rc && i < n) {
        rc = has_ended(host, domids[i], gone, &ended);
        if (!rc && ended)
            i++;
        else if (!rc)
            rc = watch_sleep(&watch, &fd, 1, WATCH_FOREVER);
    }
    if (rc == -ETIME)
        return diag_fail(host->dg, DW_FAILED, -ETIMEDOUT,
                         "domain %u: %g s were over before it %s", domids[i],
                         (double)ms / 1000, gone ? "was gone" : "ended");
    return rc;
}

/* ---- rename ---- */

static int put_names(struct host *host, xs_transaction_t t, uint32_t domid,
                     const char *name)
{
    char *vm = store_read(host->xs, domid, "vm"), path[PATH];
    int rc = put(host, t, domid, "name", name);

    if (!rc && vm && strlen(vm) < PATH - sizeof("/name")) {
        snprintf(path, sizeof(path), "%s/name", vm);
        if (!xs_write(host->xs, t, path, name, (unsigned int)strlen(name)))
            rc = -errno;
    }
    free(vm);
    return rc;
}

static int rename_once(struct host *host, uint32_t domid, const char *name,
                       uint32_t *other)
{
    xs_transaction_t t = xs_transaction_start(host->xs);
    int rc;

    if (t == XBT_NULL)
        return -errno;
    rc = host_find_name(host, t, name, other);
    rc = rc == -ESRCH ? put_names(host, t, domid, name) : rc ? rc : -EEXIST;
    if (rc) {
        xs_transaction_end(host->xs, t, true);
        return rc;
    }
    return xs_transaction_end(host->xs, t, false) ? 0 : -errno;
}

int control_rename(struct host *host, uint32_t domid, const char *name)
{
    uint32_t other;
    int rc;

    do /* again where somebody changed what we had read */
        rc = rename_once(host, domid, name, &other);
    while (rc == -EAGAIN);
    if (rc == -EEXIST && other == domid)
        return 0;
    if (rc == -EEXIST)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "domain %u is named %s already", other, name);
    return rc ? failed(host, domid, "the name", rc) : 0;
}

/* ---- memory and vCPUs ---- */

/* -ENOENT: the node is not there, or is no number. */
static int read_number(struct host *host, uint32_t domid, const char *node,
                       uint64_t *value)
{
    char *text = store_read(host->xs, domid, node), *end;
    int rc = -ENOENT;

    if (text && isdigit((unsigned char)*text)) {
        errno = 0;
        *value = strtoull(text, &end, 10);
        rc = errno || *end ? -ENOENT : 0;
    }
    free(text);
    return rc;
}

int control_memory(struct host *host, uint32_t domid, uint64_t kib)
{
    char value[24];
    uint64_t max;
    int rc = read_number(host, domid, "memory/static-max", &max);

    if (rc)
        return diag_fail(host->dg, DW_FAILED, rc,
                         "domain %u has no memory/static-max in xenstore: its "
                         "memory cannot be set",
                         domid);
    if (kib > max)
        return diag_fail(host->dg, DW_FAILED, -EINVAL,
                         "domain %u: %" PRIu64 " KiB is more than its maxmem, "
                         "%" PRIu64 " KiB",
                         domid, kib, max);
    if (xc_domain_setmaxmem(host->xc, domid, kib + SLACK_KIB))
        return diag_fail_xc(host->dg, "limiting the memory of domain %u",
                            domid);
    snprintf(value, sizeof(value), "%" PRIu64, kib);
    rc = put(host, XBT_NULL, domid, "memory/target", value);
    return rc ? failed(host, domid, "memory/target", rc) : 0;
}

int control_vcpus(struct host *host, uint32_t domid, unsigned int n,
                  unsigned int max)
{
    unsigned int i;
    char node[40];
    int rc = 0;

    for (i = 0; !rc && i < max; i++) {
        snprintf(node, sizeof(node), "cpu/%u/availability", i);
        rc = put(host, XBT_NULL, domid, node, i < n ? "online" : "offline");
    }
    return rc ? failed(host, domid, node, rc) : 0;
}
