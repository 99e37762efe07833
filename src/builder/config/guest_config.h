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
#include <stddef.h>
#include <stdint.h>

#include "config/action.h"
#include "config/cpulist.h"
#include "config/uuid.h"
#include "config/vnuma.h"
#include "diag.h"
#include "settings.h"

/*
 * A guest that keeps its vcpu_info in the shared_info page has 32 vCPUs
 * (XEN_LEGACY_MAX_VCPUS); Linux and BSD move it, and Xen refuses a PV domain
 * more than 8192 (MAX_VIRT_CPUS).
 */
#define CONFIG_MAX_VCPUS 8192

/*
 * libxenguest's xc_dom_mem_init() counts pages in an unsigned int, so that 16
 * TiB would be nothing; Xen's own limit, without CONFIG_BIGMEM, is the same.
 */
#define CONFIG_MAX_MIB ((1ul << 24) - 1)

/* libxl's for a guest that says nothing (libxl__domain_build_info_setdefault).
 */
#define CONFIG_DEFAULT_MIB 32

/* libxl's highest port of an event channel for a guest that says nothing, and
 * the least that does: there are two, to xenstore and to the console. */
#define CONFIG_EVENT_CHANNELS     1023
#define CONFIG_MIN_EVENT_CHANNELS 2

/* What libxl takes for weights (sched_credit2_domain_set()). */
#define CONFIG_MAX_WEIGHT 65535

/* Xen keeps a cap in 16 bits, and all of them set stand for no change. */
#define CONFIG_MAX_CAP 65534

/* xenstore's names have no limit of their own; its payload has (4096). */
#define CONFIG_MAX_NAME 255

/* A setting as it stands in the file or on the command line. */
struct config_place {
    char *key;
    char *where; /* "guest.cfg:3" or "argument 'vcpus=2'" */
    bool for_xl; /* asks for what domwright does not build, and xl does */
    /* What libvirt's reader of such files does not take as xl does: */
    bool escape;  /* a backslash is in a string */
    bool append;  /* += */
    bool remark;  /* a comment is in a list */
    bool bare;    /* a number without quotes */
    char *number; /* as it is written, where a number is wanted; or NULL */
};

/* What a file is read as. */
enum config_format { CONFIG_BY_CONTENT, CONFIG_XL, CONFIG_LIBVIRT };

/* How a guest sees the CPUs' time stamp counter, by Xen's numbers: TSC_MODE_*
 * of its asm/time.h.
 */
enum tsc_mode { TSC_DEFAULT, TSC_ALWAYS_EMULATE, TSC_NATIVE };

struct config {
    enum config_format format;
    char *source; /* the file's name, for messages */
    char
        *text; /* what is to be read in place of the file, by others; or NULL */
    struct config_place *places; /* in the order of the text */
    size_t n_places;
    bool needs_xl;           /* one of the places is for_xl */
    bool is_xml;             /* it was read from libvirt's */
    bool tells_kept;         /* to be set before reading: warn of what libvirt
                                would leave out of an xl file */
    bool wants_settings;     /* likewise: */
    struct setting settings; /* all that is said, config/normal.h */

    unsigned int width; /* 32 or 64, that the kernel has to have; 0: any */
    char *name;
    uint8_t uuid[UUID_BYTES];
    bool uuid_given;
    char *migration;        /* what xenstore is to say of one that comes from
                             * another host, and may have its UUID there; or NULL */
    char *kernel;           /* a path; config_has_kernel() */
    char *ramdisk;          /* a path, or NULL */
    char *cmdline;          /* or NULL */
    unsigned long memory;   /* MiB */
    unsigned long maxmem;   /* MiB, at least memory: how far it may grow */
    unsigned long vcpus;    /* online at the start */
    unsigned long maxvcpus; /* at least vcpus */
    struct cpulist *cpus;   /* hard affinity of vCPUs 0 to n_cpus - 1 */
    unsigned long n_cpus;   /* at most maxvcpus */
    struct cpulist *soft;   /* soft affinity of vCPUs 0 to n_soft - 1 */
    unsigned long n_soft;   /* at most maxvcpus */
    struct vnuma *vnuma;    /* the guest's NUMA nodes; NULL: none */
    bool cpus_listed;       /* they were a list, of one for each vCPU */
    char *pool;             /* a CPU pool's name or ID; NULL: any */
    unsigned long weight;   /* 1 to 65535; 0: the scheduler's own */
    long cap; /* hundredths of a CPU; 0: none, -1: as Xen has it */
    unsigned long event_channels; /* the highest port */
    long grant_frames;            /* of the grant table; -1: Xen's own */
    long maptrack_frames;         /* for what it maps; -1: Xen's own */
    enum tsc_mode tsc_mode;
    bool e820_host; /* it is to see the host's memory map */
    /* What is done when the guest ends, by how it ends. */
    enum action on_poweroff, on_reboot, on_crash, on_watchdog, on_soft_reset;
};

void config_init(struct config *cfg);
void config_dispose(struct config *cfg);

/*
 * Checks what no reader can: that the values make a guest.  Fills in a random
 * UUID where none was given.  0; or -EINVAL and all that is wrong in dg, a line
 * for each.
 */
int __attribute__((warn_unused_result))
config_check(struct config *cfg, struct diag *dg);

/*
 * Refuses what is left to xl, with a line for each setting that is.  0 where
 * there is none.
 */
int __attribute__((warn_unused_result))
config_refuse_xl(const struct config *cfg, struct diag *dg);

/* Why a domain cannot have that name, as in "is empty"; NULL: it can. */
const char *config_bad_name(const char *name);

/* Where the last setting of the key stands; the file's name: nowhere. */
const char *config_where(const struct config *cfg, const char *key);

bool config_has(const struct config *cfg, const char *key);

/* Is the key there, and left to xl? */
bool config_is_for_xl(const struct config *cfg, const char *key);

/* Is the guest none of PV? */
bool config_is_other(const struct config *cfg);

/* Is a kernel named?  One need not be where config_is_other(), or where a
 * bootloader is left to xl, which finds one.
 */
bool config_has_kernel(const struct config *cfg);

/* The last setting of the key, which counts; NULL: there is none. */
const struct config_place *config_last_place(const struct config *cfg,
                                             const char *key);

/*
 * diag_fail() about the value of a key, whoever finds it wrong: the line is
 * "WHERE: KEY: what `fmt` says".
 */
int __attribute__((format(printf, 6, 7), warn_unused_result))
config_fail(const struct config *cfg, struct diag *dg, int code, int rc,
            const char *key, const char *fmt, ...);

/*
 * KiB for shadow page tables, should the domain ever need them, as libxl
 * reckons (libxl__get_required_paging_memory): a MiB a vCPU and 4 KiB a MiB.
 * The one vCPU of a guest that says nothing of them it comes to later.
 */
uint64_t config_shadow_kib(const struct config *cfg);

/* For readers: adds a setting.  -ENOMEM. */
int __attribute__((warn_unused_result))
config_add_place(struct config *cfg, const char *key, size_t key_len,
                 const char *where);

/* For readers: the setting is left to xl. */
void config_leave_to_xl(struct config *cfg, const char *key);

/*
 * Makes paths that start at the working directory good in any.  0 or a negative
 * errno.
 */
int __attribute__((warn_unused_result))
config_make_absolute(struct config *cfg);

#endif /* DW_GUEST_CONFIG_H */
