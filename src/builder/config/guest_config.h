/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest_config.h - what a guest is to be, whatever file it was read from.
 *
 * Order of calls: config_init(), one reader (config/xl.h), config_check(),
 * config_dispose().  init and dispose may be called again.  Strings belong
 * to the struct and come from malloc(3).
 */
#ifndef DW_GUEST_CONFIG_H
#define DW_GUEST_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "config/action.h"
#include "config/cpulist.h"
#include "diag.h"
#include "config/uuid.h"

/*
 * A guest that keeps its vcpu_info in the shared_info page has 32 vCPUs
 * (XEN_LEGACY_MAX_VCPUS); Linux and BSD move it, and Xen refuses a PV domain
 * more than 8192 (MAX_VIRT_CPUS).
 */
#define CONFIG_MAX_VCPUS 8192

/* xenstore's names have no limit of their own; its payload has (4096). */
#define CONFIG_MAX_NAME 255

struct config {
    char *name;
    uint8_t uuid[UUID_BYTES];
    bool uuid_given;
    char *kernel;           /* a path */
    char *ramdisk;          /* a path, or NULL */
    char *cmdline;          /* or NULL */
    unsigned long memory;   /* MiB */
    unsigned long maxmem;   /* MiB, at least memory */
    unsigned long vcpus;    /* online at the start */
    unsigned long maxvcpus; /* at least vcpus */
    struct cpulist *cpus;   /* hard affinity of vCPUs 0 to n_cpus - 1 */
    unsigned long n_cpus;   /* at most maxvcpus */
    /* What is done when the guest ends, by how it ends. */
    enum action on_poweroff, on_reboot, on_crash, on_watchdog, on_soft_reset;
};

void config_init(struct config *cfg);
void config_dispose(struct config *cfg);

/*
 * Checks what no reader can: that the values make a guest.  Fills in a random
 * UUID where none was given.  0; or -EINVAL and the failure in dg, whose line
 * begins with `source`, the file's name.
 */
int __attribute__((warn_unused_result))
config_check(struct config *cfg, const char *source, struct diag *dg);

#endif /* DW_GUEST_CONFIG_H */
