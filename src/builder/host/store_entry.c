/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/store_entry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

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

/* The node is ours alone. */
static void private(struct writer *w, const char *node)
{
    struct xs_permissions perms = {.id = 0, .perms = XS_PERM_NONE};

    set_permissions(w, node, &perms, 1);
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

/* Goes on in that directory, which is empty then: an earlier domain may have
 * left something there. */
static void __attribute__((format(printf, 2, 3)))
make(struct writer *w, const char *fmt, ...)
{
    va_list al;

    va_start(al, fmt);
    vsnprintf(w->base, sizeof(w->base), fmt, al);
    va_end(al);
    if (!w->rc && !xs_rm(w->xs, w->t, w->base) && errno != ENOENT)
        w->rc = -errno;
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
                       uint32_t domid, const char *uuid)
{
    make(w, "/local/domain/%u", domid);
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
    make(w, "/vm/%s", uuid);
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

static void put_libxl(struct writer *w, uint32_t domid)
{
    make(w, "/libxl/%u", domid);
    private(w, "");
    put(w, "type", "pv");
    put(w, "dm-version", "qemu_xen"); /* for devices that xl attaches later */
}

/* Console 0, which is not connected by the states of other devices. */
static void put_console(struct writer *w, uint32_t domid,
                        const struct store_rings *rings)
{
    char backend[PATH];

    snprintf(backend, sizeof(backend), "/local/domain/%u/backend/console/%u/0",
             rings->console_domid, domid);
    make(w, "/local/domain/%u/console", domid);
    shared(w, "", rings->console_domid, domid);
    put(w, "backend", backend);
    putf(w, "backend-id", "%u", rings->console_domid);
    shared(w, "backend-id", domid, rings->console_domid);
    put(w, "limit", "1048576"); /* bytes that xenconsoled keeps */
    put(w, "type", "xenconsoled");
    put(w, "output", "pty");
    put(w, "tty", ""); /* xenconsoled's to fill in */
    putf(w, "port", "%u", rings->console_port);
    putf(w, "ring-ref", "%" PRIu64, rings->console_mfn.v);
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

static void put_console_backend(struct writer *w, uint32_t domid,
                                uint32_t console_domid)
{
    char backend[PATH / 2];

    make(w, "/local/domain/%u/backend/console/%u/0", console_domid, domid);
    shared(w, "", console_domid, domid);
    put_backend(w, domid);
    memcpy(backend, w->base, sizeof(backend));
    make(w, "/libxl/%u/device/console/0", domid);
    put(w, "backend", backend);
    put_backend(w, domid);
}

/* ---- transactions ---- */

/* Ends the writer's: 0, -EAGAIN where somebody changed what was read in it, or
 * its first error. */
static int end(struct writer *w)
{
    if (w->rc)
        xs_transaction_end(w->xs, w->t, true);
    else if (!xs_transaction_end(w->xs, w->t, false))
        w->rc = -errno;
    return w->rc;
}

static int begin(struct writer *w, struct xs_handle *xs)
{
    *w = (struct writer){.xs = xs, .t = xs_transaction_start(xs)};
    return w->t == XBT_NULL ? -errno : 0;
}

/* Whether /local/domain/ID/NODE has that value: 1, 0 or a negative errno. */
static int has_value(const struct writer *w, const char *id, const char *node,
                     const char *value)
{
    unsigned int len;
    char buf[PATH], *found;
    int rc;

    snprintf(buf, sizeof(buf), "/local/domain/%s/%s", id, node);
    found = xs_read(w->xs, w->t, buf, &len);
    if (!found)
        return errno == ENOENT ? 0 : -errno;
    rc = !strcmp(found, value);
    free(found);
    return rc;
}

/* The same, of the name, and of the UUID if `vm` is its path. */
static int is_taken(const struct writer *w, const char *id, const char *name,
                    const char *vm, struct store_taken *taken)
{
    int rc = has_value(w, id, "name", name);

    taken->uuid = false;
    if (!rc && vm) {
        rc = has_value(w, id, "vm", vm);
        taken->uuid = rc > 0;
    }
    return rc;
}

/* 1: there is such a domain; 0: there is none, and its entries are left over
 * from an earlier one. */
static int exists(struct host *host, uint32_t domid)
{
    xc_domaininfo_t info;
    int rc = host_domain(host, domid, &info);

    return rc == -ESRCH ? 0 : rc ? rc : 1;
}

/* 0; -EEXIST and *taken, where it is not by `domid`. */
static int look(const struct writer *w, struct host *host,
                const struct config *cfg, uint32_t domid,
                struct store_taken *taken)
{
    char uuid[UUID_STRING], vm[PATH], **ids, *found;
    unsigned int i, n, len;
    bool is_known;
    int rc = 0;

    uuid_format(cfg->uuid, uuid);
    snprintf(vm, sizeof(vm), "/vm/%s", uuid);
    found = xs_read(w->xs, w->t, vm, &len);
    if (!found && errno != ENOENT)
        return -errno;
    is_known = found;
    free(found);
    ids = xs_directory(w->xs, w->t, "/local/domain", &n);
    if (!ids)
        return errno == ENOENT ? 0 : -errno;
    for (i = 0; !rc && i < n; i++) {
        taken->domid = (uint32_t)strtoul(ids[i], NULL, 10);
        if (taken->domid != domid)
            rc = is_taken(w, ids[i], cfg->name, is_known ? vm : NULL, taken);
        if (rc > 0)
            rc = exists(host, taken->domid);
    }
    free(ids);
    return rc > 0 ? -EEXIST : rc;
}

int store_look(struct host *host, const struct config *cfg,
               struct store_taken *taken)
{
    const struct writer w = {.xs = host->xs, .t = XBT_NULL};

    return look(&w, host, cfg, UINT32_MAX, taken);
}

static int try_enter(struct host *host, const struct config *cfg,
                     uint32_t domid, struct store_taken *taken)
{
    char uuid[UUID_STRING];
    struct writer w;
    int rc = begin(&w, host->xs);

    if (rc)
        return rc;
    w.rc = look(&w, host, cfg, domid, taken);
    uuid_format(cfg->uuid, uuid);
    put_domain(&w, cfg, domid, uuid);
    put_vm(&w, cfg, domid, uuid);
    put_libxl(&w, domid);
    return end(&w);
}

int store_enter(struct host *host, const struct config *cfg, uint32_t domid,
                struct store_taken *taken)
{
    int rc;

    do
        rc = try_enter(host, cfg, domid, taken);
    while (rc == -EAGAIN);
    return rc;
}

static int try_connect(struct xs_handle *xs, uint32_t domid,
                       const struct store_rings *rings)
{
    struct writer w;
    int rc = begin(&w, xs);

    if (rc)
        return rc;
    enter(&w, "/local/domain/%u", domid);
    putf(&w, "store/port", "%u", rings->store_port);
    putf(&w, "store/ring-ref", "%" PRIu64, rings->store_mfn.v);
    put_console(&w, domid, rings);
    put_console_backend(&w, domid, rings->console_domid);
    return end(&w);
}

int store_connect(struct xs_handle *xs, uint32_t domid,
                  const struct store_rings *rings)
{
    int rc;

    do
        rc = try_connect(xs, domid, rings);
    while (rc == -EAGAIN);
    if (!rc &&
        !xs_introduce_domain(xs, domid, rings->store_mfn.v, rings->store_port))
        rc = -errno;
    return rc;
}
