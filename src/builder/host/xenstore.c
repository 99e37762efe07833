/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/xenstore.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

/* xenstored's XENSTORE_ABS_PATH_MAX is 3072; none of ours is a tenth of it. */
#define PATH 256

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

static void make(struct writer *w, const char *node)
{
    char buf[PATH];

    if (!w->rc && !xs_mkdir(w->xs, w->t, path(buf, w, node)))
        w->rc = -errno;
}

/* The guest may read the node; it is ours. */
static void guest_reads(struct writer *w, const char *node, uint32_t domid)
{
    struct xs_permissions perms[] = {
        {.id = 0, .perms = XS_PERM_NONE},
        {.id = domid, .perms = XS_PERM_READ},
    };
    char buf[PATH];

    if (!w->rc &&
        !xs_set_permissions(w->xs, w->t, path(buf, w, node), perms, 2))
        w->rc = -errno;
}

/* The node is the guest's, to read and to write. */
static void guest_owns(struct writer *w, const char *node, uint32_t domid)
{
    struct xs_permissions perms = {.id = domid, .perms = XS_PERM_NONE};
    char buf[PATH];

    if (!w->rc &&
        !xs_set_permissions(w->xs, w->t, path(buf, w, node), &perms, 1))
        w->rc = -errno;
}

static int remove_path(struct xs_handle *xs, xs_transaction_t t,
                       const char *name)
{
    return xs_rm(xs, t, name) || errno == ENOENT ? 0 : -errno;
}

static void __attribute__((format(printf, 2, 3)))
enter(struct writer *w, const char *fmt, ...)
{
    va_list al;

    va_start(al, fmt);
    vsnprintf(w->base, sizeof(w->base), fmt, al);
    va_end(al);
}

/* Drops what an earlier domain may have left in the directory. */
static void clear(struct writer *w)
{
    if (!w->rc)
        w->rc = remove_path(w->xs, w->t, w->base);
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

static void put_console(struct writer *w, const struct store_guest *guest)
{
    put(w, "console/limit", "1048576"); /* bytes that xenconsoled keeps */
    put(w, "console/type", "xenconsoled");
    putf(w, "console/port", "%u", guest->console_port);
    putf(w, "console/ring-ref", "%" PRIu64, guest->console_mfn.v);
}

static void put_domain(struct writer *w, const struct config *cfg,
                       const struct store_guest *guest, const char *uuid)
{
    enter(w, "/local/domain/%u", guest->domid);
    clear(w);
    make(w, "");
    put_guest_nodes(w, guest->domid);
    putf(w, "vm", "/vm/%s", uuid);
    put(w, "name", cfg->name);
    putf(w, "domid", "%u", guest->domid);
    putf(w, "memory/static-max", "%lu", cfg->maxmem << 10); /* KiB */
    putf(w, "memory/target", "%lu", cfg->memory << 10);
    put_cpus(w, cfg);
    put(w, "control/platform-feature-multiprocessor-suspend", "1");
    put(w, "control/platform-feature-xs_reset_watches", "1");
    put_console(w, guest);
}

/* For toolstacks, not for the guest: permissions are those of /vm. */
static void put_vm(struct writer *w, const struct config *cfg, const char *uuid)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    enter(w, "/vm/%s", uuid);
    if (cfg->uuid_given)
        clear(w);
    put(w, "name", cfg->name);
    put(w, "uuid", uuid);
    putf(w, "start_time", "%jd.%02d", (intmax_t)now.tv_sec,
         (int)(now.tv_usec / 10000));
}

static int put_all(struct writer *w, const struct config *cfg,
                   const struct store_guest *guest)
{
    char uuid[UUID_STRING];

    uuid_format(cfg->uuid, uuid);
    put_domain(w, cfg, guest, uuid);
    put_vm(w, cfg, uuid);
    enter(w, "/libxl/%u", guest->domid);
    clear(w);
    put(w, "type", "pv");
    return w->rc;
}

int store_begin(struct xs_handle *xs, const char *name, xs_transaction_t *t,
                uint32_t *domid)
{
    int rc;

    *t = xs_transaction_start(xs);
    if (*t == XBT_NULL)
        return -errno;
    rc = store_find(xs, *t, name, domid);
    if (rc == -ESRCH)
        return 0;
    store_abort(xs, t);
    return rc ? rc : -EEXIST;
}

void store_abort(struct xs_handle *xs, xs_transaction_t *t)
{
    if (*t != XBT_NULL)
        xs_transaction_end(xs, *t, true);
    *t = XBT_NULL;
}

static int put_and_end(struct xs_handle *xs, xs_transaction_t *t,
                       const struct config *cfg,
                       const struct store_guest *guest)
{
    struct writer w = {.xs = xs, .t = *t};
    int rc = put_all(&w, cfg, guest);

    if (rc) {
        store_abort(xs, t);
        return rc;
    }
    *t = XBT_NULL;
    return xs_transaction_end(xs, w.t, false) ? 0 : -errno;
}

int store_add(struct xs_handle *xs, xs_transaction_t *t,
              const struct config *cfg, const struct store_guest *guest)
{
    uint32_t other;
    int rc = put_and_end(xs, t, cfg, guest);

    while (rc == -EAGAIN) { /* somebody changed what we had read */
        rc = store_begin(xs, cfg->name, t, &other);
        if (!rc)
            rc = put_and_end(xs, t, cfg, guest);
    }
    if (!rc && !xs_introduce_domain(xs, guest->domid, guest->store_mfn.v,
                                    guest->store_port))
        rc = -errno;
    return rc;
}

/* ---- reading ---- */

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

int store_find(struct xs_handle *xs, xs_transaction_t t, const char *name,
               uint32_t *domid)
{
    unsigned int i, n;
    char **ids = xs_directory(xs, t, "/local/domain", &n), *found;
    int rc = -ESRCH;

    if (!ids)
        return errno == ENOENT ? -ESRCH : -errno;
    for (i = 0; rc && i < n; i++) {
        *domid = (uint32_t)strtoul(ids[i], NULL, 10);
        found = read_in(xs, t, *domid, "name");
        if (found ? !strcmp(found, name) : errno != ENOENT)
            rc = found ? 0 : -errno;
        free(found);
    }
    free(ids);
    return rc;
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

/* ---- removing ---- */

/* /vm/UUID as the domain's own entry names it, or else from its UUID. */
static void vm_path(struct xs_handle *xs, uint32_t domid, const uint8_t *uuid,
                    char buf[PATH])
{
    char *vm = store_read(xs, domid, "vm"), text[UUID_STRING];

    buf[0] = '\0';
    if (vm && !strncmp(vm, "/vm/", 4) && vm[4]) {
        snprintf(buf, PATH, "%s", vm);
    } else if (uuid) {
        uuid_format(uuid, text);
        snprintf(buf, PATH, "/vm/%s", text);
    }
    free(vm);
}

int store_remove(struct xs_handle *xs, uint32_t domid, const uint8_t *uuid)
{
    static const char *const trees[] = {
        "/local/domain/0/backend/console/%u", /* xl's console backend */
        "/libxl/%u", "/local/domain/%u", /* last: the domain is found by it */
    };
    char buf[PATH];
    int rc = 0;
    size_t i;

    vm_path(xs, domid, uuid, buf);
    if (buf[0])
        rc = remove_path(xs, XBT_NULL, buf);
    for (i = 0; !rc && i < sizeof(trees) / sizeof(trees[0]); i++) {
        snprintf(buf, sizeof(buf), trees[i], domid);
        rc = remove_path(xs, XBT_NULL, buf);
    }
    return rc;
}
