/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * caller.c - the domain that a caller names, and its bitmaps.
 */
#include "domain/caller.h"

#include <errno.h>

long fx_preempt(const struct fx_caller *caller, const uint64_t arg[5])
{
    caller->rest->is_some = true;
    for (int i = 0; i < 5; i++)
        caller->rest->arg[i] = arg[i];
    return 0;
}

bool fx_is_control(const struct fx_caller *caller)
{
    return caller->domain == &caller->host->super->domain[FX_CONTROL_DOMID];
}

bool fx_may_target(const struct fx_caller *caller,
                   const struct fx_domain *domain)
{
    return domain == caller->domain || fx_is_control(caller);
}

struct fx_domain *fx_caller_domain(const struct fx_caller *caller,
                                   uint32_t domid)
{
    return domid == DOMID_SELF ? caller->domain
                               : fx_domain(caller->host, domid);
}

int fx_bitmap_in(const struct fx_caller *caller,
                 const struct xenctl_bitmap *map, uint64_t *bits)
{
    uint32_t bytes = map->nr_bits / 8 + !!(map->nr_bits % 8);

    *bits = 0;
    if (bytes > sizeof(*bits))
        bytes = sizeof(*bits);
    if (bytes &&
        fx_copy_in(caller, bits, (uint64_t)(uintptr_t)map->bitmap.p, bytes))
        return -EFAULT;
    if (map->nr_bits < 64)
        *bits &= (UINT64_C(1) << map->nr_bits) - 1;
    return 0;
}

/* The caller's map may be as long as it likes; what is beyond is zero. */
int fx_bitmap_out(const struct fx_caller *caller,
                  const struct xenctl_bitmap *map, uint64_t bits)
{
    uint64_t bytes = map->nr_bits / 8 + !!(map->nr_bits % 8);
    uint64_t at = (uint64_t)(uintptr_t)map->bitmap.p;
    uint8_t zero[256] = {0};
    uint64_t done = bytes < sizeof(bits) ? bytes : sizeof(bits);

    if (done && fx_copy_out(caller, at, &bits, done))
        return -EFAULT;
    while (done < bytes) {
        uint64_t n = bytes - done < sizeof(zero) ? bytes - done : sizeof(zero);

        if (fx_copy_out(caller, at + done, zero, n))
            return -EFAULT;
        done += n;
    }
    return 0;
}
