/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/store_domains.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_log.h"

#define DOMAIN_NAME (sizeof(FX_STORE_DOMAINS) + 10)

static char *domain_name(char buf[DOMAIN_NAME], unsigned int domid)
{
    snprintf(buf, DOMAIN_NAME, FX_STORE_DOMAINS "%u", domid);
    return buf;
}

int fx_store_introduce(struct fx_store *store, unsigned int domid)
{
    char name[DOMAIN_NAME];
    struct xs_permissions perms = {0};
    struct fx_node node = {.perms = &perms, .nr_perms = 1, .path = name};
    struct fx_ops ops = {0};
    int rc = fx_store_sync(store);

    node.path_bytes = strlen(domain_name(name, domid)) + 1;
    if (rc || fx_nodes_get(&store->tree, name))
        return rc;
    rc = fx_ops_put(&ops, &node, 0);
    if (!rc)
        rc = fx_store_commit(store, &ops);
    free(ops.bytes);
    return rc;
}

int fx_store_release(struct fx_store *store, unsigned int domid)
{
    char name[DOMAIN_NAME];
    struct fx_ops ops = {0};
    int rc = fx_store_sync(store);

    if (rc)
        return rc;
    if (!fx_nodes_get(&store->tree, domain_name(name, domid)))
        return -ENOENT;
    rc = fx_ops_remove(&ops, name);
    if (!rc)
        rc = fx_store_commit(store, &ops);
    free(ops.bytes);
    return rc;
}

bool fx_store_is_introduced(struct fx_store *store, unsigned int domid)
{
    char name[DOMAIN_NAME];

    return !fx_store_sync(store) &&
           fx_nodes_get(&store->tree, domain_name(name, domid));
}
