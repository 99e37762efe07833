/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * translate.h - where a guest's addresses lead, as its CPU goes there: through
 * the tables of the mode that it is in, by what they allow that mode, and
 * leaving accessed and dirty bits.
 */
#ifndef FX_TRANSLATE_H
#define FX_TRANSLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/state.h"
#include "run/cpu.h"

/* Bits of a page fault's error code. */
#define FX_PF_PRESENT (1u << 0)
#define FX_PF_WRITE   (1u << 1)
#define FX_PF_USER    (1u << 2)
#define FX_PF_FETCH   (1u << 4)

struct fx_translation {
    uint64_t mfn;   /* which may be one of the M2P's */
    uint64_t l1;    /* the frame of the table that names it; or FX_NO_MFN */
    bool is_m2p;    /* nobody's to write to */
    uint32_t error; /* of the page fault where there is none */
};

/*
 * With the lock held.  `user`: a 32-bit guest's program asks, not its kernel.
 * False: a page fault, with its error code.
 */
bool fx_translate(struct fx_host *host, const struct fx_domain *domain,
                  const struct fx_vcpu_state *v, uint64_t address,
                  enum fx_access access, bool user, struct fx_translation *to);

#endif /* FX_TRANSLATE_H */
