/* SPDX-License-Identifier: GPL-2.0-only */
#include "command/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "beside.h"
#include "preload/trace.h"

static int complain(int rc, const char *what)
{
    fprintf(stderr, "fakexen: %s: %s\n", what, strerror(-rc));
    return rc;
}

static int set(const char *name, const char *value)
{
    if (value ? setenv(name, value, 1) : unsetenv(name))
        return complain(-errno, name);
    return 0;
}

/* The command may go elsewhere. */
static int set_path(const char *name, const char *path)
{
    char full[2 * PATH_MAX], here[PATH_MAX];

    if (!path || *path == '/')
        return set(name, path);
    if (!getcwd(here, sizeof(here)))
        return complain(-errno, "the working directory");
    if (snprintf(full, sizeof(full), "%s/%s", here, path) >= (int)sizeof(full))
        return complain(-ENAMETOOLONG, path);
    return set(name, full);
}

/* A file of this process that has no name elsewhere. */
static int set_own_file(const char *name, int fd)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), fd);
    return set(name, path);
}

/* -- the shared object -- */

/* Is it the object, by whatever name, or the one that made this process's
 * machine?  It is then to make way. */
static bool is_fakexen(const char *path, const char *object)
{
    const char *name = strrchr(path, '/');
    struct stat a, b;

    if (getenv("FAKEXEN_HOST") && !strcmp(name ? name + 1 : path, "fakexen.so"))
        return true;
    return !stat(path, &a) && !stat(object, &b) && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* The object, and behind it what else is preloaded; malloc()ed. */
static char *preload_list(const char *object, const char *others)
{
    char *copy = strdup(others), *value = NULL, *rest = copy, *path;
    size_t room = strlen(object) + strlen(others) + 2;

    if (copy)
        value = malloc(room);
    if (value) {
        strcpy(value, object);
        while ((path = strsep(&rest, " :")))
            if (*path && !is_fakexen(path, object))
                strcat(strcat(value, ":"), path);
    }
    free(copy);
    return value;
}

static void find_library(char path[PATH_MAX])
{
    static const struct beside self = {"src/hypervisor/fakexen/fakexen",
                                       DW_FAKEXEN};
    static const struct beside file = {
        "src/hypervisor/fakexen/.libs/fakexen.so", DW_FAKEXEN_LIBRARY};
    const char *given = secure_getenv("FAKEXEN_LIBRARY");

    if (given && *given)
        snprintf(path, PATH_MAX, "%s", given);
    else
        beside_find(path, &self, &file);
}

static int set_preload(void)
{
    const char *others = getenv("LD_PRELOAD");
    char object[PATH_MAX];
    char *value;
    int rc;

    find_library(object);
    if (strpbrk(object, " :")) {
        fprintf(stderr,
                "fakexen: %s: LD_PRELOAD takes no path with a space or colon\n",
                object);
        return -EINVAL;
    }
    /* The dynamic linker would only warn, and the command look for Xen. */
    if (access(object, R_OK))
        return complain(-errno, object);
    value = preload_list(object, others ? others : "");
    rc = value ? set("LD_PRELOAD", value) : complain(-ENOMEM, "LD_PRELOAD");
    free(value);
    return rc;
}

/* -- the trace, and the fault -- */

static int set_trace(const char *path)
{
    int fd;

    if (path) {
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (fd < 0)
            return complain(-errno, path);
        close(fd);
    }
    return set_path("FAKEXEN_TRACE", path);
}

/* The count that --fail goes by, and of which the trace tells. */
static int set_count(const struct fx_calls **calls)
{
    int fd = memfd_create("fakexen-calls", MFD_CLOEXEC);
    void *count = MAP_FAILED;

    if (fd >= 0 && !ftruncate(fd, sizeof(**calls)))
        count = mmap(NULL, sizeof(**calls), PROT_READ, MAP_SHARED, fd, 0);
    if (count == MAP_FAILED)
        return complain(-errno, "the count of calls");
    *calls = count;
    return set_own_file("FAKEXEN_CALLS", fd);
}

/* Without any of its own, an outer fakexen's hold: its command's children are
 * on this machine. */
static int set_calls(const struct fx_environment *env,
                     const struct fx_calls **calls)
{
    int rc;

    *calls = NULL;
    if (!env->trace && !env->fail)
        return 0;
    rc = set_trace(env->trace);
    if (!rc)
        rc = set("FAKEXEN_FAIL", env->fail);
    return rc ? rc : set_count(calls);
}

/* This program, which the object starts for guests that run. */
static int set_program(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

    if (n < 0)
        return complain(-errno, "/proc/self/exe");
    path[n] = '\0';
    return set("FAKEXEN_PROGRAM", path);
}

int fx_environment_set(const struct fx_environment *env,
                       const struct fx_calls **calls)
{
    int rc = set_preload();

    if (!rc)
        rc = env->host ? set_path("FAKEXEN_HOST", env->host)
                       : set_own_file("FAKEXEN_HOST", env->host_fd);
    if (!rc)
        rc = set("FAKEXEN_MEMORY", env->memory);
    if (!rc)
        rc = set_path("FAKEXEN_E820", env->e820);
    if (!rc)
        rc = set("FAKEXEN_NODES", env->nodes);
    if (!rc)
        rc = set("FAKEXEN_LEVEL", env->level);
    if (!rc)
        rc = set("FAKEXEN_SHADOW", env->shadow);
    if (!rc)
        rc = set("FAKEXEN_RUN", env->run);
    if (!rc)
        rc = set("FAKEXEN_SEED", env->seed);
    if (!rc)
        rc = set_program();
    return rc ? rc : set_calls(env, calls);
}
