/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/create.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest/undo.h"
#include "guest/userdata.h"
#include "host/signals.h"
#include "host/store_entry.h"
#include "host/xenstore.h"

int guest_plan(struct guest *g, struct diag *dg)
{
    int rc = host_open_none(g->host, dg);

    if (!rc)
        rc = image_open(&g->image, g->host->xc, image_any_caps, &g->cfg, dg);
    return rc ? rc : image_plan(&g->image, &g->cfg, dg);
}

static int taken(struct host *host, const struct config *cfg,
                 const struct store_taken *by)
{
    char *name;
    int rc;

    if (!by->uuid)
        return config_fail(cfg, host->dg, DW_CONFIG, -EEXIST, "name",
                           "domain %u is named %s already", by->domid,
                           cfg->name);
    name = store_read(host->xs, by->domid, "name");
    rc = config_fail(cfg, host->dg, DW_CONFIG, -EEXIST, "uuid",
                     "domain %u (%s) has it already", by->domid,
                     name ? name : "without a name");
    free(name);
    return rc;
}

int guest_check_uuid(struct host *host, const struct config *cfg)
{
    struct store_taken by = {.uuid = true};
    xc_domaininfo_t *list;
    unsigned int i, n;
    int rc;

    if (!cfg->uuid_given)
        return 0;
    rc = host_domains(host, &list, &n);
    for (i = 0; !rc && i < n; i++)
        if (!(list[i].flags & XEN_DOMINF_dying) &&
            !memcmp(list[i].handle, cfg->uuid, UUID_BYTES)) {
            by.domid = list[i].domain;
            rc = taken(host, cfg, &by);
        }
    free(list);
    return rc;
}

/* Before anything is made. */
static int claim(struct guest *g, struct store_claim *claim, struct diag *dg)
{
    struct store_taken other;
    int rc = store_claim(g->host, &g->cfg, claim, &other);

    if (rc == -EEXIST)
        return taken(g->host, &g->cfg, &other);
    return rc ? diag_fail(dg, DW_FAILED, rc, "reading names in xenstore: %s",
                          strerror(-rc))
              : 0;
}

static int find_backends(struct guest *g, struct diag *dg)
{
    int rc = store_backends(g->host->xs, &g->domain.backends);

    return rc ? diag_fail(dg, DW_FAILED, rc,
                          "looking for the backends in xenstore: %s",
                          strerror(-rc))
              : 0;
}

mfn_t guest_frame(const struct guest *g, uint64_t pfn)
{
    return MFN(g->image.dom->pv_p2m[pfn]);
}

/* The domain gets its name, before it gets memory. */
static int enter(struct guest *g, struct store_claim *claim, struct diag *dg)
{
    const struct store_rings rings = {
        .store_port = g->domain.store_port,
        .console_port = g->domain.console_port,
        .console_domid = g->domain.backends.console_domid,
    };
    struct store_taken other;
    int rc =
        store_enter(g->host, &g->cfg, g->domain.domid, &rings, claim, &other);

    if (rc == -EEXIST)
        return taken(g->host, &g->cfg, &other);
    if (rc)
        return diag_fail(dg, DW_FAILED, rc, "entering it in xenstore: %s",
                         strerror(-rc));
    g->entered = true;
    return interrupt_check(dg);
}

static int introduce(struct guest *g, struct diag *dg)
{
    int rc = store_connect(g->host->xs, g->domain.domid, g->domain.store_port,
                           g->domain.store_mfn, g->domain.console_mfn);

    if (rc)
        return diag_fail(dg, DW_FAILED, rc, "introducing it to xenstore: %s",
                         strerror(-rc));
    return interrupt_check(dg);
}

/* For xl; the guest itself does without, so that a failure is only told. */
static void keep_configuration(struct guest *g)
{
    int rc = config_make_absolute(&g->cfg);

    if (!rc)
        rc = userdata_keep(g->host, g->domain.domid, &g->cfg);
    if (rc)
        diag_warn("the configuration of %s could not be kept for xl: %s",
                  g->cfg.name, strerror(-rc));
}

/* Embedded hosts of one machine keep what xl wants in one place, by ID and
 * UUID: a guest that migrates between them has to have another ID. */
static bool is_kept_by_another(const struct guest *g)
{
    char *json = NULL;
    int rc = g->cfg.migration
                 ? userdata_read(g->domain.domid, g->cfg.uuid, &json)
                 : -ENOENT;

    free(json);
    return !rc;
}

static int create_domain(struct guest *g)
{
    int rc = domain_create(&g->domain, g->host, &g->cfg);

    while (!rc && is_kept_by_another(g)) {
        rc = domain_destroy(&g->domain, g->host);
        if (!rc)
            rc = domain_create(&g->domain, g->host, &g->cfg);
    }
    return rc;
}

/* The name is claimed first: a domain is made only if nobody has it. */
static int make(struct guest *g, struct diag *dg)
{
    struct store_claim name = {0};
    int rc = claim(g, &name, dg);

    if (!rc)
        rc = create_domain(g);
    if (!rc)
        rc = enter(g, &name, dg);
    store_drop(g->host, &name);
    return rc;
}

static int build(struct guest *g, bool start, struct diag *dg)
{
    int rc = make(g, dg);

    if (!rc)
        rc = g->from ? restore_fill(&g->domain, g->host, g->from)
                     : domain_build(&g->domain, g->host, &g->image);
    if (!rc)
        rc = introduce(g, dg);
    if (rc)
        return rc;
    keep_configuration(g);
    if (!start)
        return 0;
    if (xc_domain_unpause(g->host->xc, g->domain.domid))
        return diag_fail_xc(dg, "unpausing the domain");
    return interrupt_check(dg);
}

/* What is made of it is taken away again where it fails. */
static int build_or_undo(struct guest *g, bool start, struct diag *dg)
{
    int rc = find_backends(g, dg);

    if (rc)
        return rc;
    interrupt_hold();
    rc = build(g, start, dg);
    if (rc && guest_undo(g))
        diag_warn("domain %u could not be removed", g->domain.domid);
    return rc;
}

int guest_create(struct guest *g, bool start, struct diag *dg)
{
    int rc = image_open(&g->image, g->host->xc, NULL, &g->cfg, dg);

    if (!rc)
        rc = image_plan(&g->image, &g->cfg, dg);
    return rc ? rc : build_or_undo(g, start, dg);
}

int guest_restore(struct guest *g, bool start, struct diag *dg)
{
    const struct config *cfg = &g->cfg;

    g->from->pages_max =
        (uint64_t)(cfg->maxmem > cfg->memory ? cfg->maxmem : cfg->memory) << 8;
    return build_or_undo(g, start, dg);
}

void guest_close(struct guest *g)
{
    image_close(&g->image);
    config_dispose(&g->cfg);
}
