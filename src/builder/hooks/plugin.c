/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shared object that brings the builder to stock xl and to libvirt: loaded
 * in front of them (LD_PRELOAD), it registers our hooks before main().
 *
 * DW_XENGUEST is the soname of the libxenguest that this was built for; the
 * structures of its hooks are no stable interface.
 */
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hooks/hooks.h"

/* What tells a file that holds this from others: host/plugged.c looks for it.
 */
__attribute__((used)) static const char version[] =
    "domwright-plugin " DW_VERSION;

static int find_other(struct dl_phdr_info *info, size_t size, void *found)
{
    const char *slash = strrchr(info->dlpi_name, '/');
    const char *name = slash ? slash + 1 : info->dlpi_name;

    (void)size;
    if (strncmp(name, "libxenguest.so.", strlen("libxenguest.so.")) ||
        !strcmp(name, DW_XENGUEST))
        return 0;
    *(const char **)found = name;
    return 1;
}

/*
 * A process that goes on with the wrong libxenguest would call into foreign
 * structures, and one that goes on without our hooks would not be what its
 * caller asked for: so it does not go on.
 */
__attribute__((constructor)) static void plugin_init(void)
{
    const char *order = getenv("DOMWRIGHT_PIN_ORDER");
    const char *other = NULL;

    if (dl_iterate_phdr(find_other, &other)) {
        fprintf(stderr,
                "domwright: this plugin is for %s and does not work with %s\n",
                DW_XENGUEST, other);
        _exit(1);
    }
    dw_hooks_register(order && !strcmp(order, "root") ? PIN_ROOT : PIN_LEVELS,
                      NULL);
}
