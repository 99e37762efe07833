/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/host_map.h"

#include <limits.h>
#include <stdbool.h>

#define LOW_END   UINT64_C(0x100000) /* the BIOS's, which a PV guest has not */
#define FOUR_GIB  (UINT64_C(1) << 32)
#define NO_DEVICE UINT64_MAX

struct map {
    struct e820entry *entry;
    unsigned int n;
    uint64_t ram_end;      /* of what begins at 0 */
    uint64_t first_device; /* reserved on the host, above LOW_END */
};

static void add(struct map *map, uint64_t addr, uint64_t size, uint32_t type)
{
    map->entry[map->n++] =
        (struct e820entry){.addr = addr, .size = size, .type = type};
}

static void find_first_device(struct map *map, const struct e820entry *host,
                              unsigned int n)
{
    map->first_device = NO_DEVICE;
    for (unsigned int i = 0; i < n; i++) {
        const struct e820entry *e = &host[i];

        if (e->addr <= LOW_END || e->type == E820_RAM ||
            e->type == E820_UNUSABLE)
            continue;
        if (e->addr < map->first_device)
            map->first_device = e->addr;
    }
}

/* What the guest sees of one of the host's ranges; false: nothing. */
static bool see(const struct map *map, struct e820entry *e)
{
    uint64_t end = e->addr + e->size;

    if (e->addr <= LOW_END || e->type == E820_UNUSABLE || end < map->ram_end)
        return false;
    if (e->type != E820_RAM)
        return true;
    /* Linux takes what no entry covers for a place for devices: the host's
     * memory is none. */
    if (e->addr >= FOUR_GIB)
        return false;
    if (e->addr < map->ram_end) {
        e->addr = map->ram_end;
        e->size = end - map->ram_end;
    }
    e->type = E820_UNUSABLE;
    return true;
}

/*
 * Neither is what lies between the guest's memory and the first device: that is
 * unusable, too, whether it is a part of the host's memory or not.
 */
static void close_gap(struct map *map, struct e820entry *seen, unsigned int n)
{
    if (map->first_device <= map->ram_end)
        return;
    for (unsigned int i = 0; i < n; i++)
        if (seen[i].type == E820_UNUSABLE && seen[i].addr == map->ram_end) {
            seen[i].size = map->first_device - seen[i].addr;
            return;
        }
    add(map, map->ram_end, map->first_device - map->ram_end, E820_UNUSABLE);
}

/* Behind 4 GiB, as with libxl; but not on a device, as it may be there. */
static void add_behind(struct map *map, const struct e820entry *seen,
                       unsigned int n, uint64_t bytes)
{
    uint64_t at = FOUR_GIB;

    for (unsigned int i = 0; i < n; i++) {
        uint64_t end = seen[i].addr + seen[i].size;

        if (seen[i].addr >= at + bytes || at >= end)
            continue;
        at = end;
        i = UINT_MAX; /* from the first again, as they come in any order */
    }
    add(map, at, bytes, E820_RAM);
}

unsigned int host_map_make(const struct e820entry *host, unsigned int n,
                           uint64_t kib, uint64_t more_kib,
                           struct e820entry entries[HOST_MAP_ENTRIES])
{
    struct map map = {.entry = entries};
    struct e820entry seen[E820MAX];
    unsigned int n_seen = 0;
    uint64_t behind;

    find_first_device(&map, host, n);
    map.ram_end = kib << 10;
    if (map.ram_end >> 10 > map.first_device >> 10)
        map.ram_end = map.first_device >> 10 << 10;
    behind = (kib << 10) - map.ram_end + (more_kib << 10);
    for (unsigned int i = 0; i < n; i++) {
        seen[n_seen] = host[i];
        n_seen += see(&map, &seen[n_seen]);
    }
    add(&map, 0, map.ram_end, E820_RAM);
    close_gap(&map, seen, n_seen);
    for (unsigned int i = 0; i < n_seen; i++)
        add(&map, seen[i].addr, seen[i].size, seen[i].type);
    if (behind)
        add_behind(&map, seen, n_seen, behind);
    return map.n;
}

int host_map_set(struct host *host, uint32_t domid, const struct config *cfg)
{
    struct e820entry machine[E820MAX], map[HOST_MAP_ENTRIES];
    unsigned int n;
    int r;

    if (!cfg->e820_host)
        return 0;
    r = xc_get_machine_memory_map(host->xc, machine, E820MAX);
    if (r < 0)
        return diag_fail_xc(host->dg, "asking Xen about the machine's memory");
    n = host_map_make(machine, (unsigned int)r, (uint64_t)cfg->memory << 10,
                      (uint64_t)(cfg->maxmem - cfg->memory) << 10, map);
    if (xc_domain_set_memory_map(host->xc, domid, map, n))
        return diag_fail_xc(host->dg, "setting the memory map");
    return 0;
}
