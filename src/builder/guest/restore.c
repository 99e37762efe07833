/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/restore.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#include <xenguest.h>

#include "guest/low_tables.h"
#include "hooks/vm_assist.h"
#include "host/signals.h"
#include "xen_versions.h"

/* libxenguest would do that, but when it is too late for what follows. */
static int set_width(struct domain *domain, struct host *host,
                     unsigned int bits)
{
    struct xen_domctl domctl = {
        .cmd = XEN_DOMCTL_set_address_size,
        .domain = (domid_t)domain->domid,
        .u.address_size.size = bits,
    };

    if (xc_domctl(host->xc, &domctl))
        return diag_fail_xc(host->dg, "making it a guest of %u bits", bits);
    return 0;
}

/* Only where a table's place depends on them, as the builder does. */
static int declare_assists(struct domain *domain, struct host *host,
                           uint64_t assists)
{
    int rc = vm_assist_declare(host->xc, domain->domid, assists);

    if (!rc || rc == -ENOSYS)
        return 0;
    return diag_fail(host->dg, DW_REFUSED, rc,
                     "declaring its VM assists, %#" PRIx64 ": %s", assists,
                     strerror(-rc));
}

static int prepare(struct domain *domain, struct host *host,
                   const struct saved *saved)
{
    int rc = 0;

    if (saved->levels == 3) {
        rc = set_width(domain, host, saved->width * 8);
        if (!rc)
            rc = declare_assists(domain, host, saved->vm_assist);
    }
    return rc;
}

/* Without extended CR3 there is but one place for an L3. */
static bool has_low_tables(const struct saved *saved)
{
    const uint64_t extended_cr3 = UINT64_C(1) << VMASST_TYPE_pae_extended_cr3;

    return saved->levels == 3 && !(saved->vm_assist & extended_cr3);
}

static int rewind_to(const struct restore_from *from, struct diag *dg)
{
    if (lseek(from->fd, (off_t)from->saved->libxc_at, SEEK_SET) >= 0)
        return 0;
    return diag_fail(dg, DW_FAILED, -errno, "reading it again: %s",
                     strerror(errno));
}

int restore_fill(struct domain *domain, struct host *host,
                 const struct restore_from *from)
{
    struct restore_callbacks callbacks = {0};
    unsigned long store_mfn = 0, console_mfn = 0;
    struct low_tables memory = {
        .saved = from->saved,
        .low = has_low_tables(from->saved),
        .tell = from->tell,
        .arg = from->arg,
    };
    int rc = prepare(domain, host, from->saved);

    if (!rc)
        rc = rewind_to(from, host->dg);
    diag_step(host->dg);
    low_tables_of(&memory);
    if (!rc &&
        xc_domain_restore(host->xc, from->fd, domain->domid, domain->store_port,
                          &store_mfn, domain->backends.xenstore_domid,
                          domain->console_port, &console_mfn,
                          domain->backends.console_domid, XC_STREAM_PLAIN,
                          &callbacks, -1 XEN_RESTORE_MEMFLAGS(0)))
        rc = diag_fail_xc(host->dg, "restoring domain %u", domain->domid);
    low_tables_of(NULL);
    domain->store_mfn = MFN(store_mfn);
    domain->console_mfn = MFN(console_mfn);
    return rc ? rc : interrupt_check(host->dg);
}
