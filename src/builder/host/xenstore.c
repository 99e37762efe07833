/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/xenstore.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int store_has_name(struct xs_handle *xs, xs_transaction_t t, uint32_t domid,
                   const char *name)
{
    char *found = read_in(xs, t, domid, "name");
    int rc = found ? !strcmp(found, name) : errno == ENOENT ? 0 : -errno;

    free(found);
    return rc;
}

int store_read_domains(struct xs_handle *xs, xs_transaction_t t)
{
    unsigned int n;
    char **ids = xs_directory(xs, t, "/local/domain", &n);
    int rc = ids || errno == ENOENT ? 0 : -errno;

    free(ids);
    return rc;
}

int store_has_entry(struct xs_handle *xs, xs_transaction_t t, uint32_t domid)
{
    unsigned int n;
    char buf[PATH];
    char **nodes;

    snprintf(buf, sizeof(buf), "/local/domain/%u", domid);
    nodes = xs_directory(xs, t, buf, &n);
    if (!nodes)
        return errno == ENOENT ? 0 : -errno;
    free(nodes);
    return 1;
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

/* ---- the /vm entry ---- */

int store_uuid(struct xs_handle *xs, uint32_t domid, uint8_t uuid[UUID_BYTES])
{
    char *vm = store_read(xs, domid, "vm");
    int rc = vm ? !strncmp(vm, "/vm/", 4) && uuid_parse(vm + 4, uuid)
             : errno == ENOENT ? 0
                               : -errno;

    free(vm);
    return rc;
}

/* Does a living domain other than that have the UUID?  1 or 0. */
static int is_another_s(struct host *host, uint32_t domid,
                        const uint8_t uuid[UUID_BYTES])
{
    xc_domaininfo_t *list;
    unsigned int i, n;
    int rc = host_domains(host, &list, &n);

    for (i = 0; !rc && i < n; i++)
        rc = list[i].domain != domid && !(list[i].flags & XEN_DOMINF_dying) &&
             !memcmp(list[i].handle, uuid, UUID_BYTES);
    free(list);
    return rc;
}

int store_own_vm(struct host *host, uint32_t domid, char vm[STORE_VM])
{
    uint8_t uuid[UUID_BYTES];
    char text[UUID_STRING];
    int rc = store_uuid(host->xs, domid, uuid), r = 0;

    vm[0] = '\0';
    if (rc > 0)
        r = is_another_s(host, domid, uuid);
    if (rc <= 0 || r)
        return rc < 0 ? rc : r < 0 ? r : 0;
    uuid_format(uuid, text);
    snprintf(vm, STORE_VM, "/vm/%s", text);
    return 0;
}

/* ---- removing ---- */

static int remove_path(struct xs_handle *xs, xs_transaction_t t,
                       const char *name)
{
    return xs_rm(xs, t, name) || errno == ENOENT ? 0 : -errno;
}

/* Whose the entry is holds until the end: a domain that is entered meanwhile
 * fails the transaction. */
static int try_remove_vm(struct host *host, uint32_t domid)
{
    xs_transaction_t t = xs_transaction_start(host->xs);
    char vm[STORE_VM];
    int rc;

    if (t == XBT_NULL)
        return -errno;
    rc = store_read_domains(host->xs, t);
    if (!rc)
        rc = store_own_vm(host, domid, vm);
    if (!rc && vm[0])
        rc = remove_path(host->xs, t, vm);
    if (!xs_transaction_end(host->xs, t, rc != 0) && !rc)
        rc = -errno;
    return rc;
}

static int remove_vm(struct host *host, uint32_t domid)
{
    int rc;

    do
        rc = try_remove_vm(host, domid);
    while (rc == -EAGAIN);
    return rc;
}

/* Without a transaction: the guest may still run, and write to some of these
 * nodes as often as it likes, which would fail each. */
static int remove_trees(struct host *host, uint32_t domid,
                        uint32_t console_domid)
{
    char tree[3][PATH];
    size_t i;
    int rc = 0;

    snprintf(tree[0], PATH, "/local/domain/%u/backend/console/%u",
             console_domid, domid);
    snprintf(tree[1], PATH, "/libxl/%u", domid);
    /* Last: the domain is found by it. */
    snprintf(tree[2], PATH, "/local/domain/%u", domid);
    for (i = 0; !rc && i < 3; i++)
        rc = remove_path(host->xs, XBT_NULL, tree[i]);
    return rc;
}

int store_remove(struct host *host, uint32_t domid)
{
    struct store_backends backends;
    int rc = store_backends(host->xs, &backends);

    if (!rc)
        rc = remove_vm(host, domid);
    return rc ? rc : remove_trees(host, domid, backends.console_domid);
}

mfn_t store_frame(struct xs_handle *xs, uint32_t domid, const char *node)
{
    char *value = store_read(xs, domid, node), *end;
    mfn_t mfn = MFN_INVALID;

    if (value && isdigit((unsigned char)*value)) {
        mfn = MFN(strtoull(value, &end, 10));
        if (*end)
            mfn = MFN_INVALID;
    }
    free(value);
    return mfn;
}
