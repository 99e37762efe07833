/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/store_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "host/xenstore.h"

/* xenstored's XENSTORE_ABS_PATH_MAX is 3072; none of ours is a tenth of it. */
#define PATH 256

/* A request's payload, path and value, has 4096 bytes (io/xs_wire.h). */
#define VALUE_MAX (4096 - PATH)

/* Writes into one directory of one transaction; the first error stays. */
struct writer {
    struct xs_handle *xs;
    xs_transaction_t t;
    char base[PATH / 2];
    int rc;
};

static const char *path(char buf[PATH], const struct writer *w,
                        const char *node)
{
    snprintf(buf, PATH, "%s%s%s", w->base, *node ? "/" : "", node);
    return buf;
}

static void put(struct writer *w, const char *node, const char *value)
{
    char buf[PATH];

    if (!w->rc && !xs_write(w->xs, w->t, path(buf, w, node), value,
                            (unsigned int)strlen(value)))
        w->rc = -errno;
}

static void __attribute__((format(printf, 3, 4)))
putf(struct writer *w, const char *node, const char *fmt, ...)
{
    char value[PATH];
    va_list al;

    va_start(al, fmt);
    vsnprintf(value, sizeof(value), fmt, al);
    va_end(al);
    put(w, node, value);
}

static void set_permissions(struct writer *w, const char *node,
                            struct xs_permissions *perms, unsigned int n)
{
    char buf[PATH];

    if (!w->rc &&
        !xs_set_permissions(w->xs, w->t, path(buf, w, node), perms, n))
        w->rc = -errno;
}

/* The node is `owner`'s, to read and to write; `reader` may read it. */
static void shared(struct writer *w, const char *node, uint32_t owner,
                   uint32_t reader)
{
    struct xs_permissions perms[] = {
        {.id = owner, .perms = XS_PERM_NONE},
        {.id = reader, .perms = XS_PERM_READ},
    };

    set_permissions(w, node, perms, 2);
}

/* The guest may read the node; it is ours. */
static void guest_reads(struct writer *w, const char *node, uint32_t domid)
{
    shared(w, node, 0, domid);
}

/* The node is the guest's, to read and to write. */
static void guest_owns(struct writer *w, const char *node, uint32_t domid)
{
    struct xs_permissions perms = {.id = domid, .perms = XS_PERM_NONE};

    set_permissions(w, node, &perms, 1);
}

/* Goes on in that directory. */
static void __attribute__((format(printf, 2, 3)))
enter(struct writer *w, const char *fmt, ...)
{
    va_list al;

    va_start(al, fmt);
    vsnprintf(w->base, sizeof(w->base), fmt, al);
    va_end(al);
}

/* What an earlier domain has left there goes. */
static void clear(struct writer *w)
{
    if (!w->rc && !xs_rm(w->xs, w->t, w->base) && errno != ENOENT)
        w->rc = -errno;
}

/* Is there something?  Removing does not tell: xenstored takes it for done
 * where there was nothing. */
static bool is_there(struct writer *w)
{
    unsigned int len;
    void *value = w->rc ? NULL : xs_read(w->xs, w->t, w->base, &len);
    bool found = value;

    if (!w->rc && !value && errno != ENOENT)
        w->rc = -errno;
    free(value);
    return found;
}

/* The directory has to be there before it is given permissions, which what is
 * written below it then takes from it. */
static void make(struct writer *w)
{
    if (!w->rc && !xs_mkdir(w->xs, w->t, w->base))
        w->rc = -errno;
}

/*
 * What the guest itself may write.  A new node takes its parent's permissions,
 * and inside a transaction nobody sees the steps: so these nodes are made while
 * the whole tree is the guest's, and the tree is taken back afterwards.
 */
