/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What ought to be mapped, as a plain sorted list of leaves: slow, and too
 * simple to be wrong.  Where tables are, the world knows that allocated them.
 */
#ifndef DW_TEST_PT_REF_H
#define DW_TEST_PT_REF_H

#include <check.h>
#include <limits.h>

#include "pt_world.h"

/*
 * ck_assert_msg() for what is checked very often: check's own writes a line
 * to its log each time, failed or not.
 */
#define REF_ASSERT(cond, ...)                                                  \
    do {                                                                       \
        if (!(cond))                                                           \
            ck_abort_msg(__VA_ARGS__);                                         \
    } while (0)

#define REF_LEAVES 8192
#define REF_NOSKIP UINT_MAX

struct ref_leaf {
    uint64_t va;
    unsigned int level;
    uint64_t mfn;
    uint32_t prot; /* as asked for */
    enum pt_memory memory;
    uint32_t software;
};

struct ref {
    struct world *w;
    unsigned int n;
    struct ref_leaf leaf[REF_LEAVES];
};

/* The leaf that covers `va`, or NULL. */
struct ref_leaf *ref_at(struct ref *ref, uint64_t va);
/* The first leaf that reaches to `va` or beyond; &leaf[n] if none. */
struct ref_leaf *ref_from(struct ref *ref, uint64_t va);
/* Write-back, and 0 for software. */
void ref_add(struct ref *ref, uint64_t va, unsigned int level, uint64_t mfn,
             uint32_t prot);
/* What a run of frames becomes where nothing is mapped: the largest leaves. */
void ref_add_run(struct ref *ref, const struct pt_run *run);
/* What pt_split() makes of a leaf. */
void ref_split(struct ref *ref, uint64_t va, unsigned int level);
/* What pt_resize() makes of what is there. */
void ref_resize(struct ref *ref, uint64_t first, uint64_t end,
                unsigned int largest);
/* What pt_remap() makes of it, if it may; every leaf keeps its frames. */
void ref_remap(struct ref *ref, const struct pt_run *run);
void ref_remove(struct ref *ref, uint64_t va, uint64_t last);

/* The leaf is what the format makes of it, memory and software included. */
bool ref_same(const struct ref *ref, const struct ref_leaf *leaf,
              const struct pt_entry *entry);
/* Makes the list anew from what the tables say. */
void ref_read(struct ref *ref);

/* Fails the running test if pt_lookup() does not say what it should. */
void ref_check_lookup(struct ref *ref, uint64_t va);
/*
 * Fails the running test if pt_walk() does not make exactly the calls it
 * should.  PRE calls at `skip` return PT_SKIP.
 */
void ref_check_walk(struct ref *ref, uint64_t first, uint64_t end,
                    unsigned int flags, unsigned int skip);
/* Both, everywhere. */
void ref_check_all(struct ref *ref);

/* pt_map() and the list together; `prot` for all, frames from `mfn` up. */
int ref_map(struct ref *ref, uint64_t first, uint64_t end, uint64_t mfn,
            uint32_t prot);

#endif
