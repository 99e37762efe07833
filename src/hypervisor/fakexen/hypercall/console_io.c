/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * console_io.c - __HYPERVISOR_console_io: guests may write, as to a Xen that
 * was built to debug them.
 */
#include "hypercall/console_io.h"

#include <errno.h>

/* What is written at once. */
#define CHUNK 128

static long write_text(const struct fx_caller *caller, uint32_t count,
                       uint64_t from)
{
    const struct fx_host *host = caller->host;
    char text[CHUNK];
    uint32_t i, n;

    for (i = 0; count && !fx_preempt_due(caller, i); i++) {
        n = count < CHUNK ? count : CHUNK;
        if (fx_copy_in(caller, text, from, n))
            return -EFAULT;
        if (host->console)
            host->console(host->console_arg, caller->domain->id, text, n);
        count -= n;
        from += n;
    }
    return count
               ? fx_preempt(caller, (uint64_t[5]){CONSOLEIO_write, count, from})
               : 0;
}

long fx_console_io(const struct fx_caller *caller, const uint64_t arg[5])
{
    if ((int)arg[0] != CONSOLEIO_write)
        return fx_is_control(caller) ? -ENOSYS : -EPERM;
    return write_text(caller, (uint32_t)arg[1], arg[2]);
}
