/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/userdata.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/embedded.h"
#include "text.h"
#include "xen_versions.h"

/* libxl's XEN_LIB_DIR. */
#define DIRECTORY "/var/lib/xen"

/* xen/xsm/flask: SECINITSID_DOMU, which libxl gives a domain by default. */
#define SSIDREF_DOMU 12

/* "d" data, "n" new data, "l" a lock. */
static void file_name(char path[PATH_MAX], const char *sort, uint32_t domid,
                      const uint8_t uuid[UUID_BYTES], const char *kind)
{
    char text[UUID_STRING];

    uuid_format(uuid, text);
    snprintf(path, PATH_MAX, DIRECTORY "/userdata-%s.%u.%s.%s", sort, domid,
             text, kind);
}

/* ---- the lock ---- */

struct lock {
    char path[PATH_MAX];
    int fd;
};

/* Is the file that was locked still the one that others find? */
static bool is_current(const struct lock *lock)
{
    struct stat here, there;

    return !fstat(lock->fd, &here) && !stat(lock->path, &there) &&
           here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* As libxl__lock_file(): whoever unlocks removes the file while he holds it.
 * Nobody else can open ours: who can read a file can lock it. */
static int take_lock(struct lock *lock, uint32_t domid,
                     const uint8_t uuid[UUID_BYTES])
{
    int rc;

    file_name(lock->path, "l", domid, uuid, "domain-userdata-lock");
    for (;;) {
        lock->fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (lock->fd < 0)
            return -errno;
        do
            rc = flock(lock->fd, LOCK_EX) ? -errno : 0;
        while (rc == -EINTR);
        if (!rc && is_current(lock))
            return 0;
        close(lock->fd);
        if (rc)
            return rc;
    }
}

static void give_lock(struct lock *lock)
{
    unlink(lock->path);
    close(lock->fd);
}

/* ---- the configuration, in the words of libxl's libxl_types.idl ---- */

/* libxl's defbool is a string. */
static json_t *defbool(bool value)
{
    return json_string(value ? "True" : "False");
}

/* Its words have _ where xl.cfg(5) has -, and one is the other way round. */
static json_t *action(enum action action)
{
    char word[40];
    char *dash;

    if (action == ACTION_RENAME_RESTART)
        return json_string("restart_rename");
    snprintf(word, sizeof(word), "%s", action_name(action));
    while ((dash = strchr(word, '-')))
        *dash = '_';
    return json_string(word);
}

static json_t *numbers_below(unsigned long end)
{
    json_t *list = json_array();
    unsigned long i;

    for (i = 0; i < end; i++)
        json_array_append_new(list, json_integer((json_int_t)i));
    return list;
}

/* libxl's sets of CPUs have whole bytes, and keep what is named in these. */
static json_t *affinity(const struct cpulist *lists, unsigned long n,
                        unsigned int cpus)
{
    json_t *vcpus = json_array(), *list;
    unsigned long vcpu;
    unsigned int cpu;

    for (vcpu = 0; vcpu < n; vcpu++) {
        list = json_array();
        for (cpu = 0; cpu < (cpus + 7) / 8 * 8 && cpu < CPULIST_MAX; cpu++)
            if (cpulist_has(&lists[vcpu], cpu))
                json_array_append_new(list, json_integer(cpu));
        json_array_append_new(vcpus, list);
    }
    return vcpus;
}

static json_t *kib(unsigned long mib)
{
    return json_integer((json_int_t)mib << 10);
}

/* A missing member is libxl's default; so is one whose value is NULL. */
static void set(json_t *object, const char *name, json_t *value)
{
    if (value)
        json_object_set_new(object, name, value);
}

static json_t *text(const char *value)
{
    return value ? json_string(value) : NULL;
}

static json_t *create_info(const struct config *cfg, uint32_t pool)
{
    json_t *info = json_object();
    char uuid[UUID_STRING];

    uuid_format(cfg->uuid, uuid);
    set(info, "type", json_string("pv"));
    set(info, "ssidref", json_integer(SSIDREF_DOMU));
    set(info, "name", json_string(cfg->name));
    set(info, "domid", json_integer(UINT32_MAX)); /* any */
    set(info, "uuid", json_string(uuid));
    set(info, "poolid", pool ? json_integer(pool) : NULL);
    set(info, "pool_name", text(cfg->pool));
    set(info, "run_hotplug_scripts", defbool(true));
    set(info, "driver_domain", defbool(false));
    set(info, "passthrough", json_string("disabled"));
    set(info, "xend_suspend_evtchn_compat", defbool(false));
    return info;
}

static json_t *unless_default(long n)
{
    return n < 0 ? NULL : json_integer(n);
}

static json_t *sched_params(const struct config *cfg)
{
    json_t *params = json_object();

    if (cfg->weight)
        set(params, "weight", json_integer((json_int_t)cfg->weight));
    set(params, "cap", unless_default(cfg->cap));
    return params;
}

static json_t *vcpus_of_node(const struct vnuma *v, unsigned int node)
{
    json_t *list = json_array();

    for (unsigned int i = 0; i < v->n_vcpus; i++)
        if (v->node_of[i] == node + 1)
            json_array_append_new(list, json_integer(i));
    return list;
}

static json_t *distances(const struct vnuma *v, unsigned int node)
{
    json_t *list = json_array();

    for (unsigned int i = 0; i < v->n_nodes; i++)
        json_array_append_new(list, json_integer(v->node[node].distance[i]));
    return list;
}

/* With these xl refuses to save the guest, as its stream would lose them. */
static json_t *vnuma_nodes(const struct vnuma *v)
{
    json_t *nodes = v ? json_array() : NULL, *node;

    for (unsigned int i = 0; v && i < v->n_nodes; i++) {
        node = json_object();
        set(node, "memkb", kib(v->node[i].mib));
        set(node, "distances", distances(v, i));
        set(node, "pnode", json_integer(v->node[i].pnode));
        set(node, "vcpus", vcpus_of_node(v, i));
        json_array_append_new(nodes, node);
    }
    return nodes;
}

static json_t *tsc_mode(enum tsc_mode mode)
{
    static const char *const words[] = {NULL, "always_emulate", "native"};

    return text(words[mode]);
}

/* What an x86 PV guest has, and nothing else. */
static json_t *pv_info(const struct config *cfg)
{
    json_t *pv = json_object();

    set(pv, "slack_memkb", json_integer(0));
    set(pv, "e820_host", defbool(cfg->e820_host));
    return pv;
}

static json_t *x86_info(void)
{
    json_t *x86 = json_object();

    set(x86, "msr_relaxed", defbool(false));
    return x86;
}

static json_t *build_info(const struct config *cfg, unsigned int cpus)
{
    json_t *info = json_object();

    set(info, "max_vcpus", json_integer((json_int_t)cfg->maxvcpus));
    set(info, "avail_vcpus", numbers_below(cfg->vcpus));
    if (cfg->n_cpus)
        set(info, "vcpu_hard_affinity", affinity(cfg->cpus, cfg->n_cpus, cpus));
    if (cfg->n_soft)
        set(info, "vcpu_soft_affinity", affinity(cfg->soft, cfg->n_soft, cpus));
    /* xl's rule; libxl goes by it where it restores the guest. */
    set(info, "numa_placement",
        defbool(!cfg->cpus_listed && !cfg->n_soft && !cfg->vnuma));
    set(info, "tsc_mode", tsc_mode(cfg->tsc_mode));
    set(info, "max_memkb", kib(cfg->maxmem));
    set(info, "vnuma_nodes", vnuma_nodes(cfg->vnuma));
    set(info, "target_memkb", kib(cfg->memory));
    set(info, "video_memkb", json_integer(0));
    set(info, "shadow_memkb", json_integer((json_int_t)config_shadow_kib(cfg)));
    set(info, "iommu_memkb", json_integer(0));
    set(info, "localtime", defbool(false));
    set(info, "disable_migrate", defbool(false));
    set(info, "blkdev_start", json_string("xvda"));
    set(info, "max_grant_frames", unless_default(cfg->grant_frames));
    set(info, "max_maptrack_frames", unless_default(cfg->maptrack_frames));
    set(info, "max_grant_version", json_integer(2));
    set(info, "device_model_version", json_string("qemu_xen"));
    set(info, "device_model_stubdomain", defbool(false));
    set(info, "stubdomain_memkb", json_integer(0));
    set(info, "sched_params", sched_params(cfg));
    set(info, "claim_mode", defbool(true));
    set(info, "event_channels", json_integer((json_int_t)cfg->event_channels));
    set(info, "kernel", text(cfg->kernel));
    set(info, "cmdline", text(cfg->cmdline));
    set(info, "ramdisk", text(cfg->ramdisk));
    set(info, "acpi", defbool(true));
    if (XEN_KEEPS_BOOTLOADER_RESTRICT)
        set(info, "bootloader_restrict", defbool(false));
    set(info, "dm_restrict", defbool(false));
    set(info, "type.pv", pv_info(cfg));
    set(info, "arch_arm", json_object());
    set(info, "arch_x86", x86_info());
    set(info, "vpmu", defbool(false));
    return info;
}

json_t *userdata_json(const struct config *cfg, unsigned int cpus,
                      uint32_t pool)
{
    json_t *all = json_object();

    set(all, "c_info", create_info(cfg, pool));
    set(all, "b_info", build_info(cfg, cpus));
    set(all, "on_poweroff", action(cfg->on_poweroff));
    set(all, "on_reboot", action(cfg->on_reboot));
    set(all, "on_crash", action(cfg->on_crash));
    set(all, "on_watchdog", action(cfg->on_watchdog));
    set(all, "on_soft_reset", action(cfg->on_soft_reset));
    return all;
}

/* ---- the file ---- */

/* libxl takes what it reads for a string: the NUL belongs to the file. */
static int fill(int fd, const char *text)
{
    size_t left = strlen(text) + 1;
    ssize_t n;

    while (left) {
        n = write(fd, text, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        text += n;
        left -= (size_t)n;
    }
    return 0;
}

static int replace(uint32_t domid, const uint8_t uuid[UUID_BYTES],
                   const char *json)
{
    char name[PATH_MAX], new[PATH_MAX];
    int fd, rc;

    file_name(name, "d", domid, uuid, "libxl-json");
    file_name(new, "n", domid, uuid, "libxl-json");
    fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    rc = fill(fd, json);
    if (close(fd) && !rc)
        rc = -errno;
    if (!rc && rename(new, name))
        rc = -errno;
    if (rc)
        unlink(new);
    return rc;
}

/* `cpus` is how many CPUs the host has, `pool` the domain's CPU pool. */
static int put(uint32_t domid, const struct config *cfg, unsigned int cpus,
               uint32_t pool)
{
    struct lock lock;
    json_t *all;
    char *json;
    int rc;

    if (embedded_beside_xen())
        return -ENOENT;
    /* The working directory that they were in was never checked. */
    if ((cfg->kernel && !text_is_utf8(cfg->kernel)) ||
        (cfg->ramdisk && !text_is_utf8(cfg->ramdisk)))
        return -EILSEQ;
    all = userdata_json(cfg, cpus, pool);
    json = json_dumps(all, JSON_INDENT(4));
    json_decref(all);
    if (!json)
        return -ENOMEM;
    rc = take_lock(&lock, domid, cfg->uuid);
    if (!rc) {
        rc = replace(domid, cfg->uuid, json);
        give_lock(&lock);
    }
    free(json);
    return rc;
}

/* An embedded host of a user who may not write there has no xl to read it. */
static bool is_for_nobody(int rc)
{
    return rc == -ENOENT ||
           (embedded_here() && (rc == -EACCES || rc == -EPERM || rc == -EROFS));
}

int userdata_keep(struct host *host, uint32_t domid, const struct config *cfg)
{
    xc_physinfo_t phys = {.max_cpu_id = 0};
    xc_domaininfo_t info = {.cpupool = 0};
    int rc = cfg->pool ? host_domain(host, domid, &info) : 0;

    if (rc)
        return rc;
    if ((cfg->n_cpus || cfg->n_soft) && xc_physinfo(host->xc, &phys))
        return -errno;
    rc = put(domid, cfg, phys.max_cpu_id + 1, info.cpupool);
    return is_for_nobody(rc) ? 0 : rc;
}

/* A domain's configuration is some kilobytes; libxl's own limit is this. */
#define READ_MAX (1u << 20)

int userdata_read(uint32_t domid, const uint8_t uuid[UUID_BYTES], char **json)
{
    char name[PATH_MAX];
    FILE *file;
    size_t n;
    int rc = 0;

    *json = NULL;
    if (embedded_beside_xen())
        return -ENOENT;
    file_name(name, "d", domid, uuid, "libxl-json");
    file = fopen(name, "re");
    if (!file)
        return -errno;
    *json = malloc(READ_MAX);
    n = *json ? fread(*json, 1, READ_MAX - 1, file) : 0;
    if (!*json)
        rc = -ENOMEM;
    else if (ferror(file))
        rc = -EIO;
    else
        (*json)[n] = '\0';
    fclose(file);
    if (rc) {
        free(*json);
        *json = NULL;
    }
    return rc;
}

static int remove_found(const glob_t *found, const char *lock)
{
    int rc = 0;
    size_t i;

    for (i = 0; i < found->gl_pathc; i++)
        if (strcmp(found->gl_pathv[i], lock) && unlink(found->gl_pathv[i]) &&
            errno != ENOENT)
            rc = -errno;
    return rc;
}

int userdata_remove(uint32_t domid, const uint8_t uuid[UUID_BYTES])
{
    char pattern[PATH_MAX];
    struct lock lock;
    glob_t found;
    int rc;

    if (embedded_beside_xen())
        return 0;
    file_name(pattern, "?", domid, uuid, "*");
    /* No lock, and no place for one, where there is nothing. */
    rc = glob(pattern, GLOB_NOSORT, NULL, &found);
    if (rc)
        return rc == GLOB_NOMATCH ? 0 : rc == GLOB_NOSPACE ? -ENOMEM : -EIO;
    rc = take_lock(&lock, domid, uuid);
    if (!rc) {
        rc = remove_found(&found, lock.path);
        give_lock(&lock);
    }
    globfree(&found);
    return rc;
}
