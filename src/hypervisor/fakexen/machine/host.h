/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host.h - what a process has of a host: the file's parts, where it mapped
 * them.
 *
 * Order of calls: fx_host_open() (recovery/open.h) once a process; fx_lock()
 * around everything else, fx_unlock() after it.  All functions return 0 or a
 * negative errno.
 */
#ifndef FX_HOST_H
#define FX_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "machine/alloc.h"
#include "machine/space.h"
#include "machine/superblock.h"

struct fx_frame;
struct fx_process;

/* What those above do for the machine, which does not know them. */
struct fx_hooks {
    /* Of a file that was there before: could what is in it be so?  -EINVAL with
     * a line in why.  Nobody is half through with a change. */
    int (*check)(struct fx_host *host, char *why, size_t len);
    /* A holder of the lock died: makes of the state one that can be.  -ENOMEM:
     * it is as it was. */
    int (*repair)(struct fx_host *host);
    /* The lock is about to be left, and may_reap is set; may be NULL. */
    void (*leave)(struct fx_host *host);
    /* A mapping has ended whose owner wanted that port of the control domain's
     * to be told. */
    void (*notify)(struct fx_host *host, uint32_t port);
};

struct fx_host {
    const struct fx_hooks *hooks;
    struct fx_super *super;
    struct fx_vcpu *vcpus; /* FX_MAX_VCPUS for each slot of a domain */
    struct fx_frame *frames;
    struct fx_frame *none; /* stands for one of which nothing is said */
    uint64_t *m2p;
    uint32_t *compat_m2p;
    struct fx_tree free[FX_MAX_ORDER + 1];
    struct fx_mapping *mappings;
    uint64_t *mapped_frames;
    uint8_t *store;
    uint8_t *memory;
    uint64_t bytes; /* mapped, from `super` on */
    /* The file (file.c): descriptors, which the program may close, and what it
     * can be found again by. */
    int fd, read_fd;
    bool fd_checked; /* under this lock */
    bool unrepaired; /* under this lock: see fx_lock() */
    char *path;      /* NULL: it has none */
    dev_t device;
    ino_t inode;
    bool is_new;   /* fx_file_open() has made it */
    bool is_copy;  /* fx_machine_view(): nothing is written to the file */
    uint64_t seen; /* fx_super.locks, when it was made */
    struct fx_space space;
    struct fx_process *own; /* process.h; NULL: nobody asked */
    /* Where what guests write to Xen's own console goes; NULL: nowhere.  With
     * the lock held. */
    void (*console)(void *arg, uint16_t domid, const char *text, size_t len);
    void *console_arg;
    /* Under this lock, something of a dying domain's was let go of. */
    bool may_reap;
    /* Frames freed under this lock, whose contents are yet to be cleared. */
    struct fx_range to_clear;
    /* The last table whose promotion failed behind its first slot
     * (page_table.c). */
    uint64_t half_promoted;
    uint64_t work, work_share, work_of_all; /* work.h */
};

/*
 * Opens the host, and makes the file where there is none.  One line in
 * why[0 .. len - 1] on failure: -EINVAL for a file that is no host, damaged or
 * newer, -ENOSPC, or what open() says.  For fx_host_open() alone.
 */
int __attribute__((warn_unused_result))
fx_machine_open(const struct fx_options *options, const struct fx_hooks *hooks,
                struct fx_host **host, char *why, size_t len);
void fx_host_close(struct fx_host *host);

/*
 * A copy of the file as it is, of which nothing is ever written back: changes
 * are this process's alone.  For fx_host_view() alone.  -EBUSY: somebody is
 * about to change it.
 */
int __attribute__((warn_unused_result))
fx_machine_view(const struct fx_options *options, const struct fx_hooks *hooks,
                struct fx_host **host, char *why, size_t len);

/* Has nobody changed the file since? */
bool fx_view_is_good(const struct fx_host *host);

/* What messages call it. */
const char *fx_host_name(const struct fx_options *options);

#endif /* FX_HOST_H */
