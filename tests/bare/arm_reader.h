/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arm_reader.h - the guest: EL1 on the second CPU, which reads, writes and
 * calls through stage 2, when it is asked and all the time.
 *
 * A page that the guest is given says who it is: its first word is its address
 * with bit 0 set (page_mark()), the second is for writes, and behind them
 * stands code that returns the number of its frame.
 */
#ifndef BARE_ARM_READER_H
#define BARE_ARM_READER_H

#include "arm_cpu.h"

#define PROBES 64u

/* Machine memory for the guest, 3 GiB in a row: -m 4G and more. */
#define GUEST_MEMORY MADDR(UINT64_C(0x80000000))

enum access { READ, WRITE, EXEC };

/* Fills the page at `maddr`. */
void page_mark(maddr_t maddr);
static inline uint64_t page_mark_of(maddr_t maddr)
{
    return maddr.v | 1;
}
/* What was last written to it through probes. */
uint64_t page_written(maddr_t maddr);

/* Starts the second CPU, at EL2, which waits there for tables. */
void reader_start(void);
/* Both CPUs use these, and the second one enters the guest. */
void reader_enter(const struct stage2 *stage2);
/* It leaves the guest, and uses no tables any more. */
void reader_leave(void);

/*
 * One access to the page at `ipa`: what was read; 0 for a write, of `value`;
 * the frame's number for a call; or a fault (arm_cpu.h).
 */
uint64_t reader_access(enum access access, uint64_t ipa, uint64_t value);

/* The guest's stage 1: off, or on with its root at `root`. */
void reader_stage1(uint64_t root);

/*
 * All the time: the reader goes round its probes and judges what it sees, while
 * tables change.  What is right is told in two states, before and after a
 * change: until reader_change_begin() the one, from reader_change_end() on the
 * other, in between either of them, or a translation fault where it is
 * `broken`. What a write wrote says which round it was of: page_written() >> 8.
 */
struct probe {
    uint64_t ipa; /* of a page; always read, and if so said, also */
    bool write, exec;
};
struct expected {
    uint64_t frame; /* its address; 0: nothing is mapped */
    uint32_t prot;
    /* On the way to this state: */
    bool broken;      /* it may fault */
    uint32_t between; /* it may have these rights, and the new frame */
};
/* Is that what the access had to give? */
bool access_is_right(enum access access, const struct expected *expected,
                     uint64_t got);
struct wrong {
    uint64_t ipa, got, phase;
    enum access access;
    struct expected before, after;
};
struct verdict {
    unsigned long still, moving; /* accesses judged, outside and in changes */
    unsigned long old, new, broken; /* of the moving ones, where they differ */
    unsigned long wrong;
    struct wrong first; /* of the wrong */
};

/* From `expected` on; n of both. */
void reader_run(const struct probe *probes, const struct expected *expected,
                unsigned int n);
/* The state behind the next change: a copy of the present one, to be filled. */
struct expected *reader_next(void);
void reader_change_begin(void);
void reader_change_end(void);
/* Until a whole round was made since now; the number of the round before. */
unsigned long reader_wait_round(void);
unsigned long reader_wrong(void); /* so far */
void reader_stop(struct verdict *verdict);

#endif /* BARE_ARM_READER_H */
