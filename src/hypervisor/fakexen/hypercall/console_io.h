/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * console_io.h - __HYPERVISOR_console_io (xen/xen.h): Xen's own console.
 */
#ifndef FX_CONSOLE_IO_H
#define FX_CONSOLE_IO_H

#include "domain/caller.h"

long fx_console_io(const struct fx_caller *caller, const uint64_t arg[5]);

#endif /* FX_CONSOLE_IO_H */
