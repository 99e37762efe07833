/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into xl: writes the name of each key that it looks up in a
 * configuration to the file XLKEYS_LOG.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include <libxlutil.h>

static void note(const char *name)
{
    const char *path = getenv("XLKEYS_LOG");
    FILE *file = path ? fopen(path, "a") : NULL;

    if (!file)
        return;
    fprintf(file, "%s\n", name);
    fclose(file);
}

/* The library's function of that name, or no test. */
static void *next(const char *function)
{
    void *address = dlsym(RTLD_NEXT, function);

    if (!address)
        abort();
    return address;
}

#define PASS_ON(function, parameters, ...)                                     \
    int function parameters                                                    \
    {                                                                          \
        int(*to) parameters = (int(*) parameters)next(#function);              \
                                                                               \
        note(name);                                                            \
        return to(__VA_ARGS__);                                                \
    }

PASS_ON(xlu_cfg_get_string,
        (const XLU_Config *cfg, const char *name, const char **value,
         int quiet),
        cfg, name, value, quiet)
PASS_ON(xlu_cfg_replace_string,
        (const XLU_Config *cfg, const char *name, char **value, int quiet), cfg,
        name, value, quiet)
PASS_ON(xlu_cfg_get_long,
        (const XLU_Config *cfg, const char *name, long *value, int quiet), cfg,
        name, value, quiet)
PASS_ON(xlu_cfg_get_bounded_long,
        (const XLU_Config *cfg, const char *name, long min, long max,
         long *value, int quiet),
        cfg, name, min, max, value, quiet)
PASS_ON(xlu_cfg_get_defbool,
        (const XLU_Config *cfg, const char *name, libxl_defbool *value,
         int quiet),
        cfg, name, value, quiet)
PASS_ON(xlu_cfg_get_list,
        (const XLU_Config *cfg, const char *name, XLU_ConfigList **value,
         int *entries, int quiet),
        cfg, name, value, entries, quiet)
PASS_ON(xlu_cfg_get_list_as_string_list,
        (const XLU_Config *cfg, const char *name, libxl_string_list *value,
         int quiet),
        cfg, name, value, quiet)
