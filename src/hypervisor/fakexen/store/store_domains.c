/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/store_domains.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/domain_table.h"
#include "machine/host.h"
#include "machine/wake.h"
#include "store/store_log.h"

#define DOMAIN_NAME (sizeof(FX_STORE_DOMAINS) + 10)

static char *domain_name(char buf[DOMAIN_NAME], unsigned int domid)
{
    snprintf(buf, DOMAIN_NAME, FX_STORE_DOMAINS "%u", domid);
    return buf;
}

/* The owner of a client's node, or the domain that a connection is of.  False:
 * the root, which is nobody's. */
static bool belongs_to(const struct fx_node *node, unsigned int *domid)
{
    if (*node->path != '/')
        return sscanf(node->path, FX_STORE_DOMAINS "%u", domid) == 1;
    *domid = node->perms[0].id;
    return node->path[1];
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

/* All that there is of the domain, which need not be connected; what it owns,
 * so that the next one of that ID does not have it. */
static int forget(struct fx_store *store, unsigned int domid)
{
    const struct fx_nodes *tree = &store->tree;
    struct fx_ops ops = {0};
    unsigned int whose;
    size_t at = 0;
    int rc = 0;

    while (!rc && at < tree->nr) {
        const struct fx_node *node = tree->nodes[at];

        if (!belongs_to(node, &whose) || whose != domid) {
            at++;
            continue;
        }
        rc = fx_ops_remove(&ops, node->path);
        at = fx_nodes_subtree_end(tree, at);
    }
    if (!rc)
        rc = fx_store_commit(store, &ops);
    free(ops.bytes);
    return rc;
}

int fx_store_release(struct fx_store *store, unsigned int domid)
{
    char name[DOMAIN_NAME];
    int rc = fx_store_sync(store);

    if (rc)
        return rc;
    if (!fx_nodes_get(&store->tree, domain_name(name, domid)))
        return -ENOENT;
    return forget(store, domid);
}

bool fx_store_is_introduced(struct fx_store *store, unsigned int domid)
{
    char name[DOMAIN_NAME];

    return !fx_store_sync(store) &&
           fx_nodes_get(&store->tree, domain_name(name, domid));
}

/* -- domains that are no more -- */

#define IDS (UINT16_MAX + 1)

/* A bit for each ID of a domain that is alive. */
static void find_living(struct fx_host *host, uint64_t living[IDS / 64])
{
    const struct fx_domain *domain = host->super->domain;
    size_t i;

    memset(living, 0, IDS / 8);
    for (i = 0; i < FX_MAX_DOMAINS; i++)
        if (domain[i].exists && !domain[i].dying)
            living[domain[i].id / 64] |= UINT64_C(1) << domain[i].id % 64;
    living[0] |= 1;
}

static bool is_living(const uint64_t living[IDS / 64], unsigned int domid)
{
    return domid < IDS && living[domid / 64] >> domid % 64 & 1;
}

/* One that is connected or owns a node, and is not alive: true if there is. */
static bool find_gone(const struct fx_store *store,
                      const uint64_t living[IDS / 64], unsigned int *domid)
{
    size_t i;

    for (i = 0; i < store->tree.nr; i++)
        if (belongs_to(store->tree.nodes[i], domid) &&
            !is_living(living, *domid))
            return true;
    return false;
}

int fx_store_bury(struct fx_store *store)
{
    uint32_t now = fx_wake_count(store->host);
    uint64_t living[IDS / 64];
    unsigned int domid;
    int rc;

    if (store->has_buried && store->buried == now)
        return 0;
    rc = fx_store_sync(store);
    if (rc)
        return rc;
    find_living(store->host, living);
    while (!rc && find_gone(store, living, &domid))
        rc = forget(store, domid);
    store->has_buried = !rc;
    store->buried = fx_wake_count(store->host);
    return rc;
}
