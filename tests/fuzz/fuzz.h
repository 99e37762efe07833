/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz.h - what the fuzz targets share: the input, the host, the seeds.
 *
 * A target is LLVMFuzzerTestOneInput() and fz_seed().  With libFuzzer it is a
 * fuzzer; with replay.c a program that runs the seeds and given files.  A
 * finding is an abort, a report of a sanitizer, or an alarm.
 */
#ifndef FZ_FUZZ_H
#define FZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/caller.h"
#include "recovery/open.h"

/* -- the input: past its end all is zero -- */

struct fz_input {
    const uint8_t *bytes;
    size_t size;
};

/* The next `bytes` of it, little endian. */
uint64_t fz_take(struct fz_input *in, unsigned int bytes);

/* -- seeds: the same, in the other direction -- */

#define FZ_SEED_MAX 1024 /* and no more is of use: see run */
struct fz_seed {
    uint8_t bytes[FZ_SEED_MAX];
    size_t size;
};

void fz_put(struct fz_seed *seed, uint64_t value, unsigned int bytes);

/* The target's seed of that number; false behind the last one. */
bool fz_seed(unsigned int nr, struct fz_seed *seed);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* -- the host -- */

/* Memory for hypercalls' arguments; nothing is around it. */
#define FZ_ARENA_BYTES 65536
#define FZ_GUARD       (UINT64_C(1) << 20)
uint8_t *fz_arena(void);

/* The two domains of fz_host(), and each one's own frames. */
#define FZ_GUEST_64 1
#define FZ_GUEST_32 2
#define FZ_PAGES    64

struct fz_host {
    struct fx_host *host;
    uint64_t frame[FZ_GUEST_32 + 1][FZ_PAGES]; /* MFNs */
    uint64_t free_before; /* what there was before there were domains */
};

/* What the host is to be. */
struct fz_machine {
    enum fx_level level;
    bool high; /* half of its memory is above 4 GiB, the domains' too */
};

/* All that there are, from one byte. */
#define FZ_MACHINES 4
struct fz_machine fz_take_machine(struct fz_input *in);

/* A host in a new file, or in one without a name (NULL); the same one each
 * time.  Aborts on failure. */
void fz_host_make(struct fz_host *h, const char *path,
                  const struct fz_machine *machine);

/* Gives its domains pinned page tables (frames 0 .. 4, mapping 8 .. 15), and
 * their first vCPUs contexts with a GDT in frame 20. */
void fz_host_build(struct fz_host *h);

/* A hypercall with the lock around it: by that caller, by this process. */
long fz_call_as(const struct fx_caller *caller, unsigned int op,
                const uint64_t arg[5]);
long fz_call(struct fx_host *host, unsigned int op, uint64_t a0, uint64_t a1,
             uint64_t a2, uint64_t a3);

/* XEN_DOMCTL_destroydomain for all domains there are. */
void fz_destroy_all(struct fx_host *host);

/* Audits, destroys all domains, audits again and counts the free frames; aborts
 * where something is wrong.  The host is closed. */
void fz_host_finish(struct fz_host *h);

#endif /* FZ_FUZZ_H */
