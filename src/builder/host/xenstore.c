/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/xenstore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/uuid.h"

/* xenstored's XENSTORE_ABS_PATH_MAX is 3072; none of ours is a tenth of it. */
#define PATH 256

static char *read_in(struct xs_handle *xs, xs_transaction_t t, uint32_t domid,
                     const char *node)
{
    unsigned int len;
    char buf[PATH];

    snprintf(buf, sizeof(buf), "/local/domain/%u/%s", domid, node);
    return xs_read(xs, t, buf, &len);
}

char *store_read(struct xs_handle *xs, uint32_t domid, const char *node)
{
    return read_in(xs, XBT_NULL, domid, node);
}

int store_find(struct xs_handle *xs, xs_transaction_t t, const char *name,
               uint32_t *domid)
{
    unsigned int i, n;
    char **ids = xs_directory(xs, t, "/local/domain", &n), *found;
    int rc = -ESRCH;

    if (!ids)
        return errno == ENOENT ? -ESRCH : -errno;
    for (i = 0; rc && i < n; i++) {
        *domid = (uint32_t)strtoul(ids[i], NULL, 10);
        found = read_in(xs, t, *domid, "name");
        if (found ? !strcmp(found, name) : errno != ENOENT)
            rc = found ? 0 : -errno;
        free(found);
    }
    free(ids);
    return rc;
}

/* Nothing there means domain 0. */
static int read_domid(struct xs_handle *xs, const char *name, uint32_t *domid)
{
    unsigned int len;
    char *value = xs_read(xs, XBT_NULL, name, &len);

    *domid = value ? (uint32_t)strtoul(value, NULL, 10) : 0;
    if (!value && errno != ENOENT)
        return -errno;
    free(value);
    return 0;
}

int store_backends(struct xs_handle *xs, struct store_backends *backends)
{
    int rc = read_domid(xs, "/tool/xenstored/domid", &backends->xenstore_domid);

    return rc ? rc
              : read_domid(xs, "/tool/xenconsoled/domid",
                           &backends->console_domid);
}

int store_has_devices(struct xs_handle *xs, uint32_t domid)
{
    unsigned int i, n = 0;
    bool found = false;
    char buf[PATH];
    char **kinds;

    snprintf(buf, sizeof(buf), "/libxl/%u/device", domid);
    kinds = xs_directory(xs, XBT_NULL, buf, &n);
    if (!kinds)
        return errno == ENOENT ? 0 : -errno;
    for (i = 0; i < n; i++)
        if (strcmp(kinds[i], "console"))
            found = true;
    free(kinds);
    return found;
}

static int remove_path(struct xs_handle *xs, const char *name)
{
    return xs_rm(xs, XBT_NULL, name) || errno == ENOENT ? 0 : -errno;
}

/* ---- removing ---- */

/* /vm/UUID as the domain's own entry names it; empty where it does not. */
static int vm_path(struct xs_handle *xs, uint32_t domid, char buf[PATH])
{
    char *vm = store_read(xs, domid, "vm");

    if (!vm && errno != ENOENT)
        return -errno;
    snprintf(buf, PATH, "%s", vm && !strncmp(vm, "/vm/", 4) && vm[4] ? vm : "");
    free(vm);
    return 0;
}

int store_remove(struct xs_handle *xs, uint32_t domid)
{
    struct store_backends backends;
    char tree[4][PATH];
    int rc = store_backends(xs, &backends);
    size_t i;

    if (!rc)
        rc = vm_path(xs, domid, tree[0]);
    if (rc)
        return rc;
    snprintf(tree[1], PATH, "/local/domain/%u/backend/console/%u",
             backends.console_domid, domid);
    snprintf(tree[2], PATH, "/libxl/%u", domid);
    /* Last: the domain is found by it. */
    snprintf(tree[3], PATH, "/local/domain/%u", domid);
    for (i = 0; !rc && i < 4; i++)
        if (tree[i][0])
            rc = remove_path(xs, tree[i]);
    return rc;
}
