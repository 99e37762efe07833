/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * names.h - what Xen's headers call the numbers of hypercalls and operations.
 *
 * NULL for one that has no name here: the toolstack does not use it.
 */
#ifndef FX_NAMES_H
#define FX_NAMES_H

#include <stdint.h>

#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/version.h>

const char *fx_hypercall_name(uint64_t number);
const char *fx_domctl_name(uint64_t cmd);
const char *fx_sysctl_name(uint64_t cmd);
const char *fx_mmuext_name(uint64_t op);
/* Of a hypercall that has its command as its first argument. */
const char *fx_command_name(uint64_t number, uint64_t command);

#endif /* FX_NAMES_H */
