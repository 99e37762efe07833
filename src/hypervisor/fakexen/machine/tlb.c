/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine/tlb.h"

#include <stdbool.h>
#include <unistd.h>

#include "machine/host.h"
#include "machine/process.h"

/* A block of code takes no time to speak of; only a process that is stopped or
 * was killed takes longer, and then it is asked for. */
#define SHORT_LOOKS 1000
#define LOOK_DELAY  100 /* microseconds */

/* Neither ever goes back. */
uint32_t fx_tlb_count(const struct fx_host *host,
                      const struct fx_domain *domain)
{
    return __atomic_load_n(&host->super->tlb, __ATOMIC_ACQUIRE) +
           __atomic_load_n(&domain->tlb, __ATOMIC_ACQUIRE);
}

void fx_tlb_flush(struct fx_domain *domain)
{
    __atomic_fetch_add(&domain->tlb, 1, __ATOMIC_SEQ_CST);
}

static uint64_t *word_of(struct fx_host *host, unsigned int slot, uint64_t *bit)
{
    *bit = UINT64_C(1) << slot % 64;
    return &host->super->executing[slot / 64];
}

static unsigned int slot_of(const struct fx_host *host,
                            const struct fx_domain *domain)
{
    return (unsigned int)(domain - host->super->domain);
}

void fx_tlb_enter(struct fx_host *host, const struct fx_domain *domain)
{
    uint64_t bit, *word = word_of(host, slot_of(host, domain), &bit);

    __atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST);
}

void fx_tlb_leave(struct fx_host *host, const struct fx_domain *domain)
{
    uint64_t bit, *word = word_of(host, slot_of(host, domain), &bit);

    __atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST);
}

/* Until it has left.  One whose process is gone never will by itself. */
static void wait_for(struct fx_host *host, unsigned int slot)
{
    const struct fx_domain *domain = &host->super->domain[slot];
    uint64_t bit, *word = word_of(host, slot, &bit);
    unsigned int looks;

    for (looks = 0; __atomic_load_n(word, __ATOMIC_SEQ_CST) & bit; looks++) {
        if (looks < SHORT_LOOKS)
            continue;
        usleep(LOOK_DELAY);
        if (looks % 64 == 0 && !fx_process_lives(host, domain->runner))
            fx_tlb_leave(host, domain);
    }
}

void fx_tlb_shootdown(struct fx_host *host)
{
    unsigned int i, bit;
    uint64_t left;

    __atomic_fetch_add(&host->super->tlb, 1, __ATOMIC_SEQ_CST);
    for (i = 0; i < FX_MAX_DOMAINS / 64; i++) {
        left = __atomic_load_n(&host->super->executing[i], __ATOMIC_SEQ_CST);
        for (; left; left &= left - 1) {
            bit = (unsigned int)__builtin_ctzll(left);
            wait_for(host, i * 64 + bit);
        }
    }
}
