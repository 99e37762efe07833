/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpu_library.c - where the library is, and which one will do.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/cpu.h"
#include "run/cpu_api.h"

#define SONAME  "libunicorn.so.2"
#define PACKAGE "Debian's libunicorn2t64, or domwright's quickstart, has it"

/* The first version that has what is needed: 2.1. */
#define MIN_MAJOR 2
#define MIN_MINOR 1

static const struct {
    const char *name;
    size_t at;
} symbols[] = {
    {"uc_version", offsetof(struct fx_cpu_api, version)},
    {"uc_open", offsetof(struct fx_cpu_api, open)},
    {"uc_close", offsetof(struct fx_cpu_api, close)},
    {"uc_ctl", offsetof(struct fx_cpu_api, ctl)},
    {"uc_hook_add", offsetof(struct fx_cpu_api, hook_add)},
    {"uc_mem_map_ptr", offsetof(struct fx_cpu_api, mem_map_ptr)},
    {"uc_reg_read", offsetof(struct fx_cpu_api, reg_read)},
    {"uc_reg_write", offsetof(struct fx_cpu_api, reg_write)},
    {"uc_context_alloc", offsetof(struct fx_cpu_api, context_alloc)},
    {"uc_context_save", offsetof(struct fx_cpu_api, context_save)},
    {"uc_context_restore", offsetof(struct fx_cpu_api, context_restore)},
    {"uc_context_size", offsetof(struct fx_cpu_api, context_size)},
    {"uc_free", offsetof(struct fx_cpu_api, free)},
    {"uc_emu_start", offsetof(struct fx_cpu_api, emu_start)},
    {"uc_emu_stop", offsetof(struct fx_cpu_api, emu_stop)},
};
#define N_SYMBOLS (sizeof(symbols) / sizeof(symbols[0]))

static int find_symbols(void *handle, struct fx_cpu_api *api)
{
    size_t i;

    for (i = 0; i < N_SYMBOLS; i++) {
        void *symbol = dlsym(handle, symbols[i].name);

        if (!symbol)
            return -ENOTSUP;
        memcpy((char *)api + symbols[i].at, &symbol, sizeof(symbol));
    }
    return 0;
}

static int check_version(const struct fx_cpu_library *library, char *why,
                         size_t len)
{
    unsigned int major, minor;

    library->api->version(&major, &minor);
    if (major > MIN_MAJOR || (major == MIN_MAJOR && minor >= MIN_MINOR))
        return 0;
    snprintf(why, len, "%s is Unicorn %u.%u: 2.1 or newer is needed, %s",
             library->name, major, minor, PACKAGE);
    return -ENOTSUP;
}

static int try_library(struct fx_cpu_library *library, const char *name,
                       char *why, size_t len)
{
    struct fx_cpu_api *api;
    int rc = -ENOTSUP;

    *library = (struct fx_cpu_library){0};
    snprintf(library->name, sizeof(library->name), "%s", name);
    library->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library->handle) {
        snprintf(why, len, "no Unicorn (%s): %s", name, PACKAGE);
        return -ENOENT;
    }
    api = calloc(1, sizeof(*api));
    library->api = api;
    if (!api)
        rc = -ENOMEM;
    else if (find_symbols(library->handle, api))
        snprintf(why, len, "%s is no Unicorn 2: %s", name, PACKAGE);
    else
        rc = check_version(library, why, len);
    if (!rc)
        rc = fx_cpu_test(library, why, len);
    if (rc)
        fx_cpu_library_close(library);
    return rc;
}

/* Where quickstart keeps Debian 13's, which runs on Debian 12; -ENOENT. */
static int kept_library(char *name, size_t len)
{
    const char *own = getenv("DOMWRIGHT_CACHE");
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n;

    if (own && *own)
        n = snprintf(name, len, "%s", own);
    else if (cache && *cache)
        n = snprintf(name, len, "%s/domwright", cache);
    else if (home && *home)
        n = snprintf(name, len, "%s/.cache/domwright", home);
    else
        return -ENOENT;
    n += snprintf(name + n, (size_t)n < len ? len - (size_t)n : 0,
                  "/unicorn/" SONAME);
    return (size_t)n < len ? 0 : -ENOENT;
}

int fx_cpu_library_open(struct fx_cpu_library *library, char *why, size_t len)
{
    const char *named = getenv("FAKEXEN_UNICORN");
    char kept[512], reason[256];
    int rc;

    if (named && *named)
        return try_library(library, named, why, len);
    rc = try_library(library, SONAME, why, len);
    if (!rc || kept_library(kept, sizeof(kept)))
        return rc;
    /* What the system has is what is to be told. */
    return try_library(library, kept, reason, sizeof(reason)) ? rc : 0;
}

void fx_cpu_library_close(struct fx_cpu_library *library)
{
    free((void *)library->api);
    if (library->handle)
        dlclose(library->handle);
    *library = (struct fx_cpu_library){0};
}
