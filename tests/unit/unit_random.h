/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unit_random.h - random cases that can be repeated, and assertions that say
 * which case failed.
 *
 * Case number i runs on the seed UNIT_SEED + i, from the environment, so
 * that the seed that a failure prints makes the failing case the first one.
 */
#ifndef DW_UNIT_RANDOM_H
#define DW_UNIT_RANDOM_H

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct unit_random {
    uint64_t seed, state;
};

/*
 * check's own assertions write a line to its log each time, failed or not;
 * these are for what is checked very often.  `rnd` is a struct unit_random *.
 */
#define UNIT_CHECK(rnd, cond)                                                  \
    do {                                                                       \
        if (!(cond))                                                           \
            ck_abort_msg("UNIT_SEED=%#" PRIx64 ": %s", (rnd)->seed, #cond);    \
    } while (0)

#define UNIT_CHECK_EQ(rnd, is, wanted)                                         \
    do {                                                                       \
        uint64_t is_ = (is), wanted_ = (wanted);                               \
                                                                               \
        if (is_ != wanted_)                                                    \
            ck_abort_msg("UNIT_SEED=%#" PRIx64 ": %s is %#" PRIx64             \
                         ", wanted %#" PRIx64,                                 \
                         (rnd)->seed, #is, is_, wanted_);                      \
    } while (0)

static inline struct unit_random unit_random_case(uint64_t number)
{
    const char *env = getenv("UNIT_SEED");
    uint64_t seed = (env ? strtoull(env, NULL, 0) : 20230517) + number;

    return (struct unit_random){.seed = seed, .state = seed};
}

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static inline uint64_t unit_random64(struct unit_random *r)
{
    uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 .. n - 1 */
static inline uint64_t unit_below(struct unit_random *r, uint64_t n)
{
    return unit_random64(r) % n;
}

/* True once in `n` times. */
static inline bool unit_once_in(struct unit_random *r, uint64_t n)
{
    return unit_below(r, n) == 0;
}

#define UNIT_ONE_OF(rnd, array)                                                \
    ((array)[unit_below((rnd), sizeof(array) / sizeof((array)[0]))])

static inline int unit_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif /* DW_UNIT_RANDOM_H */
