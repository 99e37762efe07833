/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/create.h"

#include <errno.h>
#include <string.h>

#include "guest/undo.h"
#include "host/signals.h"
#include "host/xenstore.h"

int guest_plan(struct guest *g, struct diag *dg)
{
    int rc = host_open_none(g->host, dg);

    if (!rc)
        rc = image_open(&g->image, g->host->xc, image_any_caps, &g->cfg, dg);
    return rc ? rc : image_plan(&g->image, &g->cfg, dg);
}

static int take_name(struct guest *g, const char *source, struct diag *dg)
{
    uint32_t domid;
    int rc = store_begin(g->host->xs, g->cfg.name, &g->t, &domid);

    if (rc == -EEXIST)
        return diag_fail(dg, DW_CONFIG, rc,
                         "%s: name: domain %u is named %s already", source,
                         domid, g->cfg.name);
    if (rc)
        return diag_fail(dg, DW_FAILED, rc, "reading names in xenstore: %s",
                         strerror(-rc));
    return 0;
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

static int add_to_store(struct guest *g, struct diag *dg)
{
    struct store_guest entry = {
        .domid = g->domain.domid,
        .store_port = g->domain.store_port,
        .console_port = g->domain.console_port,
        .store_mfn = guest_frame(g, g->image.dom->xenstore_pfn),
        .console_mfn = guest_frame(g, g->image.dom->console_pfn),
    };
    int rc = store_add(g->host->xs, &g->t, &g->cfg, &entry);

    if (rc == -EEXIST)
        return diag_fail(dg, DW_CONFIG, rc,
                         "name: another domain has just taken the name %s",
                         g->cfg.name);
    if (rc)
        return diag_fail(dg, DW_FAILED, rc, "writing to xenstore: %s",
                         strerror(-rc));
    return interrupt_check(dg);
}

static int build(struct guest *g, bool start, struct diag *dg)
{
    int rc = domain_create(&g->domain, g->host, &g->cfg);

    if (!rc)
        rc = domain_build(&g->domain, g->host, &g->image);
    if (!rc)
        rc = add_to_store(g, dg);
    if (rc || !start)
        return rc;
    if (xc_domain_unpause(g->host->xc, g->domain.domid))
        return diag_fail_xc(dg, "unpausing the domain");
    return 0;
}

int guest_create(struct guest *g, const char *source, bool start,
                 struct diag *dg)
{
    int rc = take_name(g, source, dg);

    if (!rc)
        rc = image_open(&g->image, g->host->xc, NULL, &g->cfg, dg);
    if (!rc)
        rc = image_plan(&g->image, &g->cfg, dg);
    if (!rc)
        rc = find_backends(g, dg);
    if (rc)
        return rc;
    interrupt_hold();
    rc = build(g, start, dg);
    if (rc && guest_undo(g))
        diag_warn("domain %u could not be removed", g->domain.domid);
    return rc;
}

void guest_close(struct guest *g)
{
    image_close(&g->image);
    config_dispose(&g->cfg);
}
