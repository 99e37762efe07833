/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/plugged.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* plugin.c has it, with the version behind it. */
static const char mark[] = "domwright-plugin ";

/* The name is what a process calls itself, 15 bytes of it (proc(5), comm). */
#define COMM_MAX 15

/* More than a plugin is ever long. */
#define PLUGIN_MAX (8u << 20)

static FILE *open_proc(pid_t pid, const char *what)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, what);
    return fopen(path, "re");
}

static int read_name(pid_t pid, char name[64])
{
    FILE *f = open_proc(pid, "comm");
    bool got = f && fgets(name, 64, f);

    if (f)
        fclose(f);
    if (!got)
        return -ESRCH;
    name[strcspn(name, "\n")] = '\0';
    return 0;
}

/* The version in the file's text; false: it is no plugin of ours. */
static bool find_version(const char *text, size_t len, char version[32])
{
    const char *at = memmem(text, len, mark, sizeof(mark) - 1);
    size_t n;

    if (!at)
        return false;
    at += sizeof(mark) - 1;
    n = strnlen(at, (size_t)(text + len - at));
    snprintf(version, 32, "%.*s", n < 31 ? (int)n : 31, at);
    return true;
}

/* As it is read, not mapped: its owner may cut it short meanwhile. */
static bool read_version(const char *path, char version[32])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *text = fd < 0 ? NULL : malloc(PLUGIN_MAX);
    size_t len = 0;
    ssize_t got = 0;
    bool found;

    while (text && len < PLUGIN_MAX &&
           (got = read(fd, text + len, PLUGIN_MAX - len)) > 0)
        len += (size_t)got;
    found = text && got >= 0 && find_version(text, len, version);
    free(text);
    if (fd >= 0)
        close(fd);
    return found;
}

/* Takes the end away, if that is it. */
static bool cut_end(char *text, const char *end)
{
    size_t len = strlen(text), n = strlen(end);

    if (len < n || strcmp(text + len - n, end) != 0)
        return false;
    text[len - n] = '\0';
    return true;
}

/*
 * A line of /proc/PID/maps: is it of a file named plugin.so that is ours?  The
 * process may have another root than we; and where the file is gone, the name
 * and the folder's are all there is to go by.
 */
static bool is_plugin(struct plugged *p, char *line)
{
    char *path = strchr(line, '/'), there[PATH_MAX + 64];

    if (!path)
        return false;
    path[strcspn(path, "\n")] = '\0';
    p->replaced = cut_end(path, " (deleted)");
    if (strcmp(strrchr(path, '/'), "/plugin.so") != 0)
        return false;
    snprintf(p->path, sizeof(p->path), "%s", path);
    snprintf(there, sizeof(there), "/proc/%ld/root%s", (long)p->pid, path);
    if (!p->replaced)
        return read_version(there, p->version) ||
               read_version(path, p->version);
    return strstr(path, "domwright") != NULL;
}

/*
 * A line of /proc/PID/maps: is it of a libxenguest that is not the plugin's?
 * What builds by that has none of our hooks, as the plugin brings its own.
 */
static bool is_other_library(const char *line)
{
    const char *slash = strrchr(line, '/');
    size_t len = strlen(DW_XENGUEST);

    return slash && !strncmp(slash, "/libxenguest.so.", 16) &&
           (strncmp(slash + 1, DW_XENGUEST, len) != 0 ||
            !strchr(". \n", slash[1 + len]));
}

int plugged_look(pid_t pid, struct plugged *p)
{
    FILE *maps = open_proc(pid, "maps");
    char *line = NULL;
    bool found = false, other = false;
    size_t room = 0;
    int rc;

    *p = (struct plugged){.pid = pid};
    if (!maps)
        return errno == ENOENT ? -ESRCH : -errno;
    rc = read_name(pid, p->name);
    while (!rc && getline(&line, &room, maps) > 0) {
        other |= is_other_library(line);
        if (!found)
            found = is_plugin(p, line);
    }
    if (!rc && ferror(maps))
        rc = -EIO;
    free(line);
    fclose(maps);
    if (!found || other) {
        p->path[0] = '\0';
        p->replaced = false;
    }
    return rc;
}

int plugged_each(const char *name,
                 int (*tell)(void *arg, const struct plugged *), void *arg)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    struct plugged p;
    char comm[64], *end;
    int rc = 0;

    if (!proc)
        return -errno;
    while (!rc && (entry = readdir(proc))) {
        long pid = strtol(entry->d_name, &end, 10);

        if (*end || pid < 1 || read_name((pid_t)pid, comm))
            continue;
        if (name && strncmp(name, comm, COMM_MAX) != 0)
            continue;
        if (!plugged_look((pid_t)pid, &p))
            rc = tell(arg, &p);
    }
    closedir(proc);
    return rc;
}
