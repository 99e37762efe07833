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
                   const struct saved *saved, uint64_t assists)
{
    int rc = 0;

    if (saved->levels == 3) {
        rc = set_width(domain, host, saved->width * 8);
        if (!rc)
            rc = declare_assists(domain, host, assists);
    }
    return rc;
}

/* Without extended CR3 there is but one place for an L3. */
static bool has_low_tables(const struct saved *saved, uint64_t assists)
{
    const uint64_t extended_cr3 = UINT64_C(1) << VMASST_TYPE_pae_extended_cr3;

    return saved->levels == 3 && !(assists & extended_cr3);
}

/* xc_domain_restore()'s -1 and errno. */
static int fill(struct domain *domain, struct host *host, int fd,
                struct low_tables *memory)
{
    struct restore_callbacks callbacks = {0};
    unsigned long store_mfn = 0, console_mfn = 0;
    int r;

    diag_step(host->dg);
    low_tables_of(memory);
    r = xc_domain_restore(host->xc, fd, domain->domid, domain->store_port,
                          &store_mfn, domain->backends.xenstore_domid,
                          domain->console_port, &console_mfn,
                          domain->backends.console_domid, XC_STREAM_PLAIN,
                          &callbacks, -1 XEN_RESTORE_MEMFLAGS(0));
    low_tables_of(NULL);
    domain->store_mfn = MFN(store_mfn);
    domain->console_mfn = MFN(console_mfn);
    return r;
}

static int failed(const struct domain *domain, struct host *host)
{
    return diag_fail_xc(host->dg, "restoring domain %u", domain->domid);
}

/*
 * libxenguest keeps three words for each PFN, whatever size the stream says
 * that the guest's list has.  A list has holes, a PC's below 4 GiB for one.
 */
static uint64_t pfns_max(const struct restore_from *from)
{
    return 4 * from->pages_max + (UINT64_C(1) << 22);
}

/* ---- from a file ---- */

static int fill_from_file(struct domain *domain, struct host *host,
                          const struct restore_from *from)
{
    const struct saved *saved = from->saved;
    struct low_tables memory = {
        .saved = saved,
        .low = has_low_tables(saved, saved->vm_assist) ? LOW_ROOTS : LOW_NONE,
        .tell = from->tell,
        .arg = from->arg,
        .total = saved->pfns,
    };
    int rc;

    if (saved->pfns > pfns_max(from))
        return diag_fail(host->dg, DW_CONFIG, -EINVAL,
                         "its P2M list is for %" PRIu64 " PFNs, where a guest "
                         "of its memory has %" PRIu64 " at most",
                         saved->pfns, pfns_max(from));
    rc = prepare(domain, host, saved, saved->vm_assist);
    if (rc)
        return rc;
    if (lseek(from->fd, (off_t)from->at, SEEK_SET) < 0)
        return diag_fail(host->dg, DW_FAILED, -errno, "reading it again: %s",
                         strerror(errno));
    return fill(domain, host, from->fd, &memory) ? failed(domain, host) : 0;
}

/* ---- from a stream ---- */

/* Others need some there, too: a page each, and domain 0's devices. */
static bool has_room_below(struct host *host, uint64_t pages)
{
    uint64_t bytes;

    return !xc_availheap(host->xc, 0, 32, -1, &bytes) &&
           pages <= (bytes >> XC_PAGE_SHIFT) / 4 * 3;
}

/* Is enough known of it, before it has come? */
static bool can_stream(struct host *host, const struct saved *saved,
                       uint64_t pages)
{
    if (saved->levels != 3)
        return true;
    return saved->has_told && (!has_low_tables(saved, saved->told_vm_assist) ||
                               has_room_below(host, pages));
}

/* It was placed by what was said in the beginning. */
static int check_told(const struct saved *saved, struct diag *dg)
{
    if (saved->levels != 3 || saved->vm_assist == saved->told_vm_assist)
        return 0;
    return diag_fail(dg, DW_CONFIG, -EINVAL,
                     "its VM assists are %#" PRIx64 ", and were said to be "
                     "%#" PRIx64,
                     saved->vm_assist, saved->told_vm_assist);
}

static int fill_as_it_comes(struct domain *domain, struct host *host,
                            const struct restore_from *from, uint64_t pages)
{
    struct feed *feed = from->feed;
    const struct saved *saved = &feed->saved;
    const uint64_t assists = saved->told_vm_assist;
    struct low_tables memory = {
        .low = has_low_tables(saved, assists) ? LOW_ALL : LOW_NONE,
        .tell = from->tell,
        .arg = from->arg,
        .total = pages,
    };
    int rc = prepare(domain, host, saved, assists), fd, r, error;

    feed->reader.pfns_max = pfns_max(from);
    if (!rc)
        rc = feed_start(feed, &fd, host->dg);
    if (rc)
        return rc;
    r = fill(domain, host, fd, &memory);
    error = errno;
    rc = feed_stop(feed, r != 0, host->dg);
    if (!rc && feed_is_whole(feed))
        rc = check_told(saved, host->dg);
    if (rc || !r)
        return rc;
    if (error == ENOMEM && memory.low == LOW_ALL)
        return diag_fail(host->dg, DW_REFUSED, -ENOMEM,
                         "restoring domain %u: there is no more memory below "
                         "4 GiB, where all of it is to lie; there was before",
                         domain->domid);
    errno = error;
    return failed(domain, host);
}

static int fill_from_feed(struct domain *domain, struct host *host,
                          const struct restore_from *from)
{
    struct restore_from file = *from;
    xc_domaininfo_t info;
    int rc = host_domain(host, domain->domid, &info);

    if (rc)
        return diag_fail(host->dg, DW_FAILED, rc, "domain %u is gone",
                         domain->domid);
    if (can_stream(host, &from->feed->saved, info.max_pages))
        return fill_as_it_comes(domain, host, from, info.max_pages);
    rc = feed_spool(from->feed, host->dg);
    file.saved = &from->feed->saved;
    file.fd = from->feed->spool;
    file.at = 0;
    return rc ? rc : fill_from_file(domain, host, &file);
}

int restore_fill(struct domain *domain, struct host *host,
                 const struct restore_from *from)
{
    int rc = from->feed ? fill_from_feed(domain, host, from)
                        : fill_from_file(domain, host, from);

    return rc ? rc : interrupt_check(host->dg);
}