static void put_guest_nodes(struct writer *w, uint32_t domid)
{
    static const char *const nodes[] = {
        "data",
        "drivers",
        "feature",
        "attr",
        "error",
        "control/shutdown",
        "control/feature-poweroff",
        "control/feature-reboot",
        "control/feature-suspend",
        "control/sysrq",
    };
    size_t i;

    guest_owns(w, "", domid);
    for (i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
        put(w, nodes[i], "");
    guest_reads(w, "", domid);
    guest_reads(w, "control", domid);
    put(w, "device/suspend/event-channel", "");
    guest_owns(w, "device/suspend/event-channel", domid);
}

static void put_cpus(struct writer *w, const struct config *cfg)
{
    unsigned long i;
    char node[40];

    for (i = 0; i < cfg->maxvcpus; i++) {
        snprintf(node, sizeof(node), "cpu/%lu/availability", i);
        put(w, node, i < cfg->vcpus ? "online" : "offline");
    }
}

static void put_domain(struct writer *w, const struct config *cfg,
                       uint32_t domid, const char *uuid, bool is_listed)
{
    enter(w, "/local/domain/%u", domid);
    if (is_listed)
        clear(w);
    make(w);
    put_guest_nodes(w, domid);
    putf(w, "vm", "/vm/%s", uuid);
    put(w, "name", cfg->name);
    putf(w, "domid", "%u", domid);
    putf(w, "memory/static-max", "%lu", cfg->maxmem << 10); /* KiB */
    putf(w, "memory/target", "%lu", cfg->memory << 10);
    put(w, "memory/videoram", "0");
    put_cpus(w, cfg);
    put(w, "control/platform-feature-multiprocessor-suspend", "1");
    put(w, "control/platform-feature-xs_reset_watches", "1");
}

/* For people to read; what does not fit is left out. */
static void put_file(struct writer *w, const char *node, const char *value)
{
    if (value && strlen(value) < VALUE_MAX)
        put(w, node, value);
}

static void put_vm(struct writer *w, const struct config *cfg, uint32_t domid,
                   const char *uuid)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    enter(w, "/vm/%s", uuid);
    /* Nobody else has had a new one; and of one that migrates on this host the
     * entry is the other one's, too. */
    if (cfg->uuid_given && !cfg->migration)
        clear(w);
    make(w);
    guest_reads(w, "", domid);
    put(w, "name", cfg->name);
    put(w, "uuid", uuid);
    put(w, "image/ostype", "linux"); /* libxl's word for every PV guest */
    put_file(w, "image/kernel", cfg->kernel);
    put_file(w, "image/ramdisk", cfg->ramdisk);
    put_file(w, "image/cmdline", cfg->cmdline);
    putf(w, "start_time", "%jd.%02d", (intmax_t)now.tv_sec,
         (int)(now.tv_usec / 10000));
}

/* Ours alone, as /libxl is.  True: an earlier domain had one. */
static bool put_libxl(struct writer *w, const struct config *cfg,
                      uint32_t domid)
{
    bool had;

    enter(w, "/libxl/%u", domid);
    had = is_there(w);
    if (had)
        clear(w);
    put(w, "type", "pv");
    put(w, "dm-version", "qemu_xen"); /* for devices that xl attaches later */
    if (cfg->migration)
        put(w, "domwright-migration", cfg->migration);
    return had;
}

/* The directory has the permissions of the one above, unless another domain's
 * console it is. */
static void own_console(struct writer *w, uint32_t domid,
                        uint32_t console_domid)
{
    if (!console_domid)
        return;
    make(w);
    shared(w, "", console_domid, domid);
}

/* Console 0, which is not connected by the states of other devices. */
static void put_console(struct writer *w, uint32_t domid,
                        const struct store_rings *rings)
{
    char backend[PATH];

    snprintf(backend, sizeof(backend), "/local/domain/%u/backend/console/%u/0",
             rings->console_domid, domid);
    enter(w, "/local/domain/%u/console", domid);
    own_console(w, domid, rings->console_domid);
    put(w, "backend", backend);
    putf(w, "backend-id", "%u", rings->console_domid);
    shared(w, "backend-id", domid, rings->console_domid);
    put(w, "limit", "1048576"); /* bytes that xenconsoled keeps */
    put(w, "type", "xenconsoled");
    put(w, "output", "pty");
    put(w, "tty", ""); /* xenconsoled's to fill in */
    putf(w, "port", "%u", rings->console_port);
}

/* The end of a device that its backend sees, and libxl's copy of it. */
static void put_backend(struct writer *w, uint32_t domid)
{
    putf(w, "frontend", "/local/domain/%u/console", domid);
    putf(w, "frontend-id", "%u", domid);
    put(w, "online", "1");
    put(w, "state", "1"); /* XenbusStateInitialising, and so it stays */
    put(w, "protocol", "vt100");
}

/* Backends are what goes first of a domain: where nothing else is left of an
 * earlier one, neither are they. */
static void put_console_backend(struct writer *w, uint32_t domid,
                                uint32_t console_domid, bool had_entries)
{
    char backend[PATH / 2];

    enter(w, "/local/domain/%u/backend/console/%u/0", console_domid, domid);
    if (had_entries)
        clear(w);
    make(w);
    shared(w, "", console_domid, domid);
    put_backend(w, domid);
    memcpy(backend, w->base, sizeof(backend));
    enter(w, "/libxl/%u/device/console/0", domid);
    put(w, "backend", backend);
    put_backend(w, domid);
}

/* ---- the transaction ---- */

