/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into a toolstack: the machine's memory map is that in the file
 * HOSTMAP, a line "ADDRESS SIZE TYPE" for each entry, and the maps that domains
 * get are written to the file HOSTMAP_LOG in the same form.
 */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenctrl.h>

static FILE *file_of(const char *variable, const char *mode)
{
    const char *path = getenv(variable);
    FILE *file = path ? fopen(path, mode) : NULL;

    if (!file)
        abort();
    return file;
}

int xc_get_machine_memory_map(xc_interface *xch, struct e820entry entries[],
                              uint32_t max)
{
    FILE *file = file_of("HOSTMAP", "r");
    uint64_t addr, size;
    uint32_t type, n = 0;

    (void)xch;
    while (n < max && fscanf(file, "%" SCNx64 " %" SCNx64 " %" SCNu32, &addr,
                             &size, &type) == 3)
        entries[n++] =
            (struct e820entry){.addr = addr, .size = size, .type = type};
    fclose(file);
    return (int)n;
}

int xc_domain_set_memory_map(xc_interface *xch, uint32_t domid,
                             struct e820entry entries[], uint32_t n)
{
    int (*next)(xc_interface *, uint32_t, struct e820entry[], uint32_t);
    void *address = dlsym(RTLD_NEXT, "xc_domain_set_memory_map");
    FILE *file = file_of("HOSTMAP_LOG", "a");

    for (uint32_t i = 0; i < n; i++)
        fprintf(file, "%" PRIx64 " %" PRIx64 " %u\n", entries[i].addr,
                entries[i].size, entries[i].type);
    fclose(file);
    if (!address)
        abort();
    memcpy(&next, &address, sizeof(next));
    return next(xch, domid, entries, n);
}
