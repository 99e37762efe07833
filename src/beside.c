/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "beside.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

/* Its real path, and whose it is. */
static bool find_self(char self[PATH_MAX], uid_t *owner)
{
    ssize_t len = readlink("/proc/self/exe", self, PATH_MAX - 1);
    struct stat st;

    if (len <= 0 || getauxval(AT_SECURE))
        return false;
    self[len] = '\0';
    if (stat("/proc/self/exe", &st))
        return false;
    *owner = st.st_uid;
    return true;
}

/* The way to it was made by whoever made the program's folder. */
static bool is_ours(const char *path, uid_t owner)
{
    struct stat st;

    return !stat(path, &st) && S_ISREG(st.st_mode) && !(st.st_mode & S_IWOTH) &&
           (st.st_uid == owner || !st.st_uid);
}

/* How long the folders are that both paths begin with, without a slash. */
static size_t common(const char *a, const char *b)
{
    size_t i, len = 0;

    for (i = 0; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/')
            len = i;
    return len;
}

/* TOP/FILE, where the program is TOP/PROGRAM. */
static bool try(char path[PATH_MAX], const char *self, const char *program,
                const char *file, uid_t owner)
{
    size_t len = strlen(self), tail = strlen(program);

    if (len <= tail || strcmp(self + len - tail, program) ||
        self[len - tail - 1] != '/')
        return false;
    return snprintf(path, PATH_MAX, "%.*s%s", (int)(len - tail), self, file) <
               PATH_MAX &&
           is_ours(path, owner);
}

void beside_find(char path[PATH_MAX], const struct beside *program,
                 const struct beside *file)
{
    size_t len = common(program->installed, file->installed) + 1;
    char self[PATH_MAX];
    uid_t owner;

    if (find_self(self, &owner) &&
        (try(path, self, program->built, file->built, owner) ||
         try(path, self, program->installed + len, file->installed + len,
             owner)))
        return;
    snprintf(path, PATH_MAX, "%s", file->installed);
}