/* Has the living domain the name, or the UUID?  -EEXIST and *taken. */
static int look_at(struct host *host, const struct store_claim *claim,
                   const struct config *cfg, const xc_domaininfo_t *info,
                   struct store_taken *taken)
{
    int rc;

    taken->domid = info->domain;
    taken->uuid =
        !cfg->migration && !memcmp(info->handle, cfg->uuid, UUID_BYTES);
    rc = store_has_name(host->xs, claim->t, info->domain, cfg->name);
    if (rc < 0)
        return rc;
    if (rc)
        taken->uuid = false;
    return taken->uuid || rc ? -EEXIST : 0;
}

/* Xen itself does not mind two domains of one UUID; xenstore and libxl do. */
static int look(struct host *host, const struct store_claim *claim,
                const struct config *cfg, uint32_t domid,
                struct store_taken *taken)
{
    xc_domaininfo_t *list;
    unsigned int i, n;
    int rc = host_domains(host, &list, &n);

    for (i = 0; !rc && i < n; i++)
        if (list[i].domain != domid && !(list[i].flags & XEN_DOMINF_dying))
            rc = look_at(host, claim, cfg, &list[i], taken);
    free(list);
    return rc;
}

/*
 * What a transaction has read fails it where somebody changes that meanwhile:
 * the list, read before Xen is asked, where a domain is entered of which Xen
 * did not tell yet; a name, where a domain is renamed.
 */
static int claim_for(struct host *host, const struct config *cfg,
                     uint32_t domid, struct store_claim *claim,
                     struct store_taken *taken)
{
    claim->t = xs_transaction_start(host->xs);
    if (claim->t == XBT_NULL)
        return -errno;
    claim->listed =
        xs_directory(host->xs, claim->t, "/local/domain", &claim->n_listed);
    if (!claim->listed && errno != ENOENT)
        return -errno;
    return look(host, claim, cfg, domid, taken);
}

int store_claim(struct host *host, const struct config *cfg,
                struct store_claim *claim, struct store_taken *taken)
{
    *claim = (struct store_claim){.t = XBT_NULL};
    return claim_for(host, cfg, UINT32_MAX, claim, taken);
}

void store_drop(struct host *host, struct store_claim *claim)
{
    if (claim->t != XBT_NULL)
        xs_transaction_end(host->xs, claim->t, true);
    free(claim->listed);
    *claim = (struct store_claim){.t = XBT_NULL};
}

static bool is_listed(const struct store_claim *claim, uint32_t domid)
{
    unsigned int i;

    for (i = 0; claim->listed && i < claim->n_listed; i++)
        if (strtoul(claim->listed[i], NULL, 10) == domid)
            return true;
    return false;
}

/* Ends it: 0, or -EAGAIN where somebody changed what was read in it. */
static int write_entries(struct host *host, const struct config *cfg,
                         uint32_t domid, const struct store_rings *rings,
                         struct store_claim *claim)
{
    struct writer w = {.xs = host->xs, .t = claim->t};
    bool had_entries = is_listed(claim, domid);
    char uuid[UUID_STRING];

    uuid_format(cfg->uuid, uuid);
    put_domain(&w, cfg, domid, uuid, had_entries);
    put_vm(&w, cfg, domid, uuid);
    had_entries |= put_libxl(&w, cfg, domid);
    enter(&w, "/local/domain/%u", domid);
    putf(&w, "store/port", "%u", rings->store_port);
    put_console(&w, domid, rings);
    put_console_backend(&w, domid, rings->console_domid, had_entries);
    if (w.rc)
        return w.rc;
    claim->t = XBT_NULL;
    return xs_transaction_end(host->xs, w.t, false) ? 0 : -errno;
}

int store_enter(struct host *host, const struct config *cfg, uint32_t domid,
                const struct store_rings *rings, struct store_claim *claim,
                struct store_taken *taken)
{
    int rc = write_entries(host, cfg, domid, rings, claim);

    while (rc == -EAGAIN) {
        store_drop(host, claim);
        rc = claim_for(host, cfg, domid, claim, taken);
        if (!rc)
            rc = write_entries(host, cfg, domid, rings, claim);
    }
    return rc;
}

int store_connect(struct xs_handle *xs, uint32_t domid, uint32_t store_port,
                  mfn_t store_mfn, mfn_t console_mfn)
{
    struct writer w = {.xs = xs, .t = XBT_NULL};

    enter(&w, "/local/domain/%u", domid);
    putf(&w, "store/ring-ref", "%" PRIu64, store_mfn.v);
    putf(&w, "console/ring-ref", "%" PRIu64, console_mfn.v);
    if (!w.rc && !xs_introduce_domain(xs, domid, store_mfn.v, store_port))
        w.rc = -errno;
    return w.rc;
}
