/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/store_preserve.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/find.h"
#include "host/xenstore.h"

#define PATH 256

static int put(struct xs_handle *xs, xs_transaction_t t, const char *directory,
               const char *node, const char *value)
{
    char path[PATH];

    snprintf(path, sizeof(path), "%s/%s", directory, node);
    return xs_write(xs, t, path, value, (unsigned int)strlen(value)) ? 0
                                                                     : -errno;
}

/* The domain's own /vm entry goes: it is the next one's. */
static int remove_vm(struct host *host, xs_transaction_t t, uint32_t domid)
{
    char vm[STORE_VM];
    int rc = store_own_vm(host, domid, vm);

    if (!rc && vm[0] && !xs_rm(host->xs, t, vm) && errno != ENOENT)
        rc = -errno;
    return rc;
}

static int add_vm(struct xs_handle *xs, xs_transaction_t t, uint32_t domid,
                  const char *vm)
{
    struct xs_permissions perms[] = {
        {.id = 0, .perms = XS_PERM_NONE},
        {.id = domid, .perms = XS_PERM_READ},
    };

    return xs_mkdir(xs, t, vm) && xs_set_permissions(xs, t, vm, perms, 2)
               ? 0
               : -errno;
}

static int write_all(struct host *host, xs_transaction_t t, uint32_t domid,
                     const char *name, const char *uuid)
{
    struct xs_handle *xs = host->xs;
    char domain[PATH], vm[PATH];
    int rc = store_has_entry(xs, t, domid);

    if (rc <= 0)
        return rc ? rc : -ENOENT;
    rc = remove_vm(host, t, domid);
    snprintf(domain, sizeof(domain), "/local/domain/%u", domid);
    snprintf(vm, sizeof(vm), "/vm/%s", uuid);
    if (!rc)
        rc = add_vm(xs, t, domid, vm);
    if (!rc)
        rc = put(xs, t, vm, "name", name);
    if (!rc)
        rc = put(xs, t, vm, "uuid", uuid);
    if (!rc)
        rc = put(xs, t, domain, "vm", vm);
    if (!rc)
        rc = put(xs, t, domain, "name", name);
    return rc;
}

static int try(struct host *host, uint32_t domid, const char *name,
               const char *uuid)
{
    xs_transaction_t t = xs_transaction_start(host->xs);
    uint32_t other;
    int rc;

    if (t == XBT_NULL)
        return -errno;
    rc = host_find_name(host, t, name, &other);
    if (rc == -ESRCH)
        rc = write_all(host, t, domid, name, uuid);
    else if (!rc)
        rc = -EEXIST;
    if (!xs_transaction_end(host->xs, t, rc != 0) && !rc)
        rc = -errno;
    return rc;
}

int store_preserve(struct host *host, uint32_t domid, const char *name,
                   const uint8_t uuid[UUID_BYTES])
{
    char text[UUID_STRING];
    int rc;

    uuid_format(uuid, text);
    do
        rc = try(host, domid, name, text);
    while (rc == -EAGAIN);
    return rc;
}
